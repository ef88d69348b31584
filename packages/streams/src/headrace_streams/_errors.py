"""What can go wrong with a stream, split by who did it.

::

    StreamError
    ├── ClosedError          we ended our own half, then used it
    ├── BrokenError          the other half gave up; ``reason`` says why
    ├── BusyError            two tasks use one half at the same time
    ├── TooLargeError        more bytes than the given limit
    │   └── CapExceededError     writes that nobody awaited pile up above the hard cap
    ├── IncompleteError      the stream ended in the middle of what was asked for
    └── EndOfStream          a channel has ended and is empty

Data is in attributes; the text is for people and may change. An exception that a producer hands
to ``fail`` is not wrapped: the reader gets that very object.
"""


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


class EndOfStream(StreamError):
    """Every sender of a channel has closed, and every item was received."""


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
