import threading
from concurrent.futures import ThreadPoolExecutor

total = 0
lock = threading.Lock()


def work():
    global total
    for _ in range(1000):
        with lock:
            total += 1


threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert total == 8000

with ThreadPoolExecutor(4) as pool:
    assert list(pool.map(abs, [-1, -2, 3])) == [1, 2, 3]

crowd = [threading.Thread(target=work) for _ in range(60)]
for thread in crowd:
    thread.start()
for thread in crowd:
    thread.join()
assert total == 68_000
