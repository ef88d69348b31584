"""Whether a peer keeps up a minimum rate, judged at the end of each window."""

from __future__ import annotations


class Pace:
    """The rate at which a count grows.

    Args:
        window: seconds over which the rate is judged.
        rate: the least growth per second.
        now: the time.
        count: the count at that time.
    """

    __slots__ = ("_count", "_rate", "_since", "_window")

    def __init__(self, window: float, rate: float, now: float, count: int) -> None:
        self._window = window
        self._rate = rate
        self._since = now
        self._count = count

    @property
    def due(self) -> float:
        """The time at which the current window ends."""
        return self._since + self._window

    def late(self, now: float, count: int) -> bool:
        """Whether a window has ended and the count grew too slowly in it; else begin the next."""
        if now < self.due:
            return False
        if count - self._count < self._rate * (now - self._since):
            return True
        self._since = now
        self._count = count
        return False
