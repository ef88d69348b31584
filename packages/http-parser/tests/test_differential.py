"""The same bytes to this parser and to h11: every difference has to be in one of the tables.

Messages are those of the corpus, and generated ones that are then mutated. Compared are the
messages that come out whole (line, fields, body, trailers), in order, and whether the rest is
refused. The first difference decides: who refused what the other one took is looked up by the
reason of the refusal.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace_http_parser import (
    Data,
    EndOfMessage,
    RemoteProtocolError,
    RequestHead,
    RequestParser,
)
from headrace_http_parser.testing import ACCEPTED_REQUESTS, REFUSED_REQUESTS, Accepted, Refused

Pairs = tuple[tuple[bytes, bytes], ...]


class Message(NamedTuple):
    """What a message comes to; names of fields in lower case, as h11 has them."""

    method: bytes
    target: bytes
    version: bytes
    fields: Pairs
    body: bytes
    trailers: Pairs


class Outcome(NamedTuple):
    messages: list[Message]
    refusal: str | None
    closed: bool = False


class Why(NamedTuple):
    """An explained difference: who is right, by which section, and the reason."""

    right: str
    rfc: str
    why: str


# We refuse with this reason what h11 takes.
WE_REFUSE = {
    "LF without CR in a line": Why("we", "9112 2.2", "MAY be a line end; one of two must not be"),
    "a control character in a line": Why("we", "9110 5.5", "h11 lets some controls pass"),
    "a folded field line": Why("we", "9112 5.2", "MUST be refused or replaced; h11 joins"),
    "invalid Host": Why("we", "9112 3.2", "h11 does not look at its value"),
    "Host is not that of the target": Why("we", "9110 7.2", "h11 does not compare"),
    "an invalid request target": Why("we", "9112 3.2", "h11 takes any visible bytes"),
    "the target of CONNECT is not host and port": Why("we", "9112 3.2.3", "h11 takes any"),
    "the target * is for OPTIONS alone": Why("we", "9112 3.2.4", "h11 takes it for all"),
    "only HTTP/1.0 and HTTP/1.1 are spoken here": Why(
        "both", "9110 2.5, 15.6.6", "505 is for a major version; 1.2 SHOULD pass, but there is none"
    ),
    "Content-Length is not a number": Why("both", "9112 6.3", "equal values in a list MAY pass"),
    "Content-Length is given more than once": Why("both", "9112 6.3", "equal values MAY pass"),
    "Transfer-Encoding together with Content-Length": Why("both", "9112 6.3", "MAY be refused"),
    "Transfer-Encoding in an HTTP/1.0 message": Why("we", "9112 6.1", "framing is faulty"),
    "CONNECT with a body": Why("both", "9110 9.3.6", "has no meaning; one of two would tunnel it"),
    "an invalid chunk extension": Why("we", "9112 7.1.1", "h11 takes any visible bytes"),
    "a framing field among the trailers": Why("we", "9110 6.5.1", "MUST NOT be sent there"),
    "data after the last message": Why("both", "9112 9.6", "h11 stops reading, we tell"),
}

# h11 refuses with a reason that begins so what we take.
H11_REFUSES = {
    "no request line received": Why("we", "9112 2.2", "SHOULD ignore one empty line before"),
    "illegal chunk header": Why("we", "9112 7.1.1", "blanks around ; and = have to be taken"),
}

# h11 ends the connection behind a message of HTTP/1.0, we go on when keep-alive was asked for.
H11_CLOSES = Why("we", "9112 9.3", "keep-alive lets a 1.0 connection persist")


def lowered(pairs: Any) -> Pairs:
    """Names in lower case, and the value of Transfer-Encoding, as h11 has them."""
    fields = [(bytes(name).lower(), bytes(value)) for name, value in pairs]
    return tuple((n, v.lower() if n == b"transfer-encoding" else v) for n, v in fields)


def by_us(wire: bytes) -> Outcome:
    parser = RequestParser()
    events: list[Any] = []
    refusal = None
    try:
        events += parser.receive_data(wire)
        while parser.pending:
            events += parser.receive_data(b"")
        events += parser.receive_eof()
    except RemoteProtocolError as error:
        events += error.events
        refusal = error.reason
    messages = []
    for event in events:
        if isinstance(event, RequestHead):
            head, body = event, b""
        elif isinstance(event, Data):
            body += event.data
        elif isinstance(event, EndOfMessage):
            line = head.method.encode(), head.target, head.version.encode()
            fields = lowered(head.headers.raw)
            messages.append(Message(*line, fields, body, lowered(event.trailers.raw)))
    return Outcome(messages, refusal)


def by_h11(wire: bytes) -> Outcome:
    messages: list[Message] = []
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=100_000)
    connection.receive_data(wire)
    if wire:
        connection.receive_data(b"")
    try:
        while True:
            event: Any = connection.next_event()
            if isinstance(event, h11.Request):
                head, body = event, b""
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                line = head.method, head.target, head.http_version
                messages.append(Message(*line, lowered(head.headers), body, lowered(event.headers)))
                connection.send(h11.Response(status_code=404, headers=[("content-length", "0")]))
                connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                    return Outcome(messages, None, closed=True)
                connection.start_next_cycle()
            else:
                return Outcome(messages, None)
    except h11.RemoteProtocolError as error:
        return Outcome(messages, str(error))


def explain(wire: bytes) -> Why | None:
    """None when both say the same.

    Raises:
        AssertionError: a difference that no table explains.
    """
    ours, theirs = by_us(wire), by_h11(wire)
    if ours.messages == theirs.messages and (ours.refusal is None) == (theirs.refusal is None):
        return None
    common = 0
    for mine, other in zip(ours.messages, theirs.messages, strict=False):
        if mine != other:
            break
        common += 1
    if theirs.closed and len(theirs.messages) == common and theirs.messages[-1].version == b"1.0":
        return H11_CLOSES
    we_stop = len(ours.messages) == common and ours.refusal is not None
    they_stop = len(theirs.messages) == common and theirs.refusal is not None
    if we_stop and not they_stop:
        found = WE_REFUSE.get(ours.refusal or "")
    elif they_stop and not we_stop:
        refusal = theirs.refusal or ""
        found = next((why for text, why in H11_REFUSES.items() if refusal.startswith(text)), None)
    else:
        found = None
    assert found is not None, f"{wire!r}\n  us: {ours}\n h11: {theirs}"
    return found


@pytest.mark.parametrize("row", [*ACCEPTED_REQUESTS, *REFUSED_REQUESTS], ids=lambda row: row.id)
def test_corpus(row: Accepted | Refused) -> None:
    found = explain(row.data)
    assert found is None or found.right in ("we", "both")


def test_no_explanation_is_idle() -> None:
    """Each row of the tables is met by a message, so none outlives its difference."""
    met = {explain(row.data) for row in ACCEPTED_REQUESTS}
    met |= {explain(row.data) for row in REFUSED_REQUESTS}
    met |= {explain(wire) for wire in EXTRA}
    idle = [
        why for why in [*WE_REFUSE.values(), *H11_REFUSES.values(), H11_CLOSES] if why not in met
    ]
    assert idle == []


# Complete messages, where those of the corpus end at the fault.
EXTRA = [
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"0\r\n\r\n",
    b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 1\r\n\r\nx",
    b'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;"\r\nx\r\n0\r\n\r\n',
]

tokens = st.sampled_from([b"GET", b"POST", b"OPTIONS", b"CONNECT", b"M-SEARCH", b"get"])
targets = st.sampled_from([b"/", b"/a?b=%20", b"*", b"a:1", b"http://a/", b"//", b"/\x7f", b"?"])
versions = st.sampled_from([b"HTTP/1.1"] * 4 + [b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"http/1.1"])
names = st.sampled_from(
    [
        b"Host",
        b"host",
        b"Content-Length",
        b"Transfer-Encoding",
        b"Connection",
        b"Upgrade",
        b"Expect",
        b"Accept",
        b"X",
        b"TE",
        b"Trailer",
        b"HOST",
        b"A B",
        b"",
    ]
)
values = st.sampled_from(
    [
        b"a",
        b"a",
        b"",
        b"0",
        b"5",
        b"5",
        b"+5",
        b"5, 5",
        b"chunked",
        b"chunked",
        b"gzip, chunked",
        b"identity",
        b"close",
        b"keep-alive",
        b"upgrade",
        b"100-continue",
        b"\xe4",
        b"b\tc",
        b"b\x01",
    ]
)
separators = st.sampled_from([b": "] * 8 + [b":", b":\t ", b" : ", b""])
line_ends = st.sampled_from([b"\r\n"] * 30 + [b"\n", b"\r", b"\r\n "])
fields = st.lists(st.tuples(names, separators, values, line_ends).map(b"".join), max_size=4)
bodies = st.sampled_from(
    [
        b"",
        b"hello",
        b"5\r\nhello\r\n0\r\n\r\n",
        b"5;a=b\r\nhello\r\n0\r\nT: u\r\n\r\n",
        b"05\r\nhello\r\n0",
        b"0\r\n\r\n",
        b"5\nhello\r\n0\r\n\r\n",
        b"F" * 17 + b"\r\n",
        b"5 \r\nhello\r\n0\r\n\r\n",
    ]
)
mutations = st.lists(
    st.tuples(
        st.integers(0, 999),
        st.integers(0, 2),
        st.sampled_from(
            [b"", b"\r", b"\n", b"\0", b" ", b":", b"\t", b";", b"0", b"\x80", b"\x7f", b"a"]
        ),
    ),
    max_size=2,
)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    wire = b""
    for _ in range(draw(st.integers(1, 2))):
        line = draw(tokens) + b" " + draw(targets) + b" " + draw(versions) + draw(line_ends)
        host = draw(st.sampled_from([b"Host: a\r\n"] * 5 + [b""]))
        lines = b"".join(draw(fields))
        framing = draw(
            st.sampled_from([b"", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"])
        )
        wire += line + host + lines + framing + b"\r\n" + draw(bodies)
    for place, size, new in draw(mutations):
        at = place % len(wire)
        wire = wire[:at] + new + wire[at + size :] or b"x"
    return wire


@settings(max_examples=500, deadline=None, derandomize=True)
@given(messages())
def test_generated(wire: bytes) -> None:
    found = explain(wire)
    assert found is None or found.right in ("we", "both")
