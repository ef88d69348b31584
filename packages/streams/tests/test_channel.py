from __future__ import annotations

import asyncio
import threading
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from headrace_streams import (
    BrokenError,
    BusyError,
    CapExceededError,
    ClosedError,
    EndOfStream,
    channel,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Turns = Callable[..., Awaitable[None]]

pytestmark = pytest.mark.anyio


async def wait(awaitable: Awaitable[None]) -> None:
    await awaitable


# Sending and receiving ...


async def test_items_come_out_as_they_went_in_none_included() -> None:
    sender, receiver = channel()
    item = object()
    for value in (item, None, 3):
        await sender.send(value)
    sender.close()
    assert await receiver.receive() is item
    assert [value async for value in receiver] == [None, 3]
    for _ in range(2):
        with pytest.raises(EndOfStream, match="every sender has closed"):
            await receiver.receive()


async def test_sends_that_nobody_awaits_are_kept_and_warn_of_nothing() -> None:
    sender, receiver = channel(high=1)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for number in range(5):
            sender.send(number)
    sender.close()
    assert seen == []
    assert [value async for value in receiver] == [0, 1, 2, 3, 4]


async def test_each_item_goes_to_one_receiver(turns: Turns) -> None:
    sender, first = channel()
    second = first.clone()
    got: dict[str, list[int]] = {"first": [], "second": []}

    async def receive(name: str, receiver: Any) -> None:
        async for value in receiver:
            got[name].append(value)
            await asyncio.sleep(0)

    tasks = [
        asyncio.create_task(receive("first", first)),
        asyncio.create_task(receive("second", second)),
    ]
    await turns()
    for number in range(10):
        await sender.send(number)
    sender.close()
    await asyncio.gather(*tasks)
    assert sorted(got["first"] + got["second"]) == list(range(10))
    assert got["first"]
    assert got["second"]


# Marks ...


async def test_a_sender_waits_above_the_high_mark_until_the_low_one(turns: Turns) -> None:
    sender, receiver = channel(high=4, low=2, size=len)
    await sender.send("abcd")
    sending = asyncio.create_task(wait(sender.send("e")))
    await turns()
    assert not sending.done()
    statistics = receiver.statistics()
    assert (statistics.buffered, statistics.items, statistics.senders_waiting) == (5, 2, 1)
    await receiver.receive()
    await sending
    await sender.send("f")
    sender.close()
    assert [value async for value in receiver] == ["e", "f"]


async def test_a_send_awaited_only_when_the_channel_flows_again_does_not_wait() -> None:
    sender, receiver = channel(high=0)
    late = sender.send(1)
    assert await receiver.receive() == 1
    await late
    sender.close()


async def test_cap_refuses_only_what_nobody_awaits() -> None:
    sender, receiver = channel(high=1, cap=3)
    for number in range(3):
        sender.send(number)
    with pytest.raises(CapExceededError):
        sender.send(3)
    sender.close()
    assert [value async for value in receiver] == [0, 1, 2]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        pytest.param({}, (16, 64, 1024), id="default"),
        pytest.param({"high": 1000}, (250, 1000, 16000), id="large"),
        pytest.param({"high": 3, "low": 3, "cap": 3}, (3, 3, 3), id="equal"),
    ],
)
def test_marks(marks: dict[str, Any], expected: tuple[int, int, int]) -> None:
    sender, receiver = channel(**marks)
    statistics = receiver.statistics()
    assert (statistics.low, statistics.high, statistics.cap) == expected
    sender.close()


@pytest.mark.parametrize(
    "marks",
    [{"high": -1}, {"high": 4, "low": 5}, {"high": 4, "low": -1}, {"high": 4, "cap": 3}],
    ids=["negative-high", "low-over-high", "negative-low", "cap-under-high"],
)
def test_marks_out_of_order_are_refused(marks: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not 0 <= low <= high <= cap"):
        channel(**marks)


async def test_a_send_that_never_blocks_yields_once_per_quota() -> None:
    sender, receiver = channel(high=5000)
    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        asyncio.get_running_loop().call_soon(turn)

    asyncio.get_running_loop().call_soon(turn)
    for number in range(1000):
        await sender.send(number)
    assert turns == 3
    receiver.cancel()


# Endings ...


async def test_it_ends_with_the_last_sender() -> None:
    first, receiver = channel()
    second = first.clone()
    async with first:
        await first.send(1)
    assert receiver.statistics().open_senders == 1
    await second.send(2)
    second.close()
    second.close()
    assert [value async for value in receiver] == [1, 2]
    with pytest.raises(ClosedError):
        first.send(3)
    with pytest.raises(ClosedError):
        first.clone()


async def test_one_failed_sender_is_the_channels_failure() -> None:
    first, receiver = channel()
    second = first.clone()
    third = first.clone()

    async def produce() -> None:
        async with first:
            await first.send(1)
            raise OSError("torn")

    with pytest.raises(OSError, match="torn"):
        await produce()
    second.fail(ValueError("later"))
    second.fail(ValueError("again"))
    with pytest.raises(ClosedError):
        third.send(2)
    third.close()
    assert await receiver.receive() == 1
    depths = []
    for _ in range(3):
        with pytest.raises(OSError, match="torn") as caught:
            await receiver.receive()
        depths.append(len(caught.traceback))
    assert depths[1] == depths[2]


async def test_a_cancelled_sender_is_a_broken_channel() -> None:
    sender, receiver = channel()
    error = asyncio.CancelledError()
    sender.fail(error)
    with pytest.raises(BrokenError, match="a sender gave up") as caught:
        await receiver.receive()
    assert caught.value.reason is error


async def test_fail_wants_an_instance() -> None:
    sender, receiver = channel()
    with pytest.raises(TypeError, match="exception instance"):
        sender.fail(ValueError)  # type: ignore[arg-type]
    receiver.cancel()


async def test_it_breaks_with_the_last_receiver(turns: Turns) -> None:
    sender, first = channel(high=1)
    second = first.clone()
    first.cancel()
    await sender.send(1)
    sending = asyncio.create_task(wait(sender.send(2)))
    await turns()
    reason = KeyError("enough")
    second.cancel(reason)
    second.cancel()
    with pytest.raises(BrokenError, match="all receivers were cancelled") as caught:
        await sending
    assert caught.value.reason is reason
    with pytest.raises(BrokenError):
        sender.send(3)
    for receiver in (first, second):
        with pytest.raises(ClosedError):
            await receiver.receive()
    with pytest.raises(ClosedError):
        second.clone()


async def test_leaving_the_receiver_block_cancels_this_end_only(turns: Turns) -> None:
    sender, first = channel()
    async with first.clone() as second:
        waiting = asyncio.create_task(second.receive())
        other = asyncio.create_task(first.receive())
        await turns()
        assert sender.statistics().receivers_waiting == 2
    with pytest.raises(ClosedError):
        await waiting
    await sender.send(1)
    assert await other == 1
    sender.close()


# Cancellation ...


@pytest.mark.parametrize("cancel_first", [True, False], ids=["before", "after"])
async def test_a_receive_cancelled_around_its_wake_up_loses_nothing(
    turns: Turns, cancel_first: bool
) -> None:
    sender, receiver = channel()
    receiving = asyncio.create_task(receiver.receive())
    await turns()
    if cancel_first:
        receiving.cancel()
    sender.send(1)
    receiving.cancel()
    await turns()
    assert receiving.cancelled()
    sender.close()
    assert [value async for value in receiver] == [1]


async def test_a_cancelled_receive_no_longer_waits(turns: Turns) -> None:
    sender, receiver = channel()
    receiving = asyncio.create_task(receiver.receive())
    await turns()
    receiving.cancel()
    await turns()
    assert receiver.statistics().receivers_waiting == 0
    sender.close()


async def test_a_cancelled_receiver_passes_its_wake_up_on(turns: Turns) -> None:
    sender, first = channel()
    second = first.clone()
    tasks = [asyncio.create_task(end.receive()) for end in (first, second)]
    await turns()
    sender.send(1)
    tasks[0].cancel()
    await turns()
    assert tasks[0].cancelled()
    assert await tasks[1] == 1
    sender.close()


async def test_a_wake_up_that_came_too_late_is_not_passed_on(turns: Turns) -> None:
    sender, receiver = channel()
    receiving = asyncio.create_task(receiver.receive())
    await turns()
    sender.send(1)
    quicker = receiver.clone()
    assert await quicker.receive() == 1
    receiving.cancel()
    await turns()
    assert receiving.cancelled()
    sender.close()


async def test_two_tasks_at_one_end_is_an_error_that_says_so(turns: Turns) -> None:
    sender, receiver = channel()
    receiving = asyncio.create_task(receiver.receive())
    await turns()
    with pytest.raises(BusyError, match="another task is receiving from this end; give it a clone"):
        await receiver.receive()
    sender.send(1)
    with pytest.raises(BusyError):  # woken, but it has not run yet: the item is his
        await receiver.receive()
    assert await receiving == 1
    sender.send(2)
    assert await receiver.receive() == 2
    sender.close()


async def test_a_negative_size_is_refused() -> None:
    sender, receiver = channel(size=lambda item: item)
    with pytest.raises(ValueError, match="must not be negative, not -1"):
        sender.send(-1)
    assert sender.statistics().items == 0
    sender.close()
    receiver.cancel()


async def test_a_cancelled_wait_of_a_send_leaves_the_item(turns: Turns) -> None:
    sender, receiver = channel(high=0)
    sending = [asyncio.create_task(wait(sender.send(number))) for number in range(2)]
    await turns()
    sending[0].cancel()
    await turns()
    assert sender.statistics().senders_waiting == 1
    sender.close()
    assert [value async for value in receiver] == [0, 1]
    await sending[1]


async def test_a_waiter_that_is_done_already_is_passed_over(turns: Turns) -> None:
    sender, first = channel()
    second = first.clone()
    tasks = [asyncio.create_task(end.receive()) for end in (first, second)]
    await turns()
    tasks[0].cancel()
    sender.send(1)  # before the cancelled task has run
    assert await tasks[1] == 1
    sender.close()
    assert tasks[0].cancelled()


# What else can be seen ...


async def test_statistics(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(100))
    monkeypatch.setattr("headrace_streams._channel.monotonic", lambda: float(next(clock)))
    sender, receiver = channel(high=3, low=0, size=len)
    receiving = asyncio.create_task(receiver.receive())
    await turns()
    sender.send("ab")
    await receiving
    sending = asyncio.create_task(wait(sender.send("abcd")))
    await turns()
    assert await receiver.receive() == "abcd"
    await sending
    statistics = receiver.statistics()
    assert (statistics.items_in, statistics.items_out) == (2, 2)
    assert (statistics.size_in, statistics.size_out, statistics.peak) == (6, 6, 4)
    assert (statistics.send_blocked, statistics.receive_blocked) == (1, 1)
    assert (statistics.open_senders, statistics.open_receivers) == (1, 1)
    sender.close()


def test_repr_shows_the_state() -> None:
    sender, receiver = channel(high=4)
    sender.send(1)
    assert repr(receiver) == "<ItemReceiver open, 1 items, high 4>"
    sender.close()
    assert repr(sender) == "<ItemSender closed, 1 items, high 4>"
    receiver.cancel()


# Dropped ends ...


async def test_a_sender_dropped_open_warns_and_fails_the_channel() -> None:
    sender, receiver = channel()
    ends = [sender]
    del sender
    with pytest.warns(ResourceWarning, match="dropped while open: <ItemSender open"):
        ends.clear()
    with pytest.raises(BrokenError, match="a sender was dropped"):
        await receiver.receive()


async def test_a_receiver_dropped_open_warns_and_breaks_the_channel() -> None:
    sender, receiver = channel()
    ends = [receiver]
    del receiver
    with pytest.warns(ResourceWarning, match="dropped while open: <ItemReceiver open"):
        ends.clear()
    with pytest.raises(BrokenError, match="the receivers were dropped"):
        sender.send(1)


def run(thread: threading.Thread) -> None:
    thread.start()
    thread.join()


async def test_an_end_may_be_collected_in_another_thread(turns: Turns) -> None:
    sender, receiver = channel()
    receiving = asyncio.create_task(receiver.receive())
    await turns()
    ends = [sender]
    del sender
    thread = threading.Thread(target=ends.clear)
    with pytest.warns(ResourceWarning, match="dropped while open"):
        run(thread)
    with pytest.raises(BrokenError, match="a sender was dropped"):
        await receiving


def test_an_end_may_be_collected_after_its_loop() -> None:
    async def leave() -> Any:
        sender, receiver = channel(high=0)
        waiting = asyncio.ensure_future(wait(sender.send(1)))
        await asyncio.sleep(0)
        return sender, receiver, waiting

    loop = asyncio.new_event_loop()
    sender, receiver, waiting = loop.run_until_complete(leave())
    loop.close()
    ends = [receiver]
    del receiver
    with pytest.warns(ResourceWarning, match="dropped while open"):
        ends.clear()
    assert sender.statistics().open_receivers == 1
    waiting._log_destroy_pending = False
    sender.close()


async def test_a_receiver_that_never_waits_yields_to_the_loop() -> None:
    sender, receiver = channel(high=2000)
    for item in range(2000):
        sender.send(item)
    sender.close()
    passed = 0

    def turn() -> None:
        nonlocal passed
        passed += 1
        asyncio.get_running_loop().call_soon(turn)

    turn()
    assert [item async for item in receiver] == list(range(2000))
    assert 7 <= passed <= 9
