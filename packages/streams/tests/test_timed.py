"""The transforms that wait, by a clock that only the test moves."""

from __future__ import annotations

import asyncio
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from headrace_streams import (
    BrokenError,
    ClosedError,
    TimedOutError,
    TooSlowError,
    heartbeat,
    min_rate,
    pipe,
    throttle,
    timeout,
)
from headrace_streams.testing import FakeClock, turns

if TYPE_CHECKING:
    from collections.abc import Callable

    from headrace_streams import ByteReceiver, PipeReceiver

    Stream = Callable[..., PipeReceiver]

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(1000.0)


def reading(receiver: ByteReceiver) -> asyncio.Task[bytes | None]:
    return asyncio.create_task(receiver.get())


# The clock itself ...


async def test_timers_fire_in_order_and_tasks_run_between_them(clock: FakeClock) -> None:
    seen: list[Any] = []

    async def sleeper(step: float) -> None:
        for _ in range(3):
            woken = asyncio.Event()
            clock.call_at(clock.time() + step, woken.set)
            await woken.wait()
            seen.append((clock.time() - 1000, step))

    tasks = [asyncio.create_task(sleeper(step)) for step in (2.0, 3.0)]
    dropped = clock.call_at(1001, lambda: seen.append("cancelled"))
    dropped.cancel()
    await clock.advance(3)
    assert seen == [(2, 2), (3, 3)]
    assert clock.pending == 2
    await clock.advance(6)
    await asyncio.gather(*tasks)
    assert seen == [(2, 2), (3, 3), (4, 2), (6, 3), (6, 2), (9, 3)]
    assert (clock.time(), clock.pending) == (1009, 0)
    clock.call_at(0, lambda: seen.append(clock.time()))
    await clock.advance()
    assert seen[-1] == 1009
    with pytest.raises(ValueError, match="must not be negative"):
        await clock.advance(-1)


# timeout ...


async def test_idle_counts_from_each_read_and_only_while_reading(clock: FakeClock) -> None:
    sender, receiver = pipe()
    over = timeout(receiver, idle=5, clock=clock)
    for _ in range(3):
        task = reading(over)
        await clock.advance(4.9)
        sender.write(b"a")
        assert await task == b"a"
        await clock.advance(100)  # a slow reader is not the source's fault
    task = reading(over)
    await clock.advance(5)
    with pytest.raises(TimedOutError, match="silent for 5 seconds") as caught:
        await task
    assert (caught.value.kind, caught.value.seconds) == ("idle", 5)
    assert isinstance(caught.value, TimeoutError)
    with pytest.raises(TimedOutError):
        await over.get()
    with pytest.raises(BrokenError) as broken:
        sender.write(b"late")
    assert broken.value.reason is caught.value
    assert clock.pending == 0


@pytest.mark.parametrize("idle", [None, 8.0], ids=["alone", "with-idle"])
async def test_total_counts_from_the_first_read(idle: float | None, clock: FakeClock) -> None:
    sender, receiver = pipe()
    over = timeout(receiver, idle=idle, total=10, clock=clock)
    await clock.advance(100)
    for _ in range(2):
        task = reading(over)
        await clock.advance(4)
        sender.write(b"a")
        assert await task == b"a"
    task = reading(over)
    await clock.advance(2)
    with pytest.raises(TimedOutError, match="not through within 10 seconds") as caught:
        await task
    assert caught.value.kind == "total"


async def test_total_is_over_even_if_data_is_there(clock: FakeClock, stream: Stream) -> None:
    over = timeout(stream(b"a", b"b"), total=10, clock=clock)
    assert await over.get() == b"a"
    await clock.advance(10)
    with pytest.raises(TimedOutError):
        await over.get()


async def test_a_cancelled_read_leaves_no_timer_and_is_no_timeout(clock: FakeClock) -> None:
    sender, receiver = pipe()
    over = timeout(receiver, idle=5, clock=clock)
    task = reading(over)
    await turns()
    assert clock.pending == 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert clock.pending == 0
    sender.write(b"a")
    sender.close()
    assert await over.read_all(9) == b"a"


async def test_a_cancellation_at_the_very_moment_of_a_timeout_wins(clock: FakeClock) -> None:
    sender, receiver = pipe()
    over = timeout(receiver, idle=5, clock=clock)
    task = reading(over)
    await turns()
    ((_, _, timer),) = clock._timers
    timer.callback()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    sender.write(b"a")
    assert await over.get() == b"a"
    over.cancel()


async def test_data_at_the_very_moment_of_a_timeout_is_not_lost(clock: FakeClock) -> None:
    sender, receiver = pipe()
    over = heartbeat(receiver, 5, b"-", clock=clock)
    task = reading(over)
    await turns()
    clock.call_at(1005, lambda: sender.write(b"a") and None)
    await clock.advance(5)
    assert await task == b"-"
    assert await over.get() == b"a"
    over.cancel()


@pytest.mark.parametrize(
    ("make", "text"),
    [
        pytest.param(lambda s: timeout(s), "idle, total, or both", id="timeout-nothing"),
        pytest.param(lambda s: timeout(s, idle=0), "idle must be above 0, not 0", id="idle"),
        pytest.param(lambda s: timeout(s, total=-1), "total must be above 0", id="total"),
        pytest.param(lambda s: min_rate(s, 0), "rate must be above 0", id="min_rate"),
        pytest.param(lambda s: min_rate(s, 1, grace=0), "grace must be above 0", id="grace"),
        pytest.param(lambda s: heartbeat(s, 0, b"-"), "interval must be above 0", id="interval"),
        pytest.param(lambda s: heartbeat(s, 1, b""), "item must not be empty", id="item"),
        pytest.param(lambda s: throttle(s, float("nan")), "rate must be above 0", id="nan"),
        pytest.param(lambda s: throttle(s, 1, burst=0), "burst must be at least 1", id="burst"),
    ],
)
def test_figures_that_make_no_sense_are_refused(make: Any, text: str, stream: Stream) -> None:
    with pytest.raises(ValueError, match=text):
        make(stream())


@pytest.mark.parametrize(
    "error", [TimedOutError("idle", 5.0), TooSlowError(10.0, 5.0)], ids=["timed-out", "too-slow"]
)
def test_errors_survive_pickling(error: TimedOutError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), vars(again), str(again)) == (type(error), vars(error), str(error))


# min_rate ...


async def test_a_source_may_be_as_slow_as_the_rate_for_ever(clock: FakeClock) -> None:
    sender, receiver = pipe()
    over = min_rate(receiver, 10, grace=5, clock=clock)
    for _ in range(50):
        task = reading(over)
        await clock.advance(2)
        sender.write(b"x" * 20)
        assert await task is not None
        await clock.advance(60)  # the reader's own time
    sender.close()
    assert await over.get() is None


async def test_a_trickle_uses_up_the_grace(clock: FakeClock) -> None:
    sender, receiver = pipe()
    over = min_rate(receiver, 10, grace=5, clock=clock)
    sender.write(b"x" * 1000)  # what comes early earns no more than the grace
    assert await over.get() is not None
    seconds = 0
    task = reading(over)
    while not task.done() and seconds < 50:
        await clock.advance(1)
        seconds += 1
        if not task.done():
            sender.write(b"x")
            await task
            task = reading(over)
            await turns()
    with pytest.raises(TooSlowError, match="fell 5 seconds behind 10 bytes per second") as caught:
        await task
    # Each second costs one and earns a tenth: 5 / 0.9.
    assert seconds == 6
    assert (caught.value.rate, caught.value.seconds, caught.value.kind) == (10, 5, "rate")
    with pytest.raises(BrokenError):
        sender.write(b"x")


async def test_reads_that_are_cancelled_again_and_again_cost_as_well(clock: FakeClock) -> None:
    sender, receiver = pipe()
    over = min_rate(receiver, 10, grace=5, clock=clock)
    for _ in range(5):
        task = reading(over)
        await clock.advance(1)
        task.cancel()
        await asyncio.wait([task])
    task = reading(over)
    await clock.advance()
    with pytest.raises(TooSlowError):
        await task
    assert sender.broken


# heartbeat ...


async def test_an_item_for_each_silent_interval(clock: FakeClock) -> None:
    sender, receiver = pipe()
    over = heartbeat(receiver, 15, b": ping\n\n", clock=clock)
    got: list[tuple[float, bytes]] = []

    async def read() -> None:
        async for chunk in over:
            got.append((clock.time() - 1000, chunk))

    task = asyncio.create_task(read())
    await clock.advance(40)
    sender.write(b"data")
    await clock.advance(20)
    sender.close()
    await task
    assert got == [
        (15, b": ping\n\n"), (30, b": ping\n\n"), (40, b"data"), (55, b": ping\n\n"),
    ]  # fmt: skip
    assert clock.pending == 0


async def test_what_is_there_goes_before_an_item_that_is_due(clock: FakeClock) -> None:
    sender, receiver = pipe()
    over = heartbeat(receiver, 15, b"-", clock=clock)
    sender.write(b"a")
    assert await over.get() == b"a"
    sender.write(b"b")
    await clock.advance(100)
    assert await over.get() == b"b"
    task = reading(over)
    await clock.advance(14)
    assert not task.done()
    sender.fail(OSError("torn"))
    with pytest.raises(OSError, match="torn"):
        await task


# throttle ...


async def drained(over: ByteReceiver, clock: FakeClock, seconds: int) -> list[int]:
    """How many bytes came in each second."""
    counts = [0]

    async def read() -> None:
        async for chunk in over:
            counts[-1] += len(chunk)

    task = asyncio.create_task(read())
    await clock.advance()
    for _ in range(seconds):
        counts.append(0)
        await clock.advance(1)
    await asyncio.wait([task], timeout=0)
    assert task.done()
    return counts


@pytest.mark.parametrize(
    ("chunks", "burst", "expected"),
    [
        pytest.param([b"x" * 300], 128, [128, 128, 44], id="one-large-chunk"),
        pytest.param([b"x"] * 300, 128, [128, 128, 44], id="tiny-chunks"),
        pytest.param([b"x" * 32] * 8, 32, [32, 128, 96], id="small-burst"),
        pytest.param([b"x" * 60, b"y" * 60], None, [12, 108, 0], id="default-burst"),
    ],
)
async def test_no_faster_than_the_rate_and_a_burst(
    chunks: list[bytes], burst: int | None, expected: list[int], clock: FakeClock, stream: Stream
) -> None:
    over = throttle(stream(*chunks), 128, burst=burst, clock=clock)
    assert await drained(over, clock, 2) == expected
    assert clock.pending == 0


async def test_the_source_is_read_only_when_something_may_pass(clock: FakeClock) -> None:
    sender, receiver = pipe()
    over = throttle(receiver, 10, burst=10, clock=clock)
    sender.write(b"x" * 10)
    sender.write(b"y")
    assert await over.get() == b"x" * 10
    task = reading(over)
    await turns()
    assert receiver.buffered == 1
    await clock.advance(0.1)
    assert await task == b"y"
    sender.close()
    await clock.advance(10)
    assert await over.get() is None


async def test_cancel_wakes_a_throttled_reader(clock: FakeClock) -> None:
    sender, receiver = pipe()
    over = throttle(receiver, 10, burst=1, clock=clock)
    sender.write(b"xyz")
    assert await over.get() == b"x"
    task = reading(over)
    await turns()
    assert clock.pending == 1
    over.cancel(KeyError("enough"))
    with pytest.raises(ClosedError):
        await task
    assert clock.pending == 0
    with pytest.raises(BrokenError, match="enough"):
        sender.write(b"x")


async def test_a_cancelled_wait_keeps_the_piece(clock: FakeClock, stream: Stream) -> None:
    over = throttle(stream(b"xy"), 10, burst=1, clock=clock)
    assert await over.get() == b"x"
    task = reading(over)
    await turns()
    task.cancel()
    await asyncio.wait([task])
    task = reading(over)
    await clock.advance(0.1)
    assert await task == b"y"
    await clock.advance(0.1)
    assert await over.get() is None


# The running loop as the clock ...


async def test_without_a_clock_it_is_the_loops(stream: Stream) -> None:
    sender, receiver = pipe()
    over = timeout(receiver, idle=0.001)
    with pytest.raises(TimedOutError):
        await over.get()
    assert sender.broken
    assert await throttle(stream(b"x" * 300), 100_000, burst=100).read_all(999) == b"x" * 300
