"""Run what ``stream()`` was given: a callback, an async iterable, or a plain one in a thread."""

from __future__ import annotations

from collections.abc import AsyncIterable
from inspect import isawaitable
from typing import TYPE_CHECKING

from headrace_streams import from_thread

from .exceptions import ResponseError

if TYPE_CHECKING:
    from .response import Producer, ResponseStream


async def produce(producer: Producer, out: ResponseStream) -> None:
    """Write everything that the producer gives; each write waits for the client.

    An async generator is closed in the task that ran it, whatever ends the loop.
    """
    if isinstance(producer, AsyncIterable):
        try:
            async for item in producer:
                await out.write(item)
        finally:
            await dismiss(producer)
    elif callable(producer):
        result = producer(out)
        if not isawaitable(result):
            raise ResponseError(f"stream() needs an async function; {producer!r} is not one")
        await result
    else:
        async with from_thread(producer) as chunks:
            async for chunk in chunks:
                await out.write(chunk)


async def dismiss(producer: Producer) -> None:
    """Close a producer that nobody will ask, or ask again."""
    close = getattr(producer, "aclose", None) or getattr(producer, "close", None)
    if close is not None:
        closing = close()
        if isawaitable(closing):
            await closing
