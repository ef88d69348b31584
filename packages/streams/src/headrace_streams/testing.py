"""A conformance suite for streams: hold your own to the contract that this package's are held to.

Each check takes a factory, makes as many streams with it as it likes, and raises AssertionError
that names the broken rule. It is a coroutine for the test runner of your choice; nothing in it
sleeps, so a stream that never delivers makes it hang: run it under a timeout.

A new rule for receivers or senders is added here, once; every stream then is under it.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from ._errors import BrokenError, BusyError, ClosedError, IncompleteError, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from ._receiver import ByteReceiver
    from ._sender import ByteSender

__all__ = ["check_pair", "check_receiver", "check_sender", "MakeReceiver", "turns"]

# Splits of a text with line ends, a character of more than one byte, and no line end at the end.
_TEXT = "one\ntwo \u20ac\r\n\nlast"
_DATA = _TEXT.encode()
_SPLITS: tuple[tuple[bytes, ...], ...] = (
    (_DATA,),
    tuple(_DATA[i : i + 1] for i in range(len(_DATA))),
    tuple(_DATA[i : i + 5] for i in range(0, len(_DATA), 5)),
)


class MakeReceiver(Protocol):
    """A factory of receivers, for :func:`check_receiver`.

    It is given what the stream shall deliver: the chunks, in whatever pieces suit the stream, then
    the end, or the error if there is one. A plain receiver will do as the context manager.
    """

    def __call__(
        self, chunks: Sequence[bytes], error: Exception | None
    ) -> AbstractAsyncContextManager[ByteReceiver]: ...


async def turns(count: int = 5) -> None:
    """Let everything that is ready on the loop run, ``count`` times over."""
    for _ in range(count):
        await asyncio.sleep(0)


async def _raises(kind: type[Any], call: Callable[[], Any], rule: str) -> Any:
    """Call and await; return the exception of that kind, or say which rule was broken."""
    try:
        await call()
    except kind as exc:
        return exc
    except Exception as exc:
        raise AssertionError(f"{rule}; got {exc!r}") from exc
    raise AssertionError(f"{rule}; nothing was raised")


# A receiver ...


async def check_receiver(make: MakeReceiver) -> None:
    """Check every reading shape, every ending, and cancellation.

    Raises:
        AssertionError: the receiver breaks the contract of ByteReceiver; the text says where.
    """
    for chunks in _SPLITS:
        await _check_chunks(make, chunks)
        await _check_shapes(make, chunks)
        await _check_failure(make, chunks)
        await _check_cancel(make, chunks)
        for count in range(6):
            await _check_cancelled_read(make, chunks, count)
    async with make((), None) as receiver:
        assert await receiver.get() is None, "an empty stream must end at once"
        assert await receiver.read(1) == b"", "read(n) at the end must give nothing"


async def _check_chunks(make: MakeReceiver, chunks: Sequence[bytes]) -> None:
    async with make(chunks, None) as receiver:
        got = [chunk async for chunk in receiver]
        assert b"".join(got) == _DATA, "bytes in must be bytes out"
        assert all(got), "a chunk must not be empty"
        assert all(type(chunk) is bytes for chunk in got), "a chunk must be bytes"
        assert receiver.at_end, "at_end must be True once the end was seen"
        receiver.cancel()
        for _ in range(2):
            assert await receiver.get() is None, "get must give None for ever after the end"


async def _check_shapes(make: MakeReceiver, chunks: Sequence[bytes]) -> None:
    async with make(chunks, None) as receiver:
        assert (await receiver.peek(5))[:5] == _DATA[:5], "peek must show what comes"
        assert await receiver.read_exactly(2) == _DATA[:2], "read_exactly must give all of n"
        assert receiver.buffered >= 3, "what was peeked at must count as buffered"
        assert await receiver.read_until(b"\n") == b"e", "read_until must stop at the delimiter"
        await _raises(TooLargeError, lambda: receiver.read_until(b"\n", 1), "limit must hold")
        await _raises(TooLargeError, lambda: receiver.read_all(1), "read_all's limit must hold")
        assert 1 <= len(await receiver.read(2)) <= 2, "read(n) must give 1 to n bytes"
        await _raises(IncompleteError, lambda: receiver.read_exactly(99), "the end is too early")
        assert await receiver.read_all(0) == b"", "IncompleteError must have consumed the rest"
    async with make(chunks, None) as receiver:
        lines = [line async for line in receiver.lines()]
        assert lines == _DATA.replace(b"\r", b"").split(b"\n"), "lines must be cut at line ends"
    async with make(chunks, None) as receiver:
        assert "".join([part async for part in receiver.text()]) == _TEXT, "text must decode"


async def _check_failure(make: MakeReceiver, chunks: Sequence[bytes]) -> None:
    error = OSError("the failure of this test")
    async with make(chunks, error) as receiver:
        got = b""
        while len(got) < len(_DATA):
            got += await receiver.read(7)
        assert got == _DATA, "the data before a failure must come first"
        for call in (receiver.get, lambda: receiver.read(1), lambda: receiver.read_all(9)):
            raised = await _raises(OSError, call, "a failure must be raised by every read")
            assert raised is error, "a failure must be the producer's own exception"
        assert not receiver.at_end, "a failure must not look like the end"


async def _check_cancel(make: MakeReceiver, chunks: Sequence[bytes]) -> None:
    async with make(chunks, None) as receiver:
        assert await receiver.read(1) == _DATA[:1]
        receiver.cancel(KeyError("enough"))
        receiver.cancel()
        assert receiver.buffered == 0, "cancel must drop what is buffered"
        assert not receiver.at_end, "a cancelled stream must not look like an ended one"
        for call in (receiver.get, lambda: receiver.read_all(99)):
            await _raises(ClosedError, call, "a read after cancel must raise ClosedError")


async def _check_cancelled_read(make: MakeReceiver, chunks: Sequence[bytes], count: int) -> None:
    async with make(chunks, None) as receiver:
        task = asyncio.create_task(receiver.read_exactly(len(_DATA)))
        await turns(count)
        task.cancel()
        got = b""
        with contextlib.suppress(asyncio.CancelledError):
            got = await task
        got += await receiver.read_all(len(_DATA))
        assert got == _DATA, "a cancelled read must lose nothing"


# A sender ...


async def check_sender(make: Callable[[], ByteSender]) -> None:
    """Check what holds for a sender whatever becomes of its bytes, which must flow freely.

    Raises:
        AssertionError: the sender breaks the contract of ByteSender; the text says where.
    """
    for end in ("close", "fail"):
        sender = make()
        untyped: Any = sender
        for data in (b"a", bytearray(b"b"), memoryview(b"c"), b""):
            await sender.write(data)
        sender.write(b"not awaited")
        await _raises(TypeError, partial(untyped.write, "text"), "a str must be refused")
        assert not sender.ended, "a sender must be open until it is ended"
        for _ in range(2):
            sender.close() if end == "close" else sender.fail(ValueError("a test"))
        assert sender.ended, "close and fail must end it"
        sender.fail(ValueError("later"))
        await _raises(ClosedError, partial(sender.write, b"x"), "a write after the end")
    async with make() as sender:
        await sender.write(b"a")
    assert sender.ended, "leaving the block must end it"


# Both ends ...


async def check_pair(make: Callable[[], tuple[ByteSender, ByteReceiver]]) -> None:
    """Check the two ends of one stream against each other.

    The factory must return a new connected pair each time, which passes on at once what is
    written, has room for 100 bytes, and less than a million.

    Raises:
        AssertionError: the pair breaks the contract; the text says where.
    """
    await check_receiver(_fed(make))
    unread: list[ByteReceiver] = []

    def sender_alone() -> ByteSender:
        sender, receiver = make()
        unread.append(receiver)
        return sender

    await check_sender(sender_alone)
    for receiver in unread:
        receiver.cancel()
    await _check_blocked_reader(make)
    await _check_blocked_writer(make)
    await _check_reason(make)


def _fed(make: Callable[[], tuple[ByteSender, ByteReceiver]]) -> MakeReceiver:
    def receiver_of(chunks: Sequence[bytes], error: Exception | None) -> ByteReceiver:
        sender, receiver = make()
        for chunk in chunks:
            sender.write(chunk)
        sender.close() if error is None else sender.fail(error)
        return receiver

    return receiver_of


async def _check_blocked_reader(make: Callable[[], tuple[ByteSender, ByteReceiver]]) -> None:
    sender, receiver = make()
    task = asyncio.create_task(receiver.get())
    await turns()
    assert not task.done(), "get must wait for data"
    await _raises(BusyError, receiver.get, "a second reader must be refused")
    task.cancel()
    await asyncio.wait([task])
    await sender.write(b"a")
    assert await receiver.get() == b"a", "a cancelled get must leave the stream usable"
    task = asyncio.create_task(receiver.get())
    await turns()
    sender.close()
    assert await task is None, "close must wake a waiting reader"
    sender, receiver = make()
    task = asyncio.create_task(receiver.get())
    await turns()
    receiver.cancel()
    await asyncio.wait([task])
    await _raises(ClosedError, lambda: task, "cancel must wake a waiting reader")


async def _check_blocked_writer(make: Callable[[], tuple[ByteSender, ByteReceiver]]) -> None:
    large = b"x" * 1_000_000
    sender, receiver = make()

    async def write() -> None:
        await sender.write(large)

    task = asyncio.create_task(write())
    await turns()
    assert not task.done(), "a write that is too much must wait"
    task.cancel()
    await asyncio.wait([task])
    got = await receiver.read_exactly(len(large))
    assert got == large, "cancelling a write's wait must not take its data back"
    task = asyncio.create_task(write())
    await turns()
    receiver.cancel()
    await asyncio.wait([task])
    await _raises(BrokenError, lambda: task, "cancel must wake a waiting write")


async def _check_reason(make: Callable[[], tuple[ByteSender, ByteReceiver]]) -> None:
    sender, receiver = make()
    reason = KeyError("enough")
    receiver.cancel(reason)
    error = await _raises(BrokenError, lambda: sender.write(b"a"), "a write after cancel")
    assert error.reason is reason, "the reason of cancel must reach the writer"
    sender.close()
