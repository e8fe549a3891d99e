"""Python `tornado`, `websocket_connect`."""
import asyncio

import tornado
from plan import closed, heard, opened, read_plan, refused, vanish
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

plan = read_plan("tornado", tornado.version)


async def main():
    request = HTTPRequest(plan.url, headers=plan.headers)
    compression = {} if plan.compress else None
    try:
        socket = await websocket_connect(
            request, subprotocols=plan.protocols or None, compression_options=compression
        )
    except HTTPClientError as error:
        return refused(error.code)
    opened(socket.selected_subprotocol)
    for step, *given in plan.steps:
        if step in ("text", "binary"):
            await socket.write_message(given[0], binary=step == "binary")
        elif step == "hear":
            for _ in range(given[0]):
                message = await socket.read_message()
                if message is None:
                    return closed(socket.close_code, socket.close_reason)
                heard(message)
        else:
            if step == "close":
                socket.close(*given)
            while await socket.read_message() is not None:
                pass
            return closed(socket.close_code, socket.close_reason)


asyncio.run(main())
vanish()
