"""A receiver over one receiver.

Rule for the next editor: between taking from the source and returning, keep what was taken in the
object, or do not await. A cancelled read must lose nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._receiver import ByteReceiver

if TYPE_CHECKING:
    from .._source import ChunkSource


class Transform(ByteReceiver):
    """Reads a source, which is its own from now on: nobody else may read or end it."""

    __slots__ = ("_source",)

    def __init__(self, source: ChunkSource) -> None:
        super().__init__()
        self._source = source

    def _abort(self, reason: BaseException | None) -> None:
        self._source.cancel(reason)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._source!r}>"
