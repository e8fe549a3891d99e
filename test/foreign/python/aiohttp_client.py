"""Python `aiohttp`, `ClientSession.ws_connect`."""
import asyncio

import aiohttp
from plan import closed, heard, opened, read_plan, refused, vanish

plan = read_plan("aiohttp", aiohttp.__version__)
ENDS = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


def said_closed(socket, message):
    is_frame = message.type == aiohttp.WSMsgType.CLOSE
    closed(message.data if is_frame else socket.close_code, message.extra if is_frame else "")


async def main():
    async with aiohttp.ClientSession() as session:
        try:
            socket = await session.ws_connect(
                plan.url, headers=plan.headers, protocols=plan.protocols, compress=15 if plan.compress else 0
            )
        except aiohttp.WSServerHandshakeError as error:
            return refused(error.status)
        opened(socket.protocol)
        for step, *given in plan.steps:
            if step == "text":
                await socket.send_str(given[0])
            elif step == "binary":
                await socket.send_bytes(given[0])
            elif step == "hear":
                for _ in range(given[0]):
                    message = await socket.receive()
                    if message.type in ENDS:
                        return said_closed(socket, message)
                    heard(message.data)
            elif step == "close":
                code, reason = given
                await socket.close(code=code, message=reason.encode())
                return closed(socket.close_code, reason)
            else:
                message = await socket.receive()
                while message.type not in ENDS:
                    message = await socket.receive()
                return said_closed(socket, message)
        vanish()


asyncio.run(main())
