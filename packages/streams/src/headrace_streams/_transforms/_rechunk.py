"""Cut a stream into chunks of one size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import BusyError
from ._base import Transform

if TYPE_CHECKING:
    from .._receiver import ByteReceiver


class rechunk(Transform):  # noqa: N801  (used like a function)
    """Give chunks of exactly ``n`` bytes; only the last one before an ending may be shorter.

    It waits for a chunk to be full. Less than ``n`` bytes and one chunk of the source are held.

    Args:
        source: where chunks come from.
        n: bytes per chunk.

    Raises:
        ValueError: n is less than 1.
    """

    __slots__ = ("_have", "_n", "_pieces")

    def __init__(self, source: ByteReceiver, n: int) -> None:
        if n < 1:
            raise ValueError(f"n must be at least 1, not {n}")
        super().__init__(source)
        self._n = n
        self._pieces: list[bytes | memoryview] = []
        self._have = 0

    async def _next(self) -> bytes | None:
        while self._have < self._n:
            try:
                chunk = await self._source.get()
            except BusyError:
                raise
            except Exception:
                # The source will fail again; what came before is to be seen before that.
                if not self._have:
                    raise
                break
            if chunk is None:
                break
            self._pieces.append(chunk)
            self._have += len(chunk)
        return self._cut() if self._have else None

    def _cut(self) -> bytes:
        """Take up to n bytes; only the last piece can reach beyond them."""
        pieces, excess = self._pieces, self._have - self._n
        if excess <= 0:
            self._pieces, self._have = [], 0
        else:
            last = memoryview(pieces[-1])
            pieces[-1] = last[:-excess]
            self._pieces, self._have = [last[-excess:]], excess
        if len(pieces) == 1:
            return bytes(pieces[0])
        return b"".join(pieces)

    def _abort(self, reason: BaseException | None) -> None:
        self._pieces, self._have = [], 0
        super()._abort(reason)
