"""Every exception of this package.

    ProtocolError
    ├── LocalProtocolError          the caller asked for something HTTP forbids; nothing was written
    └── RemoteProtocolError         the peer broke the rules; carries the status to answer with
        └── HTTP2PrefaceReceived    not broken, but another protocol: the caller may switch

They hold data in attributes and build their text from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._events import Event


class ProtocolError(Exception):
    """The root: catch it to catch everything this package raises by itself."""


class LocalProtocolError(ProtocolError):
    """The caller's own data or order of calls is wrong; no state changed, no bytes were made."""


class RemoteProtocolError(ProtocolError):
    """The peer's bytes are not acceptable. The parser that raised it stays unusable.

    Attributes:
        status: what a server should answer: 400, 413, 414, 431, 501 or 505. A `ResponseParser`
            always says 502, which is what a gateway answers for its upstream.
        offset: position of the fault, counted in bytes from the first byte ever received. A fault
            of the message as a whole (no Host, say) is placed at its first byte.
        reason: one plain sentence without the peer's bytes, so that it may go into a response.
        events: the complete events parsed by the same call before the fault. Empty when the error
            is raised again by a later call.
    """

    def __init__(self, status: int, offset: int, reason: str) -> None:
        super().__init__(status, offset, reason)
        self.status = status
        self.offset = offset
        self.reason = reason
        self.events: list[Event] = []

    def __str__(self) -> str:
        return f"{self.reason} (status {self.status}, byte {self.offset})"

    def again(self) -> RemoteProtocolError:
        """The same error without events, for the calls after the one that failed."""
        return RemoteProtocolError(self.status, self.offset, self.reason)


class HTTP2PrefaceReceived(RemoteProtocolError):
    """The connection opens with the HTTP/2 preface (RFC 9113 section 3.4), status 505.

    Attributes:
        data: every byte received from the preface on, to be handed to an HTTP/2 engine.
    """

    def __init__(self, offset: int, data: bytes) -> None:
        super().__init__(505, offset, "the peer speaks HTTP/2 here")
        self.data = data

    def again(self) -> HTTP2PrefaceReceived:
        return HTTP2PrefaceReceived(self.offset, self.data)
