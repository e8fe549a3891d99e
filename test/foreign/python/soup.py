"""GNOME's libsoup 3 by way of PyGObject."""
import gi

gi.require_version("Soup", "3.0")
from gi.repository import Gio, GLib, Soup  # noqa: E402
from plan import closed, heard, opened, read_plan, refused, vanish  # noqa: E402

version = f"{Soup.get_major_version()}.{Soup.get_minor_version()}.{Soup.get_micro_version()}"
plan = read_plan("libsoup", version)
# Held here, or it is collected and closed.
socket = None
loop = GLib.MainLoop()
session = Soup.Session()
if plan.compress:
    session.add_feature_by_type(Soup.WebsocketExtensionManager)
message = Soup.Message.new("GET", plan.url)
for name, value in plan.headers.items():
    message.get_request_headers().append(name, value)
steps = list(plan.steps)
inbox = []
wanted = 0


def go_on(socket):
    """Takes steps as long as nothing has to be waited for."""
    global wanted
    while True:
        while wanted and inbox:
            heard(inbox.pop(0))
            wanted -= 1
        if wanted:
            return
        if not steps:
            vanish()
        step, *given = steps.pop(0)
        if step == "text":
            socket.send_text(given[0])
        elif step == "binary":
            socket.send_message(Soup.WebsocketDataType.BINARY, GLib.Bytes.new(given[0]))
        elif step == "hear":
            wanted = given[0]
        else:
            if step == "close":
                socket.close(*given)
            return


def arrived(socket, kind, data):
    inbox.append(data.get_data().decode() if kind == Soup.WebsocketDataType.TEXT else data.get_data())
    go_on(socket)


def ended(socket):
    closed(socket.get_close_code(), socket.get_close_data())
    vanish()


def connected(_, result):
    global socket
    try:
        socket = session.websocket_connect_finish(result)
    except GLib.Error:
        refused(int(message.get_status()))
        vanish()
    # By itself it takes 128 KiB.
    socket.set_max_incoming_payload_size(1 << 20)
    socket.connect("message", arrived)
    socket.connect("closed", ended)
    opened(socket.get_protocol())
    go_on(socket)


session.websocket_connect_async(message, None, plan.protocols, GLib.PRIORITY_DEFAULT, None, connected)
loop.run()
