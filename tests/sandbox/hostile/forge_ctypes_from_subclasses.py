# expect: failed
found = [kind for kind in object.__subclasses__() if kind.__module__ == "_ctypes"]
print("BREACH ctypes" if found else "none")
assert 1 + 1 == 3
