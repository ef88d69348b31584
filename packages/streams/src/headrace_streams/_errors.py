"""What can go wrong with a stream, split by who did it.

::

    StreamError
    ├── ClosedError          we ended our own half, then used it
    ├── BrokenError          the other half gave up; ``reason`` says why
    ├── BusyError            two tasks use one half at the same time
    ├── TooLargeError        more bytes than the given limit
    │   └── CapExceededError     writes that nobody awaited pile up above the hard cap
    ├── IncompleteError      the stream ended in the middle of what was asked for
    ├── CodecError           compressed data that is malformed, or ends too early
    ├── TimedOutError        a source was silent, or not through in time (a TimeoutError, too)
    │   └── TooSlowError         a source sends, but less than the minimum rate
    ├── EvictedError         a subscriber was too slow and its broadcast goes on without it
    └── EndOfStream          a channel or a broadcast has ended and is empty

Data is in attributes; the text is for people and may change. An exception that a producer hands
to ``fail`` is not wrapped: the reader gets that very object.
"""

from __future__ import annotations

from typing import Any


class StreamError(Exception):
    """Root of all exceptions that this package raises on its own account."""


class ClosedError(StreamError):
    """This half was closed, failed or cancelled by its own user before the call.

    A defect of the calling code, unlike :exc:`BrokenError`, which is the other half's doing.
    """


class BrokenError(StreamError):
    """The other half gave up, so the call can have no effect.

    Attributes:
        reason: what the other half gave as its reason, or None.
    """

    def __init__(self, message: str, reason: BaseException | None = None) -> None:
        super().__init__(message)
        self.reason = reason

    def __str__(self) -> str:
        text = str(self.args[0])
        return text if self.reason is None else f"{text}: {self.reason!r}"


class BusyError(StreamError):
    """Another task is inside a read of the same receiver; nothing was read."""


class TooLargeError(StreamError):
    """More bytes came than the caller allows; what was read is still there to be read.

    Attributes:
        limit: the limit that was passed, in bytes.
    """

    def __init__(self, message: str, limit: int) -> None:
        super().__init__(message, limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"{self.args[0]} (limit: {self.limit} bytes)"


class CapExceededError(TooLargeError):
    """A write above the high mark that would pass the hard cap; its data was *not* enqueued.

    It cannot happen to a producer that awaits each write.
    """


class IncompleteError(StreamError):
    """The stream ended cleanly, but too early for what was asked.

    Attributes:
        partial: the bytes that did come; they are consumed.
        expected: how many bytes were asked for, or None where the end was a delimiter.
    """

    def __init__(self, partial: bytes, expected: int | None = None) -> None:
        super().__init__(partial, expected)
        self.partial = partial
        self.expected = expected

    def __str__(self) -> str:
        wanted = "a delimiter" if self.expected is None else f"{self.expected} bytes"
        return f"the stream ended after {len(self.partial)} bytes, {wanted} expected"


class CodecError(StreamError):
    """Compressed data that cannot be decompressed; the codec's own exception is the cause.

    Also for a stream that ends before its compressed data does: what came is not all there was.
    """


class TimedOutError(StreamError, TimeoutError):
    """A source took too long.

    Attributes:
        kind: which of the limits was met: "idle", "total" or "rate".
        seconds: that limit.
    """

    def __init__(self, kind: str, seconds: float) -> None:
        # No arguments for the parent: an OSError takes two for a number and a text.
        super().__init__()
        self.kind = kind
        self.seconds = seconds

    def __str__(self) -> str:
        if self.kind == "idle":
            return f"the source was silent for {self.seconds:g} seconds"
        return f"the source was not through within {self.seconds:g} seconds"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.kind, self.seconds)


class TooSlowError(TimedOutError):
    """A source stayed below the minimum rate until its grace was used up.

    Attributes:
        rate: the minimum, in bytes per second.
    """

    def __init__(self, rate: float, seconds: float) -> None:
        super().__init__("rate", seconds)
        self.rate = rate

    def __str__(self) -> str:
        return f"the source fell {self.seconds:g} seconds behind {self.rate:g} bytes per second"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.rate, self.seconds)


class EvictedError(StreamError):
    """A subscriber with the policy "evict" had more waiting than its bound.

    It comes after what waits. Whoever wants to go on subscribes again, after the last id it has.
    """


class EndOfStream(StreamError):
    """Nothing more will come, and everything that came was received."""


def raisable(exc: BaseException, message: str) -> Exception:
    """Return an exception that a reader may be given: ``exc``, or a BrokenError about it.

    CancelledError, GeneratorExit, StopIteration and the interpreter's exits mean something to the
    task they are raised in, so they are for the task they happened in alone.

    Raises:
        TypeError: exc is not an exception instance.
    """
    if not isinstance(exc, BaseException):
        raise TypeError(f"exc must be an exception instance, not {exc!r}")
    if isinstance(exc, Exception) and not isinstance(exc, (StopIteration, StopAsyncIteration)):
        return exc
    return BrokenError(message, exc)
