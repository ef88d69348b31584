"""Streams out of what a program has at hand on the loop: an iterable, an async generator."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from ._encode import encode as default_encode
from ._pipe import HIGH, PipeReceiver, PipeSender, pipe
from ._receiver import ByteReceiver
from ._wait import outlast

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable, Iterator
    from types import TracebackType


class IterableReceiver(ByteReceiver):
    """A receiver over an iterator that never blocks. Made by :func:`from_iterable` only."""

    __slots__ = ("_encode", "_items")

    def __init__(self, items: Iterator[Any], encode: Callable[[Any], bytes]) -> None:
        super().__init__()
        self._items = items
        self._encode = encode

    async def _next(self) -> bytes | None:
        for item in self._items:
            return self._encode(item)
        return None

    def _abort(self, reason: BaseException | None) -> None:
        close = getattr(self._items, "close", None)
        if close is not None:
            close()


def from_iterable(
    items: Iterable[Any], *, encode: Callable[[Any], bytes] = default_encode
) -> IterableReceiver:
    """Read an iterable as a stream, one chunk per item. Nothing is fetched ahead.

    It runs on the event loop, so it must not block; see :class:`from_thread` for what does. Yields
    to the loop once per mebibyte, or about 1,000 items. A generator is closed by ``cancel``.

    Args:
        items: bytes-like items, or what ``encode`` takes.
        encode: makes bytes of an item. Default: bytes-like as they are, others ``str`` in UTF-8.
    """
    return IterableReceiver(iter(items), encode)


class from_generator:  # noqa: N801  (used like a function)
    """Run an async generator in a task of its own; ``async with`` gives the receiver.

    The generator runs and is closed in that one task, so its context variables, timeouts and task
    groups hold. An exception in it reaches the reader after the data before it. When the block is
    left, the generator has ended: early, by CancelledError at its await or GeneratorExit at its
    yield. An exception from that closing is raised at the block's end, unless another one is on its
    way.

    Args:
        items: an async generator, or any async iterable.
        high: bytes that may be buffered ahead of the reader; one item may pass it.
        encode: makes bytes of an item. Default: bytes-like as they are, others ``str`` in UTF-8.

    Raises:
        ValueError: high is negative.
    """

    __slots__ = ("_encode", "_error", "_high", "_items", "_receiver", "_sender", "_task")

    def __init__(
        self,
        items: AsyncIterable[Any],
        *,
        high: int = HIGH,
        encode: Callable[[Any], bytes] = default_encode,
    ) -> None:
        if high < 0:
            raise ValueError(f"high must not be negative, not {high}")
        self._items = items
        self._high = high
        self._encode = encode
        self._error: Exception | None = None

    async def __aenter__(self) -> PipeReceiver:
        self._sender: PipeSender
        self._sender, self._receiver = pipe(high=self._high)
        self._task = asyncio.create_task(self._run())
        return self._receiver

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        unread = not self._sender.ended
        self._receiver.cancel(exc)
        self._task.cancel()
        await outlast(self._task)
        # It may have been cancelled before its first step, and then has closed nothing.
        self._sender.close()
        if unread and exc is None and self._error is not None:
            raise self._error

    async def _run(self) -> None:
        iterator = aiter(self._items)
        try:
            try:
                async for item in iterator:
                    await self._sender.write(self._encode(item))
            finally:
                await _close(iterator)
        except BaseException as exc:
            self._sender.fail(exc)
            if not isinstance(exc, Exception):
                raise
            self._error = exc
        else:
            self._sender.close()


async def _close(iterator: Any) -> None:
    close = getattr(iterator, "aclose", None)
    if close is None:
        return
    try:
        await close()
    except BaseExceptionGroup as group:
        # A task group around a yield wraps the GeneratorExit that it is closed by.
        rest = group.split(GeneratorExit)[1]
        if rest is not None:
            raise rest from None
