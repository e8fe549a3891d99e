"""Python `python-socketio`. TRANSPORT says how; the path of the URL is the namespace, its query what `auth` says.

`text` emits: `["note", {...}]`, and waits for the acknowledgement. What it hears is a text as well: `["noted", data, meta, offset]`.
"""
import json
import os
import queue
from importlib.metadata import version
from urllib.parse import parse_qsl, urlsplit

import socketio
from plan import closed, heard, opened, read_plan, say, vanish

plan = read_plan("python-socketio", version("python-socketio"))
url = urlsplit(plan.url)
client = socketio.Client(reconnection=False)
inbox = queue.Queue()


def arrived(event, *data):
    inbox.put((event, *data))


def left(*_):
    inbox.put(None)


def refused_with(data=None):
    inbox.put(("connect_error", data))


def next_event():
    """The next event; leaves with the connection."""
    event = inbox.get()
    if event is None:
        closed(1006, "")
        vanish()
    return event


def show(event):
    if event[0] == "message" and isinstance(event[1], bytes):
        heard(event[1])
    else:
        heard(json.dumps(event))


client.on("*", arrived, namespace=url.path)
client.on("connect", lambda: inbox.put(("connect",)), namespace=url.path)
client.on("connect_error", refused_with, namespace=url.path)
client.on("disconnect", left, namespace=url.path)
try:
    client.connect(
        f"http://{url.netloc}",
        transports=[os.environ["TRANSPORT"]],
        headers=plan.headers,
        auth=dict(parse_qsl(url.query)),
        namespaces=[url.path],
        wait=False,
    )
except socketio.exceptions.ConnectionError as error:
    raise SystemExit(str(error))

first = next_event()
if first[0] == "connect_error":
    say(refused={"status": first[1]["data"]["status"] if "data" in first[1] else first[1]["status"]})
    vanish()
opened(client.transport())
for step, *given in plan.steps:
    if step == "text":
        event, *data = json.loads(given[0])
        acks = queue.Queue()
        client.emit(event, tuple(data), namespace=url.path, callback=lambda *ack: acks.put(ack))
        heard(json.dumps(["ack", *acks.get()]))
    elif step == "binary":
        client.emit("message", given[0], namespace=url.path)
    elif step == "hear":
        for _ in range(given[0]):
            show(next_event())
    elif step == "close":
        # It closes while what it said last may still wait.
        writer = client.eio.write_loop_task
        client.disconnect()
        writer.join()
        closed(1000, "")
        vanish()
    else:
        while True:
            show(next_event())
vanish()
