# expect: crashed
import os

os.abort()
assert 1 + 1 == 3
