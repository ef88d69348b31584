"""One source for several readers, each of whom gets everything."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .._errors import BrokenError
from .._pipe import HIGH
from ._pump import pumped

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from .._pipe import PipeReceiver, PipeSender
    from .._receiver import ByteReceiver


class _Tee:
    """Moves chunks from the source into every branch that is still read."""

    __slots__ = ("senders", "source", "task")

    def __init__(self, source: ByteReceiver) -> None:
        self.source = source
        self.senders: list[PipeSender] = []
        self.task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self.task is None:
            self.task = asyncio.create_task(self.run())

    def left(self, reason: BaseException | None) -> None:
        """A branch was given up; the last one takes the source along."""
        self.senders = [sender for sender in self.senders if not sender.broken]
        if not self.senders:
            self.source.cancel(reason)

    async def run(self) -> None:
        try:
            while (chunk := await self.source.get()) is not None:
                await self.write(chunk)
        except BaseException as exc:
            for sender in self.senders:
                sender.fail(exc)
            if not isinstance(exc, Exception):
                self.source.cancel(exc)
                raise
        else:
            for sender in self.senders:
                sender.close()

    async def write(self, chunk: bytes) -> None:
        """Give a chunk to all; wait for each that is above its mark, unless it leaves."""
        waits: list[Awaitable[None]] = [sender.write(chunk) for sender in self.senders]
        for wait in waits:
            try:
                await wait
            except BrokenError:
                pass


def tee(source: ByteReceiver, n: int = 2, *, high: int = HIGH) -> tuple[PipeReceiver, ...]:
    """Give ``n`` receivers, each of which gets all of the source, in the same chunks.

    Bounded: the source is read by a task that the first read of a branch starts, and that waits
    while any branch has more than ``high`` bytes unread. So the slowest branch sets the pace, and
    one that nobody reads stops all; cancel it to let the others go on. Cancelling the last open
    branch cancels the source with its reason. Every ending of the source is every branch's.

    Args:
        source: where chunks come from; nobody else may read it from now on.
        n: how many branches.
        high: bytes that each branch may have unread; one chunk may pass it.

    Raises:
        ValueError: n is less than 1, or high is negative.
    """
    if n < 1:
        raise ValueError(f"n must be at least 1, not {n}")
    shared = _Tee(source)
    pairs = [pumped(high, shared.start, shared.left) for _ in range(n)]
    shared.senders = [sender for sender, _ in pairs]
    return tuple(receiver for _, receiver in pairs)
