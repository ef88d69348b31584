"""Several readers of one source, and one reader of several."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from headrace_streams import BrokenError, ClosedError, from_iterable, merge, pipe, tee
from headrace_streams.testing import turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from headrace_streams import PipeReceiver

    Stream = Callable[..., PipeReceiver]

pytestmark = pytest.mark.anyio


# tee ...


async def test_each_branch_gets_the_same_chunks_without_a_copy(stream: Stream) -> None:
    chunks = [b"a" * 100, b"b" * 200]
    branches = tee(stream(*chunks), 3)
    got = await asyncio.gather(*(branch.get() for branch in branches))
    assert all(chunk is chunks[0] for chunk in got)
    assert [await branch.read_all(999) for branch in branches] == [chunks[1]] * 3


async def test_the_slowest_branch_sets_the_pace_and_bounds_the_memory() -> None:
    fetched = 0

    def source() -> Any:
        nonlocal fetched
        while True:
            fetched += 1
            yield b"x" * 10

    fast, slow = tee(from_iterable(source()), high=100)
    for _ in range(11):
        assert await fast.get()
    reading = asyncio.create_task(fast.get())
    await turns(50)
    assert (fetched, reading.done(), slow.buffered) == (11, False, 110)
    for _ in range(9):
        await slow.get()
    assert await reading == b"x" * 10
    whole = asyncio.create_task(fast.read_exactly(10_000))
    await turns(50)
    assert not whole.done()
    slow.cancel()  # whom nobody reads any more holds up nobody
    assert len(await whole) == 10_000
    fast.cancel()


async def test_nothing_is_fetched_before_a_read() -> None:
    sender, receiver = pipe()
    sender.write(b"a")
    first, second = tee(receiver)
    await turns()
    assert receiver.buffered == 1
    first.cancel()
    second.cancel()
    assert sender.broken


@pytest.mark.parametrize("read", [False, True], ids=["before-a-read", "while-reading"])
async def test_the_last_branch_takes_the_source_along(read: bool) -> None:
    sender, receiver = pipe()
    first, second = tee(receiver)
    tasks = [asyncio.create_task(branch.get()) for branch in (first, second)] if read else []
    await turns()
    first.cancel(KeyError("first"))
    first.cancel(KeyError("again"))
    assert not sender.broken
    reason = KeyError("last")
    second.cancel(reason)
    with pytest.raises(BrokenError) as caught:
        sender.write(b"a")
    assert caught.value.reason is reason
    for task in tasks:
        with pytest.raises(ClosedError):
            await task


async def test_a_cancelled_read_of_a_branch_takes_nothing_from_the_others() -> None:
    sender, receiver = pipe()
    first, second = tee(receiver)
    tasks = [asyncio.create_task(branch.get()) for branch in (first, second)]
    await turns()
    tasks[0].cancel()
    await turns()
    sender.write(b"a")
    assert await tasks[1] == b"a"
    assert await first.get() == b"a"
    sender.close()
    assert [await first.get(), await second.get()] == [None, None]


async def test_a_branch_that_is_dropped_leaves() -> None:
    sender, receiver = pipe()
    first, second = tee(receiver)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        del first
        gc.collect()
    assert [warning.category for warning in seen] == [ResourceWarning]
    reading = asyncio.create_task(second.get())
    await turns()
    sender.write(b"a")
    assert await reading == b"a"
    second.cancel()
    assert sender.broken


async def test_a_pump_that_is_cancelled_fails_the_branches() -> None:
    before = asyncio.all_tasks()
    sender, receiver = pipe()
    first, second = tee(receiver)
    reading = asyncio.create_task(first.get())
    await turns()
    (pump,) = asyncio.all_tasks() - before - {reading}
    pump.cancel()
    with pytest.raises(BrokenError, match="CancelledError"):
        await reading
    with pytest.raises(BrokenError, match="CancelledError"):
        await second.get()
    assert sender.broken


@pytest.mark.parametrize(
    ("n", "high", "text"),
    [
        pytest.param(0, 10, "n must be at least 1, not 0", id="n"),
        pytest.param(2, -1, "high must not be negative, not -1", id="high"),
    ],
)
def test_tee_wants_figures_that_make_sense(n: int, high: int, text: str, stream: Stream) -> None:
    with pytest.raises(ValueError, match=text):
        tee(stream(), n, high=high)


# merge ...


async def test_chunks_come_as_they_come() -> None:
    (one, first), (two, second) = pipe(), pipe()
    merged = merge(first, second)
    reading = asyncio.create_task(merged.get())
    await turns()
    two.write(b"2")
    assert await reading == b"2"
    one.write(b"1")
    assert await merged.get() == b"1"
    two.close()
    one.write(b"3")
    one.close()
    assert [chunk async for chunk in merged] == [b"3"]


async def test_nothing_merged_is_an_empty_stream() -> None:
    assert await merge().get() is None


async def test_what_is_unread_is_bounded() -> None:
    fetched = 0

    def source() -> Any:
        nonlocal fetched
        while True:
            fetched += 1
            yield b"x" * 10

    merged = merge(from_iterable(source()), from_iterable(source()), high=100)
    assert await merged.get() == b"x" * 10
    await turns(50)
    assert fetched <= 13
    merged.cancel()
    await turns()


async def test_a_failure_is_seen_after_the_data_and_cancels_the_others(stream: Stream) -> None:
    sender, receiver = pipe()
    error = OSError("torn")
    merged = merge(receiver, stream(b"a", error=error))
    assert await merged.get() == b"a"
    with pytest.raises(OSError, match="torn") as caught:
        await merged.get()
    assert caught.value is error
    with pytest.raises(BrokenError) as broken:
        sender.write(b"b")
    assert broken.value.reason is error


async def test_cancel_reaches_every_source() -> None:
    before = asyncio.all_tasks()
    (one, first), (two, second) = pipe(), pipe()
    merged = merge(first, second)
    reading = asyncio.create_task(merged.get())
    await turns()
    reason = KeyError("enough")
    merged.cancel(reason)
    with pytest.raises(ClosedError):
        await reading
    for sender in (one, two):
        with pytest.raises(BrokenError) as caught:
            sender.write(b"x")
        assert caught.value.reason is reason
    await turns()
    assert asyncio.all_tasks() == before


async def test_a_pump_that_is_cancelled_fails_the_merged_stream() -> None:
    before = asyncio.all_tasks()
    sender, receiver = pipe()
    merged = merge(receiver)
    reading = asyncio.create_task(merged.get())
    await turns()
    (pump,) = asyncio.all_tasks() - before - {reading}
    pump.cancel()
    with pytest.raises(BrokenError, match="CancelledError"):
        await reading
    assert sender.broken
