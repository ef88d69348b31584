"""What ``tee`` and ``merge`` share: tasks that move chunks into pipes, begun by the first read.

Where several read one source, or one reads several, a read cannot pull: whoever is cancelled must
not take the others' chunk along. So a task per source writes into ordinary pipes, whose marks are
the bound. No task outlives its source's end; giving up the last receiver cancels the sources, which
ends the tasks.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .._buffer import Pipe
from .._pipe import PipeReceiver, PipeSender

if TYPE_CHECKING:
    from collections.abc import Callable


class PumpedPipe(Pipe):
    """A pipe that says when its reader has given up, by whatever way."""

    __slots__ = ("left",)

    def __init__(self, high: int, left: Callable[[BaseException | None], None]) -> None:
        # No cap: a pump awaits each of its writes.
        super().__init__(high, high // 4, sys.maxsize, None, None)
        self.left = left

    def give_up(self, reason: BaseException | None) -> None:
        super().give_up(reason)
        # Also after an earlier end of our own: telling a source again does nothing.
        self.left(reason)


class PumpedReceiver(PipeReceiver):
    """The reading half of such a pipe; the first read starts the pumps."""

    __slots__ = ("_start",)

    def __init__(self, pipe: PumpedPipe, start: Callable[[], None]) -> None:
        super().__init__(pipe)
        self._start = start
        self.hold()

    async def _ready(self) -> None:
        self._start()
        self.release()


def pumped(
    high: int, start: Callable[[], None], left: Callable[[BaseException | None], None]
) -> tuple[PipeSender, PumpedReceiver]:
    """Make a pipe whose first read calls ``start``, and whose reader's giving up calls ``left``.

    Raises:
        ValueError: high is negative.
    """
    if high < 0:
        raise ValueError(f"high must not be negative, not {high}")
    core = PumpedPipe(high, left)
    return PipeSender(core), PumpedReceiver(core, start)
