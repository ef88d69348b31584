"""HTTP/1.1 over a plain socket, as little of it as the own clients need."""

from __future__ import annotations

import contextlib
import re
import socket
from typing import TYPE_CHECKING, Self

from . import WrongAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

READ = 256 * 1024
END = b"\r\n0\r\n\r\n"
PATIENCE = 120.0


def request(path: str, body: bytes | None = None, *more: str) -> bytes:
    """Return a request as bytes; with a body it is a POST of known length."""
    method = "GET" if body is None else "POST"
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", *more]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def chunked(body: bytes, size: int) -> bytes:
    """Return a body in chunks of a size, with its end."""
    parts: list[bytes] = []
    for start in range(0, len(body), size):
        part = body[start : start + size]
        parts += [b"%x\r\n" % len(part), part, b"\r\n"]
    return b"".join([*parts, b"0\r\n\r\n"])


def dechunked(data: bytes) -> bytes:
    """Return the body that chunks carry."""
    parts: list[bytes] = []
    at = 0
    while True:
        line = data.index(b"\r\n", at)
        size = int(data[at:line].partition(b";")[0], 16)
        at = line + 2
        if size == 0:
            return b"".join(parts)
        parts.append(data[at : at + size])
        at += size + 2


class Connection:
    """One connection, blocking; reads a response without looking at its body, unless asked."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = memoryview(bytearray(READ))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send everything."""
        self.socket.sendall(data)

    def send_aside(self, data: bytes) -> None:
        """Send everything, in a thread; a failure shows in the answer, which is read meanwhile."""
        with contextlib.suppress(OSError):
            self.socket.sendall(data)

    def body(self) -> bytes:
        """Read a response to its end and return its body."""
        parts: list[bytes] = []
        chunks = self._read(parts.append)
        whole = b"".join(parts)
        return dechunked(whole) if chunks else whole

    def skip(self, at_least: int = 0) -> None:
        """Read a response to its end.

        Raises:
            WrongAnswer: its body is shorter than that.
        """
        size = 0

        def count(part: bytes) -> None:
            nonlocal size
            size += len(part)

        self._read(count, copy=False)
        if size < at_least:
            raise WrongAnswer(f"{size:,} bytes instead of {at_least:,}")

    def _read(self, take: Callable[[bytes], None], copy: bool = True) -> bool:
        """Read a response, give away its body, return whether it came in chunks."""
        head, rest = self._head()
        if not head.startswith(b"HTTP/1.1 200 "):
            raise WrongAnswer(head.partition(b"\r\n")[0].decode())
        length = re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)
        take(rest)
        if length is None:
            self._until_end(rest, take, copy)
            return True
        left = int(length[1]) - len(rest)
        while left > 0:
            left -= self._some(take, copy)
        return False

    def _until_end(self, rest: bytes, take: Callable[[bytes], None], copy: bool) -> None:
        tail = b"\r\n" + rest[-7:]  # a body without chunks is nothing but an end
        while not tail.endswith(END):
            count = self._some(take, copy)
            tail = (tail + self._buffer[max(0, count - 7) : count])[-7:]

    def _some(self, take: Callable[[bytes], None], copy: bool) -> int:
        count = self.socket.recv_into(self._buffer)
        if not count:
            raise WrongAnswer("the connection was closed within a response")
        part = self._buffer[:count]
        take(bytes(part) if copy else part)  # type: ignore[arg-type]
        return count

    def _head(self) -> tuple[bytes, bytes]:
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.socket.recv(65536)
            if not more:
                raise WrongAnswer("the connection was closed before a response")
            data += more
        head, _, rest = data.partition(b"\r\n\r\n")
        return head, rest
