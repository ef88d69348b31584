"""What the two halves of a byte pipe share: the buffer, its marks, its waiters, its ending.

The buffer is two lists. A write appends to ``inbox``; a read pops from the end of ``outbox``, which
is a former inbox turned round. Both are as quick as a deque, but an idle pair takes 112 bytes where
a deque takes 760, and pipes are mostly idle.

One number decides each fast path, and every other condition is folded into it:

- ``limit``: a write that leaves ``size`` at or below it has nothing else to look at. It is the high
  mark while the pipe flows, and -1 while it is paused, ended or cancelled.
- ``resume_at``: a read that leaves ``size`` at or below it has to resume. It is the low mark while
  the pipe is paused, and -1 while it flows.

``limit`` is lower than the high mark where somebody has to look for another reason: -1 while a
reader waits, and a quota of bytes above ``base``, which is what was buffered when the writing side
last let go of the loop. ``countdown`` counts the writes down to the next look at that quota.

How much was written is kept by what is not done per chunk: ``taken`` grows by the batch.

Waiters: at most one reader, any number of writers; each is woken once, by whoever changes the state
it waits for. The pipe makes no task, needs no running loop to be made, and is not thread-safe.
"""

from __future__ import annotations

import types
from asyncio import Future
from time import monotonic
from typing import TYPE_CHECKING, Any

from ._errors import BrokenError, CapExceededError, ClosedError
from ._fairness import COST, DONE, QUOTA, YIELD

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from ._statistics import PipeStatistics

# Chunks that may be read without letting go of the loop; of large ones less, as ``part`` counts.
PART = QUOTA // COST

# Writes between two looks at the quota; a count below 257 costs no allocation.
STRIDE = 256


class Pipe:
    """What the two halves share. It is also the awaitable that a paused write returns."""

    __slots__ = (
        "base", "broken", "cap", "countdown", "dropped", "ended", "error", "flow", "high", "inbox",
        "limit", "low", "on_pause", "on_resume", "outbox", "paused", "peak", "read_blocked",
        "reader", "reason", "rest", "resume_at", "size", "strides", "taken", "write_blocked",
        "writers",
    )  # fmt: skip

    def __init__(
        self,
        high: int,
        low: int,
        cap: int,
        on_pause: Callable[[], None] | None,
        on_resume: Callable[[], None] | None,
    ) -> None:
        self.high = high
        self.limit = self.flow = min(high, QUOTA)
        self.low = low
        self.cap = cap
        self.on_pause = on_pause
        self.on_resume = on_resume
        self.inbox: list[bytes] = []
        self.outbox: list[bytes] = []
        self.rest: list[bytes] | None = None
        self.size = self.peak = self.base = self.strides = self.taken = self.dropped = 0
        self.countdown = STRIDE
        self.resume_at = -1
        self.paused = self.ended = self.broken = False
        self.error: BaseException | None = None
        self.reason: BaseException | None = None
        self.reader: Future[None] | None = None
        self.writers: list[Future[None]] = []
        self.read_blocked = self.write_blocked = 0.0

    # The writing side.

    def put(self, data: bytes | bytearray | memoryview) -> Awaitable[None]:
        """A write that is more than appending; see ByteSender.write."""
        if type(data) is bytes:
            chunk = data
        elif isinstance(data, (bytes, bytearray, memoryview)):
            chunk = bytes(data)
        else:
            raise TypeError(f"data must be bytes-like, not {type(data).__name__}")
        if self.broken:
            raise self.broken_error()
        if self.ended:
            raise ClosedError("the sender was closed")
        if not chunk:
            return self if self.paused else DONE
        size = self.size + len(chunk)
        if self.paused and size > self.cap:
            raise CapExceededError("writes that nobody awaited pile up", self.cap)
        self.inbox.append(chunk)
        self.size = size
        if size > self.peak:
            self.peak = size
        if self.reader is not None:
            self.wake_reader()
            if size <= self.limit:
                return DONE  # the first write of a batch: the quota begins with the next
        if self.paused:
            return self
        if size > self.high:
            self.paused = True
            self.limit = -1
            self.resume_at = self.low
            if self.on_pause is not None:
                self.on_pause()  # may even end the pipe: whoever awaits it is told
            return self
        self.countdown -= 1
        if not self.countdown or size - self.base > QUOTA:
            return self.stride()
        return DONE

    def stride(self) -> Awaitable[None]:
        """Look at the quota: DONE, or YIELD when it is used up."""
        self.countdown = STRIDE
        self.strides += 1
        if self.size - self.base + self.strides * STRIDE * COST < QUOTA:
            return DONE
        self.base = self.size
        self.strides = 0
        self.limit = min(self.high, self.base + QUOTA)  # the pipe flows, or we were not called
        return YIELD

    def __await__(self) -> Generator[Any, None, None]:
        """Wait until the pipe is no longer paused; also after its end, for what is buffered."""
        if self.paused and not self.broken:
            waiter: Future[None] = Future()
            self.writers.append(waiter)
            since = monotonic()
            try:
                yield from waiter
            finally:
                self.write_blocked += monotonic() - since
                if waiter.cancelled() and waiter in self.writers:
                    self.writers.remove(waiter)
                self.strides = 0
                self.countdown = STRIDE
        if self.broken:
            raise self.broken_error()

    def end(self, error: BaseException | None) -> None:
        if self.ended or self.broken:
            return
        self.ended = True
        self.error = error
        self.wake_reader()
        self.limit = -1

    # The reading side.

    def turn(self) -> list[bytes]:
        """Make the inbox the outbox; the latter must be empty, and there must be a chunk.

        Of a long inbox only a part; the rest is for later turns.
        """
        rest = self.rest
        if rest is None:
            rest = self.inbox
            self.inbox = self.outbox
            self.taken += self.size
            self.base = 0
            if self.limit > QUOTA:
                self.limit = QUOTA
            rest.reverse()
            if len(rest) <= PART and self.size <= QUOTA:
                self.outbox = rest
                return rest
            self.rest = rest
        count = PART if self.size <= QUOTA else self.part(rest)
        self.outbox = rest[-count:]
        del rest[-count:]
        if not rest:
            self.rest = None
        return self.outbox

    def part(self, rest: list[bytes]) -> int:
        """Return how many chunks from the end of a reversed inbox make up a quota."""
        left = QUOTA
        for count, chunk in enumerate(reversed(rest), 1):
            left -= len(chunk) + COST
            if left <= 0:
                return count
        return len(rest)

    def resume(self) -> None:
        self.paused = False
        self.resume_at = -1
        if not self.ended and not self.broken:
            self.base = 0
            self.limit = self.flow
        writers, self.writers = self.writers, []
        for writer in writers:
            if not writer.done():
                writer.set_result(None)
        if self.on_resume is not None:
            self.on_resume()

    @types.coroutine
    def readable(self) -> Generator[Any, None, None]:
        """Wait until there is a chunk, or an ending of any kind."""
        waiter: Future[None] = Future()
        self.reader = waiter
        self.limit = -1
        since = monotonic()
        try:
            yield from waiter
        finally:
            self.stop_waiting(waiter, since)

    def stop_waiting(self, waiter: Future[None], since: float) -> None:
        self.read_blocked += monotonic() - since
        if self.reader is waiter:  # cancelled, not woken
            self.reader = None
            self.limit = self.flow

    def give_up(self, reason: BaseException | None) -> None:
        if self.broken or (self.ended and not self.size):
            return
        self.broken = True
        self.reason = reason
        self.taken = self.bytes_in
        self.dropped += self.size
        self.size = 0
        self.inbox.clear()
        self.outbox.clear()
        self.rest = None
        self.wake_reader()
        self.limit = -1
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
            self.base = 0
            self.limit = self.flow
            if not reader.done():
                reader.set_result(None)

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
        return self.taken + sum(map(len, self.inbox))

    def statistics(self) -> PipeStatistics:
        from ._statistics import PipeStatistics  # 0.4 ms, for those who look only

        bytes_in = self.bytes_in
        return PipeStatistics(
            buffered=self.size,
            peak=self.peak,
            high=self.high,
            low=self.low,
            cap=self.cap,
            bytes_in=bytes_in,
            bytes_out=bytes_in - self.size - self.dropped,
            bytes_dropped=self.dropped,
            paused=self.paused,
            sender_open=not self.ended,
            receiver_open=not self.broken,
            readers_waiting=int(self.reader is not None),
            writers_waiting=len(self.writers),
            read_blocked=self.read_blocked,
            write_blocked=self.write_blocked,
        )
