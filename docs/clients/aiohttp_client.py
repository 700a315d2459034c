"""The client loop on aiohttp: pip install aiohttp; wsspec client --exec 'python aiohttp_client.py {url}'"""

import asyncio
import sys

from aiohttp import ClientSession, TCPConnector, WSMsgType

url, agent = (sys.argv[1:] + ["aiohttp"])[:2]


async def ask(session, path):
    async with session.ws_connect(url + path) as socket:
        return [message.data async for message in socket]


async def run(session, path):
    # Some cases refuse the handshake, and some break the connection: that is what they are about.
    try:
        async with session.ws_connect(url + path, max_msg_size=64 << 20) as socket:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    await socket.send_str(message.data)
                elif message.type == WSMsgType.BINARY:
                    await socket.send_bytes(message.data)
    except Exception:
        pass


async def main():
    # A connection for each case, whatever came of the last one.
    async with ClientSession(connector=TCPConnector(force_close=True, limit=0)) as session:
        [count] = await ask(session, "/getCaseCount")
        numbers = iter(range(1, int(count) + 1))

        async def worker():
            for number in numbers:
                await run(session, f"/runCase?case={number}&agent={agent}")

        await asyncio.gather(*(worker() for _ in range(16)))
        await ask(session, f"/updateReports?agent={agent}")


asyncio.run(main())
