"""Every reading shape, over a pipe and over a receiver that has only the core."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from headrace_streams import (
    BusyError,
    ByteReceiver,
    ClosedError,
    IncompleteError,
    TooLargeError,
    from_iterable,
    pipe,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Make = Callable[[bytes], ByteReceiver]

pytestmark = pytest.mark.anyio


def whole(data: bytes) -> list[bytes]:
    return [data] if data else []


def bytewise(data: bytes) -> list[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def threes(data: bytes) -> list[bytes]:
    return [data[i : i + 3] for i in range(0, len(data), 3)]


@pytest.fixture(params=["pipe", "core"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[whole, bytewise, threes], ids=lambda split: split.__name__)
def make(request: pytest.FixtureRequest, kind: str) -> Make:
    """A receiver of some data, cut in some way."""

    def of(data: bytes) -> ByteReceiver:
        chunks = request.param(data)
        if kind == "core":
            return from_iterable(chunks)
        sender, receiver = pipe()
        for chunk in chunks:
            sender.write(chunk)
        sender.close()
        return receiver

    return of


# read, peek, read_exactly, read_all ...


async def test_read_gives_up_to_n_bytes_then_nothing(make: Make) -> None:
    receiver = make(b"abcdefgh")
    got = []
    while piece := await receiver.read(2):
        assert len(piece) <= 2
        got.append(piece)
    assert b"".join(got) == b"abcdefgh"
    assert await receiver.read(2) == b""
    assert await receiver.read(0) == b""
    assert receiver.at_end


async def test_read_without_a_size_is_get(make: Make) -> None:
    receiver = make(b"abcdefgh")
    got = b""
    while True:
        body = await receiver.read()
        if body is None:
            break
        got += body
    assert got == b"abcdefgh"
    assert await receiver.read() is None


async def test_get_after_a_partial_read_gives_the_rest_of_the_chunk(kind: str) -> None:
    receiver = from_iterable([b"abcd", b"ef"]) if kind == "core" else None
    if receiver is None:
        sender, piped = pipe()
        sender.write(b"abcd")
        sender.write(b"ef")
        sender.close()
        got = [await piped.read(1), piped.buffered, await piped.get(), await piped.get()]
        assert got == [b"a", 5, b"bcd", b"ef"]
        assert await piped.get() is None
    else:
        got = [await receiver.read(1), receiver.buffered, await receiver.get()]
        assert got == [b"a", 3, b"bcd"]
        assert await receiver.get() == b"ef"


async def test_peek_consumes_nothing(make: Make) -> None:
    receiver = make(b"abcdef")
    assert (await receiver.peek()).startswith(b"a")
    four = await receiver.peek(4)
    assert len(four) >= 4
    assert b"abcdef".startswith(four)
    assert receiver.buffered >= 4
    assert await receiver.peek(100) == b"abcdef"
    assert not receiver.at_end
    assert await receiver.read_exactly(6) == b"abcdef"
    assert await receiver.peek() == b""


async def test_read_exactly(make: Make) -> None:
    receiver = make(b"abcdefgh")
    assert await receiver.read_exactly(0) == b""
    assert await receiver.read_exactly(4) == b"abcd"
    assert await receiver.read_exactly(1) == b"e"
    with pytest.raises(IncompleteError) as caught:
        await receiver.read_exactly(4)
    assert (caught.value.partial, caught.value.expected) == (b"fgh", 4)
    assert await receiver.get() is None


async def test_read_all(make: Make) -> None:
    assert await make(b"abcdefgh").read_all(8) == b"abcdefgh"
    assert await make(b"").read_all(0) == b""


async def test_read_all_above_the_limit_consumes_nothing(make: Make) -> None:
    receiver = make(b"abcdefgh")
    with pytest.raises(TooLargeError) as caught:
        await receiver.read_all(7)
    assert caught.value.limit == 7
    assert await receiver.read_all(8) == b"abcdefgh"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        pytest.param(lambda r: r.read(-1), "n must not be negative", id="read"),
        pytest.param(lambda r: r.read_exactly(-1), "n must not be negative", id="exactly"),
        pytest.param(lambda r: r.read_until(b"\n", -1), "limit must not be negative", id="until"),
        pytest.param(lambda r: r.read_all(-1), "limit must not be negative", id="all"),
        pytest.param(lambda r: r.peek(0), "n must be at least 1", id="peek"),
        pytest.param(lambda r: r.read_until(b""), "delimiter must not be empty", id="until"),
    ],
)
async def test_senseless_arguments(
    call: Callable[[ByteReceiver], Awaitable[bytes]], message: str, make: Make
) -> None:
    receiver = make(b"ab")
    with pytest.raises(ValueError, match=message):
        await call(receiver)
    assert await receiver.read_all(2) == b"ab"


# read_until, lines ...


async def test_read_until(make: Make) -> None:
    receiver = make(b"one--two----three")
    assert await receiver.read_until(b"--") == b"one"
    assert await receiver.read_until(b"--") == b"two"
    assert await receiver.read_until(b"--") == b""
    with pytest.raises(IncompleteError) as caught:
        await receiver.read_until(b"--")
    assert (caught.value.partial, caught.value.expected) == (b"three", None)
    assert await receiver.get() is None


async def test_read_until_keeps_to_its_limit(make: Make) -> None:
    receiver = make(b"12345--678")
    with pytest.raises(TooLargeError) as caught:
        await receiver.read_until(b"--", 4)
    assert caught.value.limit == 4
    assert await receiver.read_until(b"--", 5) == b"12345"
    assert await receiver.read_all(3) == b"678"


async def test_a_delimiter_at_the_very_end_leaves_the_end(make: Make) -> None:
    receiver = make(b"ab\ncd\n")
    assert await receiver.read_until(b"\n") == b"ab"
    assert await receiver.read_until(b"\n") == b"cd"
    assert receiver.buffered == 0
    assert await receiver.get() is None


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        pytest.param(b"", [], id="nothing"),
        pytest.param(b"a", [b"a"], id="no-end"),
        pytest.param(b"a\n", [b"a"], id="end"),
        pytest.param(b"\n", [b""], id="blank"),
        pytest.param(b"a\r\nb\n\r\nc\r", [b"a", b"b", b"", b"c\r"], id="mixed"),
    ],
)
async def test_lines(make: Make, data: bytes, lines: list[bytes]) -> None:
    assert [line async for line in make(data).lines()] == lines


@pytest.mark.parametrize("end", [b"\n", b""], ids=["with-end", "without"])
async def test_lines_keep_to_their_limit(make: Make, end: bytes) -> None:
    assert [line async for line in make(b"1234" + end).lines(4)] == [b"1234"]
    async with make(b"12345" + end) as receiver:
        with pytest.raises(TooLargeError):
            await anext(receiver.lines(4))


async def test_leaving_lines_early_consumes_whole_lines_only(make: Make) -> None:
    receiver = make(b"a\nb\nc\n")
    async for line in receiver.lines():
        assert line == b"a"
        break
    assert await receiver.read_all(10) == b"b\nc\n"


# text, json_lines ...


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "latin-1"])
async def test_text_breaks_no_character(make: Make, encoding: str) -> None:
    text = "a\u00e9\u00fc\u00a0z"
    if encoding != "latin-1":
        text += "\u20ac\U0001f40e"
    pieces = [piece async for piece in make(text.encode(encoding)).text(encoding)]
    assert "".join(pieces) == text
    assert all(pieces)


async def test_text_that_ends_within_a_character(make: Make) -> None:
    data = "a\u20ac".encode()[:-1]
    with pytest.raises(UnicodeDecodeError):
        [piece async for piece in make(data).text()]
    pieces = [piece async for piece in make(data).text(errors="replace")]
    assert "".join(pieces) == "a\ufffd"


def test_text_of_an_unknown_encoding() -> None:
    with pytest.raises(LookupError):
        from_iterable([]).text("no-such-encoding")


async def test_json_lines(make: Make) -> None:
    data = b'{"a": [1]}\n\n  \r\nnull\r\n"\xc3\xa9"'
    assert [value async for value in make(data).json_lines()] == [{"a": [1]}, None, "\u00e9"]


async def test_json_lines_go_on_after_a_bad_one(make: Make) -> None:
    values = make(b"1\n{\n3\n").json_lines()
    assert await anext(values) == 1
    with pytest.raises(ValueError, match="Expecting property name"):
        await anext(values)
    assert [value async for value in values] == [3]


async def test_json_lines_keep_to_their_limit(make: Make) -> None:
    with pytest.raises(TooLargeError):
        [value async for value in make(b"12345").json_lines(4)]


# Iteration and copying ...


async def test_iteration_gives_chunks(kind: str) -> None:
    chunks = [b"a", b"bc", b"d"]
    if kind == "core":
        assert [chunk async for chunk in from_iterable(chunks)] == chunks
        return
    sender, receiver = pipe()
    for chunk in chunks:
        sender.write(chunk)
    sender.close()
    assert [chunk async for chunk in receiver] == chunks


async def test_copy_to(make: Make) -> None:
    sender, receiver = pipe()
    assert await make(b"abcdef").copy_to(sender) == 6
    assert await receiver.read_all(6) == b"abcdef"


# What a read that does not finish leaves behind ...

SHAPES: list[Any] = [
    pytest.param(lambda r: r.get(), 0, id="get"),
    pytest.param(lambda r: r.read(5), 0, id="read"),
    pytest.param(lambda r: r.read_exactly(5), 2, id="read_exactly"),
    pytest.param(lambda r: r.read_until(b"\n"), 2, id="read_until"),
    pytest.param(lambda r: r.read_all(9), 2, id="read_all"),
    pytest.param(lambda r: r.peek(5), 2, id="peek"),
    pytest.param(lambda r: anext(r.lines()), 2, id="lines"),
    pytest.param(lambda r: anext(r.json_lines()), 2, id="json_lines"),
]


@pytest.mark.parametrize(("call", "taken"), SHAPES)
async def test_a_cancelled_read_of_any_shape_loses_nothing(
    call: Callable[[ByteReceiver], Awaitable[Any]],
    taken: int,
    turns: Callable[..., Awaitable[None]],
) -> None:
    sender, receiver = pipe()
    sender.write(b"a" * (taken // 2))
    sender.write(b"b" * (taken - taken // 2))

    async def read() -> None:
        await call(receiver)

    reading = asyncio.create_task(read())
    await turns()
    assert not reading.done()
    reading.cancel()
    await turns()
    assert reading.cancelled()
    assert receiver.buffered == taken
    sender.write(b"end")
    sender.close()
    assert await receiver.read_all(9) == b"ab"[:taken] + b"end"


@pytest.mark.parametrize(("call", "taken"), SHAPES)
async def test_a_failed_read_of_any_shape_leaves_the_data(
    call: Callable[[ByteReceiver], Awaitable[Any]], taken: int
) -> None:
    sender, receiver = pipe()
    sender.write(b"ab"[:taken])
    sender.fail(OSError("torn"))
    with pytest.raises(OSError, match="torn"):
        await call(receiver)
    if taken:
        assert await receiver.get() == b"ab"
    with pytest.raises(OSError, match="torn"):
        await receiver.get()


@pytest.mark.parametrize(("call", "taken"), SHAPES)
async def test_a_cancelled_receiver_refuses_every_shape(
    call: Callable[[ByteReceiver], Awaitable[Any]], taken: int
) -> None:
    sender, receiver = pipe()
    sender.write(b"a\n")
    assert await receiver.read(1) == b"a"
    receiver.cancel()
    assert receiver.buffered == 0
    with pytest.raises(ClosedError):
        await call(receiver)
    assert sender.buffered == 0


@pytest.mark.parametrize(("call", "taken"), SHAPES)
async def test_a_second_reader_of_any_shape_is_refused(
    call: Callable[[ByteReceiver], Awaitable[Any]],
    taken: int,
    turns: Callable[..., Awaitable[None]],
) -> None:
    sender, receiver = pipe()
    reading = asyncio.create_task(receiver.read_exactly(3))
    sender.write(b"ab")
    await turns()
    with pytest.raises(BusyError):
        await call(receiver)
    sender.write(b"cd")
    sender.close()
    assert await reading == b"abc"
    assert await receiver.get() == b"d"


async def test_many_lines_of_one_chunk_do_not_copy_it_again_and_again() -> None:
    data = b"x\n" * 10_000
    receiver = from_iterable([data])
    assert await receiver.read_until(b"\n") == b"x"
    held = receiver._rest
    async for line in receiver.lines():
        assert line == b"x"
        if receiver._rest:
            assert receiver._rest is held is data
    assert receiver.at_end
