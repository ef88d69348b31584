"""Slow a stream down to a rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._clock import Clock, Nap, positive, running_clock
from .._errors import ClosedError
from ._base import Transform

if TYPE_CHECKING:
    from .._receiver import ByteReceiver


class throttle(Transform):  # noqa: N801  (used like a function)
    """Give the source's bytes no faster than a rate, a burst aside.

    Chunks longer than ``burst`` are cut. The source is read only when something may pass, so
    back-pressure reaches the producer; one chunk of it is held.

    Args:
        source: where chunks come from.
        rate: bytes per second, over any stretch of time; ``burst`` bytes may come on top.
        burst: bytes that may pass at once after a pause. Default: what a tenth of a second
            allows, at least 1.
        clock: what measures; default the running event loop.

    Raises:
        ValueError: rate is not above 0, or burst is less than 1.
    """

    __slots__ = ("_burst", "_chunk", "_clock", "_full_at", "_nap", "_offset", "_rate")

    def __init__(
        self,
        source: ByteReceiver,
        rate: float,
        *,
        burst: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(source)
        self._rate = positive("rate", rate)
        self._burst = max(1, int(rate / 10)) if burst is None else burst
        if self._burst < 1:
            raise ValueError(f"burst must be at least 1, not {burst}")
        self._clock = clock
        self._nap = Nap()
        # A bucket holds up to ``burst`` bytes' worth of permission; this is when it will be full.
        self._full_at = float("-inf")
        self._chunk = b""
        self._offset = 0

    async def _next(self) -> bytes | None:
        clock = running_clock(self._clock)
        if not self._chunk:
            await self._room(clock, 1)
            chunk = await self._source.get()
            if not chunk:
                return chunk
            self._chunk = chunk
        count = min(len(self._chunk) - self._offset, self._burst)
        await self._room(clock, count)
        self._full_at = max(self._full_at, clock.time()) + count / self._rate
        return self._cut(count)

    async def _room(self, clock: Clock, count: int) -> None:
        """Wait until that many bytes may pass."""
        when = self._full_at - (self._burst - count) / self._rate
        if when > clock.time():
            await self._nap.until(clock, when)
        if self._cancelled:
            raise ClosedError("the receiver was cancelled")

    def _cut(self, count: int) -> bytes:
        chunk, start = self._chunk, self._offset
        self._offset = end = start + count
        if end == len(chunk):
            self._chunk, self._offset = b"", 0
        return chunk[start:end]

    def _abort(self, reason: BaseException | None) -> None:
        self._chunk, self._offset = b"", 0
        super()._abort(reason)
        self._nap.wake()
