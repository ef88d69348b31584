"""What an encoder writes, a parser reads back as the same message, however it is cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from headrace_http_parser import (
    BodyFraming,
    Data,
    EndOfMessage,
    Event,
    RemoteProtocolError,
    RequestHead,
    RequestParser,
    ResponseHead,
    ResponseParser,
    encode_chunk,
    encode_last_chunk,
    encode_request_head,
    encode_response_head,
    response_framing,
)
from headrace_http_parser.testing import ACCEPTED_REQUESTS, REFUSED_REQUESTS, merge_data

Pairs = list[tuple[str, str]]

OWN = {"host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "trailer"}
token = st.from_regex(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,12}", fullmatch=True)
names = token.filter(lambda name: name.lower() not in OWN)
value_characters = st.characters(
    min_codepoint=9, max_codepoint=255, exclude_categories=(), exclude_characters="\x7f"
).filter(lambda character: character == "\t" or character >= " ")
values = st.text(value_characters, max_size=20).map(lambda text: text.strip(" \t"))
fields = st.lists(st.tuples(names, values), max_size=5)
bodies = st.lists(st.binary(max_size=40), max_size=5)
targets = st.from_regex(r"/[!$-;=?-\[\]-~]{0,20}", fullmatch=True)
cuts = st.lists(st.integers(0, 1000), max_size=8)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The data cut at these places, each taken modulo its length."""
    at = [*sorted({place % len(data) for place in places} | {0}), len(data)]
    return [data[a:b] for a, b in pairwise(at)]


def body_of(pieces: list[bytes], framing: BodyFraming, trailers: Pairs) -> bytes:
    if framing is BodyFraming.NONE:
        return b""
    if framing is not BodyFraming.CHUNKED:
        return b"".join(pieces)
    chunks = [part for piece in pieces for part in encode_chunk([piece])]
    return b"".join(chunks) + encode_last_chunk(trailers)


def check_body(events: list[Event], body: bytes, framing: BodyFraming, trailers: Pairs) -> None:
    *data, end = events
    assert data == ([Data(body)] if body and framing is not BodyFraming.NONE else [])
    assert isinstance(end, EndOfMessage)
    assert list(end.trailers.items()) == (trailers if framing is BodyFraming.CHUNKED else [])


no_trailers = {"authorization", "range", "te", "cookie", "keep-alive"}
trailer_fields = st.lists(
    st.tuples(names.filter(lambda name: name.lower() not in no_trailers), values), max_size=3
)


@settings(max_examples=150, deadline=None)
@given(token, targets, fields, bodies, trailer_fields, st.booleans(), cuts)
def test_request(
    method: str,
    target: str,
    headers: Pairs,
    pieces: list[bytes],
    trailers: Pairs,
    chunked: bool,
    places: list[int],
) -> None:
    if method == "CONNECT":
        return
    body = b"".join(pieces)
    framing = BodyFraming.CHUNKED if chunked else BodyFraming.CONTENT_LENGTH
    given_fields = [("Host", "a"), *headers]
    length = None if chunked else len(body)
    head = encode_request_head(method, target, given_fields, framing=framing, content_length=length)
    parser = RequestParser()
    wire = (head + body_of(pieces, framing, trailers)) * 2
    events = [event for piece in cut(wire, places) for event in parser.receive_data(piece)]
    merged = merge_data(events)
    half = len(merged) // 2
    assert merged[:half] == merged[half:]
    first = merged[0]
    assert isinstance(first, RequestHead)
    assert (first.method, first.target) == (method, target.encode())
    assert list(first.headers.items())[:-1] == given_fields
    assert (first.content_length, first.chunked) == (length, chunked)
    check_body(merged[1:half], body, framing, trailers)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["GET", "HEAD", "POST"]),
    st.sampled_from(["1.0", "1.1"]),
    st.sampled_from([200, 204, 304, 404, 599]),
    fields,
    bodies,
    trailer_fields,
    st.booleans(),
    cuts,
)
def test_response(
    method: str,
    version: str,
    status: int,
    headers: Pairs,
    pieces: list[bytes],
    trailers: Pairs,
    known: bool,
    places: list[int],
) -> None:
    body = b"".join(pieces)
    length = len(body) if known else None
    framing = response_framing(method=method, version=version, status=status, content_length=length)
    head = encode_response_head(status, headers, framing=framing, content_length=length, close=True)
    parser = ResponseParser()
    parser.request_sent(method)
    wire = head + body_of(pieces, framing, trailers)
    events = [event for piece in cut(wire, places) for event in parser.receive_data(piece)]
    first, *rest = merge_data(events + parser.receive_eof())
    assert isinstance(first, ResponseHead)
    assert (first.status, first.keep_alive) == (status, False)
    assert list(first.headers.items())[: len(headers)] == headers
    check_body(rest, body, framing, trailers)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_mutated_messages_are_read_alike_however_they_are_cut(data: st.DataObject) -> None:
    rows = [row.data for row in ACCEPTED_REQUESTS] + [row.data for row in REFUSED_REQUESTS]
    message = bytearray(data.draw(st.sampled_from(rows)) + data.draw(st.sampled_from(rows)))
    alphabet = st.sampled_from(b"\r\n\0\t :;,0aA\x7f\xff")
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(message) - 1))
        message[place : place + data.draw(st.integers(0, 2))] = bytes(
            data.draw(st.lists(alphabet, max_size=2))
        )
        if not message:
            return
    wire = bytes(message)
    assert outcome([wire]) == outcome(cut(wire, data.draw(cuts)))
    assert outcome([wire]) == outcome([wire[i : i + 1] for i in range(len(wire))])


def outcome(pieces: list[bytes]) -> tuple[list[Event], object]:
    parser = RequestParser()
    events: list[Event] = []
    try:
        for piece in pieces:
            events += parser.receive_data(piece)
            while parser.pending:
                events += parser.receive_data(b"")
        events += parser.receive_eof()
    except RemoteProtocolError as error:
        return merge_data(events + error.events), (type(error), error.args)
    return merge_data(events), None
