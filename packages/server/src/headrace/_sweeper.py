"""One timer for all deadlines of a server.

A timer object per request costs more than the request's own bookkeeping, so a connection only
stores the time at which it wants to be looked at, and a sweep looks at all of them. The price is
precision: a deadline is met up to one interval late. The sweep also keeps a coarse clock, so that
setting a deadline does not ask the real one.
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

NEVER: Final = float("inf")


class Expiring(Protocol):
    """What a sweep looks at."""

    deadline: float

    def expire(self) -> None:
        """The deadline has passed."""


class Sweeper:
    """Calls ``expire`` on whatever is past its deadline.

    Args:
        members: what to look at; may change between and during sweeps.
        clock: seconds, monotonic.
    """

    __slots__ = ("_clock", "_members", "_timer", "now")

    def __init__(self, members: Collection[Expiring], clock: Callable[[], float]) -> None:
        self._members = members
        self._clock = clock
        self._timer: asyncio.TimerHandle | None = None
        self.now = clock()

    def start(self) -> None:
        """Sweep from now on, until :meth:`stop`."""
        self.sweep()
        self._timer = asyncio.get_running_loop().call_later(INTERVAL, self.start)

    def stop(self) -> None:
        """Sweep no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def sweep(self) -> None:
        """Look at every member once."""
        now = self.now = self._clock()
        for member in [each for each in self._members if each.deadline <= now]:
            member.deadline = NEVER
            try:
                member.expire()
            except Exception:  # or every other deadline would be lost with this one
                logger.exception("a deadline could not be acted on")
