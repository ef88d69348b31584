"""Request and status lines: exact parsing, with a reason for each refusal."""

from __future__ import annotations

from typing import NamedTuple

from ._framing import Fault
from ._grammar import (
    ABSOLUTE_FORM,
    AUTHORITY_FORM,
    HTTP_VERSION,
    ORIGIN_FORM,
    STATUS_LINE,
    TOKEN,
)

# Methods as str, without decoding the usual ones each time.
METHODS = {
    name.encode(): name
    for name in ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
}

# Those of them that seldom come with a body.
WITHOUT_BODY = {name: METHODS[name] for name in (b"GET", b"HEAD", b"DELETE", b"OPTIONS")}

PREFACE_LINE = b"PRI * HTTP/2.0"


class RequestLine(NamedTuple):
    """A request line's parts."""

    method: str
    target: bytes
    version: str


class StatusLine(NamedTuple):
    """A status line's parts."""

    status: int
    reason: str
    version: str


def parse_request_line(line: bytes) -> RequestLine:
    """Parse a request line without its end (RFC 9112 section 3).

    Raises:
        Fault: 400 for what is no request line or has an impossible target, 505 for another version.
    """
    parts = line.split(b" ")
    if TOKEN.fullmatch(parts[0]) is None:
        raise Fault(400, "an invalid method")
    if len(parts) == 2 and parts[1]:
        raise Fault(505, "HTTP/0.9 is not spoken here")
    if len(parts) != 3:
        raise Fault(400, "a request line is not method, target and version with one blank between")
    method, target, version = parts
    if HTTP_VERSION.fullmatch(version) is None:
        raise Fault(400, "an invalid HTTP version")
    if version not in (b"HTTP/1.0", b"HTTP/1.1"):
        raise Fault(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
    _check_target(method, target)
    return RequestLine(METHODS.get(method) or method.decode(), target, version[5:].decode())


def _check_target(method: bytes, target: bytes) -> None:
    if method == b"CONNECT":
        if AUTHORITY_FORM.fullmatch(target) is None:
            raise Fault(400, "the target of CONNECT is not host and port")
    elif target == b"*":
        if method != b"OPTIONS":
            raise Fault(400, "the target * is for OPTIONS alone")
    elif ORIGIN_FORM.fullmatch(target) is None and ABSOLUTE_FORM.fullmatch(target) is None:
        raise Fault(400, "an invalid request target")


def check_authority(target: bytes, host: str | None) -> None:
    """Compare a target in absolute-form with the Host field.

    RFC 9112 section 3.2.2 has the target win, and RFC 9110 section 7.2 has both be equal. Whoever
    goes by the other one routes, caches or admits another request, so no difference passes.

    Raises:
        Fault: they differ.
    """
    found = ABSOLUTE_FORM.fullmatch(target)
    if found and host is not None and found[1].lower() != host.lower().encode("latin-1"):
        raise Fault(400, "Host is not that of the target")


def parse_status_line(line: bytes) -> StatusLine:
    """Parse a status line without its end (RFC 9112 section 4).

    Raises:
        Fault: it is none, or of another version.
    """
    found = STATUS_LINE.fullmatch(line)
    if found is None:
        raise Fault(502, "an invalid status line")
    minor, status, reason = found.groups()
    return StatusLine(int(status), reason.decode("latin-1"), "1." + minor.decode())
