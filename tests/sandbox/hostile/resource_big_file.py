# expect: failed
written = 0
try:
    with open("big", "wb", buffering=0) as file:
        while True:
            written += file.write(b"x" * (1 << 20))
finally:
    if written > 17 << 20:
        print("BREACH", written)
