"""Real servers on loopback: one thread with a loop of its own per server, raw sockets as clients.

``serve(app)`` starts an application on asyncio and, in a second run of the test, on uvloop. What a
client sends and receives is bytes, so a test can assert all of what is on the wire.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any, Literal, Self

import pytest

from headrace import Config, Headrace, Server
from headrace._loop import loop_factory

TIMEOUT = 20.0
"""Seconds after which a client gives up on a socket: a test that hangs has failed."""

DATE = re.compile(rb"date: [^\r]+\r\n")


class Client:
    """A raw connection. Every byte that was received stays in ``received``."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send everything."""
        self.socket.sendall(data)

    def read_to(self, end: bytes) -> bytes:
        """Read until what was not returned before ends with or holds ``end``; return up to it."""
        while end not in self.received:
            data = self.socket.recv(65536)
            if not data:
                raise EOFError(f"closed before {end!r}; received {self.received!r}")
            self.received += data
        found = self.received.index(end) + len(end)
        taken, self.received = self.received[:found], self.received[found:]
        return taken

    def read_all(self) -> bytes:
        """Read until the server closes; return what was not returned before.

        Raises:
            ConnectionResetError: the server reset the connection.
        """
        while data := self.socket.recv(65536):
            self.received += data
        taken, self.received = self.received, b""
        return taken

    def ask(self, request: bytes) -> bytes:
        """Send a request that closes its connection; return all that comes, without the date."""
        self.send(request)
        return undated(self.read_all())


def undated(data: bytes) -> bytes:
    """Take the Date fields out, the only bytes that differ from run to run."""
    return DATE.sub(b"", data)


class Running:
    """A server in a thread."""

    def __init__(self, app: Headrace, config: Config, loop: Literal["asyncio", "uvloop"]) -> None:
        self.app = app
        self.config = config
        self.server: Server
        self._loop = loop_factory(loop)()
        self._ready = threading.Event()
        self._stop: asyncio.Event
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._main)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(TIMEOUT)
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(TIMEOUT)
        assert not self._thread.is_alive()
        if self._failure is None:
            assert not self.server.connections, "the server left a connection behind"

    def _main(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop, debug=True) as runner:
            try:
                runner.run(self._serve())
            except BaseException as failure:
                self._failure = failure
            finally:
                self._ready.set()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        async with Server(self.app, self.config) as self.server:
            self._ready.set()
            await self._stop.wait()

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function in the server's loop and return what it returns."""

        async def task() -> Any:
            return function(*args)

        return asyncio.run_coroutine_threadsafe(task(), self._loop).result(TIMEOUT)

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def connect(self) -> Client:
        """Open a raw connection."""
        return Client(self.port)

    def ask(self, request: bytes) -> bytes:
        """Send one request over a connection of its own; return all that comes, undated."""
        with self.connect() as client:
            return client.ask(request)


Serve = Callable[..., Running]


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> str:
    """Each test that starts a server runs on both loops."""
    return str(request.param)


@pytest.fixture
def serve(loop: Literal["asyncio", "uvloop"]) -> Iterator[Serve]:
    """Start servers that stop with the test."""
    started: list[Running] = []

    def start(app: Headrace, **settings: Any) -> Running:
        settings = {"port": 0, "drain_timeout": 2.0, **settings}
        running = Running(app, Config(**settings), loop)
        started.append(running)
        running.start()
        return running

    yield start
    for running in started:
        running.stop()


@pytest.fixture(scope="session")
def connect() -> Callable[[int], Client]:
    """Open a raw connection to a port, which need not be a server's of :func:`serve`."""
    return Client


@pytest.fixture(scope="session")
def missing() -> Callable[[str], None]:
    """Skip for a service that is not on this machine; fail where all of them have to be.

    The environment variable HEADRACE_REQUIRE_SERVICES says that they have to be, as on CI.
    """

    def report(reason: str) -> None:
        if os.environ.get("HEADRACE_REQUIRE_SERVICES"):
            pytest.fail(f"a service is missing on a machine that has to have it: {reason}")
        pytest.skip(reason)

    return report
