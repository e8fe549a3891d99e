"""Qt's `QWebSocket` by way of PyQt6."""
import sys

from plan import closed, heard, opened, read_plan, refused, vanish
from PyQt6.QtCore import QT_VERSION_STR, QCoreApplication, QUrl
from PyQt6.QtNetwork import QNetworkRequest
from PyQt6.QtWebSockets import QWebSocket, QWebSocketHandshakeOptions, QWebSocketProtocol

plan = read_plan("QWebSocket", QT_VERSION_STR)
app = QCoreApplication(sys.argv)
socket = QWebSocket()
steps = list(plan.steps)
inbox = []
wanted = 0


def arrived(message):
    inbox.append(message if isinstance(message, str) else bytes(message))
    go_on()


def go_on():
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
            socket.sendTextMessage(given[0])
        elif step == "binary":
            socket.sendBinaryMessage(given[0])
        elif step == "hear":
            wanted = given[0]
        else:
            if step == "close":
                close(*given)
            return


def close(code, reason):
    # PyQt6 takes an enumeration that has the standard's codes only; `closeCode()` has the same bound.
    codes = [each.value for each in QWebSocketProtocol.CloseCode]
    socket.close(QWebSocketProtocol.CloseCode(code if code in codes else 1000), reason)


def connected():
    opened(socket.subprotocol())
    go_on()


def disconnected():
    code = socket.closeCode()
    closed(getattr(code, "value", code), socket.closeReason())
    vanish()


def failed(error):
    text = socket.errorString()
    digits = [word for word in text.replace(".", " ").replace(",", " ").split() if word.isdigit() and len(word) == 3]
    if digits:
        refused(int(digits[0]))
        vanish()
    print(text, file=sys.stderr)


socket.connected.connect(connected)
socket.disconnected.connect(disconnected)
socket.errorOccurred.connect(failed) if hasattr(socket, "errorOccurred") else socket.error.connect(failed)
socket.textMessageReceived.connect(arrived)
socket.binaryMessageReceived.connect(arrived)
request = QNetworkRequest(QUrl(plan.url))
for name, value in plan.headers.items():
    request.setRawHeader(name.encode(), value.encode())
if plan.protocols:
    options = QWebSocketHandshakeOptions()
    options.setSubprotocols(plan.protocols)
    socket.open(request, options)
else:
    socket.open(request)
app.exec()
