"""The log behind a broadcast: numbered messages, read again from an id.

The interface is three methods, so that a log on another machine (Redis Streams, NATS JetStream) can
stand behind a broadcast: each process appends to it and follows it. The log in memory is the one
that everybody starts with.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Self

_T = TypeVar("_T")

Id = int | str

# Enough for a client that comes back after a few seconds; a reference each.
LIMIT = 1024


class Message(NamedTuple, Generic[_T]):
    """An item with the id that the log gave it; subscribe with ``after=id`` to go on behind it."""

    id: Id
    item: _T


class Gap(NamedTuple):
    """Stands where messages are missing: those behind ``after``, up to and including ``id``.

    They are not in the log any more, or ``after`` is not an id of this log. ``id`` is a position as
    a message's is: what comes is behind it.
    """

    id: Id
    after: Id


class Log(ABC, Generic[_T]):
    """Keeps the last messages, in order, under ids of its own making.

    Ids are ints or strs and compared for equality only. An implementer decides how much is kept;
    it has to be bounded.
    """

    __slots__ = ()

    @abstractmethod
    async def append(self, item: _T) -> Id:
        """Add an item at the end and return its id."""

    @abstractmethod
    async def read(self, after: Id, limit: int) -> list[Message[_T] | Gap]:
        """Return up to ``limit`` messages behind an id; an empty list if it is the last one.

        If messages behind it are gone, or the id was never given, a :class:`Gap` comes first, and
        then the oldest messages that there are, if any. Reading goes on behind the ``id`` of the
        last entry of either kind.
        """

    @abstractmethod
    def follow(self, after: Id | None) -> AsyncIterator[Message[_T] | Gap]:
        """Iterate over all messages behind an id, and then over each new one as it is appended.

        None begins with what is appended after this call. A follower that falls so far behind that
        the log has lost what it needs gets a :class:`Gap`. A cancelled wait loses nothing.
        """


class MemoryLog(Log[_T]):
    """The last ``limit`` messages in this process's memory; ids are 1, 2, 3 ...

    ``after=0`` stands before the first message ever appended.

    Args:
        limit: messages; 0 keeps none.

    Raises:
        ValueError: limit is negative.
    """

    __slots__ = ("_last", "_messages", "_waiters")

    def __init__(self, limit: int = LIMIT) -> None:
        if limit < 0:
            raise ValueError(f"limit must not be negative, not {limit}")
        self._messages: deque[Message[_T]] = deque(maxlen=limit)
        self._last = 0
        self._waiters: list[asyncio.Future[None]] = []

    @property
    def last(self) -> int:
        """The id given last, 0 before any."""
        return self._last

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, item: _T) -> Message[_T]:
        """Append now, without a coroutine; return the message."""
        self._last = number = self._last + 1
        message = Message(number, item)
        self._messages.append(message)
        if self._waiters:
            waiters, self._waiters = self._waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)
        return message

    async def append(self, item: _T) -> int:
        self.add(item)
        return self._last

    append.__doc__ = Log.append.__doc__

    async def read(self, after: Id, limit: int) -> list[Message[_T] | Gap]:
        return self._tail(after, limit)

    read.__doc__ = Log.read.__doc__

    def follow(self, after: Id | None) -> Follower[_T]:
        return Follower(self, self._last if after is None else after)

    follow.__doc__ = Log.follow.__doc__

    def _tail(self, after: Id, limit: int) -> list[Message[_T] | Gap]:
        messages = self._messages
        before_first = self._last - len(messages)
        if isinstance(after, int) and before_first <= after <= self._last:
            start = after - before_first
            return list(islice(messages, start, start + limit))
        return [Gap(before_first, after), *islice(messages, limit - 1)]

    async def _appended(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)


class Follower(Generic[_T]):
    """An endless async iterator over a MemoryLog."""

    __slots__ = ("_after", "_log")

    def __init__(self, log: MemoryLog[_T], after: Id) -> None:
        self._log = log
        self._after = after

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message[_T] | Gap:
        log = self._log
        while not (found := log._tail(self._after, 1)):
            await log._appended()
        self._after = found[0].id
        return found[0]
