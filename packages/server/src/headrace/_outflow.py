"""One response's bytes on their way down: coalescing, marks, and when a producer has to wait.

Strategy. ``write`` takes bytes at call time and never loses them. Pieces written within one turn of
the loop leave together: the first one schedules a flush (``_turn``), and a byte threshold flushes
at once so that a fast producer does not build a second buffer above the transport's.
A lone write leaves in the turn in which it is made; of a producer that writes turn after turn, what
comes within ``HOLD`` of the last flush leaves together, unless a turn brings nothing.
What ``write`` returns is awaited by code that wants back-pressure and dropped by code that does
not: so it costs nothing unless awaited, does not warn when dropped, and is bounded by a hard cap.

The fast path is the caller's: a piece of at most ``SMALL`` bytes that finds fewer than ``limit``
``pieces`` may be appended to them without a call, and ``DONE`` returned. Every other condition is
folded into ``limit``: it is 0 while nothing is scheduled, while the wire is full, behind a larger
piece, when the body has a length or an end, and otherwise so low that no threshold can be passed
unnoticed. What was appended so is counted when somebody has to know: 0.16 µs a chunk, 0.55 µs by
:meth:`write`.
While ``idle`` is set the first piece of a turn may be given to :meth:`first`, which is what a
producer of single events does each time: none of the conditions that :meth:`write` looks at holds.

Rules for an editor: nothing here knows HTTP; a future exists only while somebody waits; every
method but the awaitable is synchronous, so a cancelled producer leaves no half decision behind.
"""

from __future__ import annotations

import asyncio
import types
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from ._turn import shared
from .exceptions import ResponseError, WriteOverflow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from ._turn import Turn

FIRST_BYTES: Final = 64 * 1024
"""The first pieces leave at once when they are this many bytes; what fails then is a cut."""

FLUSH_BYTES: Final = 256 * 1024
"""Later ones when they are this many. A flush for each 64 KiB costs a download 15 % more."""

TURN_BYTES: Final = 1024 * 1024
"""Bytes after which an awaited write gives other tasks a turn of the loop, 0.25 ms."""

WRITE_COST: Final = 512
"""What one write counts towards ``TURN_BYTES`` besides its bytes, so that tiny ones yield too."""

SMALL: Final = 256
"""Bytes up to which a piece may be appended without being counted."""

HOLD: Final = 0.001
"""Seconds after a flush in which pieces may be held, turn by turn, as long as each brings more."""


@types.coroutine
def _nothing() -> Generator[Any, None, None]:
    yield


def _finished() -> Awaitable[None]:
    """Return what may be awaited for ever: ``await`` asks a finished generator in C, once."""
    done: Any = _nothing()
    tuple(done)
    return done  # type: ignore[no-any-return]


class _Turn:
    """Gives other tasks one turn of the loop, as ``asyncio.sleep(0)`` does."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, None]:
        yield


DONE: Final = _finished()
"""Shared by every write that need not wait."""

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
        clock: seconds, monotonic.

    Attributes:
        begun: whether anything was handed to the wire.
        idle: whether nothing is held or scheduled, and nothing speaks against a first piece.
        left: bytes still to be written, None when that is not known.
        limit: number of pieces up to which a small one may be appended by the caller.
        paused: whether the wire is above its high-water mark.
        pieces: what was written and has not been handed to the wire.
    """

    __slots__ = (
        "_below",
        "_cap",
        "_clock",
        "_closed",
        "_counted",
        "_enough",
        "_error",
        "_held",
        "_hold_until",
        "_muted",
        "_scheduled",
        "_send",
        "_since",
        "_size",
        "_taken",
        "_turn",
        "_waiters",
        "begun",
        "idle",
        "left",
        "limit",
        "paused",
        "pieces",
    )

    def __init__(
        self,
        send: Callable[[list[bytes], int, bool], None],
        below: Callable[[], int],
        *,
        length: int | None = None,
        cap: int,
        paused: bool = False,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._send = send
        self._below = below
        self._cap = cap
        self._clock = clock
        self.left = length
        self.pieces: list[bytes] = []
        self.limit = 0
        self._enough = FIRST_BYTES  # to leave at once
        self._counted = 0  # pieces, and
        self._size = 0  # their bytes
        self._taken = 0  # bytes that were given up
        self._since = 0  # bytes and costs since others had a turn
        self._turn: Turn | None = None
        self._scheduled = False
        self._held = 0  # pieces that were there at the end of the last turn
        self._hold_until = 0.0
        self._waiters: list[asyncio.Future[None]] = []
        self._error: BaseException | None = None
        self._closed = False
        self._muted = False
        self.paused = paused
        self.begun = False
        self.idle = False

    @property
    def buffered(self) -> int:
        """Bytes that were written and have not been handed to the wire."""
        self._count()
        return self._size

    @property
    def total(self) -> int:
        """Bytes written in all."""
        return self._taken + self.buffered

    def write(self, data: bytes) -> Awaitable[None]:
        """Enqueue now; the awaitable is done once the wire is below its high-water mark.

        Raises:
            ResponseError: the body is longer than its length. Nothing was taken.
            WriteOverflow: more than ``cap`` bytes are held and nobody waited. Nothing was taken.
            HeadraceException: the response can no longer be completed; see :meth:`fail`.
        """
        if self._error is not None:
            raise self._error
        if len(self.pieces) != self._counted:
            self._count()
        size = len(data)
        if size:
            if self.paused and self._size + size + self._below() > self._cap:
                raise WriteOverflow(self._cap)
            if self.left is not None:
                self._deduct(size)
            self.pieces.append(data)
            self._counted += 1
            self._size += size
            if self._size >= self._enough:
                self.flush()
            elif not self._scheduled:
                self.schedule()
        self.limit = 0  # what was opened before knew nothing of this piece
        if self.paused:
            return _Drained(self)
        self._since += size + WRITE_COST
        if self._since >= TURN_BYTES:
            self._since = 0
            return TURN
        if size <= SMALL and self._scheduled and self.left is None:
            self._open()  # not behind a larger one: the next will be as large, and this is 0.3 us
        return DONE

    def first(self, data: bytes) -> Awaitable[None]:
        """Do what ``write`` does, while ``idle``, with 1 to ``FIRST_BYTES - 1`` bytes.

        No turn is given to others, who had one before and will have before the next of these.
        """
        self.idle = False
        self._scheduled = True
        self.pieces.append(data)
        self._counted = 1
        self._size = len(data)
        self._turn.join(self)  # type: ignore[union-attr]  # there was one for the head
        return DONE

    def _open(self) -> None:
        """Let as many small pieces be appended as cannot pass a threshold."""
        before_flush = (self._enough - 1 - self._size) // SMALL
        before_turn = (TURN_BYTES - 1 - self._since) // (SMALL + WRITE_COST)
        self.limit = self._counted + min(before_flush, before_turn)

    def _count(self) -> None:
        """Count the pieces that were appended without it, and join them.

        To join is the quickest way to count many, and has to be done some time.
        """
        pieces, counted = self.pieces, self._counted
        new = len(pieces) - counted
        if new:
            joined = b"".join(pieces[counted:])
            pieces[counted:] = [joined]
            self.limit = 0  # it counted pieces that are one now
            size = len(joined)
            self._counted = counted + 1
            self._size += size
            self._since += size + new * WRITE_COST

    def _deduct(self, size: int) -> None:
        assert self.left is not None
        if size > self.left:
            over = size - self.left
            raise ResponseError(f"the body is longer than its content-length by {over} bytes")
        self.left -= size

    def schedule(self) -> None:
        """Flush at the end of this turn, so that what is written within it leaves together."""
        self._scheduled = True
        self.idle = False
        if self._turn is None:
            self._turn = shared()
        self._turn.join(self)

    def end_turn(self) -> None:
        """Flush, or hold what there is for a producer that has written in this turn again."""
        count = len(self.pieces)
        now = self._clock()
        if count > self._held and now < self._hold_until:
            self._held = count
            self.schedule()
            return
        self._scheduled = False
        self.limit = 0  # what comes next has to schedule a flush
        if self._closed:
            return
        self.idle = not self.paused and self.left is None
        if count or not self.begun:
            self._flush(now)

    def flush(self) -> None:
        """Hand everything that was written to the wire."""
        self._flush(self._clock())

    def _flush(self, now: float) -> None:
        self.begun = True
        self._enough = FLUSH_BYTES
        pieces, size = self.take()
        self._hold_until = now + HOLD
        if not self._muted:
            self._send(pieces, size, False)

    def take(self) -> tuple[list[bytes], int]:
        """Give up everything that was written and not flushed."""
        if len(self.pieces) != self._counted:
            self._count()
        pieces, size = self.pieces, self._size
        self.pieces = []
        self._taken += size
        self.limit = self._counted = self._size = self._held = 0
        return pieces, size

    def finish(self) -> tuple[list[bytes], int]:
        """Give up what is left, to be sent together with the end."""
        self._closed = True
        self.idle = False
        return self.take()

    def pause(self) -> None:
        """The wire went above its high-water mark."""
        self.paused = not self._muted
        self.limit = 0
        self.idle = False

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
            self.idle = False
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
