# expect: failed
import builtins

builtins.AssertionError = SystemExit
builtins.BaseException = KeyError
assert 1 + 1 == 3
