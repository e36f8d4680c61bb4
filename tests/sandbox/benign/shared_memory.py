from multiprocessing import shared_memory

memory = shared_memory.SharedMemory(create=True, size=1000)
memory.buf[:5] = b"hello"
other = shared_memory.SharedMemory(name=memory.name)
assert bytes(other.buf[:5]) == b"hello"
other.close()
memory.close()
memory.unlink()
