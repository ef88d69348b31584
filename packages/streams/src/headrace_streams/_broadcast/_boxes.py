"""What waits for one subscriber, and what happens when that would be too much: a class per policy.

The hub appends a message to ``items`` itself while fewer than ``limit`` wait (its hot loop); it
calls ``put`` for the rest. ``limit`` is 0 while a task waits for a message, so that waking it is
part of that rest. A subscriber takes a message itself while more than ``floor`` wait. A policy is
one method, ``overflow``, and costs nothing before it is needed.

| policy | when ``high`` messages wait and another comes |
|---|---|
| wait | it is taken, and the publisher's await lasts until ``high // 4`` or less wait |
| drop_oldest | the oldest is dropped |
| drop_newest | the new one is dropped |
| evict | all that waits can still be read, then EvictedError; nothing else comes |
| conflate(key) | only the newest per key ever waits; of too many keys, the oldest is dropped |
"""

from __future__ import annotations

from asyncio import Future
from collections import deque
from typing import TYPE_CHECKING, Any

from .._errors import EvictedError
from ._log import Gap

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from ._hub import Hub
    from ._log import Id


class Box:
    """A queue of messages with one reader. The base of all; itself the policy "wait"."""

    __slots__ = (
        "behind", "bound", "cursor", "dropped", "ended", "error", "floor", "high", "hub", "items",
        "limit", "traceback", "waiter",
    )  # fmt: skip

    def __init__(self, hub: Hub, high: int) -> None:
        self.hub = hub
        self.high = self.bound = self.limit = high
        # Not 0 while the publisher waits for us: it may go on when fewer wait than this.
        self.floor = 0
        self.waiter: Future[None] | None = None
        self.dropped = 0
        self.ended = self.behind = False
        self.cursor: Id = 0
        self.error: BaseException | None = None
        self.traceback: TracebackType | None = None
        self.items: Any = deque()

    def put(self, message: Any) -> None:
        """Take a message that finds ``limit`` messages or more."""
        waiter = self.waiter
        if waiter is not None:
            self.waiter = None
            self.limit = self.bound
            if not waiter.done():
                waiter.set_result(None)
        if len(self.items) < self.bound:
            self.items.append(message)
        else:
            self.overflow(message)

    def overflow(self, message: Any) -> None:
        """Deal with a message that finds ``bound`` messages or more."""
        self.items.append(message)
        if not self.floor:
            self.floor = self.high // 4 + 1
            self.hub.blocking += 1

    def take(self) -> Any:
        """Take the message that lets the publisher go on."""
        self.resume()
        return self.items.popleft()

    def take_all(self) -> list[Any]:
        """Take everything that waits, and let the publisher go on."""
        items = list(self.items)
        self.items.clear()
        self.resume()
        return items

    def resume(self) -> None:
        """Let the publisher go on, for our part. No-op if it does not wait for us."""
        if self.floor:
            self.floor = 0
            self.hub.unblock()

    def end(self, error: BaseException | None) -> None:
        """Nothing more will come. Called once."""
        self.ended = True
        self.error = error
        self.traceback = None if error is None else error.__traceback__
        self.wake()

    def drop(self) -> None:
        """Forget everything that waits."""
        self.dropped += len(self.items)
        self.items.clear()
        self.resume()

    async def arrival(self) -> None:
        """Wait for a message, or an ending. One task at a time."""
        waiter: Future[None] = Future()
        self.waiter = waiter
        self.limit = 0
        try:
            await waiter
        finally:
            self.waiter = None
            self.limit = self.bound

    def wake(self) -> None:
        waiter = self.waiter
        if waiter is not None:
            self.waiter = None
            self.limit = self.bound
            if not waiter.done():
                waiter.set_result(None)


class DropOldest(Box):
    """Keeps the newest ``high`` messages."""

    __slots__ = ()

    def overflow(self, message: Any) -> None:
        self.items.popleft()
        self.items.append(message)
        self.dropped += 1


class DropNewest(Box):
    """Keeps the ``high`` messages that came first."""

    __slots__ = ()

    def overflow(self, message: Any) -> None:
        self.dropped += 1


class Evict(Box):
    """Lets go of a subscriber that is too slow."""

    __slots__ = ()

    def overflow(self, message: Any) -> None:
        self.dropped += 1
        self.hub.leaving.append(self)
        self.end(EvictedError(f"more than {self.high} messages waited"))


class ByKey(dict[Any, Any]):
    """A dict that is a queue, too: a key keeps its place when its value changes."""

    __slots__ = ()

    def popleft(self) -> Any:
        """Take the first value out."""
        return self.pop(next(iter(self)))


class Conflate(Box):
    """Keeps the newest message of each key, at the place of the first one that is not read yet."""

    __slots__ = ("key",)

    def __init__(self, hub: Hub, high: int, key: Callable[[Any], Any]) -> None:
        super().__init__(hub, high)
        self.items = ByKey()
        self.bound = self.limit = 0  # each message has to be looked at
        self.key = key

    def overflow(self, message: Any) -> None:
        items = self.items
        key = Gap if isinstance(message, Gap) else self.key(message.item)
        if key in items:
            self.dropped += 1
        elif len(items) >= self.high:
            items.popleft()
            self.dropped += 1
        items[key] = message

    def take_all(self) -> list[Any]:
        items = list(self.items.values())
        self.items.clear()
        return items

    take_all.__doc__ = Box.take_all.__doc__


class conflate:  # noqa: N801  (used like a function)
    """The policy of a subscriber that needs the newest state only: one message per key waits.

    A message takes the place of the one with the same key that still waits.

    Args:
        key: takes an item, returns what is hashable; must not raise.
    """

    __slots__ = ("key",)

    def __init__(self, key: Callable[[Any], Any]) -> None:
        self.key = key


POLICIES: dict[str, type[Box]] = {
    "wait": Box,
    "drop_oldest": DropOldest,
    "drop_newest": DropNewest,
    "evict": Evict,
}


def make_box(hub: Hub, policy: str | conflate, high: int) -> Box:
    """Make a box of a policy.

    Raises:
        ValueError: there is no such policy, or high is less than 1.
    """
    if high < 1:
        raise ValueError(f"high must be at least 1, not {high}")
    if isinstance(policy, conflate):
        return Conflate(hub, high, policy.key)
    if policy not in POLICIES:
        known = ", ".join(POLICIES)
        raise ValueError(f"policy must be one of {known}, or conflate(key), not {policy!r}")
    return POLICIES[policy](hub, high)
