"""The reading half: every shape in which people read bytes, over ``get`` alone.

What a shape takes and does not need goes back as an offset into the chunk it came from, so reading
a thousand lines out of one chunk does not copy that chunk a thousand times.

Cancellation and failure: a shape that has collected pieces puts them back before it lets any
exception out. Only IncompleteError consumes, and it carries what it consumed.
"""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, overload

from ._copy import copy
from ._errors import IncompleteError, TooLargeError
from ._fairness import COST
from ._source import ChunkSource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from types import TracebackType
    from typing import Self

    from ._sender import ByteSender

# Longer than any line people write by hand, and what asyncio's reader allows.
LINE_LIMIT = 64 * 1024

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Pieces(Generic[_T]):
    """An async iterator over calls of one function, until it returns None.

    Not an async generator: those keep a frame open when a loop is left early.
    """

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[], Awaitable[_T | None]]) -> None:
        self._read = read

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _T:
        piece = await self._read()
        if piece is None:
            raise StopAsyncIteration
        return piece


class ByteReceiver(ChunkSource):
    """The reading half of a byte stream.

    For one reader at a time: a second task gets BusyError. ``async for chunk in receiver`` gives
    what ``get`` gives. ``async with receiver:`` cancels it when the block is left.

    A cancelled read, of whatever shape, loses nothing. Every method that reads may raise what the
    producer failed with, BusyError and ClosedError, as ``get`` does.
    """

    __slots__ = ()

    @overload
    async def read(self) -> bytes | None: ...

    @overload
    async def read(self, n: int) -> bytes: ...

    async def read(self, n: int | None = None) -> bytes | None:
        """Return 1 to ``n`` bytes as soon as there are any; b"" at the end, or for ``n=0``.

        Without an argument it is ``get``: a whole chunk, and None at the end.

        Raises:
            ValueError: n is negative.
        """
        if n is None:
            return await self.get()
        if n <= 0:
            if n:
                raise ValueError("n must not be negative")
            return b""
        if self._credit < 0:
            await self._breathe()
        if piece := self._cut_rest(n):
            return piece
        chunk = await self.get()
        if chunk is None:
            return b""
        if len(chunk) <= n:
            return chunk
        self._keep(chunk, n)
        return chunk[:n]

    async def read_exactly(self, n: int) -> bytes:
        """Return exactly ``n`` bytes.

        Raises:
            IncompleteError: the stream ended before; ``partial`` has what came.
            ValueError: n is negative.
        """
        if n < 0:
            raise ValueError("n must not be negative")
        if self._credit < 0:
            await self._breathe()
        first = self._cut_rest(n)
        if len(first) == n:
            return first
        pieces = [first] if first else []
        missing = n - len(first)
        while missing:
            chunk = await self._more(pieces)
            if chunk is None:
                raise IncompleteError(b"".join(pieces), n)
            if len(chunk) > missing:
                self._keep(chunk, missing)
                chunk = chunk[:missing]
            pieces.append(chunk)
            missing -= len(chunk)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def read_until(self, delimiter: bytes, limit: int = LINE_LIMIT) -> bytes:
        """Return the bytes before the delimiter, and consume the delimiter with them.

        Args:
            delimiter: one byte or more.
            limit: the most bytes that may stand before the delimiter.

        Raises:
            IncompleteError: the stream ended before; ``partial`` has what came.
            TooLargeError: no delimiter within ``limit`` bytes; nothing is consumed.
            ValueError: the delimiter is empty, or limit is negative.
        """
        if limit < 0:
            raise ValueError("limit must not be negative")
        size = len(delimiter)
        if not size:
            raise ValueError("the delimiter must not be empty")
        if self._credit < 0:
            await self._breathe()
        line = self._line_in_rest(delimiter, limit)
        if line is not None:
            return line
        seen = bytearray()
        while True:
            chunk = await self._more((seen,))
            if chunk is None:
                raise IncompleteError(bytes(seen))
            start = max(0, len(seen) - size + 1)
            seen += chunk
            found = seen.find(delimiter, start, limit + size)
            if found >= 0:
                # The delimiter's end lies in the newest chunk: what follows needs no copy.
                self._keep(chunk, len(chunk) - (len(seen) - found - size))
                return bytes(seen[:found])
            if len(seen) >= limit + size:
                self._keep(bytes(seen))
                raise TooLargeError("no delimiter in reach", limit)

    def _line_in_rest(self, delimiter: bytes, limit: int) -> bytes | None:
        """Cut a line out of the remainder, if a whole one is in there for us."""
        if not self._rest or self._busy or self._held:
            return None
        rest, pos = self._rest, self._pos
        found = rest.find(delimiter, pos, pos + limit + len(delimiter))
        if found < 0:
            return None
        self._credit -= COST
        after = found + len(delimiter)
        if after == len(rest):
            self._take_rest()
        else:
            self._pos = after
        return rest[pos:found]

    async def read_all(self, limit: int) -> bytes:
        """Return everything up to the end, b"" if there is nothing.

        Args:
            limit: the most bytes that may come.

        Raises:
            TooLargeError: more came; nothing is consumed.
            ValueError: limit is negative.
        """
        if limit < 0:
            raise ValueError("limit must not be negative")
        pieces: list[bytes] = []
        total = 0
        while (chunk := await self._more(pieces)) is not None:
            pieces.append(chunk)
            total += len(chunk)
            if total > limit:
                self._keep(b"".join(pieces))
                raise TooLargeError("the stream is longer than allowed", limit)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def peek(self, n: int = 1) -> bytes:
        """Return at least ``n`` of the next bytes without consuming any; fewer only at the end.

        The rest of the chunk in which the n-th byte lies is returned as well. b"" at the end.

        Raises:
            ValueError: n is less than 1.
        """
        if n < 1:
            raise ValueError("n must be at least 1")
        pieces: list[bytes] = []
        total = 0
        while total < n and (chunk := await self._more(pieces)) is not None:
            pieces.append(chunk)
            total += len(chunk)
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._keep(data)
        return data

    def lines(self, limit: int = LINE_LIMIT) -> AsyncIterator[bytes]:
        r"""Iterate over lines, each without its line end (``\n`` or ``\r\n``).

        The last line may lack the line end. Raises TooLargeError at a line of more than ``limit``
        bytes (a ``\r`` counts). Leaving the loop early consumes whole lines only.
        """

        async def read() -> bytes | None:
            try:
                line = await self.read_until(b"\n", limit)
            except IncompleteError as end:
                return end.partial or None
            return line[:-1] if line.endswith(b"\r") else line

        return Pieces(read)

    def text(self, encoding: str = "utf-8", errors: str = "strict") -> AsyncIterator[str]:
        """Iterate over decoded pieces; no character is broken by a chunk border.

        Raises LookupError for an unknown encoding at once, and UnicodeDecodeError while reading:
        for malformed input, and for input that ends within a character.
        """
        decoder = codecs.getincrementaldecoder(encoding)(errors)

        async def read() -> str | None:
            while (chunk := await self.get()) is not None:
                if piece := decoder.decode(chunk):
                    return piece
            return decoder.decode(b"", True) or None

        return Pieces(read)

    def json_lines(self, limit: int = LINE_LIMIT) -> AsyncIterator[Any]:
        """Iterate over JSON values, one per line (NDJSON); blank lines are skipped.

        Raises TooLargeError as ``lines`` does, and ValueError for a line that is not JSON in UTF-8;
        reading may go on with the next line.
        """
        return JsonLines(self.lines(limit))

    def through(
        self, transform: Callable[Concatenate[Self, _P], _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """Return ``transform(self, *args, **kwargs)``, so that a chain reads from left to right.

        ``body.through(decompress, "gzip", limit=n).through(timeout, idle=5)``
        """
        return transform(self, *args, **kwargs)

    async def copy_to(self, sender: ByteSender, *, close: bool = True) -> int:
        """Move everything into a sender; see :func:`headrace_streams.copy`."""
        return await copy(self, sender, close=close)

    async def _more(self, pieces: list[bytes] | tuple[bytearray]) -> bytes | None:
        """``get``, but what was collected goes back if that fails."""
        try:
            return await self.get()
        except BaseException:
            self._keep(b"".join(pieces))
            raise

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        chunk = await self.get()
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.cancel(exc)


class JsonLines:
    """An async iterator over the JSON values of lines. JSON's null is a value like others."""

    __slots__ = ("_lines", "_loads")

    def __init__(self, lines: AsyncIterator[bytes]) -> None:
        from json import loads  # a tenth of this package's import time, and rarely needed

        self._lines = lines
        self._loads = loads

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        while True:
            line = await self._lines.__anext__()
            if line and not line.isspace():
                return self._loads(line)
