"""Every stream of the package under the public suite, and streams that break it."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from headrace_streams import (
    Broadcast,
    ByteReceiver,
    PipeReceiver,
    Subscriber,
    _file,
    channel,
    compress,
    conflate,
    decompress,
    from_file,
    from_generator,
    from_iterable,
    from_thread,
    heartbeat,
    limit,
    map,  # noqa: A004
    merge,
    min_rate,
    pipe,
    rechunk,
    tee,
    throttle,
    timeout,
    to_callback,
    to_file,
)
from headrace_streams.testing import (
    FakeClock,
    check_channel,
    check_item_receiver,
    check_pair,
    check_receiver,
    check_sender,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

pytestmark = pytest.mark.anyio


def items(chunks: Sequence[bytes], error: Exception | None) -> Iterator[bytes]:
    yield from chunks
    if error is not None:
        raise error


async def async_items(chunks: Sequence[bytes], error: Exception | None) -> AsyncIterator[bytes]:
    for item in items(chunks, error):
        yield item


RECEIVERS: dict[str, Callable[..., AbstractAsyncContextManager[ByteReceiver]]] = {
    "from_iterable": lambda chunks, error: from_iterable(items(chunks, error)),
    "from_generator": lambda chunks, error: from_generator(async_items(chunks, error)),
    "from_generator-tight": lambda *args: from_generator(async_items(*args), high=0),
    "from_thread": lambda chunks, error: from_thread(lambda: items(chunks, error)),
    "from_thread-tight": lambda *args: from_thread(lambda: items(*args), high=0),
}


@pytest.mark.parametrize("name", RECEIVERS)
async def test_receivers(name: str) -> None:
    await check_receiver(RECEIVERS[name])


# Each transform so that it changes nothing: then all rules hold for what comes out of it.


def coded(encoding: str, **options: Any) -> Callable[[PipeReceiver], ByteReceiver]:
    return lambda source: source.through(compress, encoding, **options).through(
        decompress, encoding, limit=None
    )


TRANSFORMS: dict[str, Callable[[PipeReceiver], ByteReceiver]] = {
    "map": lambda source: map(source, bytes),
    "map-leaving-out": lambda source: map(merge(map(source, lambda c: c)), lambda c: c or None),
    "rechunk-1": lambda source: rechunk(source, 1),
    "rechunk-7": lambda source: rechunk(source, 7),
    "rechunk-all": lambda source: rechunk(source, 9999),
    "limit": lambda source: limit(source, 9999),
    "limit-exact": lambda source: limit(source, 20),
    "timeout": lambda source: timeout(source, idle=5, total=60, clock=FakeClock()),
    "timeout-loop": lambda source: timeout(source, total=3600),
    "min_rate": lambda source: min_rate(source, 1, clock=FakeClock()),
    "heartbeat": lambda source: heartbeat(source, 60, b"-", clock=FakeClock()),
    "throttle": lambda source: throttle(source, 1e9, burst=3),
    "merge": lambda source: merge(source),
    "merge-tight": lambda source: merge(source, high=0),
    **{e: coded(e, flush_idle=None) for e in ("gzip", "deflate", "br", "zstd")},
    "gzip-flushed": coded("gzip", flush_bytes=1),
    "zstd-idle": coded("zstd", flush_idle=0),
    "chain": lambda source: (
        source.through(map, bytes)
        .through(rechunk, 4)
        .through(timeout, idle=9)
        .through(limit, 99)
        .through(merge)
        .through(heartbeat, 999, b"-")
    ),
}


@pytest.mark.parametrize("name", TRANSFORMS)
async def test_transforms(name: str, stream: Callable[..., PipeReceiver]) -> None:
    def make(chunks: Sequence[bytes], error: Exception | None) -> ByteReceiver:
        return TRANSFORMS[name](stream(*chunks, error=error))

    await check_receiver(make)


@pytest.mark.parametrize("high", [0, 1000], ids=["tight", "wide"])
async def test_branches(high: int, stream: Callable[..., PipeReceiver]) -> None:
    @asynccontextmanager
    async def make(chunks: Sequence[bytes], error: Exception | None) -> AsyncIterator[ByteReceiver]:
        first, second = tee(stream(*chunks, error=error), high=high)
        if not high:
            second.cancel()  # nobody reads it, so it would stop the other
        async with first, second:
            yield first

    await check_receiver(make)


async def test_channels() -> None:
    await check_channel(lambda: channel(high=10))
    await check_channel(lambda: channel(high=100, size=lambda item: 7))


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"policy": "wait"}, id="wait"),
        pytest.param({"policy": "wait", "high": 1}, id="wait-tight"),
        pytest.param({"policy": "drop_oldest"}, id="drop_oldest"),
        pytest.param({"policy": "drop_newest"}, id="drop_newest"),
        pytest.param({"policy": "evict"}, id="evict"),
        pytest.param({"policy": conflate(id)}, id="conflate"),
        pytest.param({"after": 0}, id="replay"),
    ],
)
async def test_subscribers(options: dict[str, Any]) -> None:
    def make(items: Sequence[Any], error: Exception | None) -> Subscriber[Any]:
        broadcast: Broadcast[Any] = Broadcast()
        subscriber = broadcast.subscribe(**options)
        for item in items:
            broadcast.publish(item)
        broadcast.close() if error is None else broadcast.fail(error)
        return subscriber

    await check_item_receiver(make, item_of=lambda message: message.item)


async def test_a_pipe() -> None:
    await check_pair(lambda: pipe(high=1000))


async def test_a_pipe_on_hold() -> None:
    def make() -> Any:
        sender, receiver = pipe(high=1000)
        receiver.hold()
        return sender, receiver

    await check_pair(make)


async def test_a_callback_sender() -> None:
    await check_sender(lambda: to_callback(bytes))


@pytest.mark.parametrize("way", ["thread", "at-once", "gaps"])
async def test_a_file_being_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """By a thread, at once, and by a thread from the second chunk on."""
    folders: set[str] = set() if way == "thread" else {str(tmp_path)}
    monkeypatch.setattr(_file, "KNOWN", folders)
    monkeypatch.setattr(_file, "learn", lambda path, fd: None)

    def read(fd: int, size: int, offset: int) -> bytes:
        if way == "gaps" and offset:
            raise BlockingIOError(errno.EAGAIN, "not in memory")
        return os.pread(fd, size, offset)

    monkeypatch.setattr(_file, "read_at_once", read)
    count = itertools.count()

    @asynccontextmanager
    async def make(chunks: Sequence[bytes], error: Exception | None) -> AsyncIterator[ByteReceiver]:
        path = tmp_path / str(next(count))
        await asyncio.to_thread(path.write_bytes, b"".join(chunks))
        size = len(chunks[0]) if chunks else 1
        async with from_file(path, chunk_size=size) as file:
            # A file does not fail by itself: what follows it does.
            yield file if error is None else chained(file, error)

    await check_receiver(make)


def chained(file: ByteReceiver, error: Exception) -> ByteReceiver:
    class Chained(ByteReceiver):
        async def _next(self) -> bytes | None:
            if (chunk := await file.get()) is None:
                raise error
            return chunk

        def _abort(self, reason: BaseException | None) -> None:
            file.cancel(reason)

    return Chained()


async def test_a_file_being_written(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        senders = [
            await stack.enter_async_context(to_file(tmp_path / str(number))) for number in range(9)
        ]
        await check_sender(senders.pop)
        for sender in senders:
            sender.close()


# The suite must be able to say no ...


class Leaky(PipeReceiver):
    """Loses a byte in each read."""

    async def get(self) -> bytes | None:
        chunk = await super().get()
        return chunk[:-1] if chunk else chunk


class Forgetful(PipeReceiver):
    """Does not refuse reads after cancel."""

    async def get(self) -> bytes | None:
        return None if self._cancelled else await super().get()


class Swallowing(PipeReceiver):
    """Wraps the producer's exception."""

    async def get(self) -> bytes | None:
        try:
            return await super().get()
        except OSError as exc:
            raise ValueError("wrapped") from exc


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        pytest.param(Leaky, "bytes in must be bytes out", id="leaky"),
        pytest.param(Forgetful, "must raise ClosedError; nothing was raised", id="forgetful"),
        pytest.param(Swallowing, "every read; got ValueError", id="swallowing"),
    ],
)
async def test_a_broken_receiver_is_named(kind: type[PipeReceiver], rule: str) -> None:
    kept: list[PipeReceiver] = []

    def make(chunks: Sequence[bytes], error: Exception | None) -> PipeReceiver:
        sender, receiver = pipe(receiver_type=kind)
        kept.append(receiver)
        for chunk in itertools.chain(chunks):
            sender.write(chunk)
        sender.close() if error is None else sender.fail(error)
        return receiver

    with pytest.raises(AssertionError, match=rule):
        await check_receiver(make)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        pytest.param(lambda: channel(high=100_000), "sends that are too much", id="unbounded"),
    ],
)  # fmt: skip
async def test_a_broken_channel_is_named(make: Any, rule: str) -> None:
    kept: list[Any] = []

    def pair() -> Any:
        kept.extend(made := make())
        return made

    with pytest.raises(AssertionError, match=rule):
        await check_channel(pair)
    for end in kept:
        end.close() if hasattr(end, "close") else end.cancel()
