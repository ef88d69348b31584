"""Every stream of the package under the public suite, and streams that break it."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from headrace_streams import (
    ByteReceiver,
    PipeReceiver,
    from_generator,
    from_iterable,
    from_thread,
    pipe,
    to_callback,
)
from headrace_streams.testing import check_pair, check_receiver, check_sender

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from contextlib import AbstractAsyncContextManager

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
