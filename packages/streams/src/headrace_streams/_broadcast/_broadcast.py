"""The publishing end."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from .._errors import BrokenError, raisable
from ._boxes import conflate, make_box
from ._hub import Hub
from ._log import MemoryLog
from ._subscriber import Subscriber

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from types import TracebackType
    from typing import Literal, Self

    from ._log import Id, Log

    Policy = Literal["wait", "drop_oldest", "drop_newest", "evict"] | conflate

HIGH = 64
CAP = 1024

_T = TypeVar("_T")


class BroadcastStatistics(NamedTuple):
    """A broadcast at one moment.

    ``published`` counts messages, ``subscribers`` who gets each new one, ``replaying`` who waits to
    catch up, ``blocking`` for whom the publisher waits now. ``blocked`` is for how many seconds
    publishers have waited so far, in finished waits.
    """

    subscribers: int
    replaying: int
    published: int
    blocking: int
    blocked: float


class Broadcast(Generic[_T]):
    """Gives each item to every subscriber, each with a bound and a policy of its own.

    ``async with broadcast:`` closes it on a normal exit, and *fails* it when the block is left by
    an exception, so subscribers can tell a crashed source from a finished one.

    Args:
        log: where messages get their ids, and are read again from. Default: a :class:`MemoryLog` of
            1024. A MemoryLog is for one broadcast. Any other log is followed by a task that the
            first ``subscribe`` starts; then ``publish`` only appends, and has to be awaited.
        cap: messages that may be published without awaiting while a subscriber with the policy
            "wait" has too many.

    Raises:
        ValueError: cap is negative.
    """

    __slots__ = ("__weakref__", "_hub", "_memory")

    def __init__(self, log: Log[_T] | None = None, *, cap: int = CAP) -> None:
        if cap < 0:
            raise ValueError(f"cap must not be negative, not {cap}")
        log = MemoryLog() if log is None else log
        self._hub = Hub(log, cap)
        self._memory: MemoryLog[_T] | None = None
        if isinstance(log, MemoryLog):
            self._memory = log
            self._hub.last = log.last

    def publish(self, item: _T) -> Awaitable[None]:
        """Give an item to all subscribers now; return an awaitable, done when more is welcome.

        With a log in memory, an item that nobody awaits is published all the same, and cancelling
        the wait does not take it back. With another log, this is a coroutine that appends.

        Raises:
            ClosedError: the broadcast was closed, or has failed.
            CapExceededError: a subscriber with the policy "wait" is too slow, and more than ``cap``
                messages were published without awaiting.
            Exception: what the log raises, out of the await.
        """
        hub = self._hub
        hub.check_open()
        if self._memory is None:
            return hub.append(item)
        return hub.publish(self._memory, item)

    def subscribe(
        self, *, high: int = HIGH, policy: Policy = "wait", after: Id | None = None
    ) -> Subscriber[_T]:
        """Return a new subscriber.

        Args:
            high: messages that may wait for it; with the policy "wait" a soft bound.
            policy: what happens when more come. "wait": the publisher's await lasts until a
                quarter or less of them waits. "drop_oldest", "drop_newest": that one is dropped,
                which shows in the ids and in ``statistics()``. "evict": the subscriber is let go,
                with EvictedError after what waits. ``conflate(key)``: only the newest per key
                waits, in any case.
            after: an id; what the log has behind it comes first, and a :class:`Gap` where messages
                are gone. Bound and policy begin to count when the replay has caught up: until
                then it reads the log at its own pace, and nobody waits for it. None: begin now.

        Raises:
            ClosedError: the broadcast was closed, or has failed.
            ValueError: unknown policy, or high is less than 1.
        """
        hub = self._hub
        hub.check_open()
        box = make_box(hub, policy, high)
        if self._memory is None:
            hub.follow()
        if after is None:
            hub.boxes[box] = None
        else:
            box.behind = True
            box.cursor = after
        return Subscriber(box)

    def close(self) -> None:
        """End it: subscribers get what waits, then the end. No-op if ended."""
        self._hub.end(None)

    def fail(self, exc: BaseException) -> None:
        """End with an exception: subscribers get what waits, then ``exc``. No-op if ended.

        What a coroutine must not raise on another's behalf (CancelledError and the like) becomes
        the ``reason`` of a BrokenError.
        """
        self._hub.end(raisable(exc, "the publisher gave up"))

    @property
    def ended(self) -> bool:
        """Whether it was closed, or has failed."""
        return self._hub.ended

    @property
    def last(self) -> Id | None:
        """The id of the message delivered last; subscribe with ``after=`` it to go on there."""
        return self._hub.last

    def statistics(self) -> BroadcastStatistics:
        """Return a snapshot."""
        hub = self._hub
        return BroadcastStatistics(
            subscribers=len(hub.boxes),
            replaying=len(hub.joining),
            published=hub.delivered,
            blocking=hub.blocking,
            blocked=hub.blocked,
        )

    async def __aenter__(self) -> Self:
        return self

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

    def __repr__(self) -> str:
        state = "closed" if self._hub.ended else "open"
        return f"<Broadcast {state}, {len(self._hub.boxes)} subscribers>"

    def __del__(self) -> None:
        hub: Any = getattr(self, "_hub", None)
        if hub is not None and not hub.ended and (hub.boxes or hub.joining):
            text = f"dropped while open: {self!r}"
            hub.end(BrokenError("the broadcast was dropped while open"))
            warnings.warn(text, ResourceWarning, 2, self)
