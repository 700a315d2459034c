"""The client loop on websockets: pip install websockets; wsspec client --exec 'python websockets_client.py {url}'"""

import asyncio
import sys

from websockets.asyncio.client import connect

url, agent = (sys.argv[1:] + ["websockets"])[:2]


async def ask(path):
    async with connect(url + path) as connection:
        return [message async for message in connection]


async def run(path):
    # Some cases refuse the handshake, and some break the connection: that is what they are about.
    try:
        async with connect(url + path, max_size=64 << 20) as connection:
            async for message in connection:
                await connection.send(message)
    except Exception:
        pass


async def main():
    [count] = await ask("/getCaseCount")
    numbers = iter(range(1, int(count) + 1))

    async def worker():
        for number in numbers:
            await run(f"/runCase?case={number}&agent={agent}")

    await asyncio.gather(*(worker() for _ in range(16)))
    await ask(f"/updateReports?agent={agent}")


asyncio.run(main())
