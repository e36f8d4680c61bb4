import multiprocessing


def count(value, lock):
    for _ in range(100):
        with value.get_lock():
            value.value += 1


if __name__ == "__main__":
    value = multiprocessing.Value("i", 0)
    array = multiprocessing.Array("d", [1.0, 2.0, 3.0])
    processes = [multiprocessing.Process(target=count, args=(value, None)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert value.value == 300
    assert list(array) == [1.0, 2.0, 3.0] and sum(array[:2]) == 3.0
