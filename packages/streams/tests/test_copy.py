from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from headrace_streams import BrokenError, ClosedError, PipeReceiver, copy, pipe

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Turns = Callable[..., Awaitable[None]]
    Stream = Callable[..., PipeReceiver]

pytestmark = pytest.mark.anyio


async def test_copy_moves_all_and_closes(stream: Stream) -> None:
    sender, receiver = pipe()
    assert await copy(stream(b"abc", b"de"), sender) == 5
    assert [chunk async for chunk in receiver] == [b"abc", b"de"]


async def test_copy_may_leave_the_sender_open(stream: Stream) -> None:
    sender, receiver = pipe()
    assert await copy(stream(b"a"), sender, close=False) == 1
    assert await copy(stream(b"b"), sender) == 1
    assert await receiver.read_all(2) == b"ab"


async def test_a_failed_source_fails_the_sender(stream: Stream) -> None:
    sender, receiver = pipe()
    with pytest.raises(OSError, match="torn"):
        await copy(stream(b"a", error=OSError("torn")), sender, close=False)
    assert await receiver.get() == b"a"
    with pytest.raises(OSError, match="torn"):
        await receiver.get()


async def test_a_reader_that_gave_up_cancels_the_source() -> None:
    source_sender, source = pipe()
    sender, receiver = pipe()
    reason = KeyError("enough")
    receiver.cancel(reason)
    source_sender.write(b"a")
    with pytest.raises(BrokenError) as caught:
        await copy(source, sender)
    assert caught.value.reason is reason
    with pytest.raises(BrokenError) as seen:
        source_sender.write(b"b")
    assert seen.value.reason is caught.value


async def test_the_slower_side_sets_the_pace(turns: Turns) -> None:
    source_sender, source = pipe()
    sender, receiver = pipe(high=2, low=0)
    for _ in range(10):
        source_sender.write(b"xx")
    source_sender.close()
    copying = asyncio.create_task(copy(source, sender))
    await turns()
    assert receiver.buffered == 4
    assert await receiver.read_all(20) == b"x" * 20
    assert await copying == 20


@pytest.mark.parametrize("where", ["read", "write"])
async def test_a_cancelled_copy_ends_both_sides(where: str, turns: Turns) -> None:
    source_sender, source = pipe()
    sender, receiver = pipe(high=0)
    if where == "write":
        source_sender.write(b"a")
    copying = asyncio.create_task(copy(source, sender))
    await turns()
    copying.cancel()
    await turns()
    assert copying.cancelled()
    with pytest.raises(BrokenError):
        source_sender.write(b"b")
    if where == "write":
        assert await receiver.get() == b"a"
    with pytest.raises(BrokenError, match="the sender gave up") as caught:
        await receiver.get()
    assert isinstance(caught.value.reason, asyncio.CancelledError)
    with pytest.raises(ClosedError):
        sender.write(b"c")
