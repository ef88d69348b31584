"""The core of every receiver: one chunk at a time, one reader, one ending.

All reading shapes (``_receiver``) are written over ``get`` and one held-back remainder, so a new
kind of stream supplies two methods, ``_next`` and ``_abort``, and gets everything else.

Rules for the next editor:

- A chunk is taken from its place and returned without an await in between. That is what makes a
  cancelled read lose nothing.
- The remainder (``_rest`` from ``_pos`` on) comes before anything else, an error included.
- ``_slow`` is the one flag that a subclass's own fast ``get`` must look at. It is True whenever
  something other than "take the next chunk" is to be done: a remainder, a reader inside, a hold.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from ._errors import BusyError, ClosedError
from ._fairness import COST, QUOTA, YIELD

if TYPE_CHECKING:
    from types import TracebackType


class ChunkSource(ABC):
    """Hands out chunks to one reader at a time, then its one ending for ever."""

    __slots__ = (
        "__weakref__",
        "_busy",
        "_cancelled",
        "_credit",
        "_ended",
        "_error",
        "_held",
        "_pos",
        "_rest",
        "_slow",
        "_traceback",
    )

    def __init__(self) -> None:
        self._rest = b""
        self._pos = 0
        self._credit = QUOTA
        self._slow = False
        self._busy = False
        self._held = False
        self._ended = False
        self._cancelled = False
        self._error: BaseException | None = None
        self._traceback: TracebackType | None = None

    # What a subclass supplies ...

    @abstractmethod
    async def _next(self) -> bytes | None:
        """Return the next chunk, or None at the end; raise what the stream failed with.

        Never called by two tasks at once, after the end, after a failure, or after ``cancel``. Must
        lose nothing when its task is cancelled. An exception other than CancelledError is the end:
        ``_abort`` is called with it, and each later read raises it again. Empty chunks are skipped.
        """

    @abstractmethod
    def _abort(self, reason: BaseException | None) -> None:
        """Release what the stream stands on: cancel the source, stop the worker.

        Called by ``cancel`` and after a failure; must not raise. A task that is inside ``_next``
        at that time has to be woken, with any exception.
        """

    async def _ready(self) -> None:  # noqa: B027  (a hook: doing nothing is a valid answer)
        """Wait for whatever has to hold before the next read; called while on hold."""

    # What it inherits ...

    def hold(self) -> None:
        """Have ``_ready`` awaited before each read, until :meth:`release`.

        For subclasses that gate reading (on flow control elsewhere, on a first read). A receiver
        that is not on hold pays nothing for it.
        """
        self._held = self._slow = True

    def release(self) -> None:
        """Let reads go straight to the data again. May be called from within ``_ready``."""
        self._held = False
        self._slow = self._busy or bool(self._rest)

    async def get(self) -> bytes | None:
        """Return the next chunk as the source gave it, or None at the end and for ever after.

        A failed stream gives what is buffered first, then raises the producer's exception, each
        time. A cancelled ``get`` loses nothing. A chunk is never empty.

        Raises:
            BusyError: another task is inside a read of this receiver.
            ClosedError: the receiver was cancelled.
        """
        if self._busy:
            raise BusyError("another task is reading this receiver")
        self._busy = self._slow = True
        try:
            if self._held:
                await self._ready()
            return await self._advance()
        finally:
            self._busy = False
            self._slow = self._held or bool(self._rest)

    async def _breathe(self) -> None:
        """Let others run: a reader that never has to wait must not keep the loop."""
        self._credit = QUOTA
        await YIELD

    async def _advance(self) -> bytes | None:
        if self._cancelled:
            raise ClosedError("the receiver was cancelled")
        if self._rest:
            return self._take_rest()
        if self._error is not None:
            raise self._error.with_traceback(self._traceback)
        try:
            while not self._ended:
                if self._credit < 0:
                    await self._breathe()
                    if self._cancelled:
                        break
                chunk = await self._next()
                if chunk is None:
                    self._ended = True
                else:
                    self._credit -= len(chunk) + COST
                    if chunk:
                        return chunk
        except BusyError:
            raise  # somebody else reads our source: their defect, not this stream's end
        except Exception as exc:
            if self._cancelled:
                raise ClosedError("the receiver was cancelled") from None
            self._error = exc
            self._traceback = exc.__traceback__
            self._abort(exc)
            raise
        if self._cancelled:
            raise ClosedError("the receiver was cancelled")
        return None

    def cancel(self, reason: BaseException | None = None) -> None:
        """Give up reading: what is buffered is dropped, and the producer learns the reason.

        The sender's next write, and one that waits now, raises BrokenError with this reason. A
        read that waits now raises ClosedError. Idempotent; no-op after the end or a failure.
        """
        if self._cancelled or self._error is not None or self.at_end:
            return
        self._cancelled = True
        self._rest = b""
        self._pos = 0
        self._abort(reason)

    @property
    def at_end(self) -> bool:
        """Whether the stream has ended cleanly and everything is read: ``get`` gives None."""
        return self._ended and not self._rest and not self._cancelled

    @property
    def buffered(self) -> int:
        """Bytes that a read can have without waiting."""
        return len(self._rest) - self._pos

    # The held-back remainder, for reading shapes.

    def _keep(self, data: bytes, pos: int = 0) -> None:
        """Put ``data[pos:]`` back in front. There must be no other remainder."""
        if pos < len(data) and not self._cancelled:
            self._rest = data
            self._pos = pos
            self._slow = True

    def _cut_rest(self, n: int) -> bytes:
        """Take up to ``n`` bytes of the remainder, which is not copied for that.

        b"" if there is none for us: the caller has to ``get``.
        """
        if not self._rest or self._busy or self._held:
            return b""
        rest, pos = self._rest, self._pos
        self._credit -= COST
        if len(rest) - pos <= n:
            return self._take_rest()
        self._pos = pos + n
        return rest[pos : pos + n]

    def _take_rest(self) -> bytes:
        rest, pos = self._rest, self._pos
        self._rest = b""
        self._pos = 0
        self._slow = self._busy or self._held
        return rest[pos:] if pos else rest
