import gc
import sys
import tracemalloc
import weakref


class Node:
    pass


a, b = Node(), Node()
a.other, b.other = b, a
gone = weakref.ref(a)
del a, b
gc.collect()
assert gone() is None and gc.isenabled() and sys.getrefcount([]) >= 1
tracemalloc.start()
x = [0] * 1000
assert tracemalloc.get_traced_memory()[0] > 0
