import sys

for number in range(20_000):
    print("line", number, "x" * 100)
sys.stderr.write("warning\n" * 1000)
sys.stdout.buffer.write(b"\xff\xfe raw bytes\n")
assert number == 19_999
