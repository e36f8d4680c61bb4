import os
import subprocess
import sys

done = subprocess.run(
    [sys.executable, "-c", "import json, sys; print(json.dumps(sys.argv[1:]))", "a", "b"],
    capture_output=True, text=True, check=True,
)
assert done.stdout == '["a", "b"]\n'
failed = subprocess.run([sys.executable, "-c", "raise SystemExit(3)"])
assert failed.returncode == 3
echo = subprocess.Popen(
    [sys.executable, "-c", "print(input()[::-1])"],
    stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
)
assert echo.communicate("hello\n")[0] == "olleh\n"
assert os.path.exists(sys.executable)
