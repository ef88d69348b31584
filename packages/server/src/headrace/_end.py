"""Why an exchange ended, for whoever waits for it, and what it came to in figures."""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class EndReason(enum.Enum):
    """The reason for which an exchange ended.

    One value, seen alike by the handler's exception, the end hook, the log line and the metric.
    """

    COMPLETE = "complete"
    """The whole response was handed to the kernel."""

    CLIENT_GONE = "client gone"
    """The client closed or reset the connection before the response was complete."""

    STALLED = "stalled"
    """The client took its response more slowly than the limit allows."""

    TIMEOUT = "timeout"
    """A deadline of the server passed."""

    DRAINING = "draining"
    """The server was shutting down and the drain deadline passed."""

    FAILED = "failed"
    """The handler, or a producer that it started, raised."""


class Ending:
    """Tells a handler, and what it started, that its exchange has ended, and why."""

    __slots__ = ("_event", "reason")

    def __init__(self, reason: EndReason | None) -> None:
        self.reason = reason
        self._event = asyncio.Event()
        if reason is not None:
            self._event.set()

    def settle(self, reason: EndReason) -> None:
        """Tell everybody. Called by the exchange."""
        self.reason = reason
        self._event.set()

    def is_set(self) -> bool:
        """Whether it has ended: nothing more of the response can be sent."""
        return self._event.is_set()

    async def wait(self) -> EndReason:
        """Wait for the end and return its reason; a cancelled wait changes nothing."""
        await self._event.wait()
        assert self.reason is not None
        return self.reason


@dataclass(frozen=True, slots=True)
class Figures:
    """What an exchange came to.

    Attributes:
        reason: why it ended.
        status: of the response, 0 if none was begun.
        bytes_in: bytes of the request's body that arrived, without framing.
        bytes_out: bytes of the response's body that were written, without framing.
        time_to_first_byte: seconds from the request's head to the response's, None without one.
        time_stalled: seconds for which the client was behind, so that writes waited.
        duration: seconds from the request's head until nothing of the exchange ran any more.
    """

    reason: EndReason
    status: int
    bytes_in: int
    bytes_out: int
    time_to_first_byte: float | None
    time_stalled: float
    duration: float


class Stopwatch:
    """The times of one exchange; made only where somebody wants its figures.

    Args:
        clock: seconds, monotonic.
    """

    __slots__ = ("_clock", "_first", "_full_since", "_opened", "_stalled")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._opened = clock()
        self._first: float | None = None
        self._full_since: float | None = None
        self._stalled = 0.0

    def respond(self) -> None:
        """The response's head is on its way."""
        self._first = self._clock() - self._opened

    def retract(self) -> None:
        """It is not, after all."""
        self._first = None

    def pause(self) -> None:
        """The client is behind."""
        self._full_since = self._clock()

    def resume(self) -> None:
        """The client has caught up."""
        if self._full_since is not None:
            self._stalled += self._clock() - self._full_since
            self._full_since = None

    def figures(self, reason: EndReason, status: int, bytes_in: int, bytes_out: int) -> Figures:
        """Return the figures up to now."""
        self.resume()
        return Figures(
            reason=reason,
            status=status,
            bytes_in=bytes_in,
            bytes_out=bytes_out,
            time_to_first_byte=self._first,
            time_stalled=self._stalled,
            duration=self._clock() - self._opened,
        )
