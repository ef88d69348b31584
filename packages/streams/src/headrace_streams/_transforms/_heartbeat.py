"""Fill the silence of a source, so that whoever reads can tell it from a dead one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._clock import Clock, Expiry, positive, running_clock
from ._base import Transform

if TYPE_CHECKING:
    from .._receiver import ByteReceiver


class heartbeat(Transform):  # noqa: N801  (used like a function)
    """Give the source's chunks, and an item each time that nothing came for an interval.

    The item stands between two chunks of the source, never within one. The interval counts from
    what was given last; a chunk that is there goes before an item that is due.

    Args:
        source: where chunks come from.
        interval: seconds.
        item: what to give; not empty.
        clock: what measures; default the running event loop.

    Raises:
        ValueError: interval is not above 0, or the item is empty.
    """

    __slots__ = ("_clock", "_due", "_interval", "_item")

    def __init__(
        self, source: ByteReceiver, interval: float, item: bytes, *, clock: Clock | None = None
    ) -> None:
        super().__init__(source)
        self._interval = positive("interval", interval)
        if not item:
            raise ValueError("the item must not be empty")
        self._item = bytes(item)
        self._clock = clock
        self._due: float | None = None

    async def _next(self) -> bytes | None:
        clock = running_clock(self._clock)
        if self._due is None:
            self._due = clock.time() + self._interval
        chunk: bytes | None = self._item
        with Expiry(clock, self._due):
            chunk = await self._source.get()
        self._due = clock.time() + self._interval
        return chunk
