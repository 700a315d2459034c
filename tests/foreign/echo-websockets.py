"""An echo server on websockets, as its documentation writes one; compression is on by default. Prints its URL when it listens."""

import asyncio
import logging

from websockets.asyncio.server import serve


# Octets of a message; the limit that most libraries have by default.
LIMIT = 64 << 20


async def echo(connection):
    async for message in connection:
        await connection.send(message)


async def main():
    # What a refused handshake or a failed connection is logged as says nothing that the report does not.
    logging.disable(logging.CRITICAL)
    async with serve(echo, "127.0.0.1", 0, max_size=LIMIT) as server:
        host, port = server.sockets[0].getsockname()[:2]
        print(f"ws://{host}:{port}", flush=True)
        await server.serve_forever()


asyncio.run(main())
