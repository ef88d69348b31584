"""What a parser hands out: slotted values that compare by their fields.

Treat them as immutable. They are not frozen, since that would nearly double the cost of making one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ._headers import NO_HEADERS, Headers
from ._value import Value


@dataclass(init=False, repr=False, eq=False, slots=True)
class RequestHead(Value):
    """A request's line and fields, valid and consistent.

    Attributes:
        method: as sent; methods are case-sensitive.
        target: the request target's bytes, in one of the four forms (RFC 9112 section 3.2).
        version: `"1.1"` or `"1.0"`.
        headers: all fields.
        content_length: the body's announced size in bytes; None when there is no such field.
        chunked: whether the body is in chunked coding.
        keep_alive: whether the peer lets the connection live after this exchange.
        expect: the value of Expect in lower case; None without one, and always on 1.0.
        upgrade: the value of Upgrade when 1.1 and Connection ask for it (RFC 9110 section 7.8).
        has_body: whether at least the framing of a body follows (a Content-Length of 0 is none).
    """

    method: str
    target: bytes
    version: str
    headers: Headers
    content_length: int | None
    chunked: bool
    keep_alive: bool
    expect: str | None
    upgrade: str | None
    # Follows from the others, and is asked for so often that a property would be 0.1 us a request.
    has_body: bool = field(init=False, compare=False, repr=False)

    def __init__(
        self,
        method: str,
        target: bytes,
        version: str,
        headers: Headers,
        content_length: int | None = None,
        chunked: bool = False,
        keep_alive: bool = True,
        expect: str | None = None,
        upgrade: str | None = None,
    ) -> None:
        self.method = method
        self.target = target
        self.version = version
        self.headers = headers
        self.content_length = content_length
        self.chunked = chunked
        self.keep_alive = keep_alive
        self.expect = expect
        self.upgrade = upgrade
        self.has_body = chunked or bool(content_length)

    @property
    def expects_continue(self) -> bool:
        """Whether the peer may wait for a 100 before it sends the body."""
        return self.expect == "100-continue"


@dataclass(init=False, repr=False, eq=False, slots=True)
class ResponseHead(Value):
    """A response's line and fields, valid and consistent.

    Attributes:
        status: 100 to 599.
        reason: the reason phrase, often empty.
        version: `"1.1"` or `"1.0"`.
        headers: all fields.
        content_length: the value of Content-Length, None without one. For HEAD and 304 it speaks
            of a body that is not there.
        chunked: whether the body is in chunked coding.
        keep_alive: whether the connection may live after this exchange; False too when
            the body ends with the connection.
        upgrade: the value of Upgrade in a 101 or an offer.
        has_body: whether a body follows, be it of unknown length.
    """

    status: int
    reason: str
    version: str
    headers: Headers
    content_length: int | None
    chunked: bool
    keep_alive: bool
    upgrade: str | None
    has_body: bool

    def __init__(
        self,
        status: int,
        reason: str,
        version: str,
        headers: Headers,
        content_length: int | None = None,
        chunked: bool = False,
        keep_alive: bool = True,
        upgrade: str | None = None,
        has_body: bool = False,
    ) -> None:
        self.status = status
        self.reason = reason
        self.version = version
        self.headers = headers
        self.content_length = content_length
        self.chunked = chunked
        self.keep_alive = keep_alive
        self.upgrade = upgrade
        self.has_body = has_body

    @property
    def interim(self) -> bool:
        """Whether another head for the same request follows (1xx but 101)."""
        return self.status < 200 and self.status != 101


@dataclass(init=False, repr=False, eq=False, slots=True)
class Data(Value):
    """Some bytes of a body, never empty. Where they are cut means nothing."""

    data: bytes

    def __init__(self, data: bytes) -> None:
        self.data = data


@dataclass(init=False, repr=False, eq=False, slots=True)
class EndOfMessage(Value):
    """The message is complete. Without trailers it is always one and the same object.

    Attributes:
        trailers: the fields after a chunked body; they are never merged into the headers.
    """

    trailers: Headers

    def __init__(self, trailers: Headers = NO_HEADERS) -> None:
        self.trailers = trailers


@dataclass(init=False, repr=False, eq=False, slots=True)
class Upgrade(Value):
    """HTTP/1.1 ends here.

    Attributes:
        data: the bytes that were received beyond the end of the last message.
    """

    data: bytes

    def __init__(self, data: bytes) -> None:
        self.data = data


Event: TypeAlias = RequestHead | ResponseHead | Data | EndOfMessage | Upgrade

END = EndOfMessage()
