"""What the two halves of a byte pipe share: the buffer, its marks, its waiters, its ending.

The buffer is two lists. A write appends to ``inbox``; a read pops from the end of ``outbox``, which
is a former inbox turned round. Both are as quick as a deque, but an idle pair takes 112 bytes where
a deque takes 760, and pipes are mostly idle.

One number decides each fast path, and every other condition is folded into it:

- ``limit``: a write that leaves ``size`` at or below it has nothing else to look at. It is the high
  mark while the pipe flows, and -1 while it is paused, ended or cancelled.
- ``resume_at``: a read that leaves ``size`` at or below it has to resume. It is the low mark while
  the pipe is paused, and -1 while it flows.

Two figures are kept by what is not done per chunk. ``spent`` is what fairness counts, the bytes
written and COST per write; with the number of writes (those that ``turn`` saw, and the inbox) it
also tells the bytes. A long outbox has b"" in it here and there, where the reader has to yield.

Waiters: at most one reader, any number of writers; each is woken once, by whoever changes the state
it waits for. The pipe makes no task, needs no running loop to be made, and is not thread-safe.
"""

from __future__ import annotations

import types
from asyncio import get_running_loop
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from ._errors import BrokenError, CapExceededError, ClosedError
from ._fairness import COST, DONE, QUOTA

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Generator

# Chunks that may be read without letting go of the loop.
PART = QUOTA // COST


class PipeStatistics(NamedTuple):
    """A pipe at one moment. Sizes in bytes, times in seconds.

    ``bytes_in`` is what was written, ``bytes_out`` what was read, ``bytes_dropped`` what a cancel
    threw away, ``peak`` the most that was ever buffered. Blocked times count finished waits only.
    """

    buffered: int
    peak: int
    high: int
    low: int
    cap: int
    bytes_in: int
    bytes_out: int
    bytes_dropped: int
    paused: bool
    sender_open: bool
    receiver_open: bool
    readers_waiting: int
    writers_waiting: int
    read_blocked: float
    write_blocked: float


class Pipe:
    """What the two halves share. It is also the awaitable that a paused write returns."""

    __slots__ = (
        "broken",
        "cap",
        "dropped",
        "ended",
        "error",
        "high",
        "inbox",
        "limit",
        "low",
        "on_pause",
        "on_resume",
        "outbox",
        "paused",
        "peak",
        "read_blocked",
        "reader",
        "reason",
        "resume_at",
        "size",
        "spent",
        "turned",
        "write_blocked",
        "writers",
        "yield_at",
    )

    def __init__(
        self,
        high: int,
        low: int,
        cap: int,
        on_pause: Callable[[], None] | None,
        on_resume: Callable[[], None] | None,
    ) -> None:
        self.high = self.limit = high
        self.low = low
        self.cap = cap
        self.on_pause = on_pause
        self.on_resume = on_resume
        self.inbox: list[bytes] = []
        self.outbox: list[bytes] = []
        self.size = self.peak = self.spent = self.turned = self.dropped = 0
        self.yield_at = QUOTA
        self.resume_at = -1
        self.paused = self.ended = self.broken = False
        self.error: BaseException | None = None
        self.reason: BaseException | None = None
        self.reader: asyncio.Future[None] | None = None
        self.writers: list[asyncio.Future[None]] = []
        self.read_blocked = self.write_blocked = 0.0

    # The writing side.

    def put(self, data: bytes | bytearray | memoryview) -> Awaitable[None]:
        """A write that is more than appending and waking; see ByteSender.write."""
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(f"data must be bytes-like, not {type(data).__name__}")
        if self.broken:
            raise self.broken_error()
        if self.ended:
            raise ClosedError("the sender was closed")
        chunk = data if type(data) is bytes else bytes(data)
        if not chunk:
            return self if self.paused else DONE
        size = self.size + len(chunk)
        if self.paused and size > self.cap:
            raise CapExceededError("writes that nobody awaited pile up", self.cap)
        self.inbox.append(chunk)
        self.size = size
        self.spent += len(chunk) + COST
        if size > self.peak:
            self.peak = size
        if self.reader is not None:
            self.wake_reader()
        if size > self.high and not self.paused:
            self.paused = True
            self.limit = -1
            self.resume_at = self.low
            if self.on_pause is not None:
                self.on_pause()
        return self if self.paused else DONE

    def __await__(self) -> Generator[Any, None, None]:
        """Wait until the pipe is no longer paused; also after its end, for what is buffered."""
        if self.broken:
            raise self.broken_error()
        if not self.paused:
            return
        waiter = get_running_loop().create_future()
        self.writers.append(waiter)
        since = monotonic()
        try:
            yield from waiter
        finally:
            self.write_blocked += monotonic() - since
            self.yield_at = self.spent + QUOTA
            if waiter in self.writers:
                self.writers.remove(waiter)
        if self.broken:
            raise self.broken_error()

    def end(self, error: BaseException | None) -> None:
        if self.ended or self.broken:
            return
        self.ended = True
        self.error = error
        self.limit = -1
        self.wake_reader()

    # The reading side.

    def turn(self) -> list[bytes]:
        """Make the inbox the outbox; the latter must be empty."""
        outbox = self.inbox
        self.turned += len(outbox)
        if len(outbox) <= PART:
            self.inbox, self.outbox = self.outbox, outbox
            outbox.reverse()
            return outbox
        self.inbox = []
        self.outbox = parts = outbox[:PART]
        for start in range(PART, len(outbox), PART):
            parts.append(b"")
            parts += outbox[start : start + PART]
        parts.reverse()
        return parts

    def resume(self) -> None:
        self.paused = False
        self.resume_at = -1
        if not self.ended and not self.broken:
            self.limit = self.high
        self.wake_writers()
        if self.on_resume is not None:
            self.on_resume()

    @types.coroutine
    def readable(self) -> Generator[Any, None, None]:
        """Wait until there is a chunk, or an ending of any kind."""
        self.reader = waiter = get_running_loop().create_future()
        since = monotonic()
        try:
            yield from waiter
        finally:
            self.reader = None
            self.read_blocked += monotonic() - since

    def give_up(self, reason: BaseException | None) -> None:
        if self.broken or (self.ended and not self.size):
            return
        self.broken = True
        self.reason = reason
        self.limit = -1
        self.dropped += self.size
        self.size = 0
        self.turned += len(self.inbox)
        self.inbox.clear()
        self.outbox.clear()
        self.wake_reader()
        self.wake_writers()
        if self.paused:
            self.resume()

    # Both.

    def broken_error(self) -> BrokenError:
        return BrokenError("the receiver was cancelled", self.reason)

    def wake_reader(self) -> None:
        reader = self.reader
        if reader is not None:
            # At once, so that the writes that follow in this turn find nobody to wake.
            self.reader = None
            if not reader.done():
                reader.set_result(None)

    def wake_writers(self) -> None:
        writers, self.writers = self.writers, []
        for writer in writers:
            if not writer.done():
                writer.set_result(None)

    def abandon(self, ending: Callable[[BaseException], None], error: BaseException) -> None:
        """End from a half's ``__del__``: the garbage collector may run in any thread."""
        waiter = self.reader or next(iter(self.writers), None)
        if waiter is None:
            ending(error)
        elif not waiter.get_loop().is_closed():
            waiter.get_loop().call_soon_threadsafe(ending, error)

    def __str__(self) -> str:
        if self.broken:
            state = "cancelled"
        elif self.ended:
            state = "closed" if self.error is None else f"failed with {self.error!r}"
        else:
            state = "paused" if self.paused else "open"
        return f"{state}, {self.size} bytes buffered, marks {self.low}/{self.high}"

    @property
    def bytes_in(self) -> int:
        return self.spent - COST * (self.turned + len(self.inbox))

    def statistics(self) -> PipeStatistics:
        return PipeStatistics(
            buffered=self.size,
            peak=self.peak,
            high=self.high,
            low=self.low,
            cap=self.cap,
            bytes_in=self.bytes_in,
            bytes_out=self.bytes_in - self.size - self.dropped,
            bytes_dropped=self.dropped,
            paused=self.paused,
            sender_open=not self.ended,
            receiver_open=not self.broken,
            readers_waiting=int(self.reader is not None),
            writers_waiting=len(self.writers),
            read_blocked=self.read_blocked,
            write_blocked=self.write_blocked,
        )
