"""How a body ends: the one place where that is decided, for both directions and both roles.

Pure functions. `response_framing` answers for what we write; `request_facts` and `response_facts`
read the decisive fields of what we receive and refuse whatever two recipients could read in two
ways (RFC 9112 section 6 and 11.2). They raise `Fault`, which knows no offset; the parser adds it.
"""

from __future__ import annotations

import enum
from typing import NamedTuple, TypeAlias

from ._grammar import DIGITS, HOST

# Names and values in lower case.
Fields: TypeAlias = list[tuple[bytes, bytes]]
MAX_CONTENT_LENGTH = 2**63 - 1  # what every 64-bit peer can count


class BodyFraming(enum.Enum):
    """What ends a body."""

    NONE = "none"
    CONTENT_LENGTH = "content-length"
    CHUNKED = "chunked"
    CLOSE = "close"


def response_framing(
    *, method: str, version: str, status: int, content_length: int | None
) -> BodyFraming:
    """Decide how a response's body is framed (RFC 9112 section 6.3).

    Args:
        method: the request's method.
        version: the request's version, `"1.0"` or `"1.1"`.
        status: the response's status.
        content_length: the body's size in bytes; None when it is not known.

    Returns:
        NONE for HEAD, 1xx, 204, 304 and a 2xx to CONNECT; otherwise CONTENT_LENGTH when the size
        is known; otherwise CHUNKED on 1.1 and CLOSE on 1.0.
    """
    if method == "HEAD" or status < 200 or status in (204, 304):
        return BodyFraming.NONE
    if method == "CONNECT" and status < 300:
        return BodyFraming.NONE
    if content_length is not None:
        return BodyFraming.CONTENT_LENGTH
    return BodyFraming.CLOSE if version == "1.0" else BodyFraming.CHUNKED


class Fault(Exception):
    """A message that must be refused; becomes a `RemoteProtocolError` where the offset is known."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Facts(NamedTuple):
    """What the decisive fields of one message come to."""

    content_length: int | None
    chunked: bool
    keep_alive: bool
    expect: str | None
    upgrade: str | None


def request_facts(version: str, fields: Fields) -> Facts:
    """Read the decisive fields of a request.

    Args:
        version: `"1.0"` or `"1.1"`.
        fields: names and values in lower case; blanks on the right of a value do no harm.

    Raises:
        Fault: 400 or 501, or 413 for a length beyond 2**63 - 1.
    """
    hosts, rest = 0, []
    for field in fields:
        if field[0] == b"host":
            hosts += 1
            if HOST.fullmatch(field[1].rstrip(b" \t")) is None:
                raise Fault(400, "invalid Host")
        else:
            rest.append(field)
    if hosts != 1 and (hosts or version == "1.1"):
        raise Fault(400, "Host is given more than once" if hosts else "Host is missing")
    return message_facts(version, rest)


def message_facts(version: str, fields: Fields) -> Facts:
    """Read the decisive fields that requests and responses share; arguments as `request_facts`."""
    lengths, codings, options, expects, upgrades = [], [], [], [], []
    for name, blanks in fields:
        value = blanks.rstrip(b" \t")
        if name == b"connection":
            options += [option.strip(b" \t") for option in value.split(b",")]
        elif name == b"content-length":
            lengths.append(value)
        elif name == b"transfer-encoding":
            codings.append(value)
        elif name == b"expect":
            expects.append(value)
        elif name == b"upgrade":
            upgrades.append(value)
    if codings:
        _check_codings(version, codings)
        if lengths:
            raise Fault(400, "Transfer-Encoding together with Content-Length")
    modern = version == "1.1"
    upgrade = expect = None
    if modern and upgrades and b"upgrade" in options:
        upgrade = b", ".join(upgrades).decode("latin-1")
    if modern and expects:
        expect = b", ".join(expects).decode("latin-1")
    keep_alive = b"close" not in options and (modern or b"keep-alive" in options)
    length = _content_length(lengths) if lengths else None
    return Facts(length, bool(codings), keep_alive, expect, upgrade)


def _content_length(values: list[bytes]) -> int:
    # RFC 9112 section 6.3 would let equal values pass as one; two recipients that differ in
    # that are a way in, so one field with one number is all there is.
    if len(values) > 1:
        raise Fault(400, "Content-Length is given more than once")
    if DIGITS.fullmatch(values[0]) is None:
        raise Fault(400, "Content-Length is not a number")
    digits = values[0].lstrip(b"0") or b"0"
    # Compared by digits first: int() of a long number costs more than linear time.
    if len(digits) > 19 or int(digits) > MAX_CONTENT_LENGTH:
        raise Fault(413, "Content-Length is beyond any size")
    return int(digits)


def _check_codings(version: str, values: list[bytes]) -> None:
    if version == "1.0":
        raise Fault(400, "Transfer-Encoding in an HTTP/1.0 message")
    if values == [b"chunked"]:
        return
    codings = [coding.strip(b" \t") for coding in b",".join(values).split(b",")]
    if codings[-1] == b"chunked" and codings.count(b"chunked") == 1 and all(codings):
        raise Fault(501, "a transfer coding other than chunked")
    raise Fault(400, "Transfer-Encoding is not exactly one chunked")
