# expect: oom
x = bytearray(8 << 30)
