"""What holds between the two ends of a byte stream."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .._errors import BrokenError, BusyError, ClosedError
from ._receiver import MakeReceiver, check_receiver
from ._sender import check_sender
from ._steps import raises, turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .._receiver import ByteReceiver
    from .._sender import ByteSender


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
    await raises(BusyError, receiver.get, "a second reader must be refused")
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
    await raises(ClosedError, lambda: task, "cancel must wake a waiting reader")


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
    await raises(BrokenError, lambda: task, "cancel must wake a waiting write")


async def _check_reason(make: Callable[[], tuple[ByteSender, ByteReceiver]]) -> None:
    sender, receiver = make()
    reason = KeyError("enough")
    receiver.cancel(reason)
    error = await raises(BrokenError, lambda: sender.write(b"a"), "a write after cancel")
    assert error.reason is reason, "the reason of cancel must reach the writer"
    sender.close()
