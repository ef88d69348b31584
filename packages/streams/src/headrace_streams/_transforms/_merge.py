"""Several sources for one reader."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .._pipe import HIGH
from ._pump import pumped

if TYPE_CHECKING:
    from .._pipe import PipeReceiver, PipeSender
    from .._receiver import ByteReceiver


class _Merge:
    """Moves the chunks of each source into the one pipe, by a task each."""

    __slots__ = ("open", "sender", "sources", "tasks")

    def __init__(self, sources: tuple[ByteReceiver, ...]) -> None:
        self.sources = sources
        self.open = len(sources)
        self.sender: PipeSender
        self.tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Called once: by the first read of the only reader."""
        self.tasks = [asyncio.create_task(self.run(source)) for source in self.sources]
        if not self.sources:
            self.sender.close()

    def left(self, reason: BaseException | None) -> None:
        for source in self.sources:
            source.cancel(reason)

    async def run(self, source: ByteReceiver) -> None:
        try:
            while (chunk := await source.get()) is not None:
                await self.sender.write(chunk)
        except BaseException as exc:
            # Also after the reader gave up, or another source failed: then this has no effect.
            self.sender.fail(exc)
            self.left(exc)
            if not isinstance(exc, Exception):
                raise
        else:
            self.open -= 1
            if not self.open:
                self.sender.close()


def merge(*sources: ByteReceiver, high: int = HIGH) -> PipeReceiver:
    """Give the chunks of all sources as they come, whole and in each source's order.

    Bounded: each source is read by a task that the first read starts, and that waits while more
    than ``high`` bytes are unread. The stream ends when all sources have ended; a failure of one is
    its failure, and the other sources are cancelled with it. Cancelling it cancels all of them.

    Chunks mix, so what must not be torn apart has to be one chunk in its source.

    Args:
        sources: where chunks come from; nobody else may read them from now on.
        high: bytes that may be unread, all in all; one chunk per source may pass it.

    Raises:
        ValueError: high is negative.
    """
    shared = _Merge(sources)
    shared.sender, receiver = pumped(high, shared.start, shared.left)
    return receiver
