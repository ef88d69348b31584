"""The writing half as an interface; the docstrings are the contract.

Rules for an implementer: ``write`` takes the data before it returns, awaited or not; ``close`` and
``fail`` are synchronous, never raise for being called again, and the first ending wins.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable
    from types import TracebackType
    from typing import Self


class ByteSender(ABC):
    """The writing half of a byte stream.

    ``async with sender:`` closes it on a normal exit and *fails* it when the block is left by an
    exception (cancellation included), so a crashed producer never looks like a finished one.
    """

    __slots__ = ("__weakref__",)

    @abstractmethod
    def write(self, data: bytes | bytearray | memoryview) -> Awaitable[None]:
        """Enqueue data now; return an awaitable that is done when more is welcome.

        ``bytes`` pass without a copy, other types are copied at once. Empty data is a no-op: it
        never ends the stream. Awaiting is what makes a producer as slow as its reader; a write that
        is not awaited is enqueued all the same, and gives no warning. Cancelling the wait does not
        take the data back.

        Raises:
            ClosedError: after ``close`` or ``fail``.
            BrokenError: the receiver was cancelled; ``reason`` is its reason. Also raised by a
                wait that is under way when it happens.
            CapExceededError: writes that nobody awaited have filled the stream to its cap.
            TypeError: data is not bytes-like.
        """

    @abstractmethod
    def close(self) -> None:
        """End the stream: the reader gets what is buffered, then the end. No-op if ended."""

    @abstractmethod
    def fail(self, exc: BaseException) -> None:
        """End with an exception: the reader gets what is buffered, then ``exc``. No-op if ended.

        What a coroutine must not raise on another's behalf (CancelledError, GeneratorExit,
        StopIteration and the like) reaches the reader as the ``reason`` of a BrokenError.
        """

    @property
    @abstractmethod
    def buffered(self) -> int:
        """Bytes that were written and that the reader has not taken yet."""

    @property
    @abstractmethod
    def ended(self) -> bool:
        """Whether ``close`` or ``fail`` was called."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc is None:
            self.close()
        else:
            self.fail(exc)
