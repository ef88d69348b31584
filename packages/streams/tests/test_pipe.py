from __future__ import annotations

import asyncio
import gc
import itertools
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

import pytest

from headrace_streams import (
    BrokenError,
    BusyError,
    CapExceededError,
    ClosedError,
    PipeReceiver,
    pipe,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Turns = Callable[..., Awaitable[None]]

pytestmark = pytest.mark.anyio


# Writing and reading ...


async def test_chunks_come_out_as_they_went_in_and_without_a_copy() -> None:
    sender, receiver = pipe()
    chunks = [b"x" * 1000, b"y" * 2000]
    for chunk in chunks:
        sender.write(chunk)
    sender.close()
    assert await receiver.get() is chunks[0]
    assert await receiver.get() is chunks[1]
    assert await receiver.get() is None
    assert await receiver.get() is None
    assert receiver.at_end


async def test_order_holds_over_many_batches() -> None:
    sender, receiver = pipe()
    expected, got = [], []
    for number in range(50):
        for part in range(number % 4):
            chunk = b"%d.%d" % (number, part)
            sender.write(chunk)
            expected.append(chunk)
        if number % 3 == 0 and receiver.buffered:
            got.append(await receiver.get())
    sender.close()
    got += [chunk async for chunk in receiver]
    assert got == expected


async def test_order_holds_over_the_parts_of_a_long_batch() -> None:
    sender, receiver = pipe(high=1 << 30)
    chunks = [bytes([number]) * (1 << 16) for number in range(80)]
    for chunk in chunks[:20]:
        sender.write(chunk)
    got = [await receiver.get() for _ in range(16)]
    for chunk in chunks[20:]:
        sender.write(chunk)
    sender.close()
    got += [chunk async for chunk in receiver]
    assert got == chunks


@pytest.mark.parametrize("kind", [bytearray, memoryview], ids=["bytearray", "memoryview"])
async def test_mutable_data_is_copied_when_written(kind: type[Any]) -> None:
    sender, receiver = pipe()
    source = bytearray(b"abc")
    sender.write(kind(source))
    source[0] = 0
    sender.close()
    assert await receiver.get() == b"abc"
    assert await receiver.get() is None


async def test_a_subclass_of_bytes_becomes_bytes() -> None:
    class Named(bytes):
        pass

    sender, receiver = pipe()
    sender.write(Named(b"abc"))
    sender.close()
    assert type(await receiver.get()) is bytes
    assert await receiver.get() is None


@pytest.mark.parametrize("data", ["text", ["list"], {1: 2}], ids=["str", "list", "dict"])
async def test_other_data_is_refused(data: Any) -> None:
    sender, receiver = pipe()
    with pytest.raises(TypeError, match=f"bytes-like, not {type(data).__name__}"):
        sender.write(data)
    assert sender.buffered == 0
    receiver.cancel()


async def test_an_empty_write_is_nothing() -> None:
    sender, receiver = pipe(high=1)
    await sender.write(b"")
    await sender.write(memoryview(b""))
    assert sender.buffered == 0
    sender.write(b"ab")
    empty = asyncio.ensure_future(_wait(sender.write(b"")))
    await asyncio.sleep(0)
    assert not empty.done()  # it does wait for the pipe to flow again, as any write
    assert await receiver.get() == b"ab"
    await empty
    sender.close()
    assert await receiver.get() is None


async def _wait(awaitable: Awaitable[None]) -> None:
    await awaitable


async def test_writes_that_nobody_awaits_are_kept_and_warn_of_nothing() -> None:
    sender, receiver = pipe(high=4)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for _ in range(20):
            sender.write(b"abc")
        gc.collect()
    assert seen == []
    sender.close()
    assert await receiver.read_all(100) == b"abc" * 20


async def test_a_reader_waits_for_a_write(turns: Turns) -> None:
    sender, receiver = pipe()
    reading = asyncio.create_task(receiver.get())
    await turns()
    assert receiver.statistics().readers_waiting == 1
    sender.write(b"a")
    sender.write(b"b")
    assert await reading == b"a"
    assert await receiver.get() == b"b"
    sender.close()
    assert await receiver.get() is None


def test_a_pipe_can_be_made_and_used_without_a_loop() -> None:
    sender, receiver = pipe()
    sender.write(b"a")
    assert receiver.buffered == sender.buffered == 1
    sender.close()
    receiver.cancel()


# Marks ...


async def test_pause_and_resume_are_called_once_per_crossing() -> None:
    calls: list[str] = []
    sender, receiver = pipe(
        high=10,
        low=4,
        on_pause=lambda: calls.append("pause"),
        on_resume=lambda: calls.append("resume"),
    )
    sender.write(b"x" * 10)
    assert calls == []
    sender.write(b"x")
    sender.write(b"x" * 5)
    assert calls == ["pause"]
    await receiver.get()
    assert calls == ["pause"]  # 6 bytes are left
    await receiver.get()
    assert calls == ["pause"]  # 5
    await receiver.get()
    assert calls == ["pause", "resume"]
    sender.write(b"x" * 11)
    assert calls == ["pause", "resume", "pause"]
    receiver.cancel()
    assert calls == ["pause", "resume", "pause", "resume"]


@pytest.mark.parametrize("written", range(1, 4))
async def test_a_pause_may_end_the_pipe_at_once(
    written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("headrace_streams._buffer.STRIDE", written)  # whatever is looked at then
    receivers: list[PipeReceiver] = []
    sender, receiver = pipe(high=written - 1, on_pause=lambda: receivers[0].cancel())
    receivers.append(receiver)
    waits = [sender.write(b"x") for _ in range(written)]
    with pytest.raises(BrokenError):
        await waits[-1]
    with pytest.raises(BrokenError):
        sender.write(b"x")
    assert sender.buffered == 0


async def test_without_callbacks_it_pauses_all_the_same(turns: Turns) -> None:
    sender, receiver = pipe(high=2)
    writing = asyncio.create_task(_wait(sender.write(b"abc")))
    await turns()
    assert not writing.done()
    assert receiver.statistics().paused
    await receiver.get()
    await writing
    assert not receiver.statistics().paused
    sender.close()


async def test_a_write_that_is_awaited_only_when_the_pipe_flows_again_does_not_wait() -> None:
    sender, receiver = pipe(high=2)
    late = sender.write(b"abc")
    await receiver.get()
    await late
    sender.close()
    assert await receiver.get() is None


async def test_the_write_that_is_waited_for_by_a_waiting_reader_resumes_too() -> None:
    calls: list[str] = []
    sender, receiver = pipe(high=2, on_resume=lambda: calls.append("resume"))
    reading = asyncio.create_task(receiver.get())
    await asyncio.sleep(0)
    sender.write(b"abc")  # wakes the reader, and pauses
    assert await reading == b"abc"
    assert calls == ["resume"]
    sender.close()


async def test_each_blocked_writer_is_woken_once(turns: Turns) -> None:
    sender, receiver = pipe(high=1, low=0)
    done: list[int] = []

    async def write(number: int) -> None:
        await sender.write(b"ab")
        done.append(number)

    tasks = [asyncio.create_task(write(number)) for number in range(3)]
    await turns()
    assert sender.statistics().writers_waiting == 3
    for _ in range(2):
        await receiver.get()
    await turns()
    assert done == []
    await receiver.get()
    sender.write(b"ab")  # pauses again at once: they still have been let through
    await turns()
    assert sorted(done) == [0, 1, 2]
    await asyncio.gather(*tasks)
    receiver.cancel()


async def test_a_cancelled_wait_leaves_the_data_and_the_other_waiters(turns: Turns) -> None:
    sender, receiver = pipe(high=1)
    first = asyncio.create_task(_wait(sender.write(b"ab")))
    second = asyncio.create_task(_wait(sender.write(b"cd")))
    await turns()
    first.cancel()
    await turns()
    assert first.cancelled()
    assert sender.statistics().writers_waiting == 1
    sender.close()
    assert await receiver.read_all(4) == b"abcd"
    await second


async def test_a_waiter_cancelled_after_it_was_woken_is_not_woken_again(turns: Turns) -> None:
    sender, receiver = pipe(high=1)
    writing = asyncio.create_task(_wait(sender.write(b"ab")))
    await turns()
    await receiver.get()
    writing.cancel()
    await turns()
    assert writing.cancelled()
    waiting = asyncio.create_task(_wait(sender.write(b"ab")))
    await turns()
    waiting.cancel()
    receiver.cancel()  # finds a waiter that is done
    await turns()
    assert waiting.cancelled()


async def test_cap_refuses_only_what_nobody_awaits() -> None:
    sender, receiver = pipe(high=4, cap=10)
    sender.write(b"x" * 9)
    sender.write(b"x")
    with pytest.raises(CapExceededError) as caught:
        sender.write(b"x")
    assert caught.value.limit == 10
    assert sender.buffered == 10
    sender.close()
    assert await receiver.read_all(10) == b"x" * 10


async def test_one_chunk_may_pass_the_cap_of_a_flowing_pipe() -> None:
    sender, receiver = pipe(high=4, cap=4)
    sender.write(b"x" * 100)
    sender.close()
    assert await receiver.get() == b"x" * 100
    assert await receiver.get() is None


async def test_a_fast_writer_and_a_stalled_reader_stay_under_the_cap() -> None:
    sender, receiver = pipe(high=1000, cap=5000)
    written = 0
    while written + 64 <= 5000:
        sender.write(b"x" * 64)
        written += 64
    with pytest.raises(CapExceededError):
        sender.write(b"x" * 64)
    assert written == sender.buffered == receiver.statistics().peak
    receiver.cancel()


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        pytest.param({}, (65536, 262144, 4194304), id="default"),
        pytest.param({"high": 100}, (25, 100, 1048576), id="small"),
        pytest.param({"high": 1 << 20}, (1 << 18, 1 << 20, 1 << 24), id="large"),
        pytest.param({"high": 8, "low": 8, "cap": 8}, (8, 8, 8), id="equal"),
        pytest.param({"high": 0}, (0, 0, 1048576), id="zero"),
    ],
)
def test_marks(marks: dict[str, Any], expected: tuple[int, int, int]) -> None:
    sender, receiver = pipe(**marks)
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
        pipe(**marks)


# The three endings ...


async def test_a_failure_comes_after_the_data_and_for_ever() -> None:
    sender, receiver = pipe()
    error = ValueError("producer")
    sender.write(b"a")
    sender.fail(error)
    assert not receiver.at_end
    assert await receiver.get() == b"a"
    depths = []
    for _ in range(3):
        with pytest.raises(ValueError, match="producer") as caught:
            await receiver.get()
        assert caught.value is error
        depths.append(len(caught.traceback))
    assert depths[1] == depths[2]  # the traceback does not grow with each read
    assert not receiver.at_end


@pytest.mark.parametrize(
    "error",
    [asyncio.CancelledError(), GeneratorExit(), KeyboardInterrupt(), StopIteration(1)],
    ids=lambda error: type(error).__name__,
)
async def test_what_must_not_be_raised_elsewhere_becomes_a_reason(error: BaseException) -> None:
    sender, receiver = pipe()
    sender.fail(error)
    with pytest.raises(BrokenError, match="the sender gave up") as caught:
        await receiver.get()
    assert caught.value.reason is error


async def test_fail_wants_an_instance() -> None:
    sender, receiver = pipe()
    with pytest.raises(TypeError, match="exception instance, not <class 'ValueError'>"):
        sender.fail(ValueError)  # type: ignore[arg-type]
    receiver.cancel()


@pytest.mark.parametrize("first", ["close", "fail"])
@pytest.mark.parametrize("second", ["close", "fail"])
async def test_the_first_ending_wins(first: str, second: str) -> None:
    sender, receiver = pipe()
    endings: dict[str, Callable[[], None]] = {
        "close": sender.close,
        "fail": lambda: sender.fail(ValueError("x")),
    }
    assert not sender.ended
    endings[first]()
    endings[second]()
    assert sender.ended
    if first == "close":
        assert await receiver.get() is None
    else:
        with pytest.raises(ValueError, match="x"):
            await receiver.get()
    with pytest.raises(ClosedError, match="the sender was closed"):
        sender.write(b"a")


async def test_cancel_reaches_the_next_write_with_its_reason() -> None:
    sender, receiver = pipe()
    reason = KeyError("enough")
    sender.write(b"abc")
    receiver.cancel(reason)
    receiver.cancel(ValueError("later"))
    for data in (b"a", b""):
        with pytest.raises(BrokenError, match="the receiver was cancelled") as caught:
            sender.write(data)
        assert caught.value.reason is reason
    with pytest.raises(ClosedError, match="the receiver was cancelled"):
        await receiver.get()
    assert sender.buffered == 0
    assert receiver.statistics().bytes_dropped == 3
    sender.close()
    sender.fail(ValueError())
    with pytest.raises(BrokenError):
        sender.write(b"a")


async def test_cancel_wakes_a_blocked_write(turns: Turns) -> None:
    sender, receiver = pipe(high=1)
    late = sender.write(b"ab")
    writing = asyncio.create_task(_wait(sender.write(b"ab")))
    await turns()
    receiver.cancel(KeyError("enough"))
    with pytest.raises(BrokenError):
        await writing
    with pytest.raises(BrokenError):
        await late  # awaited only now


async def test_cancel_wakes_a_waiting_read(turns: Turns) -> None:
    sender, receiver = pipe()
    reading = asyncio.create_task(receiver.get())
    await turns()
    receiver.cancel()
    with pytest.raises(ClosedError):
        await reading
    with pytest.raises(ClosedError):
        await receiver.get()
    assert not receiver.at_end
    with pytest.raises(BrokenError):
        sender.write(b"a")


@pytest.mark.parametrize("read", [True, False], ids=["end-seen", "end-unseen"])
async def test_cancel_after_the_end_changes_nothing(read: bool) -> None:
    sender, receiver = pipe()
    sender.close()
    if read:
        assert await receiver.get() is None
    receiver.cancel()
    assert await receiver.get() is None


async def test_cancel_after_a_failure_changes_nothing_once_it_was_seen() -> None:
    sender, receiver = pipe()
    sender.fail(ValueError("x"))
    with pytest.raises(ValueError, match="x"):
        await receiver.get()
    receiver.cancel()
    with pytest.raises(ValueError, match="x"):
        await receiver.get()


async def test_cancel_of_a_closed_pipe_with_data_drops_it() -> None:
    sender, receiver = pipe(high=1)
    sender.write(b"ab")
    sender.close()
    receiver.cancel()
    with pytest.raises(ClosedError):
        await receiver.get()
    assert not receiver.statistics().paused
    assert not receiver.at_end


async def test_a_blocked_write_of_a_closed_sender_ends_when_the_data_is_read(turns: Turns) -> None:
    sender, receiver = pipe(high=1)
    writing = asyncio.create_task(_wait(sender.write(b"ab")))
    await turns()
    sender.close()
    await turns()
    assert not writing.done()
    assert await receiver.get() == b"ab"
    await writing
    with pytest.raises(ClosedError):
        sender.write(b"a")


async def test_leaving_the_sender_block_closes() -> None:
    sender, receiver = pipe()
    async with sender as entered:
        assert entered is sender
        await sender.write(b"a")
    assert await receiver.read_all(1) == b"a"


async def test_leaving_the_sender_block_by_an_exception_fails() -> None:
    sender, receiver = pipe()

    async def produce() -> None:
        async with sender:
            await sender.write(b"a")
            raise ValueError("crash")

    with pytest.raises(ValueError, match="crash"):
        await produce()
    assert await receiver.get() == b"a"
    with pytest.raises(ValueError, match="crash"):
        await receiver.get()


async def test_leaving_the_receiver_block_cancels() -> None:
    sender, receiver = pipe()
    error = ValueError("enough")

    async def consume() -> None:
        async with receiver as entered:
            assert entered is receiver
            raise error

    with pytest.raises(ValueError, match="enough"):
        await consume()
    with pytest.raises(BrokenError) as caught:
        sender.write(b"a")
    assert caught.value.reason is error


# Cancellation and the guard ...


@pytest.mark.parametrize("cancel_first", [True, False], ids=["before", "after"])
async def test_a_get_cancelled_around_its_wake_up_loses_nothing(
    turns: Turns, cancel_first: bool
) -> None:
    sender, receiver = pipe()
    reading = asyncio.create_task(receiver.get())
    await turns()
    if cancel_first:
        reading.cancel()
    sender.write(b"abc")
    reading.cancel()
    await turns()
    assert reading.cancelled()
    assert await receiver.get() == b"abc"
    sender.close()


async def test_two_readers_at_once_is_an_error_that_says_so(turns: Turns) -> None:
    sender, receiver = pipe()
    reading = asyncio.create_task(receiver.get())
    await turns()
    for _ in range(2):
        with pytest.raises(BusyError, match="another task is reading this receiver"):
            await receiver.get()
    sender.write(b"a")
    with pytest.raises(BusyError):  # woken, but it has not run yet: the chunk is his
        await receiver.get()
    assert await reading == b"a"
    sender.close()
    assert await receiver.get() is None


# Fairness ...


@pytest.fixture
def passed() -> Callable[[], int]:
    """How many turns the loop has made since the first call."""
    turns = -1

    def turn() -> None:
        nonlocal turns
        turns += 1
        asyncio.get_running_loop().call_soon(turn)

    def count() -> int:
        if turns < 0:
            turn()
        return turns

    return count


@pytest.mark.parametrize(
    ("size", "count", "turns"),
    [
        pytest.param(99_000, 44, 4, id="bytes"),
        pytest.param(1024, 5 * 512, 5, id="half-bytes-half-writes"),
        pytest.param(1, 5 * 1023, 5, id="writes"),
    ],
)
async def test_a_write_that_never_blocks_yields_once_per_quota(
    size: int, count: int, turns: int, passed: Callable[[], int]
) -> None:
    sender, receiver = pipe(high=1 << 30)
    start = passed()
    for _ in range(count):
        await sender.write(b"x" * size)
    assert turns - 1 <= passed() - start <= turns + 1
    receiver.cancel()


async def test_writes_of_other_types_yield_as_well(passed: Callable[[], int]) -> None:
    sender, receiver = pipe(high=1 << 30)
    data = bytearray(b"x")
    start = passed()
    for _ in range(5 * 1024):
        await sender.write(data)
    assert 4 <= passed() - start <= 6
    receiver.cancel()


async def test_the_quota_holds_while_there_is_a_backlog(passed: Callable[[], int]) -> None:
    sender, receiver = pipe(high=1 << 30)
    data = b"x" * (1 << 16)
    for _ in range(100):
        sender.write(data)
    await receiver.get()
    start = passed()
    for _ in range(64):
        await sender.write(data)
    assert 3 <= passed() - start <= 6
    receiver.cancel()


@pytest.mark.parametrize("held", [False, True], ids=["plain", "slow-path"])
async def test_a_reader_of_many_tiny_chunks_yields(held: bool, passed: Callable[[], int]) -> None:
    sender, receiver = pipe(high=10_000)
    if held:
        receiver._slow = True
    for _ in range(5 * 1024 + 1):
        sender.write(b"x")
    sender.close()
    start = passed()
    total = 0
    while (chunk := await receiver.get()) is not None:
        total += len(chunk)
        receiver._slow = held
    assert total == 5 * 1024 + 1
    assert 5 <= passed() - start <= 11
    assert receiver.statistics().bytes_out == total


@pytest.mark.parametrize("held", [False, True], ids=["plain", "slow-path"])
@pytest.mark.parametrize(
    ("size", "count"),
    [pytest.param(1 << 16, 160, id="some"), pytest.param(3 << 20, 10, id="more-than-a-quota-each")],
)
async def test_a_reader_of_large_chunks_yields_too(
    size: int, count: int, held: bool, passed: Callable[[], int]
) -> None:
    sender, receiver = pipe(high=1 << 30)
    if held:
        receiver._slow = True
    for _ in range(count):
        sender.write(b"x" * size)
    sender.close()
    start = passed()
    assert await receiver.get()
    for _ in range(count - 1):
        receiver._slow = held
        assert await receiver.get()
    assert 9 <= passed() - start <= 21
    assert await receiver.get() is None


async def test_bytes_are_counted_over_all_batches_and_a_cancel() -> None:
    sender, receiver = pipe(high=10_000)
    for _ in range(3000):
        sender.write(b"ab")
    assert await receiver.get() == b"ab"
    sender.write(bytearray(b"cde"))
    assert sender.statistics().bytes_in == 6003
    receiver.cancel()
    statistics = sender.statistics()
    assert (statistics.bytes_in, statistics.bytes_out, statistics.bytes_dropped) == (6003, 2, 6001)


# What else can be seen ...


async def test_statistics(turns: Turns, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count(100)
    for module in ("_buffer", "_pipe"):
        monkeypatch.setattr(f"headrace_streams.{module}.monotonic", lambda: float(next(ticks)))
    sender, receiver = pipe(high=10, low=2)
    reading = asyncio.create_task(receiver.get())
    await turns()
    sender.write(b"x" * 4)
    await reading
    sender.write(b"x" * 8)
    sender.write(b"x" * 8)
    writing = asyncio.create_task(_wait(sender.write(b"x")))
    await turns()
    statistics = receiver.statistics()
    assert statistics.buffered == statistics.peak == 17
    assert (statistics.bytes_in, statistics.bytes_out) == (21, 4)
    assert (statistics.readers_waiting, statistics.writers_waiting) == (0, 1)
    assert statistics.paused
    assert statistics.read_blocked == 1
    assert statistics.write_blocked == 0
    while receiver.buffered:
        await receiver.get()
    await writing
    sender.close()
    statistics = sender.statistics()
    assert (statistics.bytes_out, statistics.peak) == (21, 17)
    assert statistics.write_blocked == 1
    assert (statistics.sender_open, statistics.receiver_open) == (False, True)


def test_repr_shows_the_state() -> None:
    sender, receiver = pipe(high=4)
    assert repr(sender) == "<PipeSender open, 0 bytes buffered, marks 1/4>"
    sender.write(b"abcde")
    assert repr(receiver) == "<PipeReceiver paused, 5 bytes buffered, marks 1/4>"
    sender.close()
    assert "closed, 5 bytes" in repr(receiver)
    receiver.cancel()
    assert "cancelled, 0 bytes" in repr(sender)
    sender, receiver = pipe()
    sender.fail(ValueError("x"))
    assert "failed with ValueError('x'), 0 bytes" in repr(receiver)


def test_an_idle_pipe_takes_less_than_one_kibibyte() -> None:
    sender, receiver = pipe()
    core = sender._pipe
    parts = [sender, receiver, core, core.inbox, core.outbox, core.writers]
    collector_header = 16
    assert sum(sys.getsizeof(part) + collector_header for part in parts) < 1024
    sender.close()


async def test_a_subclass_of_the_receiver() -> None:
    class Mine(PipeReceiver):
        __slots__ = ("note",)
        note: str

    sender, receiver = pipe(receiver_type=Mine)
    receiver.note = "mine"
    sender.close()
    assert await receiver.get() is None
    assert not hasattr(receiver, "__dict__")


async def test_an_iteration_gives_what_get_gives() -> None:
    class Loud(PipeReceiver):
        async def get(self) -> bytes | None:
            chunk = await super().get()
            return chunk and chunk.upper()

    calls: list[str] = []
    for kind, expected in ((PipeReceiver, [b"a", b"b", b"c"]), (Loud, [b"A", b"B", b"C"])):
        calls.clear()
        sender, receiver = pipe(
            high=2, low=1, on_resume=lambda: calls.append("resume"), receiver_type=kind
        )
        for chunk in (b"a", b"b", b"c"):
            sender.write(chunk)
        sender.close()
        got = []
        async for chunk in receiver:
            got.append(chunk)
            assert len(calls) == (len(got) >= 2)  # one byte is left then
        assert got == expected


# Dropped halves ...


async def test_a_sender_dropped_open_warns_and_fails_the_reader() -> None:
    sender, receiver = pipe()
    sender.write(b"a")
    halves = [sender]
    del sender
    with pytest.warns(ResourceWarning, match="dropped while open: <PipeSender open"):
        halves.clear()
    assert await receiver.get() == b"a"
    with pytest.raises(BrokenError, match="the sender was dropped while open"):
        await receiver.get()


async def test_a_receiver_dropped_open_warns_and_breaks_the_writer() -> None:
    sender, receiver = pipe()
    halves = [receiver]
    del receiver
    with pytest.warns(ResourceWarning, match="dropped while open: <PipeReceiver open"):
        halves.clear()
    with pytest.raises(BrokenError, match="the receiver was dropped while open"):
        sender.write(b"a")


def run(thread: threading.Thread) -> None:
    thread.start()
    thread.join()


async def test_a_half_may_be_collected_in_another_thread(turns: Turns) -> None:
    sender, receiver = pipe()
    reading = asyncio.create_task(receiver.get())
    await turns()
    halves = [sender]
    del sender
    thread = threading.Thread(target=halves.clear)
    with pytest.warns(ResourceWarning, match="dropped while open"):
        run(thread)
    with pytest.raises(BrokenError, match="the sender was dropped while open"):
        await reading


def test_a_half_may_be_collected_after_its_loop() -> None:
    async def leave() -> Any:
        sender, receiver = pipe(high=1)
        waiting = asyncio.ensure_future(_wait(sender.write(b"ab")))
        await asyncio.sleep(0)
        # Never woken: the loop is closed around it.
        return sender, receiver, waiting

    loop = asyncio.new_event_loop()
    sender, receiver, waiting = loop.run_until_complete(leave())
    waiter = sender._pipe.writers[0]
    loop.close()
    halves = [receiver]
    del receiver
    with pytest.warns(ResourceWarning, match="dropped while open"):
        halves.clear()
    assert not waiter.done()
    waiting._log_destroy_pending = False
    sender.close()
