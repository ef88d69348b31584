"""Streams into what a program has at hand: a file, a callback."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from ._encode import encode
from ._errors import BrokenError, ClosedError
from ._fairness import COST, DONE, QUOTA, YIELD
from ._pipe import HIGH, PipeReceiver, PipeSender, pipe
from ._sender import ByteSender
from ._wait import outlast

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO


class to_file:  # noqa: N801  (used like a function)
    """Write a file from the event loop; ``async with`` gives the sender.

    The file is written in the default executor, all that is buffered in one hop. When the block is
    left, everything is in the file and the file is closed; left by an exception, the file holds
    what was written before. If writing fails, the sender's next write raises BrokenError whose
    ``reason`` is the OSError, and the OSError is raised at the block's end.

    Args:
        path: the file; it is created, or emptied.
        high: bytes that may be buffered.

    Raises:
        ValueError: high is negative.
        OSError: on entering, the file cannot be opened.
    """

    __slots__ = ("_high", "_path", "_receiver", "_sender", "_task")

    def __init__(self, path: str | Path, *, high: int = HIGH) -> None:
        if high < 0:
            raise ValueError(f"high must not be negative, not {high}")
        self._path = path
        self._high = high

    async def __aenter__(self) -> PipeSender:
        loop = asyncio.get_running_loop()
        opening = loop.run_in_executor(None, open, self._path, "wb")
        try:
            await outlast(opening)
        except asyncio.CancelledError:
            if opening.exception() is None:
                opening.result().close()
            raise
        file = opening.result()
        self._sender, self._receiver = pipe(high=self._high)
        self._task = asyncio.create_task(_write_file(self._receiver, file))
        return self._sender

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc is None:
            self._sender.close()
        else:
            self._sender.fail(exc)
        await outlast(self._task)
        error = self._task.exception()
        if error is not None and (exc is None or isinstance(exc, BrokenError)):
            raise error


async def _write_file(receiver: PipeReceiver, file: BinaryIO) -> None:
    loop = asyncio.get_running_loop()
    try:
        while batch := await _batch(receiver):
            await loop.run_in_executor(None, file.writelines, batch)
    except BaseException as exc:
        receiver.cancel(exc)
        raise
    finally:
        await loop.run_in_executor(None, file.close)


async def _batch(receiver: PipeReceiver) -> list[bytes]:
    """Everything up to now, at least one chunk; an empty list at the end, however it ends."""
    batch: list[bytes] = []
    try:
        while receiver.buffered or not batch:
            chunk = await receiver.get()
            if chunk is None:
                break
            batch.append(chunk)
    except Exception:
        # The producer failed: it knows, and what it wrote before still belongs in the file.
        pass
    return batch


class CallbackSender(ByteSender):
    """A sender that hands each chunk to a function. Made by :func:`to_callback` only."""

    __slots__ = ("_call", "_ended", "_error", "_left", "_on_end")

    def __init__(
        self, call: Callable[[bytes], object], on_end: Callable[[BaseException | None], object]
    ) -> None:
        self._call = call
        self._on_end = on_end
        self._ended = False
        self._error: Exception | None = None
        self._left = QUOTA

    def write(self, data: bytes | bytearray | memoryview) -> Awaitable[None]:
        if not isinstance(data, (bytes, bytearray, memoryview)):
            raise TypeError(f"data must be bytes-like, not {type(data).__name__}")
        if self._error is not None:
            raise BrokenError("the callback failed", self._error)
        if self._ended:
            raise ClosedError("the sender was closed")
        chunk = encode(data)
        if chunk:
            try:
                self._call(chunk)
            except Exception as exc:
                self._error = exc
                raise BrokenError("the callback failed", exc) from exc
        self._left -= len(chunk) + COST
        if self._left > 0:
            return DONE
        self._left = QUOTA
        return YIELD

    write.__doc__ = ByteSender.write.__doc__

    def close(self) -> None:
        self._end(None)

    close.__doc__ = ByteSender.close.__doc__

    def fail(self, exc: BaseException) -> None:
        if not isinstance(exc, BaseException):
            raise TypeError(f"exc must be an exception instance, not {exc!r}")
        self._end(exc)

    fail.__doc__ = ByteSender.fail.__doc__

    def _end(self, error: BaseException | None) -> None:
        if not self._ended:
            self._ended = True
            self._on_end(error)

    @property
    def buffered(self) -> int:
        """Always 0: nothing waits here."""
        return 0

    @property
    def ended(self) -> bool:
        """Whether ``close`` or ``fail`` was called."""
        return self._ended


def _ignore(_: object) -> None:
    """The default for ``on_end``."""


def to_callback(
    call: Callable[[bytes], object],
    on_end: Callable[[BaseException | None], object] = _ignore,
) -> CallbackSender:
    """Make a sender that calls a function with each chunk, within ``write``.

    An exception of the function becomes the ``reason`` of a BrokenError out of that write and of
    each later one.

    Args:
        call: takes a chunk, never an empty one; must not block.
        on_end: called once, with None by ``close`` and with the exception by ``fail``.
    """
    return CallbackSender(call, on_end)
