import multiprocessing
from concurrent.futures import ProcessPoolExecutor


def square(x):
    return x * x


def tell(queue, x):
    queue.put(x + 1)


if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool:
        assert pool.map(square, range(5)) == [0, 1, 4, 9, 16]
    queue = multiprocessing.Queue()
    process = multiprocessing.Process(target=tell, args=(queue, 1))
    process.start()
    assert queue.get(timeout=5) == 2
    process.join()
    assert process.exitcode == 0
    with ProcessPoolExecutor(2) as executor:
        assert list(executor.map(square, [2, 3])) == [4, 9]
