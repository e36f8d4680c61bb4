# expect: failed
import os
import shutil
import sys

shutil.copy(sys.executable, "/tmp/copy")
os.chmod("/tmp/copy", 0o755)
try:
    os.execv("/tmp/copy", ["/tmp/copy", "-c", "print('BREACH executed')"])
except OSError as error:
    print(error)
assert 1 + 1 == 3
