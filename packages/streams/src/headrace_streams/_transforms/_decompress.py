"""Decompress a stream while it flows, never more of it than the reader takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._errors import CodecError, StreamError, TooLargeError
from ._base import Transform

if TYPE_CHECKING:
    from .._receiver import ByteReceiver


class decompress(Transform):  # noqa: N801  (used like a function)
    """Give the source decompressed, in pieces of a bounded size.

    However far a small input unfolds, a read makes one piece: about 64 KiB, up to 4 MiB with zstd.
    ``limit`` bounds all of them together: the reader gets that many bytes, then TooLargeError.

    Args:
        source: where chunks come from. Cancelled with the error where this stream fails.
        encoding: "gzip" (members may follow each other), "deflate" (the zlib format, or bare),
            "br" or "zstd".
        limit: the most bytes that may come out. None: the reader sees to it that it can take them.

    Raises, while reading:
        CodecError: the input is malformed, or ends before its compressed data does.
        TooLargeError: it unfolds to more than ``limit``.

    Raises:
        ImportError: br or zstd without its extra; the text names it.
        ValueError: unknown encoding, or limit is negative.
    """

    __slots__ = ("_decoder", "_left", "_limit")

    def __init__(self, source: ByteReceiver, encoding: str = "gzip", *, limit: int | None) -> None:
        if limit is not None and limit < 0:
            raise ValueError(f"limit must not be negative, not {limit}")
        super().__init__(source)
        from ._codecs import decoder  # for those who need it only

        self._decoder = decoder(encoding)
        self._limit = self._left = limit

    async def _next(self) -> bytes | None:
        while not (piece := self._step()):
            chunk = await self._source.get()
            if chunk is None:
                if not self._decoder.complete:
                    raise CodecError("the stream ended within the compressed data")
                return None
            self._decoder.feed(chunk)
        if self._left is None:
            return piece
        left = self._left
        self._left = left - len(piece)
        return piece if self._left >= 0 else piece[:left]

    def _step(self) -> bytes:
        if self._left is not None and self._left < 0:
            assert self._limit is not None
            raise TooLargeError("the data unfolds to more than allowed", self._limit)
        try:
            return self._decoder.step()
        except StreamError:
            raise
        except Exception as exc:
            raise CodecError(f"malformed compressed data: {exc}") from exc
