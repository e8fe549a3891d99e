"""Python `autobahn`, its asyncio client."""
import asyncio
import re
from urllib.parse import urlsplit

import autobahn
from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateResponse
from autobahn.websocket.compress import PerMessageDeflateResponseAccept
from plan import closed, heard, opened, read_plan, refused, vanish

plan = read_plan("autobahn", autobahn.__version__)


class Client(WebSocketClientProtocol):
    def onOpen(self):
        opened(self.websocket_protocol_in_use)
        asyncio.ensure_future(self.run())

    def onMessage(self, payload, isBinary):
        self.factory.inbox.put_nowait(bytes(payload) if isBinary else payload.decode())

    def onClose(self, wasClean, code, reason):
        # The status of a refusal is in words only: "WebSocket connection upgrade failed [401]: Unauthorized".
        status = re.search(r"\[(\d{3})\]", reason or "")
        if status:
            refused(int(status[1]))
        else:
            closed(self.remoteCloseCode or 1006, self.remoteCloseReason)
        vanish()

    async def run(self):
        for step, *given in plan.steps:
            if step in ("text", "binary"):
                self.sendMessage(given[0].encode() if step == "text" else given[0], step == "binary")
            elif step == "hear":
                for _ in range(given[0]):
                    heard(await self.factory.inbox.get())
            else:
                if step == "close":
                    self.sendClose(*given)
                return
        vanish()


async def main():
    factory = WebSocketClientFactory(plan.url, protocols=plan.protocols or None, headers=plan.headers)
    factory.protocol = Client
    factory.inbox = asyncio.Queue()
    if plan.compress:

        def accept(response):
            if isinstance(response, PerMessageDeflateResponse):
                return PerMessageDeflateResponseAccept(response)

        factory.setProtocolOptions(
            perMessageCompressionOffers=[PerMessageDeflateOffer()], perMessageCompressionAccept=accept
        )
    url = urlsplit(plan.url)
    await asyncio.get_running_loop().create_connection(factory, url.hostname, url.port)
    await asyncio.Event().wait()


asyncio.run(main())
