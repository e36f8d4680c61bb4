import multiprocessing


def send(connection):
    connection.send([1, 2, 3])


if __name__ == "__main__":
    context = multiprocessing.get_context("spawn")
    parent, child = context.Pipe()
    process = context.Process(target=send, args=(child,))
    process.start()
    assert parent.recv() == [1, 2, 3]
    process.join()
