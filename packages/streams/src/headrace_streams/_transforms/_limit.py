"""Refuse a stream that is too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import TooLargeError
from ._base import Transform

if TYPE_CHECKING:
    from .._receiver import ByteReceiver


class limit(Transform):  # noqa: N801  (used like a function)
    """Give the source's bytes, and fail with TooLargeError where more than allowed come.

    The reader gets the bytes up to the limit first; the source is cancelled with the error.

    Args:
        source: where chunks come from.
        size: the most bytes that may come.

    Raises:
        ValueError: size is negative.
    """

    __slots__ = ("_left", "_size")

    def __init__(self, source: ByteReceiver, size: int) -> None:
        if size < 0:
            raise ValueError(f"size must not be negative, not {size}")
        super().__init__(source)
        self._size = self._left = size

    async def _next(self) -> bytes | None:
        if self._left < 0:
            raise TooLargeError("the stream is longer than allowed", self._size)
        chunk = await self._source.get()
        if chunk is None:
            return None
        left = self._left
        self._left = left - len(chunk)
        # Nothing is left of a chunk beyond the limit: the next call says so.
        return chunk if self._left >= 0 else chunk[:left]
