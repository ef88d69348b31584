"""`RequestParser` and `ResponseParser`: what heads mean, on top of the machine in `_receiver`."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from ._errors import HTTP2PrefaceReceived, RemoteProtocolError
from ._events import END, RequestHead, ResponseHead
from ._framing import BodyFraming, Facts, Fault, message_facts, request_facts, response_framing
from ._grammar import REQUEST_LINE_FAST, STATUS_LINE_FAST
from ._limits import DEFAULT_LIMITS, Limits
from ._receiver import CLOSED, HEAD, SWITCHED, UNTIL_CLOSE, Receiver
from ._startline import (
    METHODS,
    PREFACE_LINE,
    RequestLine,
    StatusLine,
    parse_request_line,
    parse_status_line,
)

if TYPE_CHECKING:
    from ._events import Event
    from ._headers import Headers
    from ._memo import Fields


def _with_upgrade(facts: Facts, headers: Headers) -> Facts:
    """Give Upgrade its own case back: facts are read from lower-cased fields."""
    if facts.upgrade is None:
        return facts
    return facts._replace(upgrade=", ".join(headers.get_all("upgrade")))


class RequestParser(Receiver[RequestLine]):
    """A server's side of the reading: requests out of bytes.

    Each request comes out as `RequestHead`, any number of `Data`, `EndOfMessage`. How the input is
    cut changes nothing but where `Data` is cut. An `Upgrade` field is only reported: the body is
    framed as ever and what follows is the next request, unless `take_upgrade` is called first.

    Args:
        limits: what is accepted.
    """

    __slots__ = ()

    def _parse_line(self, line: bytes) -> RequestLine:
        return parse_request_line(line)

    def _fast_head(self, data: bytes, pos: int, events: list[Event]) -> int:
        found = REQUEST_LINE_FAST.match(data, pos, pos + self._limits.request_line + 2)
        if found is None:
            return 0
        name, target, minor = found.groups()
        end = found.end()
        memo = self._memo
        # The commonest answer, before a call: the same section again.
        if memo is None or memo.minor != minor or not data.startswith(memo.section, end):
            memo = self._recall(data, end, minor)
            if memo is None:
                return 0
        self._blank_seen = False
        method = METHODS.get(name) or name.decode()
        if memo.plain:
            expect = memo.facts.expect
            version = memo.version
            length = memo.facts.content_length
            events.append(
                RequestHead(method, target, version, memo.headers, length, False, True, expect)
            )
            events.append(END)
        else:
            line = RequestLine(method, target, memo.version)
            self._begin(line, memo.headers, memo.facts, events)
        return end + len(memo.section)

    def _not_ours(self, line: bytes, data: bytes, pos: int) -> None:
        if line == PREFACE_LINE and self._at == 0:
            raise HTTP2PrefaceReceived(0, line + b"\r\n" + data[pos:])

    def _facts(self, version: str, fields: Fields, headers: Headers) -> Facts:
        return _with_upgrade(request_facts(version, fields), headers)

    def _begin(
        self, line: RequestLine, headers: Headers, facts: Facts, events: list[Event]
    ) -> None:
        method, target, version = line
        length, chunked, keep_alive, expect, upgrade = facts
        self._next = HEAD if keep_alive else CLOSED
        self._offer = upgrade is not None
        if method == "CONNECT":
            # RFC 9110 section 9.3.6 gives it no content: what follows would be tunnel to one
            # recipient and body to another.
            if chunked or length:
                raise Fault(400, "CONNECT with a body")
            self._offer = True
        events.append(
            RequestHead(
                method, target, version, headers, length, chunked, keep_alive, expect, upgrade
            )
        )
        self._begin_body(facts, events)


class ResponseParser(Receiver[StatusLine]):
    """A client's side of the reading: responses out of bytes.

    It has to know what was asked, so call `request_sent` for each request, in order. Each response
    comes out as `ResponseHead`, any number of `Data`, `EndOfMessage`; an interim one as its
    `ResponseHead` alone. After a 101, or a 2xx to CONNECT, the bytes that follow are held for
    `take_upgrade`. Every error has the status 502.

    Args:
        limits: what is accepted; `request_line` bounds the status line.
    """

    __slots__ = ("_methods",)

    _always_status = 502

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(limits)
        self._methods: deque[str] = deque()

    def request_sent(self, method: str) -> None:
        """Say that a request with this method went out."""
        self._methods.append(method)

    def _parse_line(self, line: bytes) -> StatusLine:
        return parse_status_line(line)

    def _fast_head(self, data: bytes, pos: int, events: list[Event]) -> int:
        found = STATUS_LINE_FAST.match(data, pos, pos + self._limits.request_line + 2)
        if found is None:
            return 0
        end = found.end()
        memo = self._recall(data, end, found[1])
        if memo is None:
            return 0
        self._blank_seen = False
        self._begin(parse_status_line(data[pos:end]), memo.headers, memo.facts, events)
        return end + len(memo.section)

    def _facts(self, version: str, fields: Fields, headers: Headers) -> Facts:
        return _with_upgrade(message_facts(version, fields), headers)

    def _begin(self, line: StatusLine, headers: Headers, facts: Facts, events: list[Event]) -> None:
        if not self._methods:
            raise Fault(502, "a response that nobody asked for")
        status, reason, version = line
        method = self._methods[0]
        length, chunked, keep_alive, _, upgrade = facts
        framing = _received_framing(method, status, version, facts)
        head = ResponseHead(status, reason, version, headers, length, chunked)
        head.has_body = framing is not BodyFraming.NONE and length != 0
        head.keep_alive = keep_alive and framing is not BodyFraming.CLOSE
        head.upgrade = upgrade
        events.append(head)
        if head.interim:
            return
        self._methods.popleft()
        if status == 101 or (method == "CONNECT" and status < 300):
            self._next = SWITCHED
            self._end_body(END, events)
            return
        self._next = HEAD if head.keep_alive else CLOSED
        if framing is BodyFraming.NONE:
            self._end_body(END, events)
        elif framing is BodyFraming.CLOSE:
            self._state = UNTIL_CLOSE
        else:
            self._begin_body(facts, events)

    def _finish(self, offset: int, events: list[Event]) -> None:
        super()._finish(offset, events)
        if self._methods and self._state in (HEAD, CLOSED):
            raise RemoteProtocolError(502, offset, "the connection ended before a response")


def _received_framing(method: str, status: int, version: str, facts: Facts) -> BodyFraming:
    if status < 200 or status == 204:
        # RFC 9110 section 8.6 and RFC 9112 section 6.1 forbid both fields there. A length of 0
        # says what is so.
        if facts.chunked or facts.content_length:
            raise Fault(502, "a framing field in a response that has no body")
        return BodyFraming.NONE
    framing = response_framing(
        method=method, version=version, status=status, content_length=facts.content_length
    )
    if framing is BodyFraming.CHUNKED and not facts.chunked:
        return BodyFraming.CLOSE
    return framing
