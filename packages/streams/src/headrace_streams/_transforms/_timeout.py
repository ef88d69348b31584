"""Give up on a source that is silent, or not through in time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._clock import Clock, Expiry, positive, running_clock
from .._errors import TimedOutError
from ._base import Transform

if TYPE_CHECKING:
    from .._receiver import ByteReceiver


class timeout(Transform):  # noqa: N801  (used like a function)
    """Fail with TimedOutError when the source takes too long; it is cancelled with the error.

    Args:
        source: where chunks come from.
        idle: seconds that one read may wait. Time between reads does not count: a slow reader is
            not the source's fault.
        total: seconds from the first read to the end, the reader's time included.
        clock: what measures; default the running event loop.

    Raises:
        ValueError: neither is given, or one is not above 0.
    """

    __slots__ = ("_clock", "_end", "_idle", "_total")

    def __init__(
        self,
        source: ByteReceiver,
        *,
        idle: float | None = None,
        total: float | None = None,
        clock: Clock | None = None,
    ) -> None:
        if idle is None and total is None:
            raise ValueError("idle, total, or both must be given")
        super().__init__(source)
        self._idle = None if idle is None else positive("idle", idle)
        self._total = None if total is None else positive("total", total)
        self._clock = clock
        self._end: float | None = None

    async def _next(self) -> bytes | None:
        clock = running_clock(self._clock)
        now = clock.time()
        if self._total is not None and self._end is None:
            self._end = now + self._total
        if self._end is not None and now >= self._end:
            raise self._late("total")
        if self._end is None or (self._idle is not None and now + self._idle < self._end):
            assert self._idle is not None
            kind, when = "idle", now + self._idle
        else:
            kind, when = "total", self._end
        with Expiry(clock, when):
            return await self._source.get()
        raise self._late(kind)

    def _late(self, kind: str) -> TimedOutError:
        seconds = self._idle if kind == "idle" else self._total
        assert seconds is not None
        return TimedOutError(kind, seconds)
