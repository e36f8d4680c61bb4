# expect: tampered
import gc
import sys

for thing in gc.get_objects():
    if isinstance(thing, dict) and "sys.settrace" in thing:
        for writer in thing.values():
            writer.raw.close()
        thing.clear()
assert True
