"""A transport, a client's connection over it, and a clock, all in memory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from .._config import override
from .._connection import Connection
from .._probe import CLOSE, CLOSE_WAIT
from .._server import Server

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._app import Headrace

ESTABLISHED = 1

TURNS = 30
"""Turns of the loop that ``settle`` gives. A request takes two or three."""


async def settle() -> None:
    """Let every task go on until it waits for something that will not come by itself."""
    for _ in range(TURNS):
        await asyncio.sleep(0)


class FakeClock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


class FakeSocket:
    """The socket under a :class:`FakeTransport`: knows the state of its connection.

    Attributes:
        options: what was set.
    """

    def __init__(self, transport: FakeTransport) -> None:
        self._transport = transport
        self.options: list[tuple[int, int, Any]] = []

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        """Return the first byte of ``TCP_INFO``."""
        return bytes([self._transport.tcp_state])

    def setsockopt(self, level: int, option: int, value: Any) -> None:
        """Remember."""
        self.options.append((level, option, value))


class FakeTransport(asyncio.Transport):
    """A transport that keeps what is written and calls its protocol back as a real one does.

    Args:
        peer: what ``get_extra_info("peername")`` gives.

    Attributes:
        reading: whether the client reads; while it does not, written bytes stay in the buffer and
            the protocol is paused above the high-water mark.
        tcp_state: what the kernel says of the connection, as ``TCP_INFO`` gives it.
        vanished: whether the client has closed without a word: the next write makes the state
            ``CLOSE``.
        writes: every ``write`` or ``writelines``, as one bytes object each.
        paused: whether the protocol stopped reading.
        eof_sent: whether our sending side was closed.
        aborted: whether the connection was aborted.
    """

    def __init__(self, peer: Any = ("192.0.2.1", 50000)) -> None:
        super().__init__({"peername": peer, "socket": FakeSocket(self)})
        self.reading = True
        self.tcp_state = ESTABLISHED
        self.vanished = False
        self.writes: list[bytes] = []
        self.paused = False
        self.eof_sent = False
        self.aborted = False
        self._protocol: asyncio.Protocol
        self._closing = False
        self._lost = False
        self._buffered = 0
        self._high = 64 * 1024
        self._full = False

    def connect(self, protocol: asyncio.Protocol) -> None:
        """Make the connection."""
        self._protocol = protocol
        protocol.connection_made(self)

    def read(self) -> None:
        """Let the client take everything that is buffered."""
        self._buffered = 0
        self._resume()
        if self._closing:
            self.lose(None)

    def read_some(self, size: int) -> None:
        """Let the client take some of what is buffered."""
        self._buffered = max(0, self._buffered - size)
        self._resume()

    def _resume(self) -> None:
        if self._full and self._buffered <= self._high // 4:
            self._full = False
            self._protocol.resume_writing()

    def lose(self, error: Exception | None) -> None:
        """End the connection, as a reset by the client or after a close."""
        if not self._lost:
            self._closing = self._lost = True
            self._buffered = 0
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, error)

    # What asyncio.Transport has.

    def write(self, data: bytes | bytearray | memoryview) -> None:
        assert not self.eof_sent, "written after write_eof()"
        if self._closing:
            return
        if self.vanished:
            self.tcp_state = CLOSE
            return
        self.writes.append(bytes(data))
        if not self.reading:
            self._buffered += len(data)
            if self._buffered > self._high and not self._full:
                self._full = True
                self._protocol.pause_writing()

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        self.write(b"".join(list_of_data))

    def write_eof(self) -> None:
        self.eof_sent = True

    def can_write_eof(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        return self._buffered

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        if high is not None:
            self._high = high
        if self._buffered > self._high and not self._full:
            self._full = True
            self._protocol.pause_writing()

    def pause_reading(self) -> None:
        assert not self.paused, "paused twice"
        self.paused = True

    def resume_reading(self) -> None:
        assert self.paused, "resumed without being paused"
        self.paused = False

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True
        if not self._buffered:
            self.lose(None)

    def abort(self) -> None:
        self.aborted = True
        self.lose(None)


class Conversation:
    """One client's connection to an application, in memory.

    Args:
        app: the application.
        server: a server to connect to, as returned by another conversation's ``server``.
        settings: replace the application's own.
    """

    def __init__(self, app: Headrace, server: Server | None = None, **settings: Any) -> None:
        self.clock = FakeClock()
        if server is None:
            server = Server(app, override(app.config, **settings), clock=self.clock)
            server.prepare()
        self.server = server
        self.transport = FakeTransport()
        self.connection = Connection(server)
        self.transport.connect(self.connection)

    async def send(self, data: bytes) -> None:
        """Let the server receive these bytes, and let everything settle.

        Bytes that are sent while the server does not read are an error of the test.
        """
        assert not self.transport.paused, "the server does not read now"
        self.connection.data_received(data)
        await settle()

    async def end(self) -> None:
        """Close the client's sending side; it goes on reading."""
        self.transport.tcp_state = CLOSE_WAIT
        if not self.connection.eof_received():
            self.transport.close()
        await settle()

    async def vanish(self) -> None:
        """Close the client: its FIN is seen, and what is sent to it is answered with RST.

        While the server does not read, it does not see the FIN either.
        """
        self.transport.tcp_state = CLOSE_WAIT
        self.transport.vanished = True
        if not self.transport.paused and not self.connection.eof_received():
            self.transport.close()
        await settle()

    async def leave(self, error: Exception | None = None) -> None:
        """Close or reset the whole connection."""
        self.transport.lose(error)
        await settle()

    async def wait(self, seconds: float) -> None:
        """Let time pass and the server look at its deadlines, and for its clients."""
        self.clock.advance(seconds)
        self.server.sweeper.sweep()
        self.server.prober.tick()
        await settle()

    async def read(self) -> None:
        """Let the client read what is buffered."""
        self.transport.read()
        await settle()

    def take(self) -> bytes:
        """Return what was received since the last call."""
        data = b"".join(self.transport.writes)
        self.transport.writes.clear()
        return data

    @property
    def closed(self) -> bool:
        """Whether the connection is closed or about to be."""
        return self.transport.is_closing()
