"""A blocking iterator in one worker thread, read as a stream.

The thread creates the iterator, runs it and closes it, so things bound to a thread (a sqlite3
connection) work. Hand-over is in batches: the thread appends to a shared list, and schedules one
callback on the loop for as long as that has not yet fetched the list. It stops when the list or the
pipe behind it is full.

Everything under ``_lock`` is a few assignments; no code of the user runs there.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import sys
import threading
from typing import TYPE_CHECKING, Any

from ._encode import encode as default_encode
from ._errors import BrokenError
from ._pipe import HIGH, PipeReceiver, pipe
from ._wait import outlast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType


class from_thread:  # noqa: N801  (used like a function)
    """Run a blocking iterable in one worker thread; ``async with`` gives the receiver.

    ::

        async with from_thread(rows) as receiver:
            async for chunk in receiver:
                ...

    An exception in the iterator reaches the reader after the data before it. When the block is left
    early, the iterator is closed at its next item (its ``finally`` blocks run in the thread), and
    the thread is joined before the block is over, a cancellation notwithstanding. An exception from
    that closing is raised at the block's end, unless another one is on its way.

    Args:
        source: a function without arguments that returns an iterable (a generator function, say),
            called in the thread; or an iterable.
        high: bytes that may be buffered between the thread and the reader; one item may pass it.
        encode: makes bytes of an item. Default: bytes-like as they are, others ``str`` in UTF-8.

    Raises:
        ValueError: high is negative.
    """

    __slots__ = (
        "_encode",
        "_error",
        "_finished",
        "_half",
        "_lock",
        "_loop",
        "_paused",
        "_pending",
        "_pending_size",
        "_receiver",
        "_scheduled",
        "_sender",
        "_source",
        "_stopped",
        "_thread",
    )

    def __init__(
        self,
        source: Callable[[], Iterable[Any]] | Iterable[Any],
        *,
        high: int = HIGH,
        encode: Callable[[Any], bytes] = default_encode,
    ) -> None:
        if high < 0:
            raise ValueError(f"high must not be negative, not {high}")
        self._source = source
        self._encode = encode
        # One half of the allowance waits in the list, the other in the pipe.
        self._half = high // 2
        self._lock = threading.Condition()
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._scheduled = self._paused = self._stopped = False
        self._error: BaseException | None = None

    async def __aenter__(self) -> PipeReceiver:
        self._loop = asyncio.get_running_loop()
        self._finished = self._loop.create_future()
        # No cap: a batch is written without awaiting, and the list it comes from is bounded.
        self._sender, self._receiver = pipe(
            high=self._half, cap=sys.maxsize, on_pause=self._pause, on_resume=self._resume
        )
        context = contextvars.copy_context()
        name = f"stream of {getattr(self._source, '__qualname__', type(self._source).__name__)}"
        self._thread = threading.Thread(target=context.run, args=(self._run,), name=name)
        self._thread.daemon = True
        self._thread.start()
        return self._receiver

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        unread = not self._sender.ended
        self._receiver.cancel(exc)
        with self._lock:
            self._stopped = True
            self._lock.notify()
        await outlast(self._finished)
        self._thread.join()
        if unread and exc is None and self._error is not None:
            raise self._error

    # In the worker thread ...

    def _run(self) -> None:
        try:
            self._iterate()
        except BaseException as exc:
            self._error = exc
        # The loop is closed when the program did not wait for us: nobody is left to be told.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._finish)

    def _iterate(self) -> None:
        source = self._source() if callable(self._source) else self._source
        iterator = iter(source)
        try:
            for item in iterator:
                if not self._hand_over(self._encode(item)):
                    break
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()

    def _hand_over(self, chunk: bytes) -> bool:
        """Leave a chunk for the loop, wait while there is too much; False when told to stop."""
        with self._lock:
            self._pending.append(chunk)
            self._pending_size += len(chunk) or 1  # empty items take room too
            if not self._scheduled and not self._stopped:
                self._scheduled = True
                self._loop.call_soon_threadsafe(self._fetch)
            while not self._stopped and (self._paused or self._pending_size > self._half):
                self._lock.wait()
            return not self._stopped

    # ... and in the loop's.

    def _fetch(self) -> None:
        with self._lock:
            pending, self._pending = self._pending, []
            self._pending_size = 0
            self._scheduled = False
            self._lock.notify()
        # A reader that has cancelled makes the rest of the batch pointless.
        with contextlib.suppress(BrokenError):
            for chunk in pending:
                self._sender.write(chunk)

    def _finish(self) -> None:
        self._fetch()
        if self._error is None:
            self._sender.close()
        else:
            self._sender.fail(self._error)
        self._finished.set_result(None)

    def _pause(self) -> None:
        self._paused = True

    def _resume(self) -> None:
        with self._lock:
            self._paused = False
            self._lock.notify()
