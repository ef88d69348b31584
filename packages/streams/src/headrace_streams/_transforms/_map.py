"""Change every chunk by a function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._encode import encode
from ._base import Transform

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._receiver import ByteReceiver


class map(Transform):  # noqa: A001, N801  (used like a function)
    """Give what a function makes of each chunk.

    An exception of the function is this stream's failure; the source is cancelled with it.

    Args:
        source: where chunks come from.
        function: takes a chunk as the source gave it, returns bytes-like data or a str (which
            becomes UTF-8); nothing, or None, leaves the chunk out. Must not block.
    """

    __slots__ = ("_function",)

    def __init__(
        self,
        source: ByteReceiver,
        function: Callable[[bytes], bytes | bytearray | memoryview | str | None],
    ) -> None:
        super().__init__(source)
        self._function = function

    async def _next(self) -> bytes | None:
        chunk = await self._source.get()
        if chunk is None:
            return None
        made = self._function(chunk)
        return b"" if made is None else encode(made)
