"""Python `websocket-client`, its plain `WebSocket`."""
import struct

import websocket
from plan import closed, heard, opened, read_plan, refused, vanish

plan = read_plan("websocket-client", websocket.__version__)
TEXT, BINARY, CLOSE = websocket.ABNF.OPCODE_TEXT, websocket.ABNF.OPCODE_BINARY, websocket.ABNF.OPCODE_CLOSE


def said_closed(data):
    closed(struct.unpack("!H", data[:2])[0] if len(data) >= 2 else 1005, data[2:])


def hear(socket):
    """→ whether it was a message: the close frame ends it, a pong or ping is answered by the library."""
    while True:
        opcode, data = socket.recv_data()
        if opcode == CLOSE:
            said_closed(data)
            return False
        heard(data.decode() if opcode == TEXT else data)
        return True


def main():
    headers = [f"{name}: {value}" for name, value in plan.headers.items()]
    socket = websocket.WebSocket()
    try:
        socket.connect(plan.url, header=headers, subprotocols=plan.protocols or None)
    except websocket.WebSocketBadStatusException as error:
        return refused(error.status_code)
    opened(socket.subprotocol)
    try:
        for step, *given in plan.steps:
            if step == "text":
                socket.send(given[0])
            elif step == "binary":
                socket.send_binary(given[0])
            elif step == "hear":
                for _ in range(given[0]):
                    if not hear(socket):
                        return
            elif step == "close":
                code, reason = given
                # `close()` throws away what the server says, so the frames are sent and read here.
                socket.send_close(code, reason.encode())
                while hear(socket):
                    pass
                return socket.shutdown()
            else:
                while hear(socket):
                    pass
                return
    except (websocket.WebSocketConnectionClosedException, ConnectionError):
        closed(1006, "")


main()
vanish()
