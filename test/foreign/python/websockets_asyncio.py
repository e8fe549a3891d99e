"""Python `websockets`, its asyncio client: the one of version 14 and newer, before that the one of older versions."""
import asyncio

import websockets
import websockets.exceptions
from plan import closed, heard, opened, read_plan, refused, vanish

try:
    from websockets.asyncio.client import connect

    HEADERS = "additional_headers"
    OPTIONS = {"proxy": None}
except ImportError:
    from websockets import connect

    HEADERS = "extra_headers"
    OPTIONS = {}

plan = read_plan("websockets (asyncio)", websockets.version.version)


async def main():
    options = {HEADERS: plan.headers, "subprotocols": plan.protocols or None, **OPTIONS}
    try:
        socket = await connect(plan.url, **options)
    except Exception as error:
        status = getattr(error, "status_code", None) or getattr(getattr(error, "response", None), "status_code", None)
        if status is None:
            raise
        return refused(status)
    opened(socket.subprotocol)
    try:
        for step, *given in plan.steps:
            if step in ("text", "binary"):
                await socket.send(given[0])
            elif step == "hear":
                for _ in range(given[0]):
                    heard(await socket.recv())
            elif step == "close":
                await socket.close(*given)
                return closed(socket.close_code, socket.close_reason)
            else:
                await socket.wait_closed()
                return closed(socket.close_code, socket.close_reason)
    except websockets.exceptions.ConnectionClosed:
        return closed(socket.close_code, socket.close_reason)


asyncio.run(main())
vanish()
