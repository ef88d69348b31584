"""The codecs as one shape, each imported when it is first asked for.

An encoder is three functions. A decoder is fed and then stepped: one step gives a bounded piece,
however much the input would make, so that a small input which unfolds to gigabytes costs nobody
more memory than a step.

gzip: RFC 1952, several members included. deflate: RFC 9110, section 8.4.1.2, is the zlib format
(RFC 1950); bare RFC 1951, which some servers send under that name, is read too. br: RFC 7932.
zstd: RFC 8878, with windows up to the 8 MiB that RFC 9659 asks of decoders.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from .._errors import CodecError

if TYPE_CHECKING:
    from collections.abc import Callable

ENCODINGS = ("gzip", "deflate", "br", "zstd")
LEVELS = {"gzip": 6, "deflate": 6, "br": 4, "zstd": 3}
RANGES = {
    "gzip": range(10),
    "deflate": range(10),
    "br": range(12),
    "zstd": range(-(2**17), 23),
}

# About what one step of a decoder gives.
STEP = 64 * 1024

# zstandard has no bound on the output of a call. The densest zstd is 4 bytes for a block of 128 KiB
# (RFC 8878, 3.1.1.2), so this many bytes of input can make 4 MiB, and no more.
ZSTD_SLICE = 128
ZSTD_WINDOW = 8 * 1024 * 1024

GZIP_BITS, ZLIB_BITS, RAW_BITS = 31, 15, -15


class Encoder(NamedTuple):
    """What a compressor can do."""

    compress: Callable[[bytes], bytes]
    flush: Callable[[], bytes]  # everything so far can be decompressed from what was given
    finish: Callable[[], bytes]


class Decoder(ABC):
    """Unfolds one compressed stream."""

    __slots__ = ("_input",)

    def __init__(self) -> None:
        self._input = b""

    def feed(self, data: bytes) -> None:
        """Take input. Before that, ``step`` must have given b""."""
        self._input += data

    @abstractmethod
    def step(self) -> bytes:
        """Return the next piece; b"" when more input is needed.

        Raises:
            Exception: the codec's own, or CodecError, for malformed input.
        """

    @property
    @abstractmethod
    def complete(self) -> bool:
        """Whether the stream may end here. True before any input: nothing is nothing packed."""


def check(encoding: str) -> None:
    """Refuse an unknown encoding.

    Raises:
        ValueError: it is none of ENCODINGS.
    """
    if encoding not in ENCODINGS:
        raise ValueError(f"encoding must be one of {', '.join(ENCODINGS)}, not {encoding!r}")


def extra(module: str, encoding: str) -> Any:
    """Import what an encoding of the extras needs.

    Raises:
        ImportError: it is not installed; the text names the extra.
    """
    try:
        return import_module(module)
    except ImportError as exc:
        text = f"{encoding} needs an extra: pip install 'headrace-streams[{encoding}]'"
        raise ImportError(text, name=module) from exc


def encoder(encoding: str, level: int | None) -> Encoder:
    """Make an encoder.

    Raises:
        ImportError: its extra is not installed.
        ValueError: unknown encoding, or a level that it does not have.
    """
    check(encoding)
    if level is None:
        level = LEVELS[encoding]
    if level not in RANGES[encoding]:  # what the codecs raise themselves is of many kinds
        least, most = RANGES[encoding][0], RANGES[encoding][-1]
        raise ValueError(f"level of {encoding} must be {least} to {most}, not {level}")
    if encoding == "br":
        brotli = extra("brotli", encoding).Compressor(quality=level)
        return Encoder(brotli.process, brotli.flush, brotli.finish)
    if encoding == "zstd":
        zstd = extra("zstandard", encoding)
        packer = zstd.ZstdCompressor(level=level).compressobj()
        return Encoder(
            packer.compress, lambda: packer.flush(zstd.COMPRESSOBJ_FLUSH_BLOCK), packer.flush
        )
    import zlib

    bits = GZIP_BITS if encoding == "gzip" else ZLIB_BITS
    packed = zlib.compressobj(level, zlib.DEFLATED, bits)
    return Encoder(packed.compress, lambda: packed.flush(zlib.Z_SYNC_FLUSH), packed.flush)


def decoder(encoding: str) -> Decoder:
    """Make a decoder.

    Raises:
        ImportError: its extra is not installed.
        ValueError: unknown encoding.
    """
    check(encoding)
    if encoding == "br":
        return Brotli(extra("brotli", encoding))
    if encoding == "zstd":
        return Zstd(extra("zstandard", encoding))
    return Zlib(gzip=encoding == "gzip")


class Zlib(Decoder):
    """gzip and deflate."""

    __slots__ = ("_fresh", "_gzip", "_object")

    def __init__(self, *, gzip: bool) -> None:
        super().__init__()
        self._gzip = gzip
        self._object: Any = None
        self._fresh = True

    def step(self) -> bytes:
        while True:
            if self._object is None and not self._begin():
                return b""
            unpacker = self._object
            out: bytes = unpacker.decompress(self._input, STEP)
            # Output may be pending although no input is: only b"" means that there is no more.
            self._input = unpacker.unconsumed_tail
            if unpacker.eof:
                self._input = unpacker.unused_data
                self._object = None
            if out or (self._object is not None and not self._input):
                return out

    def _begin(self) -> bool:
        """Make an object for the member that starts here; False if none does."""
        import zlib

        if not self._fresh:
            if self._gzip:
                self._input = self._input.lstrip(b"\0")  # archives on tape blocks are padded
            elif self._input:
                raise CodecError("bytes after the end of the compressed data")
        if not self._input:
            return False
        bits = GZIP_BITS
        if not self._gzip:
            # The zlib format begins with its method, 8, in the lower half of the first byte.
            bits = ZLIB_BITS if self._input[0] & 15 == 8 else RAW_BITS
        self._object = zlib.decompressobj(bits)
        self._fresh = False
        return True

    @property
    def complete(self) -> bool:
        return self._object is None


class Brotli(Decoder):
    """br."""

    __slots__ = ("_fresh", "_object")

    def __init__(self, module: Any) -> None:
        super().__init__()
        self._object = module.Decompressor()
        self._fresh = True

    def step(self) -> bytes:
        unpacker = self._object
        if unpacker.is_finished():
            if self._input:
                raise CodecError("bytes after the end of the compressed data")
            return b""
        data = b""
        if unpacker.can_accept_more_data():
            data, self._input = self._input, b""
        if data:
            self._fresh = False
        # Also without input: what it holds back comes out until it gives nothing.
        out: bytes = unpacker.process(data, output_buffer_limit=STEP)
        return out

    @property
    def complete(self) -> bool:
        finished: bool = self._object.is_finished()
        return finished or self._fresh


class Zstd(Decoder):
    """zstd."""

    __slots__ = ("_module", "_object", "_pos")

    def __init__(self, module: Any) -> None:
        super().__init__()
        self._module = module.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
        self._object: Any = None
        self._pos = 0

    def feed(self, data: bytes) -> None:
        self._input = data
        self._pos = 0

    def step(self) -> bytes:
        while self._pos < len(self._input):
            if self._object is None:
                self._object = self._module.decompressobj()
            piece = self._input[self._pos : self._pos + ZSTD_SLICE]
            out: bytes = self._object.decompress(piece)
            self._pos += len(piece)
            if self._object.eof:
                self._pos -= len(self._object.unused_data)
                self._object = None
            if out:
                return out
        return b""

    @property
    def complete(self) -> bool:
        return self._object is None
