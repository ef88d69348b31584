"""Time that passes only when a test says so."""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING

from ._steps import turns

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class FakeTimer:
    """A callback that is due at a moment; made by :meth:`FakeClock.call_at`."""

    __slots__ = ("callback", "cancelled", "when")

    def __init__(self, when: float, callback: Callable[[], Any]) -> None:
        self.when = when
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        """Make sure that the callback is not called."""
        self.cancelled = True


class FakeClock:
    """A clock for every ``clock=`` of this package: ``timeout(source, idle=5, clock=clock)``.

    ::

        clock = FakeClock()
        reading = asyncio.create_task(timeout(receiver, idle=5, clock=clock).get())
        await clock.advance(5)
        assert isinstance(reading.exception(), TimedOutError)

    Works on any event loop, and slows nothing down: the loop's own clock is left alone.
    """

    __slots__ = ("_count", "_now", "_timers")

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self._count = count()
        self._timers: list[tuple[float, int, FakeTimer]] = []

    def time(self) -> float:
        """Return the time, in seconds."""
        return self._now

    def call_at(self, when: float, callback: Callable[[], Any], /) -> FakeTimer:
        """Have a callback called by an :meth:`advance` that reaches the moment."""
        timer = FakeTimer(when, callback)
        heapq.heappush(self._timers, (when, next(self._count), timer))
        return timer

    @property
    def pending(self) -> int:
        """How many timers wait; 0 after a test whose streams leave nothing behind."""
        return sum(not timer.cancelled for _, _, timer in self._timers)

    async def advance(self, seconds: float = 0.0) -> None:
        """Let time pass, from timer to timer; what each one wakes runs before the next is due.

        So a task that sleeps three times a second finds the right time each time. Timers of one
        moment fire in the order in which they were set.

        Raises:
            ValueError: seconds is negative.
        """
        if seconds < 0:
            raise ValueError(f"seconds must not be negative, not {seconds}")
        end = self._now + seconds
        await turns()
        while self._timers and self._timers[0][0] <= end:
            when, _, timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                self._now = max(self._now, when)
                timer.callback()
                await turns()
        self._now = end
