"""The stream that a handler reads the request's body from.

Strategy. It is the pipe's own receiver, so that a read costs what one of the pipe costs, and what
has to be looked at before a read is looked at only while the stream is on hold: at first, and for
as long as the wire of the response is above its high-water mark. A wrapper that looked each time
took three coroutines more per chunk.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final, TypeVar

from headrace_streams import (
    ByteReceiver,
    IncompleteError,
    PipeReceiver,
    TooLargeError,
    pipe,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from ._exchange import Exchange

T = TypeVar("T")

LINE_LIMIT: Final = 64 * 1024
"""Longest line in bytes, as for any receiver."""

FAULTS: Final = (TooLargeError, IncompleteError, UnicodeDecodeError)
"""What reading raises because of what the client sent, besides JSONDecodeError."""


def is_fault(error: Exception) -> bool:
    """Whether the client is to blame."""
    if isinstance(error, FAULTS):
        return True
    from json import JSONDecodeError  # 1 ms, for programs that read JSON only

    return isinstance(error, JSONDecodeError)


class RequestStream(PipeReceiver):
    """The request's body as it arrives.

    Reads as every :class:`headrace_streams.ByteReceiver` does; besides, ``get``

    - makes a client that sent ``Expect: 100-continue`` go on, when it is first called;
    - waits while the response of the same exchange is above its high-water mark, so that a loop
      which reads, writes and never awaits its writes is bounded in memory.

    What the client sent may not be what a reading method asked for: too long, too short, no text,
    no JSON. Where that error leaves the handler, the client is answered 413 or 400.

    Raises:
        TruncatedBody: the client ended its body early; raised after the bytes that came.
        PayloadTooLarge: the body grew over the route's limit; raised after the bytes before.
        RequestTimeout: the client fell silent for longer than ``body_timeout``.
        ExchangeEnded: the client is gone or a deadline passed.
    """

    __slots__ = ("_asked", "_exchange")

    _exchange: Exchange

    def attach(self, exchange: Exchange) -> None:
        """Make each read wait for what this exchange wants to happen before."""
        self._exchange = exchange
        self._asked = False
        self.hold()

    async def _ready(self) -> None:
        exchange = self._exchange
        if not self._asked:
            self._asked = True
            exchange.ask_for_body()
        blocked = exchange.coupled
        if blocked is not None:
            await blocked.drained()
        if not exchange.paused:
            self.release()

    def __del__(self) -> None:
        """Nothing to warn of: its exchange cancels it, and what was preloaded need not be read."""

    async def read_all(self, limit: int) -> bytes:
        return await self._blame(super().read_all(limit))

    async def read_exactly(self, n: int) -> bytes:
        return await self._blame(super().read_exactly(n))

    async def read_until(self, delimiter: bytes, limit: int = LINE_LIMIT) -> bytes:
        return await self._blame(super().read_until(delimiter, limit))

    def lines(self, limit: int = LINE_LIMIT) -> AsyncIterator[bytes]:
        return Blaming(super().lines(limit), self._exchange)

    def text(self, encoding: str = "utf-8", errors: str = "strict") -> AsyncIterator[str]:
        return Blaming(super().text(encoding, errors), self._exchange)

    def json_lines(self, limit: int = LINE_LIMIT) -> AsyncIterator[Any]:
        return Blaming(super().json_lines(limit), self._exchange)

    read_all.__doc__ = ByteReceiver.read_all.__doc__
    read_exactly.__doc__ = ByteReceiver.read_exactly.__doc__
    read_until.__doc__ = ByteReceiver.read_until.__doc__
    lines.__doc__ = ByteReceiver.lines.__doc__
    text.__doc__ = ByteReceiver.text.__doc__
    json_lines.__doc__ = ByteReceiver.json_lines.__doc__

    async def _blame(self, reading: Awaitable[T]) -> T:
        """Note an error that says something about the body, not about the handler."""
        try:
            return await reading
        except Exception as error:
            if is_fault(error):
                self._exchange.fault = error
            raise


class Blaming(AsyncIterator[T]):
    """An iterator over a request's body whose errors are the client's."""

    __slots__ = ("_exchange", "_pieces")

    def __init__(self, pieces: AsyncIterator[T], exchange: Exchange) -> None:
        self._pieces = pieces
        self._exchange = exchange

    async def __anext__(self) -> T:
        try:
            return await self._pieces.__anext__()
        except Exception as error:
            if is_fault(error):
                self._exchange.fault = error
            raise


def preloaded(body: bytes) -> RequestStream:
    """Return a stream of what is there already."""
    sender, stream = pipe(receiver_type=RequestStream)
    sender.write(body)
    sender.close()
    return stream
