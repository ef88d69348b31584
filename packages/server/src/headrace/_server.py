"""Bind, accept, drain, stop: the server around an application's connections."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import signal
import time
from typing import TYPE_CHECKING, Final, Self

from headrace_http_parser import Limits

from . import _loop
from ._budget import Budget
from ._connection import Connection
from ._dated import Dated
from ._end import EndReason
from ._heap import keep_freed
from ._hooks import run_listeners
from ._probe import Prober, keep_alive
from ._sweeper import Sweeper
from ._turn import shared
from .exceptions import ListenError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._app import Headrace
    from ._config import Config
    from ._dispatch import Dispatch
    from ._probe import Watched
    from ._statistics import Statistics
    from ._turn import Turn

logger = logging.getLogger("headrace")


UNCROWDED: Final = 7 / 8
"""Share of ``max_connections`` below which reaching them is worth another line in the log."""


class Server:
    """Serves one application in the running event loop.

    Args:
        app: what answers.
        config: settings; the app's own by default.
        clock: seconds, monotonic; the event loop's by default.

    ``async with Server(app) as server`` starts it and stops it gracefully; ``server.port`` is the
    port that was bound.
    """

    def __init__(
        self,
        app: Headrace,
        config: Config | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app = app
        self.config = config or app.config
        self.connections: set[Connection] = set()
        self.context = contextvars.copy_context()
        self.port = 0
        self._empty: asyncio.Event | None = None
        self._listener: asyncio.Server | None = None
        self._clock = clock
        self.draining = False
        self._crowded = False
        self.dispatcher: Dispatch
        self.budget = Budget(self.config.memory_budget, self._press)
        self.limits = limits_of(self.config)
        self.prober = Prober(clock)
        self.sweeper = Sweeper(self.connections, clock, self._after_sweep)
        self.requests = 0
        self.dated = Dated()
        self.turn: Turn | None = None

    # What connections ask of it.

    @property
    def now(self) -> float:
        """The coarse clock."""
        return self.sweeper.now

    def admit(self, connection: Connection) -> str | None:
        """Keep a connection until nothing of it runs any more; or return why it is refused."""
        if self.draining:
            return "the server is shutting down"  # it was accepted just before the listener closed
        most = self.config.max_connections
        if most and len(self.connections) >= most:
            if not self._crowded:
                self._crowded = True
                logger.warning("more than max_connections=%d: further ones are refused", most)
            return "there are too many connections"
        if len(self.connections) < most * UNCROWDED:
            self._crowded = False
        self.connections.add(connection)
        return None

    def closed(self, connection: Connection) -> None:
        """Let go of it."""
        self.connections.discard(connection)
        if self._empty is not None and not self.connections:
            self._empty.set()

    def watch(self, connection: Watched) -> None:
        """Look now and then whether this connection's client is still there."""
        self.prober.watch(connection)

    def _press(self, pressed: bool) -> None:
        for connection in list(self.connections):
            connection.press()

    def _after_sweep(self) -> None:
        self.dated.turn(self.now)
        for connection in list(self.connections):
            if connection.busy:
                connection.weigh()

    def statistics(self) -> Statistics:
        """Tell what is open and what is buffered where, exactly as of now."""
        from ._statistics import statistics

        return statistics(self)

    # Its life.

    def prepare(self) -> None:
        """Fix what the application answers with; done by :meth:`start`."""
        self.dispatcher = self.app.dispatch(self.config, self._clock)

    async def start(self) -> None:
        """Run the start listeners and listen.

        Raises:
            ListenError: the address cannot be bound.

        What a listener raises comes through. Nothing is left open then; where all those of
        ``before_server_start`` had run, those of ``after_server_stop`` have run as well, so that
        what the former opened is closed.
        """
        await self._run_listeners("before_server_start")
        try:
            self.prepare()
            keep_freed()
            waits = _loop.writes_at_once(asyncio.get_running_loop())
            self.turn = shared() if waits else None
            await self._listen()
            self.sweeper.start()
            await self._run_listeners("after_server_start")
        except BaseException:
            if self._listener is not None:
                self._listener.close()
            self.sweeper.stop()
            self.prober.stop()
            await self._run_listeners("after_server_stop")
            raise

    async def _listen(self) -> None:
        config = self.config
        loop = asyncio.get_running_loop()
        host = _loop.address(loop, config.host)
        try:
            self._listener = await loop.create_server(
                lambda: Connection(self), host, config.port, backlog=config.backlog
            )
        except OSError as error:
            raise ListenError(config.host, config.port, error) from error
        for listener in self._listener.sockets:
            keep_alive(listener)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Accept no more, tell the open exchanges, wait for them, cut what is left.

        Idle connections close at once. After ``drain_timeout`` an open exchange ends with
        ``EndReason.DRAINING``; its handler is cancelled and awaited.
        """
        try:
            await self._run_listeners("before_server_stop")
        finally:
            try:
                await self._drain()
            finally:
                await self._run_listeners("after_server_stop")

    async def _drain(self) -> None:
        assert self._listener is not None
        self._listener.close()
        self.draining = True
        self.dispatcher.draining.begin(self._clock() + self.config.drain_timeout)
        self._empty = asyncio.Event()
        for connection in list(self.connections):
            connection.drain()
        await self._wait_empty(self.config.drain_timeout)
        self.cut()
        await self._wait_empty(self.config.drain_timeout)
        self.sweeper.stop()
        self.prober.stop()

    def cut(self) -> None:
        """End every open exchange now, with ``EndReason.DRAINING``."""
        open_now = sum(each.exchange is not None for each in self.connections)
        if open_now:
            logger.info("%d open exchanges are cut", open_now)
        for connection in list(self.connections):
            connection.lose(EndReason.DRAINING)

    async def _wait_empty(self, seconds: float) -> None:
        assert self._empty is not None
        if self.connections:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._empty.wait(), seconds)

    async def _run_listeners(self, event: str) -> None:
        loop = asyncio.get_running_loop()
        await run_listeners(event, self.app.declarations(), self.app, loop)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.stop()


def limits_of(config: Config) -> Limits:
    """Return the parser's limits for these settings."""
    return Limits(
        request_line=config.max_request_line,
        header_bytes=config.max_header_bytes,
        header_count=config.max_header_count,
        field_bytes=max(1, config.max_header_bytes // 2),
        pipelined=config.pipelined_requests,
    )


async def serve_until_signal(app: Headrace, config: Config) -> None:
    """Serve until SIGINT or SIGTERM, then drain; a second signal cuts what is still open."""
    told = asyncio.Event()
    server = Server(app, config)

    def stop() -> None:
        if told.is_set():
            server.cut()
        told.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    async with server:
        host = f"[{config.host}]" if ":" in config.host else config.host
        logger.info("%s listens on http://%s:%d", app.name, host, server.port)
        await told.wait()
        if server.connections:
            logger.info(
                "%s stops: waits up to %g s for %d connections; once more to cut them",
                app.name,
                config.drain_timeout,
                len(server.connections),
            )
    logger.info("%s stopped", app.name)


def serve(app: Headrace, config: Config) -> None:
    """Serve an application on a loop of its own, until a signal to stop."""
    if not logging.getLogger().handlers:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    _loop.run(serve_until_signal(app, config), config.loop)
