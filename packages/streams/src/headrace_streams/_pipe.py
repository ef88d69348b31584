"""The byte pipe: a sender and a receiver over one shared buffer (``_buffer``).

``write`` and ``get`` are the hot paths of the whole package, so each repeats inline what the buffer
has as a method for the rare cases. Keep the two in step, and profile before adding a line.
"""

from __future__ import annotations

import warnings
from asyncio import Future
from time import monotonic
from typing import TYPE_CHECKING, TypeVar, overload

from ._buffer import Pipe
from ._errors import BrokenError, ClosedError, raisable
from ._fairness import DONE, YIELD
from ._receiver import ByteReceiver
from ._sender import ByteSender

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ._statistics import PipeStatistics

HIGH = 256 * 1024
CAP_FACTOR = 16
CAP_FLOOR = 1024 * 1024


class PipeSender(ByteSender):
    """The writing half of a pipe. Made by :func:`pipe` only.

    Any number of tasks may write; their chunks keep the order of the calls.
    """

    __slots__ = ("_pipe",)

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def write(self, data: bytes | bytearray | memoryview) -> Awaitable[None]:
        pipe = self._pipe
        size = pipe.size + len(data)
        if size > pipe.limit or type(data) is not bytes or not data:
            return pipe.put(data)
        pipe.inbox.append(data)
        pipe.size = size
        if size > pipe.peak:
            pipe.peak = size
        pipe.countdown = countdown = pipe.countdown - 1
        return DONE if countdown else pipe.stride()

    write.__doc__ = ByteSender.write.__doc__

    def close(self) -> None:
        self._pipe.end(None)

    close.__doc__ = ByteSender.close.__doc__

    def fail(self, exc: BaseException) -> None:
        self._pipe.end(raisable(exc, "the sender gave up"))

    fail.__doc__ = ByteSender.fail.__doc__

    @property
    def buffered(self) -> int:
        """Bytes that were written and not read yet."""
        return self._pipe.size

    @property
    def ended(self) -> bool:
        """Whether ``close`` or ``fail`` was called."""
        return self._pipe.ended

    @property
    def broken(self) -> bool:
        """Whether the receiver was cancelled: a write would raise BrokenError."""
        return self._pipe.broken

    def statistics(self) -> PipeStatistics:
        """Return a snapshot of the whole pipe."""
        return self._pipe.statistics()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._pipe}>"

    def __del__(self) -> None:
        pipe = self._pipe
        if not pipe.ended and not pipe.broken:
            text = f"dropped while open: {self!r}"
            pipe.abandon(pipe.end, BrokenError("the sender was dropped while open"))
            # Last: where warnings are errors, nothing after this line runs.
            warnings.warn(text, ResourceWarning, 2, self)


class PipeReceiver(ByteReceiver):
    """The reading half of a pipe. Made by :func:`pipe` only."""

    __slots__ = ("_pipe",)

    # False for a subclass with a get of its own: what an iteration gives is what get gives.
    _plain = True

    def __init_subclass__(cls) -> None:
        cls._plain = cls.get is PipeReceiver.get

    def __init__(self, pipe: Pipe) -> None:
        super().__init__()
        self._pipe = pipe

    async def get(self) -> bytes | None:
        if self._slow:
            return await ByteReceiver.get(self)
        pipe = self._pipe
        outbox = pipe.outbox
        if not outbox:
            if pipe.rest is not None:
                pipe.turn()
                await YIELD
                return await ByteReceiver.get(self)
            if not pipe.inbox:
                # Closed or cancelled, or nothing there. Wait without the four coroutines that the
                # general way would be.
                if pipe.ended or pipe.broken:
                    return await ByteReceiver.get(self)
                self._busy = self._slow = True
                pipe.limit = -1
                waiter: Future[None] = Future()
                pipe.reader = waiter
                since = monotonic()
                try:
                    await waiter
                finally:
                    pipe.stop_waiting(waiter, since)
                    self._busy = False
                    self._slow = self._held or self._rest != b""
                if not pipe.inbox:
                    return await ByteReceiver.get(self)
            outbox = pipe.turn()
        chunk = outbox.pop()
        pipe.size = size = pipe.size - len(chunk)
        if size <= pipe.resume_at:
            pipe.resume()
        return chunk

    get.__doc__ = ByteReceiver.get.__doc__

    async def _next(self) -> bytes | None:
        pipe = self._pipe
        while not pipe.size:
            if pipe.broken:
                raise ClosedError("the receiver was cancelled")
            if pipe.ended:
                if pipe.error is not None:
                    raise pipe.error
                return None
            await pipe.readable()
        if not pipe.outbox:
            more = pipe.rest is not None
            pipe.turn()
            if more:
                await YIELD
                return b""
        chunk = pipe.outbox.pop()
        pipe.size -= len(chunk)
        if pipe.size <= pipe.resume_at:
            pipe.resume()
        return chunk

    async def __anext__(self) -> bytes:
        # As in get, to save a coroutine per chunk.
        outbox = self._pipe.outbox
        if outbox and not self._slow and self._plain:
            pipe = self._pipe
            chunk = outbox.pop()
            pipe.size = size = pipe.size - len(chunk)
            if size <= pipe.resume_at:
                pipe.resume()
            return chunk
        item = await self.get()
        if item is None:
            raise StopAsyncIteration
        return item

    def _abort(self, reason: BaseException | None) -> None:
        self._pipe.give_up(reason)

    @property
    def at_end(self) -> bool:
        """Whether the sender has closed and everything is read: ``get`` gives None."""
        pipe = self._pipe
        if self._cancelled or self._rest or pipe.size:
            return False
        return pipe.ended and pipe.error is None

    @property
    def buffered(self) -> int:
        """Bytes that a read can have without waiting."""
        return self._pipe.size + len(self._rest) - self._pos

    def statistics(self) -> PipeStatistics:
        """Return a snapshot of the whole pipe."""
        return self._pipe.statistics()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._pipe}>"

    def __del__(self) -> None:
        pipe = self._pipe
        if not pipe.broken and not (pipe.ended and not pipe.size):
            text = f"dropped while open: {self!r}"
            pipe.abandon(pipe.give_up, BrokenError("the receiver was dropped while open"))
            warnings.warn(text, ResourceWarning, 2, self)


_R = TypeVar("_R", bound=PipeReceiver)


@overload
def pipe(
    *,
    high: int = ...,
    low: int | None = ...,
    cap: int | None = ...,
    on_pause: Callable[[], None] | None = ...,
    on_resume: Callable[[], None] | None = ...,
) -> tuple[PipeSender, PipeReceiver]: ...


@overload
def pipe(
    *,
    high: int = ...,
    low: int | None = ...,
    cap: int | None = ...,
    on_pause: Callable[[], None] | None = ...,
    on_resume: Callable[[], None] | None = ...,
    receiver_type: type[_R],
) -> tuple[PipeSender, _R]: ...


def pipe(
    *,
    high: int = HIGH,
    low: int | None = None,
    cap: int | None = None,
    on_pause: Callable[[], None] | None = None,
    on_resume: Callable[[], None] | None = None,
    receiver_type: type[PipeReceiver] = PipeReceiver,
) -> tuple[PipeSender, PipeReceiver]:
    """Make a byte pipe and return its two halves.

    Args:
        high: bytes; a write that leaves more than this buffered pauses the pipe. A soft bound: one
            chunk may pass it.
        low: bytes; a paused pipe resumes when a read leaves this or less. Default: ``high // 4``.
        cap: bytes; a write to a *paused* pipe that would leave more raises CapExceededError, so
            only writes that nobody awaits can meet it. Default: 16 times ``high``, at least 1 MiB.
        on_pause: called once at each crossing of the high mark, within the write. Must not raise.
        on_resume: called once when the pipe resumes, within the read; also by a cancel while
            paused. Must not raise.
        receiver_type: a subclass of PipeReceiver to make the receiver of; it is called with one
            argument, to be handed on to ``super().__init__``.

    Raises:
        ValueError: not 0 <= low <= high <= cap.
    """
    if low is None:
        low = high // 4
    if cap is None:
        cap = max(CAP_FACTOR * high, CAP_FLOOR)
    if not 0 <= low <= high <= cap:
        raise ValueError(f"not 0 <= low <= high <= cap: {low}, {high}, {cap}")
    core = Pipe(high, low, cap, on_pause, on_resume)
    return PipeSender(core), receiver_type(core)
