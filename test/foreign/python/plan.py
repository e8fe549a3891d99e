"""What a client of this suite is asked to do (its arguments, see clients.ts), and how it answers: one JSON object a line."""
import json
import os
import sys


class Plan:
    """URL, headers, subprotocols and whether compression is to be asked for; then the steps, in order."""

    def __init__(self, words):
        self.url, *words = words
        self.headers, self.protocols, self.compress, self.steps = {}, [], False, []
        words = iter(words)
        for word in words:
            if word == "header":
                name = next(words)
                self.headers[name] = next(words)
            elif word == "protocol":
                self.protocols.append(next(words))
            elif word == "compress":
                self.compress = True
            elif word == "text":
                self.steps.append(("text", next(words)))
            elif word == "binary":
                self.steps.append(("binary", bytes.fromhex(next(words))))
            elif word == "hear":
                self.steps.append(("hear", int(next(words))))
            elif word == "close":
                self.steps.append(("close", int(next(words)), next(words)))
            elif word == "end":
                self.steps.append(("end",))
            else:
                sys.exit(f"unknown word {word}")


def read_plan(name, version):
    """Without arguments a client says who it is."""
    if len(sys.argv) == 1:
        say(client=name, version=version)
        sys.exit(0)
    return Plan(sys.argv[1:])


def say(**line):
    print(json.dumps(line), flush=True)


def opened(protocol):
    say(open={"protocol": protocol or ""})


def heard(message):
    if isinstance(message, str):
        say(text=message)
    else:
        say(binary=bytes(message).hex())


def closed(code, reason):
    if isinstance(reason, bytes):
        reason = reason.decode()
    say(closed={"code": code or 1006, "reason": reason or ""})


def refused(status):
    say(refused={"status": status})


def vanish():
    """Leaves as a process that is killed does: no close frame."""
    os._exit(0)
