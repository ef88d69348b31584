"""A request's body between the wire and its reader: collected for a plain handler, piped otherwise.

The limit is enforced here for both, on what really arrives; what the head announces is checked
before, by the exchange. No state of the exchange is known here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from headrace_streams import BrokenError, ByteSender, pipe

from ._stream import RequestStream
from .exceptions import PayloadTooLarge

if TYPE_CHECKING:
    from collections.abc import Callable


class Intake:
    """The body of one request while it arrives.

    Args:
        limit: longest body in bytes, 0 for none.
    """

    __slots__ = (
        "_failed",
        "_held",
        "_limit",
        "_parts",
        "_sender",
        "complete",
        "received",
        "receiver",
    )

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._held = 0
        self._failed = False
        self._sender: ByteSender | None = None
        self.receiver: RequestStream | None = None
        self.received = 0
        self.complete = False

    @property
    def buffered(self) -> int:
        """Bytes that are held: what was not read, or all of a body that is collected."""
        return self._held if self._sender is None else self._sender.buffered

    def open_pipe(
        self, high: int, on_pause: Callable[[], None], on_resume: Callable[[], None]
    ) -> RequestStream:
        """Hand the body on as it arrives instead of collecting it; return what to read."""
        self._sender, self.receiver = pipe(
            high=high, on_pause=on_pause, on_resume=on_resume, receiver_type=RequestStream
        )
        return self.receiver

    def receive(self, data: bytes) -> bool:
        """Take the next bytes; False if they are dropped, because their reader wants no more.

        Raises:
            PayloadTooLarge: the body has grown over the limit. A reader of the pipe gets the same
                error after the bytes before; what was collected is dropped.
        """
        self.received += len(data)
        if self._failed:
            return False
        if self._limit and self.received > self._limit:
            error = PayloadTooLarge(self._limit)
            self.fail(error)
            raise error
        if self._sender is not None:
            try:
                self._sender.write(data)
            except BrokenError:
                return False
        else:
            self._parts.append(data)
            self._held += len(data)
        return True

    def finish(self) -> None:
        """The body is complete."""
        self.complete = True
        if self._sender is not None:
            self._sender.close()

    def fail(self, error: BaseException) -> None:
        """The body will never be complete: its reader gets the error after the bytes before."""
        self._failed = True
        self._parts.clear()
        self._held = 0
        if self._sender is not None:
            self._sender.fail(error)

    def discard(self) -> None:
        """Nobody reads any more: let go of what is buffered."""
        self._parts.clear()
        self._held = 0
        if self.receiver is not None:
            self.receiver.cancel()
            self.receiver = None  # it refers to the exchange, which refers to this
        if self._sender is not None:
            self._sender.close()

    def collected(self) -> bytes:
        """Return the complete body of a handler that does not stream."""
        parts = self._parts
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        self._parts = []
        return body
