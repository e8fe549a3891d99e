"""Python `websockets`, its client for threads (since version 11)."""
import websockets
import websockets.version
from plan import closed, heard, opened, read_plan, refused, vanish
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

plan = read_plan("websockets (threads)", websockets.version.version)


def main():
    try:
        socket = connect(
            plan.url, additional_headers=plan.headers, subprotocols=plan.protocols or None, proxy=None
        )
    except InvalidStatus as error:
        return refused(error.response.status_code)
    opened(socket.subprotocol)
    try:
        for step, *given in plan.steps:
            if step in ("text", "binary"):
                socket.send(given[0])
            elif step == "hear":
                for _ in range(given[0]):
                    heard(socket.recv())
            elif step == "close":
                socket.close(*given)
                return closed(socket.protocol.close_code, socket.protocol.close_reason)
            else:
                socket.recv()
    except ConnectionClosed:
        closed(socket.protocol.close_code, socket.protocol.close_reason)


main()
vanish()
