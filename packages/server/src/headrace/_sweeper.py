"""One timer for all deadlines of a server.

A timer object per request costs more than the request's own bookkeeping, so a connection only
stores the time at which it wants to be looked at, and a sweep looks at all of them. The sweep also
keeps a coarse clock, so that setting a deadline does not ask the real one. The price is precision:
a deadline is met within one interval, early or late. While a handler blocks the loop that clock
stands still but for ``BLOCKED`` seconds, since nobody reads what clients send then.
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


BLOCKED: Final = 1.5 * INTERVAL
"""Seconds between two sweeps beyond which the loop was blocked, which is no client's fault."""


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

    __slots__ = ("_after", "_clock", "_members", "_read", "_timer", "now")

    def __init__(
        self,
        members: Collection[Expiring],
        clock: Callable[[], float],
        after: Callable[[], None] = lambda: None,
    ) -> None:
        self._after = after
        self._members = members
        self._clock = clock
        self._timer: asyncio.TimerHandle | None = None
        self.now = self._read = clock()

    def start(self) -> None:
        """Sweep from now on, until :meth:`stop`."""
        self.sweep(BLOCKED)
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, self.start)

    def stop(self) -> None:
        """Sweep no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def sweep(self, most: float = float("inf")) -> None:
        """Look at every member once.

        Args:
            most: seconds by which the coarse clock advances at the most.
        """
        read = self._clock()
        now = self.now = self.now + min(read - self._read, most)
        self._read = read
        for member in [each for each in self._members if each.deadlines.at <= now]:
            try:
                member.expire()
            except Exception:  # or every other deadline would be lost with this one
                logger.exception("a deadline could not be acted on")
        self._after()
