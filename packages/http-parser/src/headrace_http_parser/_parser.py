"""`RequestParser` and `ResponseParser`: what heads mean, on top of the machine in `_receiver`."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from ._errors import HTTP2PrefaceReceived, RemoteProtocolError
from ._events import END, Data, RequestHead, ResponseHead
from ._framing import BodyFraming, Facts, Fault, message_facts, request_facts, response_framing
from ._grammar import (
    ORIGIN_FORM,
    PLAIN_FIELD_BYTES,
    PLAIN_FIELDS,
    PLAIN_REQUEST,
)
from ._headers import Headers, new
from ._inlet import CLOSED, HEAD, LENGTH, SWITCHED, UNTIL_CLOSE
from ._limits import DEFAULT_LIMITS, Limits
from ._receiver import Receiver
from ._repeated import MOST_BYTES, in_common
from ._startline import (
    METHODS,
    PREFACE_LINE,
    WITHOUT_BODY,
    RequestLine,
    StatusLine,
    check_authority,
    parse_request_line,
    parse_status_line,
)

if TYPE_CHECKING:
    import re

    from ._events import Event
    from ._framing import Fields
    from ._repeated import Repeated


# Longer heads are not kept to be compared with the next.
MOST_AGAIN = 768

# Nothing ends with one of none; with bytes, be they never in a request, what is refused may.
NO_SECTION: Final[tuple[bytes, ...]] = ()

match_plain = PLAIN_REQUEST.match
is_origin_form = ORIGIN_FORM.fullmatch


def _plain_request(
    method: str,
    target: bytes,
    section: bytes,
    length: int | None,
    known: Repeated | None,
    headers: Headers | None = None,
) -> RequestHead:
    # Slot by slot: the calls of both constructors would be 6 % of a request (3.13: 8 %).
    if headers is None:
        headers = new(Headers)
        headers._fields = section
        headers._index = 0
        headers._repeated = known
    head = new(RequestHead)
    head.method = method
    head.target = target
    head.version = "1.1"
    head.headers = headers
    head.content_length = length
    head.chunked = False
    head.has_body = bool(length)
    head.keep_alive = True
    head.expect = None
    head.upgrade = None
    return head


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

    __slots__ = (
        "_again",
        "_again_head",
        "_again_section",
        "_last",
        "_learning",
        "_most_lines",
        "_plain_bytes",
        "_repeated",
        "_sure_bytes",
    )

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(limits)
        # A head within the smallest of three limits is within each of them.
        self._plain_bytes = min(limits.request_line, limits.header_bytes, limits.field_bytes)
        self._sure_bytes = limits.header_count * PLAIN_FIELD_BYTES
        self._most_lines = limits.header_count + 2
        self._repeated: Repeated | None = None
        self._learning = True
        self._last = b""  # the first of two sections to compare
        self._again = b""  # a plain head's bytes, and
        self._again_head: RequestHead | None = None  # what was made of them
        # Those from the version on, if no field is a length.
        self._again_section: bytes | tuple[bytes, ...] = NO_SECTION

    def _parse_line(self, line: bytes) -> RequestLine:
        return parse_request_line(line)

    def receive_data(self, data: bytes | bytearray | memoryview) -> list[Event]:
        # The commonest reads, one plain request and nothing else, with no call that can be saved.
        if self.idle and type(data) is bytes and len(data) <= self._plain_bytes:
            # Who polls sends the very same head again, and gets the same: 0.25 us instead of 1.4.
            # To compare them takes 0.03.
            again = self._again_head
            if again is not None and data.startswith(self._again):
                rest = len(data) - len(self._again)
                if rest == (again.content_length or 0):
                    self._base += len(data)
                    return [again, Data(data[-rest:]), END] if rest else [again, END]
            events = self._with_known_fields(data)
            if events is not None:
                return events
            found = match_plain(data, 0)
            if found is not None:
                name, target, section, digits, early = found.groups()
                digits = digits or early
                end = found.end()
                length = None if digits is None else int(digits)
                if len(data) == end + (length or 0) and (
                    end <= self._sure_bytes or data.count(b"\n", 0, end) <= self._most_lines
                ):
                    self._base += len(data)
                    method = METHODS.get(name) or name.decode()
                    head = _plain_request(method, target, section, length, None)
                    if length:
                        self._keep(data[:end], head)
                        return [head, Data(data[end:]), END]
                    if self._learning and length is None:
                        self._learn(section)
                    return [head, END]
                events = []
                self._advance(data, self._plain(found, data, events), events)
                return events
        return super().receive_data(data)

    receive_data.__doc__ = Receiver.receive_data.__doc__

    def _with_known_fields(self, data: bytes) -> list[Event] | None:
        """Take a request of which the line alone, or one field besides, is new."""
        again = self._again_head
        known = self._repeated
        same = again is not None and data.endswith(self._again_section)
        if not same and known is None:
            return None
        name, _, rest = data.partition(b" ")
        method = WITHOUT_BODY.get(name)
        target, _, section = rest.partition(b" ")
        if method is None or is_origin_form(target) is None:
            return None
        # Who asks for one thing after another changes the line alone: 1.3 us, not 1.7. The
        # fields were judged with other lines, none of which but CONNECT's matters to them.
        if same and again is not None and len(section) == len(self._again_section):
            headers = again.headers
            known = None
        elif (
            known is not None
            and section.startswith(known.before)
            and section.endswith(known.after)
            and PLAIN_FIELDS.fullmatch(section, known.start, len(section) - known.stop) is not None
            and (len(section) <= known.most or section.count(b"\n") <= self._most_lines)
        ):
            headers = None
        else:
            return None
        self._base += len(data)
        head = _plain_request(method, target, section, None, known, headers)
        self._keep(data, head, section)
        return [head, END]

    def _learn(self, section: bytes) -> None:
        """Remember what of a plain section may come again."""
        known, last = self._repeated, self._last
        if known is None and not last:
            # Many connections bring one request only, so nothing more is done for the first.
            self._learning = len(section) <= MOST_BYTES
            self._last = section if self._learning else b""
            return
        self._last = b""
        version = b"HTTP/1.1"
        if known is not None:
            known = known.shrunk(version + section)
        else:
            known = in_common(version + last, version + section, self._limits.header_count)
        self._repeated = known
        self._learning = known is not None

    def _plain_head(self, data: bytes, pos: int, events: list[Event]) -> int:
        again = self._again_head
        if (
            again is not None
            and data.startswith(self._again, pos)  # a head ends where it ends
            and again.content_length is None
        ):
            events.append(again)
            events.append(END)
            self._blank_seen = False
            return pos + len(self._again)
        found = match_plain(data, pos, pos + self._plain_bytes)
        return 0 if found is None else self._plain(found, data, events)

    def _plain(self, found: re.Match[bytes], data: bytes, events: list[Event]) -> int:
        start, end = found.span()
        if data.count(b"\n", start, end) > self._most_lines:
            return 0
        name, target, section, digits, early = found.groups()
        digits = digits or early
        method = METHODS.get(name) or name.decode()
        length = None if digits is None else int(digits)
        head = _plain_request(method, target, section, length, None)
        events.append(head)
        self._blank_seen = False
        if length:
            self._offer = False
            self._next = HEAD
            self._left = length
            self._state = LENGTH
        else:
            events.append(END)
            if digits is None:
                self._keep(data[start:end], head)
        return end

    def _keep(
        self, whole: bytes, head: RequestHead, section: bytes | tuple[bytes, ...] = NO_SECTION
    ) -> None:
        """Remember a plain head, whose bytes may come again, or those from the version on."""
        if len(whole) <= MOST_AGAIN:
            self._again = whole
            self._again_head = head
            self._again_section = section

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
        else:
            check_authority(target, headers.get("host"))
        events.append(
            RequestHead(
                method, target, version, headers, length, chunked, keep_alive, expect, upgrade
            )
        )
        self._begin_body(facts, events)


class ResponseParser(Receiver[StatusLine]):
    """A client's side of the reading: responses out of bytes.

    It has to know what was asked, so call `request_sent` for each request, in order; bytes that
    answer none are refused. Each response comes out as `ResponseHead`, any number of `Data`,
    `EndOfMessage`; an interim one as its `ResponseHead` alone. After a 101, or a 2xx to CONNECT,
    the bytes that follow are held for `take_upgrade`. Every error has the status 502.

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

    def _head(self, data: bytes, pos: int, events: list[Event]) -> int:
        # RFC 9112 section 9.2. At its first byte: what waited until the next request goes out would
        # pass for the answer to that one.
        if not self._methods and self._between_messages and data[pos] not in b"\r\n":
            raise RemoteProtocolError(502, self._base + pos, "a response that nobody asked for")
        return super()._head(data, pos, events)

    def _parse_line(self, line: bytes) -> StatusLine:
        return parse_status_line(line)

    def _facts(self, version: str, fields: Fields, headers: Headers) -> Facts:
        return _with_upgrade(message_facts(version, fields), headers)

    def _begin(self, line: StatusLine, headers: Headers, facts: Facts, events: list[Event]) -> None:
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
