"""A bounded channel for objects: many senders, many receivers, each item to one of them.

The same idea as the byte pipe, in items: ``send`` enqueues at once and returns an awaitable that is
done below the high mark; three endings; marks over the sum of the items' sizes. Unlike bytes, None
is an item like others, so the end is an exception, or the end of an ``async for``.

The last clone decides: the stream ends when the last sender has closed, and breaks when the last
receiver has cancelled. A failure of *any* sender is the channel's, at once: what the others still
send would look complete without the failed part.

Rules for the next editor: an item goes from the queue to a receiver without an await in between;
one item wakes at most one receiver, and a receiver that was woken but cancelled passes that on.
"""

from __future__ import annotations

import asyncio
import warnings
from abc import ABC, abstractmethod
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from ._errors import BrokenError, BusyError, CapExceededError, ClosedError, EndOfStream, raisable
from ._fairness import DONE, YIELD

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from types import TracebackType
    from typing import Self

HIGH = 64
CAP_FACTOR = 16

# Sends, and receives, that may pass without letting go of the loop; each costs about twice what a
# small write does.
QUOTA = 256

_T = TypeVar("_T")


class ChannelStatistics(NamedTuple):
    """A channel at one moment. Sizes in the unit of ``size=``, times in seconds.

    ``items`` and ``buffered`` are what waits now, as a count and as a size; ``peak`` is the largest
    size that ever waited. Blocked times count finished waits only, summed over all waiters.
    """

    items: int
    buffered: int
    peak: int
    high: int
    low: int
    cap: int
    items_in: int
    items_out: int
    size_in: int
    size_out: int
    open_senders: int
    open_receivers: int
    senders_waiting: int
    receivers_waiting: int
    send_blocked: float
    receive_blocked: float


def _one(item: object) -> int:
    return 1


class _Channel(Generic[_T]):
    """What all clones share; also the awaitable that a paused send returns."""

    __slots__ = (
        "broken", "cap", "credit", "error", "getters", "high", "items", "items_in", "items_out",
        "low", "paused", "peak", "putters", "reason", "receive_blocked", "receivers",
        "send_blocked", "senders", "size", "size_in", "size_of", "size_out", "taken", "traceback",
    )  # fmt: skip

    def __init__(self, high: int, low: int, cap: int, size_of: Callable[[_T], int]) -> None:
        self.high, self.low, self.cap, self.size_of = high, low, cap, size_of
        self.items: deque[tuple[_T, int]] = deque()
        self.getters: deque[asyncio.Future[None]] = deque()
        self.putters: deque[asyncio.Future[None]] = deque()
        self.size = self.peak = self.items_in = self.items_out = self.size_in = self.size_out = 0
        self.senders = self.receivers = 1
        self.credit = QUOTA
        self.taken = 0
        self.paused = self.broken = False
        self.error: BaseException | None = None
        self.traceback: TracebackType | None = None
        self.reason: BaseException | None = None
        self.send_blocked = self.receive_blocked = 0.0

    def put(self, item: _T) -> Awaitable[None]:
        if self.broken:
            raise self.broken_error()
        count = self.size_of(item)
        if count < 0:
            raise ValueError(f"size() of an item must not be negative, not {count}")
        size = self.size + count
        if self.paused and size > self.cap:
            raise CapExceededError("sends that nobody awaited pile up", self.cap)
        self.items.append((item, count))
        self.size = size
        self.items_in += 1
        self.size_in += count
        self.peak = max(self.peak, size)
        self.wake(self.getters)
        if size > self.high:
            self.paused = True
        if self.paused:
            return self
        self.credit -= 1
        if self.credit:
            return DONE
        self.credit = QUOTA
        return YIELD

    def __await__(self) -> Generator[Any, None, None]:
        if self.paused and not self.broken:
            waiter = asyncio.get_running_loop().create_future()
            self.putters.append(waiter)
            since = monotonic()
            try:
                yield from waiter
            finally:
                self.send_blocked += monotonic() - since
                self.credit = QUOTA
                if waiter in self.putters:
                    self.putters.remove(waiter)
        if self.broken:
            raise self.broken_error()

    def take(self) -> _T:
        item, count = self.items.popleft()
        self.size -= count
        self.items_out += 1
        self.size_out += count
        if self.paused and self.size <= self.low:
            self.flow()
        return item

    async def readable(self) -> None:
        """Wait for one item, or for an ending."""
        waiter = asyncio.get_running_loop().create_future()
        self.getters.append(waiter)
        since = monotonic()
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter in self.getters:
                self.getters.remove(waiter)
            elif self.items:
                self.wake(self.getters)  # we were woken for an item that another one can take
            raise
        finally:
            self.receive_blocked += monotonic() - since

    def wake(self, waiters: deque[asyncio.Future[None]]) -> None:
        while waiters:
            waiter = waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return

    def wake_all(self, waiters: deque[asyncio.Future[None]]) -> None:
        while waiters:
            self.wake(waiters)

    def flow(self) -> None:
        self.paused = False
        self.wake_all(self.putters)

    def end(self, error: BaseException | None) -> None:
        """One sender less; with an error, the channel is over for all of them."""
        self.senders -= 1
        if error is not None and self.error is None:
            self.error = error
            self.traceback = error.__traceback__
        if self.error is not None or not self.senders:
            self.wake_all(self.getters)

    def give_up(self, reason: BaseException | None) -> None:
        """One receiver less."""
        self.receivers -= 1
        if not self.receivers:
            self.broken = True
            self.reason = reason
            self.items.clear()
            self.size = 0
            self.flow()

    def broken_error(self) -> BrokenError:
        return BrokenError("all receivers were cancelled", self.reason)

    def statistics(self) -> ChannelStatistics:
        return ChannelStatistics(
            items=len(self.items),
            buffered=self.size,
            peak=self.peak,
            high=self.high,
            low=self.low,
            cap=self.cap,
            items_in=self.items_in,
            items_out=self.items_out,
            size_in=self.size_in,
            size_out=self.size_out,
            open_senders=self.senders,
            open_receivers=self.receivers,
            senders_waiting=len(self.putters),
            receivers_waiting=len(self.getters),
            send_blocked=self.send_blocked,
            receive_blocked=self.receive_blocked,
        )


class _End(ABC, Generic[_T]):
    """One clone of either side."""

    __slots__ = ("__weakref__", "_channel", "_open")

    def __init__(self, channel: _Channel[_T]) -> None:
        self._channel = channel
        self._open = True

    def clone(self) -> Self:
        """Return another end of the same side, open, with a life of its own.

        Raises:
            ClosedError: this end is not open.
        """
        if not self._open:
            raise ClosedError(f"this {type(self).__name__} was closed")
        twin = type(self)(self._channel)
        self._count()
        return twin

    @abstractmethod
    def _count(self) -> None:
        """Enter one more end of this side into the channel."""

    def statistics(self) -> ChannelStatistics:
        """Return a snapshot of the whole channel."""
        return self._channel.statistics()

    async def __aenter__(self) -> Self:
        return self

    def __repr__(self) -> str:
        state = "open" if self._open else "closed"
        channel = self._channel
        return f"<{type(self).__name__} {state}, {len(channel.items)} items, high {channel.high}>"


class ItemSender(_End[_T]):
    """A sending end of a channel. Made by :func:`channel` and :meth:`clone`.

    ``async with`` closes it, or fails the channel when the block is left by an exception.
    """

    __slots__ = ()

    def _count(self) -> None:
        self._channel.senders += 1

    def send(self, item: _T) -> Awaitable[None]:
        """Enqueue an item now; return an awaitable that is done when more is welcome.

        As with a byte pipe's ``write``, an item that nobody awaits is enqueued all the same, and
        cancelling the wait does not take it back.

        Raises:
            ClosedError: this end was closed, or the channel failed.
            BrokenError: every receiver was cancelled; ``reason`` is the last one's.
            CapExceededError: sends that nobody awaited have filled the channel to its cap.
            ValueError: ``size=`` gave a negative number.
        """
        if not self._open or self._channel.error is not None:
            raise ClosedError("the sender was closed, or the channel failed")
        return self._channel.put(item)

    def close(self) -> None:
        """Close this end; the channel ends when no sender is open. Idempotent."""
        if self._open:
            self._open = False
            self._channel.end(None)

    def fail(self, exc: BaseException) -> None:
        """End the channel for all senders: receivers get what waits, then ``exc``. Idempotent.

        What a coroutine must not raise on another's behalf (CancelledError and the like) becomes
        the ``reason`` of a BrokenError.
        """
        error = raisable(exc, "a sender gave up")
        if self._open:
            self._open = False
            self._channel.end(error)

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc is None:
            self.close()
        else:
            self.fail(exc)

    def __del__(self) -> None:
        if self._open and not self._channel.broken:
            text = f"dropped while open: {self!r}"
            self._open = False
            _in_its_loop(self._channel, self._channel.end, BrokenError("a sender was dropped"))
            warnings.warn(text, ResourceWarning, 2, self)


class ItemReceiver(_End[_T]):
    """A receiving end of a channel; each item goes to one of them.

    For one task at a time: another one needs an end of its own, by ``clone``. ``async for item in
    receiver`` ends at the end. ``async with`` cancels this end.
    """

    __slots__ = ("_busy",)

    def __init__(self, channel: _Channel[_T]) -> None:
        super().__init__(channel)
        self._busy = False

    def _count(self) -> None:
        self._channel.receivers += 1

    async def receive(self) -> _T:
        """Return the next item. A cancelled ``receive`` loses nothing.

        Raises:
            EndOfStream: every sender has closed and nothing waits.
            ClosedError: this end was cancelled.
            BusyError: another task is in ``receive`` of this very end.
            Exception: what a sender failed with, after the items before it, each time.
        """
        if self._busy:
            raise BusyError("another task is receiving from this end; give it a clone()")
        channel = self._channel
        while True:
            if not self._open:
                raise ClosedError("the receiver was cancelled")
            if channel.items:
                channel.taken += 1
                if channel.taken <= QUOTA:
                    return channel.take()
                channel.taken = 0
                await YIELD
                continue
            if channel.error is not None:
                raise channel.error.with_traceback(channel.traceback)
            if not channel.senders:
                raise EndOfStream("every sender has closed")
            self._busy = True
            try:
                await channel.readable()
            finally:
                self._busy = False

    def cancel(self, reason: BaseException | None = None) -> None:
        """Close this end. With the last one, what waits is dropped and sends raise BrokenError.

        A ``receive`` of this end that waits now raises ClosedError. Idempotent.
        """
        if self._open:
            self._open = False
            self._channel.give_up(reason)
            self._channel.wake_all(self._channel.getters)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _T:
        try:
            return await self.receive()
        except EndOfStream:
            raise StopAsyncIteration from None

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cancel(exc)

    def __del__(self) -> None:
        channel = self._channel
        if self._open and (channel.items or channel.senders) and channel.error is None:
            text = f"dropped while open: {self!r}"
            self._open = False
            _in_its_loop(channel, channel.give_up, BrokenError("the receivers were dropped"))
            warnings.warn(text, ResourceWarning, 2, self)


def _in_its_loop(
    channel: _Channel[Any], ending: Callable[[BaseException], None], error: BaseException
) -> None:
    """End from ``__del__``: the garbage collector may run in any thread."""
    waiter = next(iter(channel.getters or channel.putters), None)
    if waiter is None:
        ending(error)
    elif not waiter.get_loop().is_closed():
        waiter.get_loop().call_soon_threadsafe(ending, error)


def channel(
    *,
    high: int = HIGH,
    low: int | None = None,
    cap: int | None = None,
    size: Callable[[Any], int] = _one,
) -> tuple[ItemSender[Any], ItemReceiver[Any]]:
    """Make a channel for objects and return one end of each side.

    Args:
        high: a send that leaves more than this waiting pauses the channel. A soft bound: one item
            may pass it. 0 makes each send wait until its item was taken.
        low: a paused channel resumes when a receive leaves this or less. Default: ``high // 4``.
        cap: a send to a *paused* channel that would leave more raises CapExceededError. Default:
            16 times ``high``, at least 1024.
        size: what an item counts; default 1 each. Must not be negative.

    Raises:
        ValueError: not 0 <= low <= high <= cap.
    """
    if low is None:
        low = high // 4
    if cap is None:
        cap = max(CAP_FACTOR * high, 1024)
    if not 0 <= low <= high <= cap:
        raise ValueError(f"not 0 <= low <= high <= cap: {low}, {high}, {cap}")
    shared: _Channel[Any] = _Channel(high, low, cap, size)
    return ItemSender(shared), ItemReceiver(shared)
