"""What holds for every byte receiver."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Protocol

from .._errors import ClosedError, IncompleteError, TooLargeError
from ._steps import raises, turns

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager

    from .._receiver import ByteReceiver

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
        await raises(TooLargeError, lambda: receiver.read_until(b"\n", 1), "limit must hold")
        await raises(TooLargeError, lambda: receiver.read_all(1), "read_all's limit must hold")
        assert 1 <= len(await receiver.read(2)) <= 2, "read(n) must give 1 to n bytes"
        await raises(IncompleteError, lambda: receiver.read_exactly(99), "the end is too early")
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
            raised = await raises(OSError, call, "a failure must be raised by every read")
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
            await raises(ClosedError, call, "a read after cancel must raise ClosedError")


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
