"""The reading end of a broadcast."""

from __future__ import annotations

import warnings
from asyncio import Future
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from .._errors import BusyError, ClosedError, EndOfStream
from .._fairness import YIELD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType
    from typing import Self

    from ._boxes import Box
    from ._log import Gap, Message

_T = TypeVar("_T")

# Messages per look into the log; the loop gets a turn in between.
BATCH = 64


class SubscriberStatistics(NamedTuple):
    """A subscriber at one moment, in messages.

    ``waiting`` is what is there to be received, ``high`` its bound, ``dropped`` what its policy or
    ``cancel`` dropped. ``replaying``: it reads the log, and has not caught up yet.
    """

    waiting: int
    high: int
    dropped: int
    replaying: bool


class Subscriber(Generic[_T]):
    """Receives the messages of a broadcast, for one task at a time. Made by its ``subscribe``.

    ``async for message in subscriber`` ends at the end, and so does an iteration over ``batches``.
    ``async with`` cancels it when the block is left. What it gives are :class:`Message` objects,
    and a :class:`Gap` where a replay misses some.
    """

    __slots__ = ("__weakref__", "_batch", "_box", "_busy", "_items", "_open")

    def __init__(self, box: Box) -> None:
        self._box = box
        self._items: Any = box.items  # the same object for ever; a look-up less per message
        self._batch: list[Any] = []
        self._busy = False
        self._open = True

    async def receive(self) -> Message[_T] | Gap:
        """Return the next message, or the gap before it. A cancelled ``receive`` loses nothing.

        Raises:
            EndOfStream: the broadcast was closed and everything was received.
            ClosedError: this subscriber was cancelled.
            BusyError: another task is in ``receive``.
            EvictedError: by the policy "evict", after what waits, each time.
            Exception: what the broadcast failed with, after what waits, each time.
        """
        items = self._items  # nothing in it while replaying: the hub does not know us then
        if len(items) > self._box.floor:
            return items.popleft()  # type: ignore[no-any-return]
        if items:
            return self._box.take()  # type: ignore[no-any-return]
        return await self._wait()

    async def receive_many(self) -> list[Message[_T] | Gap]:
        """Return everything that waits, in order, as soon as that is one message or more.

        For whoever handles ten messages as easily as one, such as the writer of a stream of events.
        A cancelled call loses nothing.

        Raises:
            EndOfStream, ClosedError, BusyError, EvictedError, Exception: as ``receive`` does.
        """
        if self._items:
            return self._box.take_all()
        return self._with_rest(await self.receive())

    def _with_rest(self, first: Message[_T] | Gap) -> list[Message[_T] | Gap]:
        if self._batch:  # of a replay
            rest, self._batch = self._batch[::-1], []
        else:
            rest = self._box.take_all()
        return [first, *rest]

    def batches(self) -> AsyncIterator[list[Message[_T] | Gap]]:
        """Iterate over what ``receive_many`` returns; the end of the broadcast ends it."""
        return Batches(self)

    async def _wait(self) -> Message[_T] | Gap:
        if self._busy:
            raise BusyError("another task is receiving from this subscriber")
        box = self._box
        self._busy = True
        try:
            while True:
                if not self._open:
                    raise ClosedError("the subscriber was cancelled")
                if box.behind:
                    if (message := await self._replay()) is not None:
                        return message
                elif box.items:  # all that came: more than the floor, if there is one
                    return box.items.popleft()  # type: ignore[no-any-return]
                elif box.error is not None:
                    raise box.error.with_traceback(box.traceback)
                elif box.ended:
                    raise EndOfStream("the broadcast was closed")
                else:
                    await box.arrival()
        finally:
            self._busy = False

    async def _replay(self) -> Message[_T] | Gap | None:
        """Return the next message from the log; None when there may be something else to do."""
        box = self._box
        hub = box.hub
        if not self._batch:
            batch = await hub.log.read(box.cursor, BATCH)
            if batch:
                box.cursor = batch[-1].id
                self._batch = batch[::-1]
                await YIELD
            elif not hub.caught_up(box):
                if box not in hub.joining:
                    hub.joining.append(box)
                await box.arrival()
        # It may have been cancelled meanwhile, and then has dropped the batch.
        return self._batch.pop() if self._batch else None

    def cancel(self, reason: BaseException | None = None) -> None:
        """Leave the broadcast; what waits is dropped. Idempotent.

        A ``receive`` that waits now raises ClosedError. ``reason`` is for the caller's symmetry
        with other receivers: a publisher does not depend on one subscriber, so nobody is told.
        """
        if self._open:
            self._open = False
            self._batch = []
            self._box.hub.leave(self._box)
            self._box.wake()

    def statistics(self) -> SubscriberStatistics:
        """Return a snapshot."""
        box = self._box
        return SubscriberStatistics(
            waiting=len(box.items), high=box.high, dropped=box.dropped, replaying=box.behind
        )

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message[_T] | Gap:
        items = self._items
        if len(items) > self._box.floor:  # as in receive, to save a coroutine per message
            return items.popleft()  # type: ignore[no-any-return]
        box = self._box
        if items:
            return box.take()  # type: ignore[no-any-return]
        if not (box.ended or box.behind or self._busy) and self._open:
            # As in _wait and arrival, to save two coroutines per message that is waited for.
            self._busy = True
            waiter: Future[None] = Future()
            box.waiter = waiter
            box.limit = 0
            try:
                await waiter
            finally:
                self._busy = False
                box.waiter = None
                box.limit = box.bound
            if items:
                return items.popleft()  # type: ignore[no-any-return]
        try:
            return await self._wait()
        except EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cancel(exc)

    def __repr__(self) -> str:
        box = self._box
        state = "open" if self._open and not box.ended else "closed"
        return f"<Subscriber {state}, {len(box.items)} of {box.high} messages wait>"

    def __del__(self) -> None:
        if self._open and not self._box.ended:
            text = f"dropped while open: {self!r}"
            self.cancel()
            warnings.warn(text, ResourceWarning, 2, self)


class Batches(Generic[_T]):
    """An async iterator over everything that waits at the time."""

    __slots__ = ("_subscriber",)

    def __init__(self, subscriber: Subscriber[_T]) -> None:
        self._subscriber = subscriber

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> list[Message[_T] | Gap]:
        subscriber = self._subscriber
        items = subscriber._items
        box = subscriber._box
        if not (items or box.ended or box.behind or subscriber._busy) and subscriber._open:
            # As the subscriber's own: to await that instead made 0.9 x the events per CPU-second.
            subscriber._busy = True
            waiter: Future[None] = Future()
            box.waiter = waiter
            box.limit = 0
            try:
                await waiter
            finally:
                subscriber._busy = False
                box.waiter = None
                box.limit = box.bound
        if items:
            return box.take_all()
        return subscriber._with_rest(await subscriber.__anext__())
