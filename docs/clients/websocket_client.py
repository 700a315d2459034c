"""The client loop on websocket-client: pip install websocket-client; wsspec client --exec 'python websocket_client.py {url}'"""

import sys
from concurrent.futures import ThreadPoolExecutor

import websocket

url, agent = (sys.argv[1:] + ["websocket-client"])[:2]


def ask(path):
    """Opens a path, and gives the message that comes."""
    socket = websocket.create_connection(url + path)
    try:
        return socket.recv()
    finally:
        socket.shutdown()


def run(number):
    # Some cases refuse the handshake, and some break the connection: that is what they are about.
    try:
        socket = websocket.create_connection(f"{url}/runCase?case={number}&agent={agent}")
    except Exception:
        return
    try:
        while True:
            opcode, data = socket.recv_data()
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                break
            socket.send(data, opcode)
    except Exception:
        socket.close()
    finally:
        # Behind a closing handshake close() leaves TCP open.
        socket.shutdown()


with ThreadPoolExecutor(16) as workers:
    list(workers.map(run, range(1, int(ask("/getCaseCount")) + 1)))
ask(f"/updateReports?agent={agent}")
