# expect: failed
import os
import threading

threading._shutdown = lambda: os._exit(0)
threading.excepthook = lambda *_: os._exit(0)
assert 1 + 1 == 3
