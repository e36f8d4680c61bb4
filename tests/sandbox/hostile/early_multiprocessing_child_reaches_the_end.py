# expect: exited_early
import multiprocessing
import os
import time

if multiprocessing.get_context("fork").Process(target=time.sleep, args=(0.1,)).start() is None:
    os._exit(0)
assert 1 + 1 == 3
