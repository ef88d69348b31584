"""What a broadcast and its subscribers share: who is subscribed, who makes the publisher wait.

A subscriber that replays is not among ``boxes``: it reads the log at its own pace. It joins at the
moment when the message that it read last is the one delivered last, so none comes twice or is
missed. That needs ids to be equal or not, nothing else, and holds for a log that is followed with
a delay as well.
"""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING, Any

from .._errors import CapExceededError, ClosedError, raisable
from .._fairness import DONE, YIELD

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator

    from ._boxes import Box
    from ._log import Id, Log, MemoryLog

# Deliveries that may pass without letting go of the loop, 1 to 2 ms of them. A publish costs as
# much as eight.
QUOTA = 64 * 1024
PUBLISH_COST = 8


class Hub:
    """Delivers messages; also the awaitable of a publish that has to wait."""

    __slots__ = (
        "__weakref__", "blocked", "blocking", "boxes", "cap", "credit", "delivered", "ended",
        "error", "excess", "follower", "joining", "last", "leaving", "log", "waiters",
    )  # fmt: skip

    def __init__(self, log: Log[Any], cap: int) -> None:
        self.log = log
        self.cap = cap
        self.boxes: dict[Box, None] = {}
        self.joining: list[Box] = []
        self.leaving: list[Box] = []
        self.last: Id | None = None
        self.delivered = self.excess = self.blocking = 0
        self.credit = QUOTA
        self.blocked = 0.0
        self.ended = False
        self.error: BaseException | None = None
        self.waiters: list[asyncio.Future[None]] = []
        self.follower: asyncio.Task[None] | None = None

    # Publishing.

    def publish(self, log: MemoryLog[Any], item: Any) -> Awaitable[None]:
        """Append to a log in memory and deliver, in one go."""
        if self.blocking:
            self.excess += 1
            if self.excess > self.cap:
                self.excess -= 1
                raise CapExceededError("messages that nobody awaited pile up", self.cap)
        self.deliver(log.add(item))
        if self.blocking:
            return self
        self.credit -= PUBLISH_COST + len(self.boxes)
        if self.credit > 0:
            return DONE
        self.credit = QUOTA
        return YIELD

    def deliver(self, message: Any) -> None:
        """Put a message, or a gap, into every box. The hot loop."""
        for box in self.boxes:
            items = box.items
            if len(items) < box.limit:
                items.append(message)
            else:
                box.put(message)
        self.delivered += 1
        self.last = message.id
        if self.leaving:
            self.part()
        if self.joining:
            self.join()

    def part(self) -> None:
        for box in self.leaving:
            self.boxes.pop(box, None)
        self.leaving.clear()

    def join(self) -> None:
        """Take in whoever has read just as far; the others look into the log again."""
        joining, self.joining = self.joining, []
        for box in joining:
            if not self.ended:
                self.caught_up(box)
            box.wake()

    def caught_up(self, box: Box) -> bool:
        """Make a box live if it has read everything that was delivered."""
        if box.behind and (self.ended or box.cursor == self.last):
            box.behind = False
            if self.ended:
                box.end(self.error)
            else:
                self.boxes[box] = None
        return not box.behind

    # Waiting.

    def __await__(self) -> Generator[Any, None, None]:
        """Wait until no subscriber makes the publisher wait."""
        if not self.blocking:
            return
        waiter = asyncio.get_running_loop().create_future()
        self.waiters.append(waiter)
        since = monotonic()
        try:
            yield from waiter
        finally:
            self.blocked += monotonic() - since
            self.credit = QUOTA
            if waiter in self.waiters:
                self.waiters.remove(waiter)

    def unblock(self) -> None:
        self.blocking -= 1
        if not self.blocking:
            self.excess = 0
            waiters, self.waiters = self.waiters, []
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(None)

    # A log elsewhere.

    async def append(self, item: Any) -> None:
        """Append; the follower delivers it, here as in every other process."""
        await self.log.append(item)
        await self

    def follow(self) -> None:
        """Begin to deliver what is appended from now on. No-op while that goes on."""
        if self.follower is None:
            messages = self.log.follow(None)
            self.follower = asyncio.create_task(self.run(messages))

    async def run(self, messages: Any) -> None:
        try:
            async for message in messages:
                self.deliver(message)
                await self
        except BaseException as exc:
            self.end(raisable(exc, "the log is not followed any more"))
            if not isinstance(exc, Exception):
                raise
        else:
            self.end(None)

    # Ending.

    def end(self, error: BaseException | None) -> None:
        if self.ended:
            return
        self.ended = True
        self.error = error
        for box in self.boxes:
            box.end(error)
        self.boxes.clear()
        self.join()
        if self.follower is not None:
            self.follower.cancel()

    def leave(self, box: Box) -> None:
        """A subscriber has gone."""
        self.boxes.pop(box, None)
        if box in self.joining:
            self.joining.remove(box)
        box.drop()

    def check_open(self) -> None:
        if self.ended:
            raise ClosedError("the broadcast was closed")
