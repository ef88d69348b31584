from __future__ import annotations

import asyncio
import gc
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from headrace_streams import (
    Broadcast,
    BrokenError,
    BusyError,
    CapExceededError,
    ClosedError,
    EndOfStream,
    EvictedError,
    Gap,
    Log,
    MemoryLog,
    Message,
    conflate,
)
from headrace_streams.testing import turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

    from headrace_streams import Subscriber

    Take = Callable[[Subscriber[Any]], Coroutine[Any, Any, Any]]

pytestmark = pytest.mark.anyio


def waiting(subscriber: Subscriber[Any]) -> list[Any]:
    """The items that wait, in the order in which they would be received."""
    items = subscriber._box.items
    return [message.item for message in (items.values() if isinstance(items, dict) else items)]


def items_of(batch: Any) -> list[Any]:
    return [message.item for message in batch]


async def rest(subscriber: Subscriber[Any]) -> list[Any]:
    messages: list[Any] = [message async for message in subscriber]
    return [message.item for message in messages]


async def done(awaitable: Any) -> None:
    await awaitable


# Delivering ...


async def test_everybody_gets_everything_in_order() -> None:
    async with Broadcast[str]() as broadcast:
        first, second = broadcast.subscribe(), broadcast.subscribe()
        reading = asyncio.create_task(rest(second))
        for item in "abc":
            await broadcast.publish(item)
        assert await first.receive() == Message(1, "a")
    assert await rest(first) == ["b", "c"]
    assert await reading == ["a", "b", "c"]
    for _ in range(2):
        with pytest.raises(EndOfStream):
            await first.receive()


async def test_one_object_per_message_however_many_subscribers() -> None:
    broadcast: Broadcast[bytes] = Broadcast()
    subscribers = [broadcast.subscribe() for _ in range(3)]
    broadcast.publish(b"x" * 1000)
    broadcast.close()
    got = [await subscriber.receive() for subscriber in subscribers]
    assert got[0] is got[1] is got[2]


async def test_a_subscriber_starts_with_the_next_message() -> None:
    broadcast: Broadcast[int] = Broadcast()
    broadcast.publish(1)
    subscriber = broadcast.subscribe()
    broadcast.publish(2)
    broadcast.close()
    assert await rest(subscriber) == [2]


async def test_a_publisher_that_fails_is_told_from_one_that_ends() -> None:
    broadcast: Broadcast[int] = Broadcast()
    subscriber = broadcast.subscribe()
    error = OSError("torn")
    with pytest.raises(OSError, match="torn"):
        async with broadcast:
            broadcast.publish(1)
            raise error
    broadcast.close()
    assert await subscriber.receive() == (1, 1)
    for _ in range(2):
        with pytest.raises(OSError, match="torn") as caught:
            await subscriber.receive()
        assert caught.value is error
    for call in (lambda: broadcast.publish(2), broadcast.subscribe):
        with pytest.raises(ClosedError):
            call()
    assert broadcast.ended


async def receive(subscriber: Subscriber[Any]) -> Any:
    return await subscriber.receive()


async def step(subscriber: Subscriber[Any]) -> Any:
    """What ``async for`` does."""
    return await anext(subscriber)


either = pytest.mark.parametrize("take", [receive, step])


@either
@pytest.mark.parametrize("end", ["close", "fail", "cancel"])
async def test_every_ending_wakes_a_waiting_subscriber(take: Take, end: str) -> None:
    broadcast: Broadcast[int] = Broadcast()
    subscriber = broadcast.subscribe()
    task = asyncio.create_task(take(subscriber))
    await turns()
    kind: type[Exception]
    if end == "close":
        broadcast.close()
        kind = EndOfStream if take is receive else StopAsyncIteration
    elif end == "fail":
        broadcast.fail(asyncio.CancelledError())
        kind = BrokenError
    else:
        subscriber.cancel()
        kind = ClosedError
    with pytest.raises(kind):
        await task


@either
async def test_one_task_at_a_time(take: Take) -> None:
    broadcast: Broadcast[int] = Broadcast()
    async with broadcast.subscribe() as subscriber:
        task = asyncio.create_task(take(subscriber))
        await turns()
        for other in (receive, step):
            with pytest.raises(BusyError):
                await other(subscriber)
        broadcast.publish(1)
        assert await task == (1, 1)
    assert broadcast.statistics().subscribers == 0


@either
async def test_a_waiting_subscriber_shares_its_messages(take: Take) -> None:
    broadcast: Broadcast[int] = Broadcast()
    subscriber = broadcast.subscribe()
    task = asyncio.create_task(take(subscriber))
    await turns()
    broadcast.publish(1)
    assert await subscriber.receive() == (1, 1)
    await turns()
    assert not task.done()
    broadcast.publish(2)
    assert await task == (2, 2)
    subscriber.cancel()


@either
async def test_a_cancelled_receive_loses_nothing(take: Take) -> None:
    broadcast: Broadcast[int] = Broadcast()
    subscriber = broadcast.subscribe()
    task = asyncio.create_task(take(subscriber))
    await turns()
    broadcast.publish(1)
    task.cancel()
    await asyncio.wait([task])
    task = asyncio.create_task(take(subscriber))
    assert await task == (1, 1)
    task = asyncio.create_task(take(subscriber))
    await turns()
    task.cancel()
    broadcast.publish(2)
    await asyncio.wait([task])
    broadcast.close()
    assert await rest(subscriber) == [2]


# Policies ...


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("wait", "abcab"),
        ("drop_oldest", "cab"),
        ("drop_newest", "abc"),
        ("evict", "abc"),
        (conflate(lambda item: item), "abc"),
    ],
)
async def test_all_that_waits_at_once(policy: Any, expected: str) -> None:
    broadcast: Broadcast[str] = Broadcast()
    subscriber = broadcast.subscribe(high=3, policy=policy)
    for item in "abcab":
        publishing = broadcast.publish(item)
    assert items_of(await subscriber.receive_many()) == list(expected)
    assert subscriber.statistics().waiting == 0
    await publishing  # nobody holds it up any more
    broadcast.close()
    with pytest.raises(EvictedError if policy == "evict" else EndOfStream):
        await subscriber.receive_many()


async def test_batches_of_what_is_published_together() -> None:
    broadcast: Broadcast[str] = Broadcast()
    subscriber = broadcast.subscribe()
    found: list[list[str]] = []

    async def read() -> None:
        async for batch in subscriber.batches():
            found.append([message.item for message in batch if isinstance(message, Message)])

    reading = asyncio.create_task(read())
    for items in ("a", "bcd", "ef"):
        await turns()
        for item in items:
            await broadcast.publish(item)
    await turns()
    broadcast.close()
    await reading
    assert found == [["a"], ["b", "c", "d"], ["e", "f"]]


async def test_a_batch_that_is_cancelled_while_it_is_waited_for_loses_nothing() -> None:
    async with Broadcast[str]() as broadcast:
        subscriber = broadcast.subscribe()
        reading = asyncio.create_task(subscriber.receive_many())
        await turns()
        await broadcast.publish("0")
        await broadcast.publish("1")
        assert items_of(await reading) == ["0", "1"]
        reading = asyncio.create_task(subscriber.receive_many())
        await turns()
        reading.cancel()
        for item in "ab":
            await broadcast.publish(item)
        await asyncio.wait([reading])
        assert reading.cancelled()
        assert items_of(await subscriber.receive_many()) == ["a", "b"]


async def test_batches_of_a_replay_that_catches_up() -> None:
    async with Broadcast[int](MemoryLog(100)) as broadcast:
        for number in range(110):
            await broadcast.publish(number)
        subscriber = broadcast.subscribe(after=5)
        batches = subscriber.batches()
        first = await anext(batches)
        assert isinstance(first[0], Gap)
        found = first[1:]
        while len(found) < 100:
            found += await anext(batches)
        assert items_of(found) == list(range(10, 110))
        waiting_for_more = asyncio.ensure_future(anext(batches))
        await turns()
        await broadcast.publish(110)
        await broadcast.publish(111)
        assert items_of(await waiting_for_more) == [110, 111]


async def test_wait_holds_up_the_publisher_until_a_quarter_waits() -> None:
    broadcast: Broadcast[int] = Broadcast()
    slow = broadcast.subscribe(high=4)
    for item in range(4):
        await broadcast.publish(item)
    publishing = [asyncio.create_task(done(broadcast.publish(item))) for item in (4, 5)]
    await turns()
    assert waiting(slow) == [0, 1, 2, 3, 4, 5]
    assert broadcast.statistics().blocking == 1
    for _ in range(4):
        await slow.receive()
        await turns()
        assert not any(task.done() for task in publishing)
    await slow.receive()
    await asyncio.gather(*publishing)
    assert broadcast.statistics().blocking == 0
    slow.cancel()


async def test_a_wait_is_over_when_the_subscriber_leaves_or_is_cancelled() -> None:
    broadcast: Broadcast[int] = Broadcast()
    slow, slower = broadcast.subscribe(high=1), broadcast.subscribe(high=1)
    broadcast.publish(1)
    task = asyncio.create_task(done(broadcast.publish(2)))
    await turns()
    slow.cancel()
    await turns()
    assert not task.done()
    slower.cancel()
    await task
    slow = broadcast.subscribe(high=1)
    broadcast.publish(3)
    task = asyncio.create_task(done(broadcast.publish(4)))
    await turns()
    task.cancel()
    await asyncio.wait([task])
    assert waiting(slow) == [3, 4]  # cancelling the wait does not take it back
    assert broadcast.statistics().blocked > 0
    broadcast.close()
    assert await rest(slow) == [3, 4]


async def test_messages_that_nobody_awaited_have_a_cap() -> None:
    broadcast: Broadcast[int] = Broadcast(cap=3)
    slow = broadcast.subscribe(high=2)
    for item in range(6):
        broadcast.publish(item)
    for _ in range(2):
        with pytest.raises(CapExceededError, match="limit: 3"):
            broadcast.publish(6)
    assert waiting(slow) == [0, 1, 2, 3, 4, 5]
    for _ in range(6):
        await slow.receive()
    broadcast.publish(7)
    broadcast.close()
    assert await rest(slow) == [7]


@pytest.mark.parametrize(
    ("policy", "kept", "dropped"),
    [
        pytest.param("drop_oldest", [3, 4, 5], 3, id="drop_oldest"),
        pytest.param("drop_newest", [0, 1, 2], 3, id="drop_newest"),
        pytest.param(conflate(lambda item: item % 2), [4, 5], 4, id="conflate"),
        pytest.param(conflate(lambda item: item), [3, 4, 5], 3, id="conflate-many-keys"),
    ],
)
async def test_policies_that_drop_hold_up_nobody(policy: Any, kept: Any, dropped: int) -> None:
    broadcast: Broadcast[int] = Broadcast()
    slow = broadcast.subscribe(high=3, policy=policy)
    for item in range(6):
        await broadcast.publish(item)
    assert waiting(slow) == kept
    statistics = slow.statistics()
    assert (statistics.dropped, statistics.waiting, statistics.high) == (dropped, len(kept), 3)
    message = await slow.receive()
    assert message.id == kept[0] + 1
    await broadcast.publish(6)
    broadcast.close()
    assert await rest(slow) == [*kept[1:], 6]


async def test_conflate_keeps_the_place_of_the_first() -> None:
    broadcast: Broadcast[tuple[str, int]] = Broadcast()
    slow = broadcast.subscribe(policy=conflate(lambda item: item[0]))
    for item in (("a", 1), ("b", 1), ("a", 2)):
        broadcast.publish(item)
    broadcast.close()
    assert await rest(slow) == [("a", 2), ("b", 1)]


async def test_evict_lets_go_of_who_is_too_slow_and_of_nobody_else() -> None:
    broadcast: Broadcast[int] = Broadcast()
    slow = broadcast.subscribe(high=2, policy="evict")
    fast = broadcast.subscribe(high=2, policy="evict")
    for item in range(4):
        await broadcast.publish(item)
        assert (await fast.receive()).id == item + 1
    assert broadcast.statistics().subscribers == 1
    assert [(await slow.receive()).id for _ in range(2)] == [1, 2]
    for _ in range(2):
        with pytest.raises(EvictedError, match="more than 2 messages waited"):
            await slow.receive()
    again = broadcast.subscribe(after=2)  # what it missed is in the log
    broadcast.close()
    assert await rest(again) == [2, 3]
    assert await rest(fast) == []


@pytest.mark.parametrize(
    ("options", "text"),
    [
        pytest.param(
            {"policy": "drop"}, "one of wait, drop_oldest, drop_newest, evict, or", id="p"
        ),
        pytest.param({"high": 0}, "high must be at least 1, not 0", id="high"),
    ],
)
def test_subscriptions_that_make_no_sense_are_refused(options: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Broadcast[int]().subscribe(**options)


def test_figures_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="cap must not be negative, not -1"):
        Broadcast[int](cap=-1)
    with pytest.raises(ValueError, match="limit must not be negative, not -1"):
        MemoryLog[int](-1)


# Replay ...


async def test_replay_then_live_without_a_gap_or_a_repetition() -> None:
    broadcast: Broadcast[int] = Broadcast()
    for item in range(200):
        broadcast.publish(item)
    subscriber = broadcast.subscribe(after=50, high=1000)
    assert subscriber.statistics().replaying
    got = []
    for item in range(200, 300):
        got.append(await subscriber.receive())
        broadcast.publish(item)
    while len(got) < 249:
        got.append(await subscriber.receive())
    broadcast.publish(300)
    broadcast.close()
    got += [message async for message in subscriber]
    assert got == [Message(item + 1, item) for item in range(50, 301)]
    assert not subscriber.statistics().replaying


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param(0, [Gap(7, 0), Message(8, 7), Message(9, 8), Message(10, 9)], id="all"),
        pytest.param(6, [Gap(7, 6), Message(8, 7), Message(9, 8), Message(10, 9)], id="gone"),
        pytest.param(7, [Message(8, 7), Message(9, 8), Message(10, 9)], id="just-there"),
        pytest.param(10, [], id="the-last"),
        pytest.param(99, [Gap(7, 99), Message(8, 7), Message(9, 8), Message(10, 9)], id="unknown"),
        pytest.param("x", [Gap(7, "x"), Message(8, 7), Message(9, 8), Message(10, 9)], id="str"),
    ],
)
async def test_a_gap_is_said_where_the_id_is_gone(after: Any, expected: list[Any]) -> None:
    broadcast: Broadcast[int] = Broadcast(MemoryLog(3))
    for item in range(10):
        broadcast.publish(item)
    subscriber = broadcast.subscribe(after=after)
    broadcast.close()
    assert [message async for message in subscriber] == expected


async def test_a_log_that_keeps_nothing_says_so() -> None:
    broadcast: Broadcast[int] = Broadcast(MemoryLog(0))
    broadcast.publish(0)
    subscriber = broadcast.subscribe(after=0)
    assert await subscriber.receive() == Gap(1, 0)
    task = asyncio.create_task(subscriber.receive())
    await turns()
    broadcast.publish(1)
    assert await task == Message(2, 1)
    broadcast.close()


async def test_a_replay_that_falls_out_of_the_log_says_so() -> None:
    broadcast: Broadcast[int] = Broadcast(MemoryLog(100))
    for item in range(100):
        broadcast.publish(item)
    subscriber = broadcast.subscribe(after=0)
    first = await subscriber.receive()
    for item in range(100, 300):
        await broadcast.publish(item)  # nobody waits for a replay
    broadcast.close()
    got = [first] + [message async for message in subscriber]
    assert got[:64] == [Message(item + 1, item) for item in range(64)]
    assert got[64] == Gap(200, 64)
    assert got[65:] == [Message(item + 1, item) for item in range(200, 300)]


async def test_ids_go_on_where_a_given_log_ends() -> None:
    log: MemoryLog[str] = MemoryLog()
    await log.append("a")
    assert (log.last, len(log)) == (1, 1)
    broadcast: Broadcast[str] = Broadcast(log)
    assert broadcast.last == 1
    subscriber = broadcast.subscribe(after=0)
    broadcast.publish("b")
    broadcast.close()
    assert [message async for message in subscriber] == [(1, "a"), (2, "b")]


async def test_a_long_replay_lets_others_run() -> None:
    broadcast: Broadcast[int] = Broadcast(MemoryLog(10_000))
    for item in range(10_000):
        broadcast.publish(item)
    subscriber = broadcast.subscribe(after=0)
    broadcast.close()
    passed = 0

    def turn() -> None:
        nonlocal passed
        passed += 1
        asyncio.get_running_loop().call_soon(turn)

    turn()
    assert len(await rest(subscriber)) == 10_000
    assert passed > 100


async def test_cancel_during_a_replay() -> None:
    broadcast: Broadcast[int] = Broadcast()
    for item in range(3):
        broadcast.publish(item)
    subscriber = broadcast.subscribe(after=0)
    task = asyncio.create_task(subscriber.receive())
    await asyncio.sleep(0)
    subscriber.cancel()
    with pytest.raises(ClosedError):
        await task
    broadcast.close()


# Fairness, statistics, defects ...


async def test_a_publisher_that_never_waits_yields_to_the_loop() -> None:
    broadcast: Broadcast[int] = Broadcast()
    subscribers = [broadcast.subscribe(policy="drop_oldest", high=1) for _ in range(100)]
    passed = 0

    def turn() -> None:
        nonlocal passed
        passed += 1
        asyncio.get_running_loop().call_soon(turn)

    turn()
    for item in range(4000):
        await broadcast.publish(item)
    assert 5 <= passed <= 8
    for subscriber in subscribers:
        subscriber.cancel()


async def test_what_can_be_seen() -> None:
    broadcast: Broadcast[int] = Broadcast()
    subscriber = broadcast.subscribe(high=9)
    broadcast.publish(1)
    assert repr(broadcast) == "<Broadcast open, 1 subscribers>"
    assert repr(subscriber) == "<Subscriber open, 1 of 9 messages wait>"
    assert broadcast.statistics() == (1, 0, 1, 0, 0.0)
    assert subscriber.statistics() == (1, 9, 0, False)
    subscriber.cancel(KeyError("enough"))
    subscriber.cancel()
    assert repr(subscriber) == "<Subscriber closed, 0 of 9 messages wait>"
    assert subscriber.statistics().dropped == 1
    broadcast.close()
    assert repr(broadcast) == "<Broadcast closed, 0 subscribers>"


async def test_what_is_dropped_open_warns_and_leaves() -> None:
    broadcast: Broadcast[int] = Broadcast()
    subscriber = broadcast.subscribe(high=1)
    broadcast.publish(1)
    task = asyncio.create_task(done(broadcast.publish(2)))
    await turns()
    with pytest.warns(ResourceWarning, match="dropped while open: <Subscriber"):
        del subscriber
    await task
    subscriber = broadcast.subscribe()
    with pytest.warns(ResourceWarning, match="dropped while open: <Broadcast"):
        del broadcast
    with pytest.raises(BrokenError, match="dropped"):
        await subscriber.receive()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del subscriber
        Broadcast[int]()
        gc.collect()


# A log elsewhere ...


class Remote(Log[Any]):
    """Stands for a log that answers late and over a wire; ids are texts without an order."""

    def __init__(self, limit: int = 100) -> None:
        self.memory: MemoryLog[Any] = MemoryLog(limit)
        self.error: BaseException | None = None
        self.over = False
        self.lag = 0

    def name(self, number: Any) -> str:
        return f"{number:x}-{number * 7919 % 101}"

    def number(self, name: Any) -> int:
        return int(name.split("-")[0], 16)

    def translate(self, entry: Any) -> Any:
        if isinstance(entry, Gap):
            return Gap(self.name(entry.id), self.name(entry.after))
        return Message(self.name(entry.id), entry.item)

    async def append(self, item: Any) -> str:
        await asyncio.sleep(0)
        if self.error is not None:
            raise self.error
        return self.name(await self.memory.append(item))

    async def read(self, after: Any, limit: int) -> list[Any]:
        await asyncio.sleep(0)
        entries = await self.memory.read(self.number(after), min(limit, 3))
        await asyncio.sleep(0)
        return [self.translate(entry) for entry in entries]

    async def follow(self, after: Any) -> AsyncIterator[Any]:
        start = None if after is None else self.number(after)
        async for entry in self.memory.follow(start):
            if self.error is not None:
                raise self.error
            for _ in range(self.lag):
                await asyncio.sleep(0)
            yield self.translate(entry)
            if self.over:
                return


async def test_two_broadcasts_over_one_log() -> None:
    log = Remote()
    here: Broadcast[Any] = Broadcast(log)
    there: Broadcast[Any] = Broadcast(log)
    first, second = here.subscribe(), there.subscribe()
    await turns()
    await here.publish("a")
    await there.publish("b")
    for subscriber in (first, second):
        got = [await subscriber.receive() for _ in range(2)]
        assert [message.item for message in got] == ["a", "b"]  # type: ignore[union-attr]
    here.close()
    there.close()
    assert await rest(first) == await rest(second) == []


@pytest.mark.parametrize("lag", [0, 1, 7, 30])
@pytest.mark.parametrize("pace", [0, 1, 5])
async def test_a_replay_joins_a_log_that_is_followed_late(lag: int, pace: int) -> None:
    log = Remote()
    broadcast: Broadcast[int] = Broadcast(log)
    live = broadcast.subscribe(high=1000)
    await turns()
    for item in range(10):
        await broadcast.publish(item)
    log.lag = lag
    replaying = broadcast.subscribe(after=log.name(4), high=1000)
    got: list[Any] = []

    async def read() -> None:
        async for message in replaying:
            got.append(message)
            await turns(pace)

    task = asyncio.create_task(read())
    for item in range(10, 60):
        await broadcast.publish(item)
        await turns(item % 4)
    while len(got) < 56:
        await turns()
    assert [message.item for message in got] == list(range(4, 60))
    while broadcast.statistics().published < 60:
        await turns()
    broadcast.close()
    await task
    assert await rest(live) == list(range(60))


async def test_a_cancelled_receive_does_not_join_twice() -> None:
    log = Remote()
    broadcast: Broadcast[int] = Broadcast(log)
    subscriber = broadcast.subscribe(after=log.name(0))
    for _ in range(2):
        task = asyncio.create_task(subscriber.receive())
        await turns(20)
        assert broadcast.statistics().replaying == 1
        task.cancel()
        await asyncio.wait([task])
    other = broadcast.subscribe(after=log.name(0))
    task = asyncio.create_task(other.receive())
    await turns(20)
    other.cancel()
    with pytest.raises(ClosedError):
        await task
    assert broadcast.statistics().replaying == 1
    await broadcast.publish(1)
    assert (await subscriber.receive()).id == log.name(1)
    broadcast.close()
    assert await rest(subscriber) == []


async def test_the_end_reaches_a_replay_after_all_that_is_in_the_log() -> None:
    log = Remote()
    broadcast: Broadcast[int] = Broadcast(log)
    subscriber = broadcast.subscribe(after=log.name(0))
    task = asyncio.create_task(subscriber.receive())
    await turns(20)
    broadcast.close()
    with pytest.raises(EndOfStream):
        await task


@pytest.mark.parametrize("how", ["error", "end", "cancel"])
async def test_a_log_that_is_not_followed_any_more_ends_the_broadcast(how: str) -> None:
    log = Remote()
    before = asyncio.all_tasks()
    broadcast: Broadcast[int] = Broadcast(log)
    subscriber = broadcast.subscribe()
    await turns()
    if how == "error":
        log.memory.add(1)
        log.error = OSError("no route")
        with pytest.raises(OSError, match="no route"):
            await subscriber.receive()
        with pytest.raises(ClosedError):
            broadcast.publish(2)
    elif how == "end":
        log.over = True
        await broadcast.publish(1)
        assert len(await rest(subscriber)) == 1
    else:
        (follower,) = asyncio.all_tasks() - before
        follower.cancel()
        with pytest.raises(BrokenError, match="not followed any more"):
            await subscriber.receive()
    await turns()
    assert asyncio.all_tasks() == before


async def test_publishing_to_a_log_that_fails() -> None:
    log = Remote()
    broadcast: Broadcast[int] = Broadcast(log)
    log.error = OSError("no route")
    with pytest.raises(OSError, match="no route"):
        await broadcast.publish(1)
    broadcast.close()


async def test_a_follower_waits_for_slow_subscribers_and_passes_gaps_on() -> None:
    log = Remote(5)
    broadcast: Broadcast[int] = Broadcast(log)
    slow = broadcast.subscribe(high=2)
    states = broadcast.subscribe(high=9, policy=conflate(lambda item: item % 2))
    await turns()
    for item in range(3):
        await broadcast.publish(item)  # it knows of its own message only when that has come back
        await turns()
    publishing = asyncio.create_task(done(broadcast.publish(3)))
    await turns(20)
    assert not publishing.done()
    for item in range(4, 20):
        log.memory.add(item)
    await turns(20)
    assert waiting(slow) == [0, 1, 2]
    assert [(await slow.receive()).id for _ in range(3)] == [log.name(n) for n in (1, 2, 3)]
    await publishing
    assert await slow.receive() == Gap(log.name(15), log.name(3))
    assert (await slow.receive()).id == log.name(16)
    await turns(20)
    assert Gap(log.name(15), log.name(3)) in states._box.items.values()
    broadcast.close()
    assert [message.id async for message in slow] == [log.name(17)]
    states.cancel()


# MemoryLog on its own ...


async def test_following_a_log_in_memory() -> None:
    log: MemoryLog[int] = MemoryLog(3)
    from_now, from_start = log.follow(None), log.follow(0)
    task = asyncio.create_task(anext(from_now))
    await turns()
    task.cancel()
    await asyncio.wait([task])
    task = asyncio.create_task(anext(from_now))
    await turns()
    log.add(1)
    assert await task == Message(1, 1)
    for item in range(2, 7):
        log.add(item)
    assert [await anext(aiter(from_start)) for _ in range(3)] == [Gap(3, 0), (4, 4), (5, 5)]
    assert await log.read(5, 10) == [(6, 6)]
    assert await log.read(0, 2) == [Gap(3, 0), (4, 4)]
    task = asyncio.create_task(anext(log.follow(None)))
    await turns()
    task.cancel()
    log.add(7)
    await asyncio.wait([task])
    assert task.cancelled()
    assert len(log) == 3


@either
async def test_a_receive_that_is_cancelled_as_the_end_comes(take: Take) -> None:
    broadcast: Broadcast[int] = Broadcast()
    subscriber = broadcast.subscribe()
    receiving = asyncio.create_task(take(subscriber))
    await asyncio.sleep(0)
    receiving.cancel()
    broadcast.close()
    with pytest.raises(asyncio.CancelledError):
        await receiving
    with pytest.raises(EndOfStream):
        await subscriber.receive()
