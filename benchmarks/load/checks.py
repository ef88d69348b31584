"""Whether a server answers a workload as all have to, so that nobody wins by answering less."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Thread
from typing import Any

from .clients import WrongAnswer
from .clients.many import publication
from .clients.raw import Connection, request
from .peers import bodies

DEPTH = 16


class Answers:
    """A check of one exchange, run twice on a connection, since it has to stay usable.

    Args:
        message: the request.
        body: what the answer's body has to be.
        as_json: compare what the body means.
        duplex: read while sending.
    """

    def __init__(
        self, message: bytes, body: bytes | Path, as_json: bool = False, duplex: bool = False
    ) -> None:
        self._message = message
        self._body = body
        self._as_json = as_json
        self._duplex = duplex

    def __call__(self, port: int) -> None:
        """Check the server on a port.

        Raises:
            WrongAnswer: its status or body is not what was expected.
        """
        expected = self._body.read_bytes() if isinstance(self._body, Path) else self._body
        with Connection(port) as connection:
            for _ in range(2):
                sender = Thread(target=connection.send_aside, args=(self._message,), daemon=True)
                sender.start()
                if not self._duplex:
                    sender.join()
                body = connection.body()
                sender.join()
                if self.meaning(body) != self.meaning(expected):
                    raise WrongAnswer(f"{shown(body)} instead of {shown(expected)}")

    def meaning(self, body: bytes) -> Any:
        """Return what is compared."""
        if not self._as_json:
            return body
        try:
            return json.loads(body)
        except ValueError:
            return body


def shown(body: bytes) -> str:
    """Return what a message can hold of a body."""
    return repr(body) if len(body) < 60 else f"{len(body):,} bytes, {body[:20]!r} first"


def delivers(port: int) -> None:
    """Check that each of two subscribers gets all events, in order.

    Raises:
        WrongAnswer: one does not.
    """
    subscribe = request("/events", None, "Accept: text/event-stream")
    events = [b"event-%d" % number for number in range(10)]
    with Connection(port) as one, Connection(port) as other, Connection(port) as publisher:
        for subscriber in (one, other):
            subscriber.socket.settimeout(5)
            subscriber.send(subscribe)
            read_until(subscriber, [b"HTTP/1.1 200 ", b"\r\n\r\n"])
        settle(publisher)
        publisher.send(publication(b"\n".join(events)))
        publisher.skip()
        for subscriber in (one, other):
            read_until(subscriber, events)


def pipelined(port: int) -> None:
    """Check that requests which are sent in one go all have their answers.

    Raises:
        WrongAnswer: some do not.
    """
    with Connection(port) as connection:
        connection.socket.settimeout(5)
        connection.send(request("/plain") * DEPTH)
        read_until(connection, [b"HTTP/1.1 200 ", b"\r\n\r\n" + bodies.HELLO] * DEPTH)


def settle(connection: Connection) -> None:
    """Let the server finish what its answers' heads were sent ahead of."""
    for _ in range(5):
        connection.send(request("/plain"))
        connection.skip()


def read_until(connection: Connection, marks: list[bytes]) -> None:
    """Read until all marks have come, one behind the other.

    Raises:
        WrongAnswer: they do not come.
    """
    data = b""
    left = list(marks)
    while left:
        try:
            more = connection.socket.recv(65536)
        except TimeoutError:
            more = b""
        if not more:
            raise WrongAnswer(f"{left[0]!r} did not come; what came ends with {data[-60:]!r}")
        data += more
        while left and left[0] in data:
            data = data.partition(left.pop(0))[2]


PLAIN = Answers(request("/plain"), bodies.HELLO)
