"""What holds for receivers of items: a channel's, a broadcast's, yours."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Protocol

from .._errors import BrokenError, BusyError, ClosedError, EndOfStream
from ._steps import raises, turns

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

# None, a false value and an exception are items like others.
_ITEMS: tuple[Any, ...] = (1, None, "", ValueError("an item"), [2], "last")


class MakeItemReceiver(Protocol):
    """A factory of receivers, for :func:`check_item_receiver`.

    It is given what the stream shall deliver: the items, then the end, or the error if there is
    one. A receiver has ``receive``, ``cancel``, ``async for``, and is its own context manager.
    """

    def __call__(
        self, items: Sequence[Any], error: Exception | None
    ) -> AbstractAsyncContextManager[Any]: ...


def _same(item: Any) -> Any:
    return item


async def check_item_receiver(
    make: MakeItemReceiver, *, item_of: Callable[[Any], Any] = _same
) -> None:
    """Check every ending, and cancellation.

    Args:
        make: makes a receiver of given items.
        item_of: takes what ``receive`` gives and returns the item, if it comes wrapped.

    Raises:
        AssertionError: the receiver breaks the contract; the text says where.
    """
    async with make(_ITEMS, None) as receiver:
        got = [item_of(item) async for item in receiver]
        assert _identical(got, _ITEMS), "items must come out as they went in, in order"
        for _ in range(2):
            await raises(EndOfStream, receiver.receive, "the end must last")
    async with make((), None) as receiver:
        assert [item async for item in receiver] == [], "an empty stream must end at once"
    await _check_failure(make, item_of)
    await _check_cancel(make)
    for count in range(6):
        await _check_cancelled_receive(make, item_of, count)


def _identical(got: Sequence[Any], expected: Sequence[Any]) -> bool:
    return len(got) == len(expected) and all(a is b for a, b in zip(got, expected, strict=True))


async def _check_failure(make: MakeItemReceiver, item_of: Callable[[Any], Any]) -> None:
    error = OSError("the failure of this test")
    async with make(_ITEMS, error) as receiver:
        got = [item_of(await receiver.receive()) for _ in _ITEMS]
        assert _identical(got, _ITEMS), "the items before a failure must come first"
        for _ in range(2):
            raised = await raises(OSError, receiver.receive, "a failure must be raised each time")
            assert raised is error, "a failure must be the sender's own exception"


async def _check_cancel(make: MakeItemReceiver) -> None:
    async with make(_ITEMS, None) as receiver:
        await receiver.receive()
        receiver.cancel(KeyError("enough"))
        receiver.cancel()
        for _ in range(2):
            await raises(ClosedError, receiver.receive, "receive after cancel must raise")


async def _check_cancelled_receive(
    make: MakeItemReceiver, item_of: Callable[[Any], Any], count: int
) -> None:
    async with make(_ITEMS, None) as receiver:
        got: list[Any] = []

        async def collect() -> None:
            async for item in receiver:
                got.append(item_of(item))
                await asyncio.sleep(0)

        task = asyncio.create_task(collect())
        await turns(count)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await collect()
        assert _identical(got, _ITEMS), "a cancelled receive must lose nothing"


async def check_channel(make: Callable[[], tuple[Any, Any]]) -> None:
    """Check the two ends of a channel against each other.

    The factory must return a new connected pair each time, which has room for 10 items and less
    than 10,000; a sender has ``send``, ``close``, ``fail``, a receiver what
    :func:`check_item_receiver` asks for.

    Raises:
        AssertionError: the pair breaks the contract; the text says where.
    """

    def fed(items: Sequence[Any], error: Exception | None) -> Any:
        sender, receiver = make()
        for item in items:
            sender.send(item)
        sender.close() if error is None else sender.fail(error)
        return receiver

    await check_item_receiver(fed)
    await _check_waiting_receiver(make)
    await _check_waiting_sender(make)
    await _check_sender_end(make)


async def _check_waiting_receiver(make: Callable[[], tuple[Any, Any]]) -> None:
    sender, receiver = make()
    task = asyncio.create_task(receiver.receive())
    await turns()
    assert not task.done(), "receive must wait for an item"
    await raises(BusyError, receiver.receive, "a second task must be refused")
    task.cancel()
    await asyncio.wait([task])
    await sender.send(1)
    assert await receiver.receive() == 1, "a cancelled receive must leave the channel usable"
    task = asyncio.create_task(receiver.receive())
    await turns()
    sender.close()
    await asyncio.wait([task])
    await raises(EndOfStream, lambda: task, "close must wake a waiting receiver")
    sender, receiver = make()
    task = asyncio.create_task(receiver.receive())
    await turns()
    receiver.cancel()
    await asyncio.wait([task])
    await raises(ClosedError, lambda: task, "cancel must wake a waiting receiver")
    sender.close()


async def _check_waiting_sender(make: Callable[[], tuple[Any, Any]]) -> None:
    sender, receiver = make()
    sent = 0

    async def flood() -> None:
        nonlocal sent
        while sent < 10_000:
            sent += 1
            await sender.send(sent)

    task = asyncio.create_task(flood())
    await turns(200)
    assert sent < 10_000, "sends that are too much must wait"
    task.cancel()
    await asyncio.wait([task])
    count = sent
    got = [await receiver.receive() for _ in range(count)]
    assert got == list(range(1, count + 1)), "cancelling a send's wait must not take it back"
    task = asyncio.create_task(flood())
    await turns(200)
    reason = KeyError("enough")
    receiver.cancel(reason)
    await asyncio.wait([task])
    broken = await raises(BrokenError, lambda: task, "cancel must wake a waiting send")
    assert broken.reason is reason, "the reason of cancel must reach the sender"
    await raises(BrokenError, lambda: sender.send(1), "a send after cancel")
    sender.close()


async def _check_sender_end(make: Callable[[], tuple[Any, Any]]) -> None:
    for end in ("close", "fail"):
        sender, receiver = make()
        for _ in range(2):
            sender.close() if end == "close" else sender.fail(ValueError("a test"))
        sender.fail(ValueError("later"))
        await raises(ClosedError, lambda: sender.send(1), "a send after the end")  # noqa: B023
        receiver.cancel()
