"""The fault helpers themselves, against servers that do one thing: a client that saw nothing wrong
has to have looked."""

import asyncio
import itertools
import socket
import struct

import pytest
from tests.faults import (
    Answer,
    Ask,
    BadAnswer,
    Ending,
    Leave,
    Pattern,
    Target,
    chunked,
    chunks,
    echoing,
    get,
    good,
    half_closed,
    head,
    leaving,
    malformed,
    mutations,
    never_reading,
    pipelining,
    pouring,
    sized,
    slow_body,
    slow_head,
    slow_reading,
    trickling,
    uploading_to_nobody,
)

NO_LINGER = struct.pack("ii", 1, 0)
OK = b"HTTP/1.1 200 OK\r\n"
SIZED = OK + b"content-length: 5\r\n\r\nhello"
CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n005\r\nhello\r\n00\r\nx-sum: 1\r\n\r\n"
PATIENCE = 0.2


def against(serve, client, **target):
    """Run one client against a server that is a coroutine of reader and writer."""

    async def main():
        done = asyncio.Event()

        async def accept(reader, writer):
            try:
                await serve(reader, writer)
            except (EOFError, ConnectionError):
                pass
            finally:
                writer.close()
                done.set()

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        async with server:
            outcome = await client(Target(server.sockets[0].getsockname()[1], **target))
            await asyncio.wait_for(done.wait(), 20)
        return outcome

    return asyncio.run(main())


def saying(data, *, after=b"\r\n\r\n", then=None):
    """A server that answers with these bytes, then closes (or does something else)."""

    async def serve(reader, writer):
        await reader.readuntil(after)
        writer.write(data)
        await writer.drain()
        if then is not None:
            await then(reader, writer)

    return serve


async def resets(reader, writer):
    await asyncio.sleep(0.05)
    reset(writer)


def reset(writer):
    """Abort alone would send FIN, behind everything that the kernel holds."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    writer.transport.abort()


async def waits_for_the_end(reader, writer):
    while await reader.read(65536):
        pass


async def mute(reader, writer):
    await waits_for_the_end(reader, writer)


RIGHT = {
    "sized": (SIZED, Ask(get("/"), expect=b"hello")),
    "chunked, leading zeros, trailers": (
        CHUNKED,
        Ask(get("/"), expect=b"hello", trailers=[("x-sum", "1")]),
    ),
    "after interim ones": (
        b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n" + SIZED,
        Ask(get("/"), expect=b"hello"),
    ),
    "until the close": (
        OK + b"connection: close\r\n\r\nhello",
        Ask(get("/"), expect=b"hello"),
    ),
    "HEAD": (OK + b"content-length: 5\r\n\r\n", Ask(head("HEAD", "/"), expect=b"")),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", Ask(get("/"), status=204)),
}


@pytest.mark.parametrize(("data", "ask"), RIGHT.values(), ids=RIGHT)
def test_a_right_answer(data, ask):
    outcome = against(saying(data), lambda target: good(target, ask))
    assert outcome.ending is Ending.ANSWERED, outcome
    assert outcome.status == ask.status
    assert outcome.received == len(data)
    assert not outcome.refused


HELLO = Ask(get("/"), expect=b"hello")
WRONG = {
    "another body": SIZED.replace(b"hello", b"hallo"),
    "another status": SIZED.replace(b"200", b"500"),
    "bytes after the end": SIZED + b"x",
    "a second answer": SIZED + SIZED,
    "both framings": SIZED.replace(b"content", b"transfer-encoding: chunked\r\ncontent"),
    "two lengths": SIZED.replace(b"content", b"content-length: 5\r\ncontent"),
    "a length that is none": SIZED.replace(b": 5", b": +5"),
    "no framing": OK + b"\r\nhello",
    "a coding that is not chunked": CHUNKED.replace(b": chunked", b": gzip"),
    "no chunk size": CHUNKED.replace(b"005", b"xyz"),
    "a chunk that is longer": CHUNKED.replace(b"hello", b"hello!"),
    "trailers that nobody expects": CHUNKED,
    "no status line": b"hello\r\n\r\n",
    "a status of another version": SIZED.replace(b"1.1", b"1.0"),
    "no field line": SIZED.replace(b"content-length: 5", b"content-length 5"),
    "a bare LF": SIZED.replace(b"\r\n", b"\n") + b"\r\n",
    "an endless line": b"x" * 100_000,
}


@pytest.mark.parametrize("data", WRONG.values(), ids=WRONG)
def test_a_wrong_answer(data):
    outcome = against(saying(data), lambda target: good(target, HELLO))
    assert outcome.ending is Ending.WRONG, outcome
    assert outcome.note


@pytest.mark.parametrize("data", [SIZED, CHUNKED], ids=["sized", "chunked"])
def test_an_answer_that_is_cut_anywhere(data):
    for end in range(len(data)):
        outcome = against(saying(data[:end]), lambda target: good(target, Ask(get("/"))))
        assert outcome.ending is Ending.CLOSED, (end, outcome)
        assert outcome.refused


def test_an_answer_that_is_reset():
    outcome = against(saying(CHUNKED[:-4], then=resets), lambda target: good(target, HELLO))
    assert outcome.ending is Ending.RESET
    assert outcome.refused


def test_no_answer():
    outcome = against(mute, lambda target: good(target, HELLO, patience=PATIENCE))
    assert outcome.ending is Ending.WAITING
    assert not outcome.refused


def test_nobody_listens():
    async def main():
        return await good(Target(1), HELLO)

    assert asyncio.run(main()).ending is Ending.RESET


@pytest.mark.parametrize("change", ["", "lost", "doubled", "moved", "short", "long"])
def test_a_pattern_tells_what_happened_to_it(change):
    pattern = Pattern(7, 300_000)
    data = b"".join(pattern.pieces(1000))
    assert len(data) == 300_000
    changed = {
        "": data,
        "lost": data[:100_000] + data[101_000:],
        "doubled": data[:101_000] + data[100_000:],
        "moved": data[1000:2000] + data[:1000] + data[2000:],
        "short": data[:-1],
        "long": data + b"x",
    }[change]
    wrong = [pattern.feed(changed[at : at + 70_000]) for at in range(0, len(changed), 70_000)]
    wrong.append(pattern.missing())
    assert any(wrong) == bool(change)


async def echoes(reader, writer):
    """A server that sends every byte of a chunked body back."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(OK + b"transfer-encoding: chunked\r\n\r\n")
    while data := await reader.read(1000):
        writer.write(data)
        await writer.drain()


@pytest.mark.parametrize("broken", [False, True])
def test_echoing(broken):
    async def changes(reader, writer):
        await echoes(Changing(reader) if broken else reader, writer)

    outcome = against(
        changes, lambda target: echoing(target, chunked("/"), Pattern(1, 400_000), piece=4096)
    )
    assert outcome.ending is (Ending.WRONG if broken else Ending.ANSWERED), outcome


class Changing:
    """A reader that puts other bytes into one piece."""

    def __init__(self, reader):
        self._reader = reader
        self._number = 0

    async def readuntil(self, end):
        return await self._reader.readuntil(end)

    async def read(self, size):
        data = await self._reader.read(size)
        self._number += 1
        return data if self._number != 100 else bytes(len(data))


@pytest.mark.parametrize(("answers", "ending"), [(30, Ending.ANSWERED), (29, Ending.CLOSED)])
def test_pipelining(answers, ending):
    async def serve(reader, writer):
        for _ in range(30):
            await reader.readuntil(b"\r\n\r\n")
        writer.write(SIZED * answers)

    outcome = against(serve, lambda target: pipelining(target, HELLO, 30, burst=7))
    assert outcome.ending is ending
    assert outcome.statuses == [200] * answers


@pytest.mark.parametrize("extra", [b"", b"x"])
def test_half_closed(extra):
    async def serve(reader, writer):
        await reader.read()
        writer.write(SIZED + extra)

    outcome = against(serve, lambda target: half_closed(target, HELLO))
    assert outcome.ending is (Ending.WRONG if extra else Ending.ANSWERED), outcome


@pytest.mark.parametrize("how", Leave)
@pytest.mark.parametrize(("sent", "received"), [(5, 0), (None, 0), (None, 40)])
def test_leaving(how, sent, received):
    request = get("/")
    seen = []

    async def serve(reader, writer):
        data = b""
        try:
            if sent is None:
                data = await reader.readuntil(b"\r\n\r\n")
                writer.write(SIZED)
            while more := await reader.read(100):
                data += more
            seen.append("fin")
        except ConnectionResetError:
            seen.append("rst")
        if how is Leave.FIN or received:  # a RST may overtake what was sent before
            assert data == request[:sent]

    outcome = against(
        serve, lambda target: leaving(target, request, how, sent=sent, received=received, stay=0.05)
    )
    assert outcome.ending is Ending.LEFT
    assert outcome.received >= received
    if how is Leave.RST:
        assert seen == ["rst"]
    elif sent is not None:
        assert seen == ["fin"]


def test_leaving_too_late():
    outcome = against(saying(SIZED), lambda target: leaving(target, get("/"), received=1000))
    assert outcome.ending is Ending.CLOSED


BLOCKS = itertools.repeat(bytes(65536))


async def never_takes(reader, writer):
    await asyncio.sleep(0.5)


@pytest.mark.parametrize(
    ("stay", "ending"), [(0.0, Ending.LEFT), (20.0, Ending.CLOSED)], ids=["leaves", "stays"]
)
def test_uploading_to_nobody(stay, ending):
    outcome = against(
        never_takes,
        lambda target: uploading_to_nobody(target, get("/"), BLOCKS, still=0.1, stay=stay),
    )
    assert outcome.ending is ending
    assert outcome.sent > 65536


def test_uploading_to_somebody():
    outcome = against(mute, lambda target: uploading_to_nobody(target, get("/"), [bytes(1000)] * 3))
    assert outcome.ending is Ending.ANSWERED


def test_slow_head():
    async def serve(reader, writer):
        assert await reader.readuntil(b"x-1: y\r\n") == get("/")[:-2] + b"x-0: y\r\nx-1: y\r\n"
        writer.write(SIZED.replace(b"200", b"408"))

    outcome = against(serve, lambda target: slow_head(target, get("/"), pause=0.01))
    assert (outcome.ending, outcome.status) == (Ending.ANSWERED, 408)
    assert outcome.refused


def test_slow_body():
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n" + b"1\r\nx\r\n" * 3)

    outcome = against(
        serve, lambda target: slow_body(target, chunked("/"), b"1\r\nx\r\n", pause=0.01)
    )
    assert outcome.ending is Ending.CLOSED


def test_trickling():
    sizes = []

    async def serve(reader, writer):
        for _ in sized("/", b"hello"):
            sizes.append(len(await reader.read(100)))
        writer.write(SIZED)

    outcome = against(serve, lambda target: trickling(target, sized("/", b"hello"), pause=0.002))
    assert outcome.ending is Ending.ANSWERED
    assert set(sizes) == {1}


async def pours(reader, writer):
    await reader.readuntil(b"\r\n\r\n")
    while True:
        writer.write(bytes(65536))
        await asyncio.wait_for(writer.drain(), 0.3)


def test_slow_reading():
    async def cuts(reader, writer):
        try:
            await pours(reader, writer)
        except TimeoutError:
            reset(writer)

    outcome = against(
        cuts, lambda target: slow_reading(target, get("/"), pause=0.05), receive_buffer=4096
    )
    assert outcome.ending is Ending.RESET
    assert 1 < outcome.received < 100


def test_never_reading():
    async def cuts(reader, writer):
        try:
            await pours(reader, writer)
        except TimeoutError:
            reset(writer)

    outcome = against(cuts, lambda target: never_reading(target, get("/")))
    assert (outcome.ending, outcome.received) == (Ending.RESET, 0)


def test_never_reading_from_one_that_bears_it():
    outcome = against(mute, lambda target: never_reading(target, get("/"), patience=PATIENCE))
    assert outcome.ending is Ending.WAITING


@pytest.mark.parametrize(
    ("data", "ending", "statuses"),
    [
        (b"", Ending.CLOSED, []),
        (SIZED.replace(b"200", b"400"), Ending.ANSWERED, [400]),
        (SIZED + CHUNKED.replace(b"200", b"201"), Ending.ANSWERED, [200]),
    ],
)
def test_malformed(data, ending, statuses):
    async def serve(reader, writer):
        assert await reader.read() == b"nonsense"
        writer.write(data)

    outcome = against(serve, lambda target: malformed(target, b"nonsense"))
    assert outcome.ending is ending
    assert outcome.statuses[:1] == statuses


def test_pouring():
    async def serve(reader, writer):
        await reader.readexactly(1_000_000)
        writer.write(SIZED.replace(b"200", b"431"))
        await waits_for_the_end(reader, writer)

    outcome = against(serve, lambda target: pouring(target, BLOCKS, patience=PATIENCE))
    assert (outcome.ending, outcome.status) == (Ending.WAITING, 431)  # it was not closed


def test_mutations_follow_from_their_seed():
    valid = [get("/"), sized("/", b"hello"), chunked("/") + b"".join(chunks([b"a", b"b"]))]
    first, again, other = (list(mutations(valid, seed, 2000)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert all(first)
    assert len(set(first)) > 1700
    assert sum(each in valid for each in first) < 100


def test_a_cancelled_client_leaves_nothing_open():
    async def main():
        gone = asyncio.Event()

        async def serve(reader, writer):
            await mute(reader, writer)
            writer.close()
            gone.set()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            target = Target(server.sockets[0].getsockname()[1])
            task = asyncio.create_task(good(target, HELLO))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await asyncio.wait_for(gone.wait(), 20)

    asyncio.run(main())


def test_a_field_that_is_there_twice_is_no_field():
    answer = Answer(200, [("a", "1"), ("b", "2"), ("a", "1")])
    assert answer.field("b") == "2"
    assert answer.field("c") is None
    with pytest.raises(BadAnswer):
        answer.field("a")
