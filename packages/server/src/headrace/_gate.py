"""Stop and resume reading from a transport, for several reasons at once (bits of an int).

Reading goes on when no reason is left; the transport is told once per change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import asyncio


BODY: Final = 1
"""Reading stopped because the reader of the request's body is behind."""

QUEUE: Final = 2
"""Reading stopped because the next request has to wait for this response."""

BUDGET: Final = 4
"""Reading stopped because the process holds too much already."""


class ReadGate:
    """Reading from one transport.

    Attributes:
        stopped: the reasons for which reading is stopped.
        stops: how often reading was stopped.
        over: nothing more can be read, so that the transport is not told any more.
    """

    __slots__ = ("_transport", "over", "stopped", "stops")

    def __init__(self, transport: asyncio.ReadTransport) -> None:
        self._transport = transport
        self.stopped = 0
        self.over = False
        self.stops = 0

    def stop(self, reason: int) -> None:
        """Stop reading for this reason."""
        if not self.stopped and not self.over:
            self.stops += 1
            self._transport.pause_reading()
        self.stopped |= reason

    def resume(self, reasons: int) -> None:
        """Take these reasons back."""
        if self.stopped:
            self.stopped &= ~reasons
            if not self.stopped and not self.over and not self._transport.is_closing():
                self._transport.resume_reading()
