# expect: failed
import importlib

for name in ("_testcapi", "_testinternalcapi", "_testbuffer", "_ctypes_test", "_testlimitedcapi"):
    try:
        importlib.import_module(name)
        print("BREACH", name)
    except ImportError:
        pass
assert 1 + 1 == 3
