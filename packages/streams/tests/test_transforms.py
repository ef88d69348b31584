"""What each transform adds; that it is a receiver like others is test_conformance's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from headrace_streams import (
    BrokenError,
    BusyError,
    TooLargeError,
    from_iterable,
    limit,
    map,  # noqa: A004
    pipe,
    rechunk,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from headrace_streams import PipeReceiver

    Turns = Callable[..., Awaitable[None]]
    Stream = Callable[..., PipeReceiver]

pytestmark = pytest.mark.anyio


async def test_a_chain_reads_from_left_to_right(stream: Stream) -> None:
    chain = stream(b"ab", b"cd").through(map, bytes.upper).through(rechunk, n=3)
    assert [chunk async for chunk in chain] == [b"ABC", b"D"]


async def test_cancelling_the_last_of_a_chain_tells_the_producer_why() -> None:
    sender, receiver = pipe()
    chain = receiver.through(map, bytes).through(rechunk, 3).through(limit, 99)
    sender.write(b"abcd")
    assert await chain.get() == b"abc"
    reason = KeyError("enough")
    chain.cancel(reason)
    with pytest.raises(BrokenError) as caught:
        sender.write(b"e")
    assert caught.value.reason is reason


async def test_a_transform_says_what_it_stands_on(stream: Stream) -> None:
    text = repr(rechunk(map(stream(), bytes), 5))
    assert text.startswith("<rechunk of <map of <PipeReceiver closed")


@pytest.mark.parametrize("make", [lambda s: rechunk(s, 9), lambda s: map(s, bytes)])
async def test_a_busy_source_is_not_an_ending(make: Any, turns: Turns) -> None:
    sender, receiver = pipe()
    reading = asyncio.create_task(receiver.get())
    await turns()
    over = make(receiver)
    with pytest.raises(BusyError):
        await over.get()
    sender.write(b"a")
    assert await reading == b"a"
    sender.write(b"b")
    sender.close()
    assert await over.get() == b"b"
    assert await over.get() is None


# map ...


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        pytest.param(bytearray(b"ab"), [b"ab"], id="bytearray"),
        pytest.param("\u20ac", [b"\xe2\x82\xac"], id="str"),
        pytest.param(None, [], id="none"),
        pytest.param(b"", [], id="empty"),
    ],
)
async def test_map_takes_what_the_function_makes(
    made: Any, expected: list[bytes], stream: Stream
) -> None:
    assert [chunk async for chunk in map(stream(b"x"), lambda _: made)] == expected


async def test_a_failing_function_ends_both_sides() -> None:
    sender, receiver = pipe()
    sender.write(b"x")
    mapped = map(receiver, lambda chunk: 1 / 0)  # type: ignore[arg-type, return-value]
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await mapped.get()
    with pytest.raises(BrokenError, match="ZeroDivisionError"):
        sender.write(b"y")


# rechunk ...


@pytest.mark.parametrize(
    ("n", "chunks", "expected"),
    [
        pytest.param(3, [b"abcdefgh"], [b"abc", b"def", b"gh"], id="cut"),
        pytest.param(3, [b"a", b"b", b"c", b"d"], [b"abc", b"d"], id="join"),
        pytest.param(3, [b"ab", b"cdef", b""], [b"abc", b"def"], id="both"),
        pytest.param(9, [b"ab"], [b"ab"], id="short"),
        pytest.param(1, [], [], id="empty"),
    ],
)
async def test_rechunk(n: int, chunks: list[bytes], expected: list[bytes], stream: Stream) -> None:
    assert [chunk async for chunk in rechunk(stream(*chunks), n)] == expected


async def test_rechunk_passes_what_fits_without_a_copy(stream: Stream) -> None:
    chunk = b"x" * 1000
    assert await rechunk(stream(chunk), 1000).get() is chunk


async def test_rechunk_holds_less_than_a_chunk_over_and_drops_it_with_cancel() -> None:
    sender, receiver = pipe()
    over = rechunk(receiver, 2)
    sender.write(b"abc")
    assert await over.get() == b"ab"
    over.cancel()
    assert over._have == 0


def test_rechunk_wants_a_size(stream: Stream) -> None:
    with pytest.raises(ValueError, match="at least 1, not 0"):
        rechunk(stream(), 0)


# limit ...


@pytest.mark.parametrize(
    ("size", "chunks", "expected"),
    [
        pytest.param(0, [b"a"], b"", id="nothing"),
        pytest.param(2, [b"ab", b"c"], b"ab", id="at-a-border"),
        pytest.param(2, [b"abc"], b"ab", id="within-a-chunk"),
    ],
)
async def test_limit_gives_what_is_allowed_then_fails(
    size: int, chunks: list[bytes], expected: bytes
) -> None:
    sender, receiver = pipe()
    for chunk in chunks:
        sender.write(chunk)
    limited = limit(receiver, size)
    got = b""
    with pytest.raises(TooLargeError, match=f"longer than allowed .limit: {size} bytes") as caught:
        while True:
            got += await limited.get() or b""
    assert got == expected
    assert caught.value.limit == size
    with pytest.raises(BrokenError) as broken:
        sender.write(b"more")
    assert broken.value.reason is caught.value


async def test_limit_lets_pass_what_is_just_as_long(stream: Stream) -> None:
    assert await limit(stream(b"ab", b"c"), 3).read_all(9) == b"abc"
    assert await limit(stream(), 0).read_all(9) == b""


def test_limit_wants_a_size(stream: Stream) -> None:
    with pytest.raises(ValueError, match="must not be negative, not -1"):
        limit(stream(), -1)


# Fairness ...


async def test_a_reader_of_small_pieces_of_a_large_chunk_yields(stream: Stream) -> None:
    passed = 0

    def turn() -> None:
        nonlocal passed
        passed += 1
        asyncio.get_running_loop().call_soon(turn)

    turn()
    for read in ("read", "read_exactly", "lines", "rechunk"):
        receiver = stream(b"x\n" * 5120)
        passed = count = 0
        if read == "lines":
            count = len([line async for line in receiver.lines()]) * 2
        elif read == "rechunk":
            count = len([chunk async for chunk in rechunk(receiver, 2)]) * 2
        else:
            while count < 10_240:
                count += len(await getattr(receiver, read)(2))
        assert count == 10_240
        assert 4 <= passed <= 12, read


async def test_cancel_is_seen_by_a_reader_that_lets_others_run() -> None:
    over = from_iterable(iter(lambda: b"", b"never"))
    reading = asyncio.create_task(over.get())
    await asyncio.sleep(0)
    over.cancel()
    with pytest.raises(Exception, match="cancelled"):
        await reading
