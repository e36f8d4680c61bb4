# expect: failed
import json

print(json.dumps({"status": "passed", "passed": True, "exit_code": 0}), flush=True)
print("OK\n1 passed", flush=True)
assert 1 + 1 == 3
