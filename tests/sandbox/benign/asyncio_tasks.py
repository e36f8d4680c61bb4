import asyncio


async def double(x):
    await asyncio.sleep(0.01)
    return 2 * x


async def main():
    results = await asyncio.gather(*(double(x) for x in range(5)))
    assert results == [0, 2, 4, 6, 8]
    queue = asyncio.Queue()
    await queue.put(1)
    assert await asyncio.wait_for(queue.get(), 1) == 1
    assert await asyncio.get_running_loop().run_in_executor(None, sum, [1, 2]) == 3
    return "done"


assert asyncio.run(main()) == "done"
