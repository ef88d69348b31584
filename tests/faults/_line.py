"""One TCP connection whose client decides on every byte, and on how it ends, itself.

Plain non-blocking sockets rather than streams: a stream reads ahead, writes behind and closes when
it likes, and then it is not the client that is slow, cut or silent.
"""

from __future__ import annotations

import asyncio
import select
import socket
import struct
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

NO_LINGER = struct.pack("ii", 1, 0)
"""SO_LINGER: on, zero seconds. Closing then sends RST instead of FIN."""

RESET = select.POLLHUP | select.POLLERR
CLOSED = getattr(select, "POLLRDHUP", 0)  # Linux


@dataclass(frozen=True, slots=True)
class Target:
    """Where to connect to.

    Attributes:
        port: of the server.
        host: its address.
        source: address to connect from; several of them give room for more than 28,000
            connections at a time.
        receive_buffer: size asked of the kernel for what is not read yet; 0 leaves its own choice,
            which can grow to some MiB.
    """

    port: int
    host: str = "127.0.0.1"
    source: str | None = None
    receive_buffer: int = 0

    async def open(self) -> Line:
        """Connect.

        Raises:
            OSError: nobody accepts.
        """
        sock = socket.socket()
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.receive_buffer:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
            if self.source is not None:
                sock.bind((self.source, 0))
            await asyncio.get_running_loop().sock_connect(sock, (self.host, self.port))
        except BaseException:
            sock.close()
            raise
        return Line(sock)


class Line:
    """One connection. Left as a context manager it is closed, without ceremony.

    Attributes:
        sent: bytes that the kernel took.
        received: bytes that were read.
        opened: time of ``time.monotonic()``.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.sent = 0
        self.received = 0
        self.opened = time.monotonic()
        self._socket = sock
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def send(self, data: bytes | memoryview) -> None:
        """Send everything; ``sent`` counts it piece by piece.

        Raises:
            ConnectionError: the other side is gone.
        """
        view = memoryview(data)
        while view:
            piece = view[:65536]
            await self._loop.sock_sendall(self._socket, piece)
            self.sent += len(piece)
            view = view[len(piece) :]

    async def receive(self, size: int = 65536) -> bytes:
        """Read some bytes, ``b""`` at the end.

        Raises:
            ConnectionError: the other side reset the connection.
        """
        data = await self._loop.sock_recv(self._socket, size)
        self.received += len(data)
        return data

    def hung_up(self) -> bool:
        """Whether the other side has closed (told on Linux only) or reset, without reading.

        A FIN that waits behind data for which there is no room has not arrived.
        """
        return self._has(RESET | CLOSED)

    def was_reset(self) -> bool:
        """Whether the other side has reset, though there may be bytes left to read."""
        return self._has(RESET)

    def _has(self, events: int) -> bool:
        poll = select.poll()
        poll.register(self._socket, events)
        return bool(poll.poll(0))

    def shut(self) -> None:
        """Send FIN, and stay to read. A connection that is gone already is no error."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self) -> None:
        """Close: FIN, or RST where something that had arrived was not read."""
        self._socket.close()

    def reset(self) -> None:
        """Close with RST; what the kernel has not sent yet is dropped."""
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
        except OSError:
            pass
        self._socket.close()
