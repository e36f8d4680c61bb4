import atexit
import logging
import sys
import warnings

atexit.register(print, "at exit")
logging.basicConfig(level=logging.INFO)
logging.info("logged")
warnings.warn("careful")
sys.excepthook = lambda *a: print("hook")
try:
    try:
        raise KeyError(1)
    except KeyError as error:
        raise ValueError("x") from error
except ValueError as error:
    assert isinstance(error.__cause__, KeyError)
del sys.excepthook
sys.stdout.close()
