# expect: exited_early
import asyncio
import sys


async def main():
    sys.exit(0)


asyncio.run(main())
assert 1 + 1 == 3
