# expect: failed
import builtins

builtins.exec = lambda *_: None
builtins.compile = lambda *_: None
builtins.eval = lambda *_: None
assert 1 + 1 == 3
