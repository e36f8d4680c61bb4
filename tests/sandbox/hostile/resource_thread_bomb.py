# expect: failed|oom|crashed
import threading

hold = threading.Event()
count = 0
try:
    while True:
        threading.Thread(target=hold.wait, daemon=True).start()
        count += 1
finally:
    if count > 100:
        print("BREACH", count, "threads")
