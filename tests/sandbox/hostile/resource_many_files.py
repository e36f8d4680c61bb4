# expect: failed
import itertools

count = 0
try:
    for count in itertools.count():
        open(f"file{count}", "w").close()
finally:
    if count > 3000:
        print("BREACH", count)
