"""Why an exchange ended: one value, seen alike by handler, hook, log line and metric."""

from __future__ import annotations

import enum


class EndReason(enum.Enum):
    """The reason for which an exchange ended."""

    COMPLETE = "complete"
    """The whole response was handed to the kernel."""

    CLIENT_GONE = "client gone"
    """The client closed or reset the connection before the response was complete."""

    STALLED = "stalled"
    """The client took (or sent) bytes more slowly than the limit allows."""

    TIMEOUT = "timeout"
    """A deadline of the server passed."""

    DRAINING = "draining"
    """The server was shutting down and the drain deadline passed."""

    FAILED = "failed"
    """The handler, or a producer that it started, raised."""
