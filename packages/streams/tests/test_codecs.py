"""compress and decompress."""

from __future__ import annotations

import asyncio
import gzip
import random
import sys
import zlib
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace_streams import (
    BusyError,
    CodecError,
    TooLargeError,
    compress,
    decompress,
    from_iterable,
    pipe,
)
from headrace_streams.testing import FakeClock, turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from headrace_streams import ByteReceiver, PipeReceiver

    Stream = Callable[..., PipeReceiver]

pytestmark = pytest.mark.anyio

ENCODINGS = ["gzip", "deflate", "br", "zstd"]
every = pytest.mark.parametrize("encoding", ENCODINGS)
# Incompressible, repeated and plain.
DATA = random.Random(1).randbytes(30_000) * 5 + b"line of a log\n" * 10_000


def unpack(data: bytes, encoding: str) -> bytes:
    if encoding == "br":
        return bytes(import_module("brotli").decompress(data))
    if encoding == "zstd":
        import zstandard

        return zstandard.ZstdDecompressor().decompressobj().decompress(data)
    return zlib.decompress(data, 31 if encoding == "gzip" else 15)


async def packed(data: bytes, encoding: str, **options: Any) -> bytes:
    return await compress(from_iterable([data]), encoding, **options).read_all(sys.maxsize)


@every
async def test_others_can_read_what_we_write(encoding: str, stream: Stream) -> None:
    chunks = [DATA[start : start + 70_000] for start in range(0, len(DATA), 70_000)]
    got = await compress(stream(*chunks), encoding).read_all(sys.maxsize)
    assert len(got) < len(DATA) / 3
    assert unpack(got, encoding) == DATA
    assert unpack(await packed(b"", encoding), encoding) == b""


@every
@pytest.mark.parametrize("size", [1, 7, 4096, sys.maxsize], ids=["1", "7", "4096", "whole"])
async def test_what_was_packed_unpacks_from_any_pieces(encoding: str, size: int) -> None:
    data = DATA if size > 100 else DATA[:3000] + b"x" * 300_000
    whole = await packed(data, encoding)
    pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
    receiver = from_iterable(pieces).through(decompress, encoding, limit=len(data))
    assert await receiver.read_all(len(data)) == data


@settings(max_examples=60, deadline=None, database=None)
@given(
    data=st.lists(st.binary(max_size=40)),
    encoding=st.sampled_from(ENCODINGS),
    flush_bytes=st.sampled_from([None, 1, 30]),
    cut=st.integers(1, 20),
)
def test_round_trip(data: list[bytes], encoding: str, flush_bytes: int | None, cut: int) -> None:
    async def run() -> bytes:
        source = compress(from_iterable(data), encoding, flush_bytes=flush_bytes)
        return (
            await source.through(rechunked, cut)
            .through(decompress, encoding, limit=None)
            .read_all(9999)
        )

    assert asyncio.run(run()) == b"".join(data)


def rechunked(source: ByteReceiver, cut: int) -> ByteReceiver:
    from headrace_streams import rechunk

    return rechunk(source, cut)


async def test_gzip_members_follow_each_other_and_may_be_padded() -> None:
    whole = gzip.compress(b"one, ") + gzip.compress(b"") + gzip.compress(b"two") + bytes(100)
    for size in (1, 3, 999):
        pieces = [whole[start : start + size] for start in range(0, len(whole), size)]
        assert await decompress(from_iterable(pieces), limit=99).read_all(99) == b"one, two"


async def test_zstd_frames_follow_each_other() -> None:
    whole = await packed(b"one, ", "zstd") + await packed(b"two", "zstd")
    assert await decompress(from_iterable([whole]), "zstd", limit=9).read_all(9) == b"one, two"


async def test_deflate_without_its_wrapper_is_read_too() -> None:
    packer = zlib.compressobj(wbits=-15)
    bare = packer.compress(DATA) + packer.flush()
    pieces = [bare[:1], bare[1:]]
    got = await decompress(from_iterable(pieces), "deflate", limit=None).read_all(sys.maxsize)
    assert got == DATA


@every
async def test_level(encoding: str) -> None:
    sizes = [len(await packed(DATA, encoding, level=level)) for level in (1, 9)]
    assert sizes[0] > sizes[1] > 0


# When it flushes ...


@every
async def test_flush_after_every_chunk(encoding: str) -> None:
    sender, receiver = pipe()
    both = receiver.through(compress, encoding, flush_bytes=1, flush_idle=None).through(
        decompress, encoding, limit=None
    )
    for number in range(5):
        sender.write(b"event %d\n" % number)
        assert await both.read_exactly(8) == b"event %d\n" % number
    sender.close()
    assert await both.get() is None


async def test_flush_after_so_many_bytes() -> None:
    sender, receiver = pipe()
    both = receiver.through(compress, flush_bytes=20, flush_idle=None).through(
        decompress, limit=None
    )
    sender.write(b"x" * 19)
    reading = asyncio.create_task(both.get())
    await turns()
    assert not reading.done()
    sender.write(b"y")
    assert await reading == b"x" * 19 + b"y"
    sender.close()
    assert await both.get() is None


@every
async def test_flush_when_idle(encoding: str) -> None:
    clock = FakeClock()
    sender, receiver = pipe()
    both = receiver.through(compress, encoding, flush_idle=0.5, clock=clock).through(
        decompress, encoding, limit=None
    )
    sender.write(b"a")
    sender.write(b"b")
    reading = asyncio.create_task(both.read_exactly(2))
    await clock.advance(0.4)
    assert not reading.done()
    await clock.advance(0.1)
    assert await reading == b"ab"
    reading = asyncio.create_task(both.read_exactly(1))
    await clock.advance(100)  # nothing to flush: no flush
    assert not reading.done()
    assert clock.pending == 0
    sender.write(b"c")
    await clock.advance(0.5)
    assert await reading == b"c"
    sender.close()
    assert await both.get() is None


async def test_a_source_that_fails_is_flushed_but_not_finished(stream: Stream) -> None:
    error = OSError("torn")
    receiver = compress(stream(b"abc", error=error), flush_idle=None)
    got = b""
    with pytest.raises(OSError, match="torn"):
        while True:
            got += await receiver.get() or b""
    unpacker = zlib.decompressobj(31)
    assert unpacker.decompress(got) == b"abc"
    assert not unpacker.eof


async def test_a_busy_source_is_not_an_ending(stream: Stream) -> None:
    sender, receiver = pipe()
    reading = asyncio.create_task(receiver.get())
    await turns()
    over = compress(receiver)
    with pytest.raises(BusyError):
        await over.get()
    sender.close()
    assert await reading is None
    assert unpack(await over.read_all(99), "gzip") == b""


async def test_a_large_chunk_is_compressed_in_slices() -> None:
    passed = 0

    def turn() -> None:
        nonlocal passed
        passed += 1
        asyncio.get_running_loop().call_soon(turn)

    receiver = compress(from_iterable([random.Random(2).randbytes(1 << 20)]), level=1)
    assert await receiver.get()
    turn()
    start = passed
    assert len(await receiver.read_all(sys.maxsize)) > 900_000
    assert passed - start >= 8
    receiver = compress(from_iterable([bytes(1 << 20)]))
    await receiver.get()
    receiver.cancel()
    assert receiver._input == b""


# What must not get through ...


@every
async def test_a_bomb_unfolds_no_further_than_the_reader_reads(encoding: str) -> None:
    bomb = await packed(bytes(64 << 20), encoding, flush_idle=None)
    assert len(bomb) < 70_000
    receiver = decompress(from_iterable([bomb]), encoding, limit=40 << 20)
    seen = largest = 0
    with pytest.raises(TooLargeError, match="unfolds to more than allowed") as caught:
        while True:
            chunk = await receiver.get()
            assert chunk is not None
            seen += len(chunk)
            largest = max(largest, len(chunk))
    assert (seen, caught.value.limit) == (40 << 20, 40 << 20)
    assert largest <= 4 << 20


@every
async def test_just_as_much_as_allowed_may_come_out(encoding: str) -> None:
    whole = await packed(DATA, encoding)
    got = await decompress(from_iterable([whole]), encoding, limit=len(DATA)).read_all(sys.maxsize)
    assert got == DATA


@every
@pytest.mark.parametrize("damage", ["cut", "garbage", "tail", "late-tail"])
async def test_damaged_input_is_an_error(encoding: str, damage: str) -> None:
    whole = await packed(DATA, encoding)
    broken = {"cut": whole[:-5], "garbage": b"\x08\xff garbage" * 9, "tail": whole + b"tail"}.get(
        damage, whole
    )
    sender, receiver = pipe()
    sender.write(broken)
    if damage == "late-tail":
        sender.write(b"tail")
    sender.close()
    over = decompress(receiver, encoding, limit=None)
    text = "ended within" if damage == "cut" else "malformed|after the end"
    with pytest.raises(CodecError, match=text):
        await over.read_all(sys.maxsize)
    with pytest.raises(CodecError):
        while True:
            await over.get()


@every
async def test_nothing_at_all_is_nothing_packed(encoding: str, stream: Stream) -> None:
    assert await decompress(stream(), encoding, limit=0).get() is None


async def test_a_zstd_window_above_8_mib_is_refused() -> None:
    import zstandard

    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=24)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    whole = packer.compress(bytes(100)) + packer.flush()
    with pytest.raises(CodecError, match="malformed"):
        await decompress(from_iterable([whole]), "zstd", limit=None).get()


@pytest.mark.parametrize(
    ("encoding", "module"), [("br", "brotli"), ("zstd", "zstandard")], ids=["br", "zstd"]
)
def test_a_missing_extra_is_named(
    encoding: str, module: str, stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    text = rf"{encoding} needs an extra: pip install 'headrace-streams\[{encoding}\]'"
    with pytest.raises(ImportError, match=text):
        compress(stream(), encoding)
    with pytest.raises(ImportError, match=text):
        decompress(stream(), encoding, limit=1)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        pytest.param(lambda s: compress(s, "lzw"), "one of gzip, deflate, br, zstd, not", id="in"),
        pytest.param(lambda s: decompress(s, "", limit=1), "encoding must be one of", id="out"),
        pytest.param(lambda s: compress(s, flush_bytes=0), "flush_bytes must be at", id="bytes"),
        pytest.param(lambda s: compress(s, flush_idle=-1), "flush_idle must not be", id="idle"),
        pytest.param(lambda s: decompress(s, limit=-1), "limit must not be negative", id="limit"),
        pytest.param(
            lambda s: compress(s, "gzip", level=10),
            "level of gzip must be 0 to 9, not 10",
            id="gzip-level",
        ),
        pytest.param(
            lambda s: compress(s, "br", level=12), "level of br must be 0 to 11", id="br-level"
        ),
        pytest.param(lambda s: compress(s, "zstd", level=99), "to 22, not 99", id="zstd-level"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(make: Any, text: str, stream: Stream) -> None:
    with pytest.raises(ValueError, match=text):
        make(stream())
