"""One timer for all deadlines of a server.

A timer object per request costs more than the request's own bookkeeping, so a connection only
stores the time at which it wants to be looked at, and a sweep looks at all of them. The sweep also
keeps a coarse clock, so that setting a deadline does not ask the real one. The price is precision:
a deadline is met within one interval, early or late.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

logger = logging.getLogger("headrace")

INTERVAL: Final = 0.25
"""Seconds between sweeps: 10,000 connections cost about 0.2 % of a core."""


class Due(Protocol):
    """What tells when something has to be looked at."""

    at: float


class Expiring(Protocol):
    """What a sweep looks at."""

    @property
    def deadlines(self) -> Due:
        """When to look."""

    def expire(self) -> None:
        """A deadline may have passed; set the next."""


class Sweeper:
    """Calls ``expire`` on whatever has to be looked at.

    Args:
        members: what to look at; may change between and during sweeps.
        clock: seconds, monotonic.
        after: called after each sweep.
    """

    __slots__ = ("_after", "_clock", "_due", "_members", "_timer", "now")

    def __init__(
        self,
        members: Collection[Expiring],
        clock: Callable[[], float],
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._after = after
        self._members = members
        self._clock = clock
        self._due = clock()
        self._timer: asyncio.TimerHandle | None = None
        self.now = clock()

    def start(self) -> None:
        """Sweep from now on, until :meth:`stop`.

        After something that has blocked the loop, what came in the meantime is read first: uvloop
        runs timers before it looks at sockets.
        """
        loop, now = asyncio.get_running_loop(), self._clock()
        if now - self._due > INTERVAL:
            self._due = now
            self._timer = loop.call_later(0, self.start)
            return
        self._due = now + INTERVAL
        self.sweep()
        self._timer = loop.call_later(INTERVAL, self.start)

    def stop(self) -> None:
        """Sweep no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def sweep(self) -> None:
        """Look at every member once."""
        now = self.now = self._clock()
        for member in [each for each in self._members if each.deadlines.at <= now]:
            try:
                member.expire()
            except Exception:  # or every other deadline would be lost with this one
                logger.exception("a deadline could not be acted on")
        self._after()
