import os

reader, writer = os.pipe()
pid = os.fork()
if pid == 0:
    os.close(reader)
    os.write(writer, b"from the child")
    os._exit(7)
os.close(writer)
assert os.read(reader, 100) == b"from the child"
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
