"""Python `ws4py`, its client for threads. What it hears waits in a queue."""
import queue

import ws4py
from plan import closed, heard, opened, read_plan, refused, vanish
from ws4py.client.threadedclient import WebSocketClient
from ws4py.exc import HandshakeError

plan = read_plan("ws4py", ws4py.__version__)


class ByteByByte:
    def __init__(self, sock):
        self.sock = sock

    def recv(self, _):
        return self.sock.recv(1)

    def __getattr__(self, name):
        return getattr(self.sock, name)


class Client(WebSocketClient):
    def __init__(self):
        # Its sender of `Origin` and headers is one list; the Host header is its own.
        super().__init__(plan.url, protocols=plan.protocols, headers=list(plan.headers.items()))
        self.inbox = queue.Queue()

    def connect(self):
        # It reads 128 bytes at a time, and frames that arrive with the handshake's answer are lost or break it.
        plain, self.sock = self.sock, ByteByByte(self.sock)
        self.ready = lambda: setattr(self, "sock", plain)
        super().connect()

    def handshake_ok(self):
        self.ready()
        super().handshake_ok()

    def received_message(self, message):
        self.inbox.put(str(message) if message.is_text else bytes(message.data))

    def closed(self, code, reason=None):
        self.inbox.put((code, reason))


def hear(client):
    """→ whether it was a message."""
    message = client.inbox.get()
    if isinstance(message, tuple):
        closed(*message)
        return False
    heard(message)
    return True


def main():
    client = Client()
    try:
        client.connect()
    except HandshakeError as error:
        # It tells the status in words only: "Invalid response status: 401 Unauthorized".
        return refused(int(next(word for word in str(error).replace("b'", " ").split() if word[:3].isdigit())[:3]))
    opened(b",".join(client.protocols).decode())
    for step, *given in plan.steps:
        if step in ("text", "binary"):
            client.send(given[0], binary=step == "binary")
        elif step == "hear":
            for _ in range(given[0]):
                if not hear(client):
                    return
        else:
            if step == "close":
                client.close(*given)
            while hear(client):
                pass
            return


main()
vanish()
