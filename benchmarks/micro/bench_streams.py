"""Time the streams package beside what one would use without it, in one process, by turns.

    python benchmarks/micro/bench_streams.py [--rounds 9] [--uvloop] [--only tiny]

Each figure is the best of all rounds, in CPU time of this process; the contestants of a group take
turns within a round, so that a noisy machine hits all alike. What counts is the ratio.

A queue counts items where a pipe counts bytes, and its cost depends on its bound more than on
anything else: the smaller, the more often a task is woken. So it stands here with several. The one
to quote is 64 items, which people write; 8192 items hold the same bytes as the pipe's default mark,
and 64 items the same as the small pipe. "Calls that do nothing" is what is left of an awaited write
and a read when neither does anything: no Python can be faster than that.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import subprocess
import sys
import time
import tracemalloc
from collections import deque
from typing import TYPE_CHECKING, Any

from headrace_streams import Broadcast, channel, pipe

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

TINY = b"x" * 32
LARGE = b"x" * 65536
READ = bytearray(65536)
HIGH = 256 * 1024


# One producer task, one consumer task, every write awaited.


# A bytearray stands for a read: each chunk is a fresh copy of it, as each ``recv`` makes one.


async def by_pipe(chunk: bytes | bytearray, count: int, high: int) -> None:
    sender, receiver = pipe(high=high)

    async def produce() -> None:
        if type(chunk) is bytes:
            for _ in range(count):
                await sender.write(chunk)
        else:
            for _ in range(count):
                await sender.write(bytes(chunk))
        sender.close()

    task = asyncio.create_task(produce())
    while await receiver.get() is not None:
        pass
    await task


async def by_iteration(chunk: bytes, count: int, high: int) -> None:
    sender, receiver = pipe(high=high)

    async def produce() -> None:
        for _ in range(count):
            await sender.write(chunk)
        sender.close()

    task = asyncio.create_task(produce())
    async for _ in receiver:
        pass
    await task


class Nothing:
    """The two calls of a hand-over without the hand-over."""

    __slots__ = ("done",)

    def __init__(self) -> None:
        sender, receiver = pipe()
        self.done = sender.write(b"")
        sender.close()
        receiver.cancel()

    def write(self, data: bytes) -> Awaitable[None]:
        return self.done

    async def get(self) -> bytes | None:
        return TINY


async def by_nothing(chunk: bytes, count: int) -> None:
    nothing = Nothing()

    async def produce() -> None:
        for _ in range(count):
            await nothing.write(chunk)

    task = asyncio.create_task(produce())
    left = count
    while await nothing.get() is not None:
        left -= 1
        if not left:
            break
    await task


async def by_channel(chunk: bytes, count: int, high: int) -> None:
    sender, receiver = channel(high=high)

    async def produce() -> None:
        async with sender:
            for _ in range(count):
                await sender.send(chunk)

    task = asyncio.create_task(produce())
    async for _ in receiver:
        pass
    await task


async def by_queue(chunk: bytes | bytearray, count: int, bound: int) -> None:
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(bound)

    async def produce() -> None:
        if type(chunk) is bytes:
            for _ in range(count):
                await queue.put(chunk)
        else:
            for _ in range(count):
                await queue.put(bytes(chunk))
        await queue.put(None)

    task = asyncio.create_task(produce())
    while await queue.get() is not None:
        pass
    await task


async def by_anyio(chunk: bytes, count: int, bound: int) -> None:
    from anyio import create_memory_object_stream

    sender, receiver = create_memory_object_stream[bytes](bound)

    async def produce() -> None:
        async with sender:
            for _ in range(count):
                await sender.send(chunk)

    task = asyncio.create_task(produce())
    async with receiver:
        async for _ in receiver:
            pass
    await task


async def by_deque(chunk: bytes | bytearray, count: int, bound: int) -> None:
    """The least that can be written by hand: a deque, a bound, a future for whoever waits."""
    chunks: deque[bytes | None] = deque()
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[None] | None = None

    async def produce() -> None:
        nonlocal waiting
        fresh = type(chunk) is not bytes
        for number in range(count + 1):
            made = bytes(chunk) if fresh else chunk
            chunks.append(made if number < count else None)  # type: ignore[arg-type]
            if waiting is not None:
                waiting.set_result(None)
                waiting = None
            if len(chunks) > bound:
                waiting = loop.create_future()
                await waiting

    task = asyncio.create_task(produce())
    while True:
        while not chunks:
            waiting = loop.create_future()
            await waiting
        if chunks.popleft() is None:
            break
        if waiting is not None and len(chunks) <= bound // 4:
            waiting.set_result(None)
            waiting = None
    await task


# One publisher, many subscribers.


async def fan_out(subscribers: int, messages: int) -> None:
    broadcast: Broadcast[bytes] = Broadcast()

    async def consume(subscriber: Any) -> None:
        async with subscriber:
            for _ in range(messages):
                await subscriber.receive()

    tasks = [asyncio.create_task(consume(broadcast.subscribe())) for _ in range(subscribers)]
    for _ in range(messages):
        await broadcast.publish(TINY)
    await asyncio.gather(*tasks)


async def fan_out_queues(subscribers: int, messages: int) -> None:
    queues: list[asyncio.Queue[bytes]] = [asyncio.Queue(64) for _ in range(subscribers)]

    async def consume(queue: asyncio.Queue[bytes]) -> None:
        for _ in range(messages):
            await queue.get()

    tasks = [asyncio.create_task(consume(queue)) for queue in queues]
    for _ in range(messages):
        for queue in queues:
            await queue.put(TINY)
    await asyncio.gather(*tasks)


Contest = dict[str, "Callable[[], Awaitable[None]]"]

GROUPS: dict[str, tuple[str, int, Contest]] = {
    "tiny": (
        "32-byte chunks, one producer and one consumer task, every write awaited",
        50_000,
        {
            "pipe, 256 KiB": lambda: by_pipe(TINY, 50_000, HIGH),
            "pipe, 256 KiB, async for": lambda: by_iteration(TINY, 50_000, HIGH),
            "pipe, 2 KiB (64 chunks)": lambda: by_pipe(TINY, 50_000, 64 * 32),
            "channel, 64 items": lambda: by_channel(TINY, 50_000, 64),
            "asyncio.Queue, 1 item": lambda: by_queue(TINY, 50_000, 1),
            "asyncio.Queue, 4 items": lambda: by_queue(TINY, 50_000, 4),
            "asyncio.Queue, 16 items": lambda: by_queue(TINY, 50_000, 16),
            "asyncio.Queue, 64 items": lambda: by_queue(TINY, 50_000, 64),
            "asyncio.Queue, 8192 items (256 KiB)": lambda: by_queue(TINY, 50_000, 8192),
            "anyio memory stream, 0 items": lambda: by_anyio(TINY, 50_000, 0),
            "anyio memory stream, 1 item": lambda: by_anyio(TINY, 50_000, 1),
            "anyio memory stream, 64 items": lambda: by_anyio(TINY, 50_000, 64),
            "anyio memory stream, 8192 items": lambda: by_anyio(TINY, 50_000, 8192),
            "bare deque, 64 items": lambda: by_deque(TINY, 50_000, 64),
            "bare deque, 8192 items": lambda: by_deque(TINY, 50_000, 8192),
            "calls that do nothing": lambda: by_nothing(TINY, 50_000),
        },
    ),
    "large": (
        "one 64 KiB chunk again and again, one producer and one consumer task, every write awaited",
        20_000,
        {
            "pipe, 256 KiB": lambda: by_pipe(LARGE, 20_000, HIGH),
            "bare deque, 4 items (256 KiB)": lambda: by_deque(LARGE, 20_000, 4),
            "asyncio.Queue, 4 items (256 KiB)": lambda: by_queue(LARGE, 20_000, 4),
            "anyio memory stream, 4 items": lambda: by_anyio(LARGE, 20_000, 4),
        },
    ),
    "reads": (
        "fresh 64 KiB chunks, as reads make them; else as above",
        20_000,
        {
            "pipe, 256 KiB": lambda: by_pipe(READ, 20_000, HIGH),
            "bare deque, 4 items (256 KiB)": lambda: by_deque(READ, 20_000, 4),
            "asyncio.Queue, 4 items (256 KiB)": lambda: by_queue(READ, 20_000, 4),
        },
    ),
    "broadcast": (
        "256 messages to 1,000 subscribers, one task each",
        256_000,
        {
            "Broadcast, 64 messages each": lambda: fan_out(1000, 256),
            "asyncio.Queue each, 64 items": lambda: fan_out_queues(1000, 256),
        },
    ),
}


def clocked(job: Callable[[], Awaitable[None]], factory: Any) -> float:
    with asyncio.Runner(loop_factory=factory) as runner:

        async def run() -> float:
            start = time.process_time()
            await job()
            return time.process_time() - start

        return runner.run(run())


def report(name: str, rounds: int, factory: Any) -> None:
    title, operations, contest = GROUPS[name]
    best = dict.fromkeys(contest, float("inf"))
    for _ in range(rounds):
        for label, job in contest.items():
            best[label] = min(best[label], clocked(job, factory))
    first = next(iter(best.values()))
    print(f"\n{title}\n\n| | µs each | times the first |\n|---|--:|--:|")
    for label, seconds in best.items():
        print(f"| {label} | {seconds / operations * 1e6:.3f} | {seconds / first:.2f} |")


def report_memory() -> None:
    kept = []
    kept.append(pipe())
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept += [pipe() for _ in range(1000)]
    size = (tracemalloc.get_traced_memory()[0] - before) / 1000
    tracemalloc.stop()
    for sender, receiver in kept:
        sender.close()
        receiver.cancel()
    print(f"\nAn idle pipe takes {size:.0f} bytes.")


def report_import(rounds: int) -> None:
    times: dict[str, list[float]] = {"import asyncio": [], "import asyncio, headrace_streams": []}
    for _ in range(rounds):
        for code, seen in times.items():
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, "-c", code], check=True)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seen.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    bare, ours = (sorted(seen)[len(seen) // 2] * 1e3 for seen in times.values())
    print(f"\nImporting takes {ours - bare:.1f} ms of CPU more than asyncio alone ({bare:.1f} ms).")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", choices=GROUPS)
    parser.add_argument("--uvloop", action="store_true")
    options = parser.parse_args()
    factory = None
    if options.uvloop:
        import uvloop

        factory = uvloop.new_event_loop
    print(f"Python {sys.version.split()[0]}, {'uvloop' if options.uvloop else 'asyncio'}")
    for name in [options.only] if options.only else GROUPS:
        report(name, options.rounds, factory)
    if not options.only:
        report_memory()
        report_import(3 * options.rounds)


if __name__ == "__main__":
    main()
