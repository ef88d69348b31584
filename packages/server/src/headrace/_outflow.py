"""One response's bytes on their way down: coalescing, marks, and when a producer has to wait.

Strategy. ``write`` takes bytes at call time and never loses them. Pieces written within one turn of
the loop leave together: the first one schedules a flush with ``call_soon``, and a byte threshold
flushes at once so that a fast producer does not build a second buffer above the transport's.
What ``write`` returns is awaited by code that wants back-pressure and dropped by code that does
not: so it costs nothing unless awaited, does not warn when dropped, and is bounded by a hard cap.

Rules for an editor: nothing here knows HTTP; a future exists only while somebody waits; every
method but the awaitable is synchronous, so a cancelled producer leaves no half decision behind.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from .exceptions import ResponseError, WriteOverflow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Iterator

FLUSH_BYTES: Final = 64 * 1024
"""Pieces of this many bytes leave at once instead of at the end of the turn."""

TURN_BYTES: Final = 256 * 1024
"""Bytes after which an awaited write gives other tasks a turn of the loop."""

WRITE_COST: Final = 256
"""What one write counts towards ``TURN_BYTES`` besides its bytes, so that tiny ones yield too."""

_EXHAUSTED: Final[Iterator[Any]] = iter(())


class _Done:
    """Shared by every write that need not wait; an exhausted iterator may be awaited for ever."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, None]:
        return _EXHAUSTED  # type: ignore[return-value]


class _Turn:
    """Gives other tasks one turn of the loop, as ``asyncio.sleep(0)`` does."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, None]:
        yield


DONE: Final[Awaitable[None]] = _Done()
TURN: Final[Awaitable[None]] = _Turn()


class Outflow:
    """The body of one response between its producer and the wire.

    Args:
        send: takes a list of pieces, which it then owns, their size in bytes, and whether they are
            the last.
        below: tells how many bytes the wire still holds.
        length: bytes that are to be written in all, None when that is not known.
        cap: bytes that may be held in all when nobody awaits a write.
        paused: whether the wire is already above its high-water mark.

    Attributes:
        begun: whether anything was handed to the wire.
        left: bytes still to be written, None when that is not known.
        paused: whether the wire is above its high-water mark.
        total: bytes written in all.
    """

    __slots__ = (
        "_below",
        "_cap",
        "_closed",
        "_error",
        "_muted",
        "_pieces",
        "_scheduled",
        "_send",
        "_since",
        "_size",
        "_waiters",
        "begun",
        "left",
        "paused",
        "total",
    )

    def __init__(
        self,
        send: Callable[[list[bytes], int, bool], None],
        below: Callable[[], int],
        *,
        length: int | None = None,
        cap: int,
        paused: bool = False,
    ) -> None:
        self._send = send
        self._below = below
        self._cap = cap
        self.left = length
        self._pieces: list[bytes] = []
        self._size = 0
        self._since = 0
        self._scheduled = False
        self._waiters: list[asyncio.Future[None]] = []
        self._error: BaseException | None = None
        self._closed = False
        self._muted = False
        self.paused = paused
        self.total = 0
        self.begun = False

    @property
    def buffered(self) -> int:
        """Bytes that were written and have not been handed to the wire."""
        return self._size

    def write(self, data: bytes) -> Awaitable[None]:
        """Enqueue now; the awaitable is done once the wire is below its high-water mark.

        Raises:
            ResponseError: the body is longer than its length. Nothing was taken.
            WriteOverflow: more than ``cap`` bytes are held and nobody waited. Nothing was taken.
            HeadraceException: the response can no longer be completed; see :meth:`fail`.
        """
        if self._error is not None:
            raise self._error
        size = len(data)
        if size:
            if self.paused and self._size + size + self._below() > self._cap:
                raise WriteOverflow(self._cap)
            if self.left is not None:
                self._count(size)
            self._pieces.append(data)
            self._size += size
            self.total += size
            if self._size >= FLUSH_BYTES:
                self.flush()
            else:
                self.schedule()
        if self.paused:
            return _Drained(self)
        self._since += size + WRITE_COST
        if self._since < TURN_BYTES:
            return DONE
        self._since = 0
        return TURN

    def _count(self, size: int) -> None:
        assert self.left is not None
        if size > self.left:
            over = size - self.left
            raise ResponseError(f"the body is longer than its content-length by {over} bytes")
        self.left -= size

    def schedule(self) -> None:
        """Flush at the end of this turn, so that what is written within it leaves together."""
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._flush_turn)

    def _flush_turn(self) -> None:
        self._scheduled = False
        if not self._closed and (self._pieces or not self.begun):
            self.flush()

    def flush(self) -> None:
        """Hand everything that was written to the wire."""
        self.begun = True
        pieces, size = self.take()
        if not self._muted:
            self._send(pieces, size, False)

    def take(self) -> tuple[list[bytes], int]:
        """Give up everything that was written and not flushed."""
        pieces, size = self._pieces, self._size
        self._pieces = []
        self._size = 0
        return pieces, size

    def finish(self) -> tuple[list[bytes], int]:
        """Give up what is left, to be sent together with the end."""
        self._closed = True
        return self.take()

    def pause(self) -> None:
        """The wire went above its high-water mark."""
        self.paused = not self._muted

    def resume(self) -> None:
        """The wire fell below its low-water mark: let every producer go on."""
        self.paused = False
        self._wake()

    def mute(self) -> None:
        """Nobody listens any more: take what is written, and drop it."""
        self._muted = True
        self.left = None
        self.take()
        self.resume()

    def fail(self, error: BaseException) -> None:
        """Nothing can be sent any more: drop what is held; waiting and later writes raise."""
        if self._error is None:
            self._error = error
            self._closed = True
            self.take()
            self._wake()

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def drained(self) -> None:
        """Wait until the wire is below its high-water mark.

        Raises:
            HeadraceException: the response can no longer be completed.
        """
        while self.paused and self._error is None:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            finally:
                if waiter in self._waiters:  # cancelled
                    self._waiters.remove(waiter)
        if self._error is not None:
            raise self._error


class _Drained:
    """What a write above the high-water mark returns: costs a future only when awaited."""

    __slots__ = ("_outflow",)

    def __init__(self, outflow: Outflow) -> None:
        self._outflow = outflow

    def __await__(self) -> Generator[Any, None, None]:
        return self._outflow.drained().__await__()
