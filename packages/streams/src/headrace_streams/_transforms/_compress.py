"""Compress a stream while it flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._clock import Clock, Expiry, running_clock
from .._errors import BusyError
from ._base import Transform

if TYPE_CHECKING:
    from .._receiver import ByteReceiver

# What is compressed between two chances for others to run: about 2 ms of gzip.
SLICE = 64 * 1024


class compress(Transform):  # noqa: N801  (used like a function)
    """Give the source compressed, flushed often enough for whoever reads along.

    What a codec holds back is given when ``flush_bytes`` went in since the last flush, when the
    source was silent for ``flush_idle`` seconds, and before an ending. A failure of the source
    leaves the compressed data without its end, so nobody takes it for complete.

    Args:
        source: where chunks come from.
        encoding: "gzip", "deflate" (the zlib format), "br" or "zstd".
        level: as the codec counts; default 6 for gzip and deflate, 4 for br, 3 for zstd.
        flush_bytes: 1 flushes after every chunk; each flush costs a few bytes. None: never.
        flush_idle: 0 flushes as soon as the source makes a read wait. None: never.
        clock: what measures idleness; default the running event loop.

    Raises:
        ImportError: br or zstd without its extra; the text names it.
        ValueError: unknown encoding or level, flush_bytes less than 1, or flush_idle negative.
    """

    __slots__ = (
        "_clock", "_encoder", "_flush_bytes", "_flush_idle", "_input", "_offset", "_unflushed",
    )  # fmt: skip

    def __init__(
        self,
        source: ByteReceiver,
        encoding: str = "gzip",
        *,
        level: int | None = None,
        flush_bytes: int | None = None,
        flush_idle: float | None = 0.1,
        clock: Clock | None = None,
    ) -> None:
        if flush_bytes is not None and flush_bytes < 1:
            raise ValueError(f"flush_bytes must be at least 1, not {flush_bytes}")
        if flush_idle is not None and flush_idle < 0:
            raise ValueError(f"flush_idle must not be negative, not {flush_idle}")
        super().__init__(source)
        from ._codecs import encoder  # for those who need it only

        self._encoder = encoder(encoding, level)
        self._flush_bytes = flush_bytes
        self._flush_idle = flush_idle
        self._clock = clock
        self._input = b""
        self._offset = 0
        self._unflushed = 0

    async def _next(self) -> bytes | None:
        if not self._input:
            try:
                chunk = await self._read()
            except BusyError:
                raise
            except Exception:
                # The source will fail again; what came before is to be seen before that.
                if not self._unflushed:
                    raise
                return self._flush()
            if not chunk:
                self._ended = chunk is None
                return self._encoder.finish() if self._ended else self._flush()
            self._input, self._offset = chunk, 0
        return self._compress()

    async def _read(self) -> bytes | None:
        """Read the source; b"" when it was silent and there is something to flush."""
        if self._flush_idle is None or not self._unflushed or self._source.buffered:
            return await self._source.get()
        clock = running_clock(self._clock)
        with Expiry(clock, clock.time() + self._flush_idle):
            return await self._source.get()
        return b""

    def _compress(self) -> bytes:
        data, start = self._input, self._offset
        self._offset = end = start + SLICE
        if end >= len(data):
            self._input = b""
        piece = data if len(data) <= SLICE else data[start:end]
        self._unflushed += len(piece)
        if len(piece) == SLICE:
            self._credit = -1  # by far dearer than its bytes: let others run before the next one
        out = self._encoder.compress(piece)
        if (
            self._flush_bytes is not None
            and not self._input
            and self._unflushed >= self._flush_bytes
        ):
            return out + self._flush()
        return out

    def _flush(self) -> bytes:
        self._unflushed = 0
        return self._encoder.flush()

    def _abort(self, reason: BaseException | None) -> None:
        self._input = b""
        super()._abort(reason)
