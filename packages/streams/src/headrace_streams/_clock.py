"""Time for everything that waits: a clock that can be replaced, and waiting until a moment of it.

A clock is any object with an event loop's ``time`` and ``call_at``, so the running loop is one; the
tests' clock is ``testing.FakeClock``. Nothing in this package asks another clock when it decides.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, Self


class Timer(Protocol):
    """What ``call_at`` returns."""

    def cancel(self) -> None:
        """Make sure that the callback is not called any more."""


class Clock(Protocol):
    """The two methods of an event loop that waiting needs. Times in seconds."""

    def time(self) -> float:
        """Return the current time; it never goes back, and its zero means nothing."""

    def call_at(self, when: float, callback: Callable[[], Any], /) -> Timer:
        """Call the callback once the time is ``when``; soon, but not at once, if that is past."""


class Expiry:
    """``with Expiry(clock, when) as expiry:`` ends a wait at a moment, for this task alone.

    It cancels the wait as a user's own timeout would; so what may be awaited inside is what loses
    nothing when cancelled. ``expired`` then says whether the moment came: the CancelledError it
    caused does not leave the block, one from elsewhere does.
    """

    __slots__ = ("_cancelling", "_clock", "_task", "_timer", "_when", "expired")

    def __init__(self, clock: Clock, when: float) -> None:
        self._clock = clock
        self._when = when
        self.expired = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self._timer = self._clock.call_at(self._when, self._expire)
        return self

    def _expire(self) -> None:
        self.expired = True
        self._task.cancel()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        self._timer.cancel()
        if not self.expired:
            return False
        ours = self._task.uncancel() <= self._cancelling
        return ours and exc_type is asyncio.CancelledError


class Nap:
    """A sleep that somebody else may end early. For one task at a time."""

    __slots__ = ("_waiter",)

    def __init__(self) -> None:
        self._waiter: asyncio.Future[None] | None = None

    async def until(self, clock: Clock, when: float) -> None:
        """Sleep until the moment, or until ``wake``."""
        self._waiter = asyncio.get_running_loop().create_future()
        timer = clock.call_at(when, self.wake)
        try:
            await self._waiter
        finally:
            timer.cancel()
            self._waiter = None

    def wake(self) -> None:
        """End the sleep now; no-op without one."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def running_clock(clock: Clock | None) -> Clock:
    """Return the clock, or the running loop for None."""
    return asyncio.get_running_loop() if clock is None else clock


def positive(name: str, value: float) -> float:
    """Return a number that has to be above 0.

    Raises:
        ValueError: it is not.
    """
    if not value > 0:
        raise ValueError(f"{name} must be above 0, not {value!r}")
    return value
