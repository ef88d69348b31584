"""What holds between calls: order, errors, ends, upgrades, identity of payload."""

from __future__ import annotations

from typing import Any

import pytest

from headrace_http_parser import (
    Data,
    EndOfMessage,
    Event,
    HTTP2PrefaceReceived,
    LocalProtocolError,
    RemoteProtocolError,
    RequestHead,
    RequestParser,
    ResponseHead,
    ResponseParser,
    Upgrade,
)
from headrace_http_parser.testing import every_split, merge_data

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n"
UPGRADE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
CONNECT = b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_bytes_like_input_is_taken(kind: type[bytes]) -> None:
    head, end = RequestParser().receive_data(kind(GET))
    assert isinstance(head, RequestHead) and isinstance(end, EndOfMessage)
    assert type(head.target) is bytes


@pytest.mark.parametrize("value", [5, "GET", None, [71]])
def test_what_is_no_bytes_is_a_type_error(value: Any) -> None:
    """Above all not a number of zeros, which `bytes` would make of a number."""
    parser = RequestParser()
    with pytest.raises(TypeError):
        parser.receive_data(value)
    assert len(parser.receive_data(GET)) == 2


def test_input_that_is_all_body_passes_as_the_same_object() -> None:
    parser = RequestParser()
    parser.receive_data(POST)
    first, last = b"abc", b"d"
    (data,) = parser.receive_data(first)
    assert isinstance(data, Data) and data.data is first
    data, end = parser.receive_data(last)
    assert isinstance(data, Data) and data.data is last
    assert end is RequestParser().receive_data(GET)[1]


@pytest.mark.parametrize(
    ("size", "passed"),
    [
        pytest.param(1, True, id="some-of-it"),
        pytest.param(3, True, id="all-but-the-last"),
        pytest.param(4, False, id="all"),
        pytest.param(5, False, id="one-beyond"),
    ],
)
def test_bytes_of_a_body_may_be_counted_only(size: int, passed: bool) -> None:
    parser = RequestParser()
    parser.receive_data(POST)
    assert parser.pass_over(size) is passed
    left = b"abcd"[size if passed else 0 :]
    data, end = parser.receive_data(left)
    assert isinstance(data, Data) and data.data == left
    assert isinstance(end, EndOfMessage)
    assert len(parser.receive_data(GET)) == 2


def test_nothing_but_a_body_of_known_length_is_counted_only() -> None:
    parser = RequestParser()
    assert not parser.pass_over(1)
    parser.receive_data(GET)
    assert not parser.pass_over(1)
    parser.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n")
    assert not parser.pass_over(1)


def test_nothing_is_counted_after_the_end() -> None:
    parser = RequestParser()
    parser.receive_data(POST)
    with pytest.raises(RemoteProtocolError, match="within a body"):
        parser.receive_eof()
    assert not parser.pass_over(1)


def test_what_was_counted_only_stands_in_the_offset_of_an_error() -> None:
    offsets = []
    for take in ("pass_over", "receive_data"):
        parser = RequestParser()
        parser.receive_data(POST)
        getattr(parser, take)(3 if take == "pass_over" else b"abc")
        with pytest.raises(RemoteProtocolError) as caught:
            parser.receive_data(b"dGET /\x00 HTTP/1.1\r\n\r\n")
        offsets.append(caught.value.offset)
    assert offsets[0] == offsets[1] > len(POST)


def test_one_read_of_many_chunks_is_one_data() -> None:
    parser = RequestParser()
    parser.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert parser.receive_data(b"1\r\na\r\n2\r\nbc\r\n5\r\n") == [Data(b"abc")]
    assert parser.receive_data(b"") == []


def test_good_messages_before_a_bad_one_are_not_lost_and_the_error_stays() -> None:
    parser = RequestParser()
    with pytest.raises(RemoteProtocolError) as caught:
        parser.receive_data(GET + b"GET / HTTP/3.0\r\n")
    error = caught.value
    assert (error.status, error.offset, len(error.events)) == (505, len(GET), 2)
    assert str(error) == "only HTTP/1.0 and HTTP/1.1 are spoken here (status 505, byte 27)"
    with pytest.raises(RemoteProtocolError) as again:
        parser.receive_data(GET)
    assert (again.value.args, again.value.events) == (error.args, [])
    with pytest.raises(RemoteProtocolError) as again:
        parser.receive_eof()
    assert (again.value.args, again.value.events) == (error.args, [])
    assert not parser.pending
    with pytest.raises(LocalProtocolError):
        parser.take_upgrade()


def test_payload_before_a_bad_chunk_is_not_lost() -> None:
    parser = RequestParser()
    parser.receive_data(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    with pytest.raises(RemoteProtocolError) as caught:
        parser.receive_data(b"1\r\na\r\n1\r\nb\r\nx\r\n")
    assert caught.value.events == [Data(b"ab")]


def test_the_end_between_messages_is_no_error_and_may_be_told_twice() -> None:
    parser = RequestParser()
    parser.receive_data(GET)
    assert parser.receive_eof() == []
    assert parser.receive_eof() == []
    assert parser.receive_data(b"") == []
    with pytest.raises(LocalProtocolError, match="after the end"):
        parser.receive_data(b"x")


def test_the_end_is_judged_after_what_was_held_back() -> None:
    parser = RequestParser()
    parser.receive_data(UPGRADE + UPGRADE + b"GET")
    assert len(parser.receive_eof()) == 2
    assert parser.pending
    with pytest.raises(RemoteProtocolError, match="within a head") as caught:
        parser.receive_data(b"")
    assert caught.value.offset == 2 * len(UPGRADE) + 3


@pytest.mark.parametrize("pieces", list(every_split(PREFACE + b"\0\0")), ids=str)
def test_the_http2_preface_is_told_apart_and_nothing_of_it_lost(pieces: list[bytes]) -> None:
    parser = RequestParser()
    rest = list(pieces)

    def feed_all() -> None:
        while rest:
            parser.receive_data(rest.pop(0))

    with pytest.raises(HTTP2PrefaceReceived) as caught:
        feed_all()
    assert caught.value.data + b"".join(rest) == PREFACE + b"\0\0"
    assert (caught.value.status, caught.value.offset) == (505, 0)
    with pytest.raises(HTTP2PrefaceReceived) as again:
        parser.receive_data(b"")
    assert again.value.data == caught.value.data


@pytest.mark.parametrize("request_bytes", [UPGRADE, CONNECT])
def test_an_upgrade_that_is_taken_gives_the_bytes_behind(request_bytes: bytes) -> None:
    parser = RequestParser()
    assert len(parser.receive_data(request_bytes + b"\x81raw")) == 2
    assert parser.pending
    assert parser.take_upgrade() == Upgrade(b"\x81raw")
    assert not parser.pending
    with pytest.raises(LocalProtocolError, match="taken over"):
        parser.receive_data(b"x")
    with pytest.raises(LocalProtocolError, match="taken over"):
        parser.receive_eof()
    with pytest.raises(LocalProtocolError, match="no upgrade"):
        parser.take_upgrade()


def test_an_upgrade_can_be_taken_when_nothing_or_the_end_follows() -> None:
    parser = RequestParser()
    parser.receive_data(UPGRADE)
    assert not parser.pending
    parser.receive_data(b"")
    parser.receive_eof()
    assert parser.take_upgrade() == Upgrade(b"")


def test_an_upgrade_waits_for_the_end_of_the_body() -> None:
    parser = RequestParser()
    parser.receive_data(UPGRADE[:-2] + b"Content-Length: 2\r\n\r\nh")
    with pytest.raises(LocalProtocolError):
        parser.take_upgrade()
    parser.receive_data(b"irest")
    assert parser.take_upgrade() == Upgrade(b"rest")


def test_going_on_declines_an_upgrade() -> None:
    parser = RequestParser()
    assert len(parser.receive_data(UPGRADE + GET)) == 2
    assert len(parser.receive_data(b"")) == 2
    with pytest.raises(LocalProtocolError):
        parser.take_upgrade()


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("GET", b"HTTP/1.1 101 \r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"),
        ("CONNECT", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
    ],
)
def test_what_follows_a_switch_is_held_for_the_taker(method: str, head: bytes) -> None:
    parser = ResponseParser()
    parser.request_sent(method)
    first, end = parser.receive_data(head + b"ra")
    assert isinstance(first, ResponseHead) and isinstance(end, EndOfMessage)
    assert not first.has_body and not first.interim
    assert parser.receive_data(b"w") == []
    assert not parser.pending and parser.held == 3
    assert parser.receive_eof() == []
    assert parser.take_upgrade() == Upgrade(b"raw")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("early", [b"H", b"HTTP/1.1 200 OK\r\nContent-", b"hello", b"\r\nH"])
def test_no_early_byte_becomes_the_answer_to_the_next_request(method: str, early: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    for pieces in every_split(head + early):
        parser = ResponseParser()
        parser.request_sent(method)
        events: list[Event] = []
        with pytest.raises(RemoteProtocolError, match="nobody asked") as caught:
            feed_all(parser, pieces, events)
        assert len(events + caught.value.events) == 2
        assert caught.value.offset == len(head) + len(early) - len(early.lstrip(b"\r\n"))
        parser.request_sent("GET")
        with pytest.raises(RemoteProtocolError):
            parser.receive_data(head)


def test_an_empty_line_behind_a_response_is_harmless() -> None:
    parser = ResponseParser()
    parser.request_sent("GET")
    parser.receive_data(b"HTTP/1.1 204 \r\n\r\n\r\n")
    parser.request_sent("GET")
    assert len(parser.receive_data(b"HTTP/1.1 204 \r\n\r\n")) == 2


def test_a_connect_that_fails_has_a_body() -> None:
    parser = ResponseParser()
    parser.request_sent("CONNECT")
    head, *_ = parser.receive_data(b"HTTP/1.1 407 \r\nContent-Length: 1\r\n\r\nx")
    assert isinstance(head, ResponseHead) and head.has_body


@pytest.mark.parametrize(
    ("lines", "has_body", "expects"),
    [
        (b"", False, False),
        (b"Content-Length: 0\r\n", False, False),
        (b"Content-Length: 1\r\n", True, False),
        (b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", True, True),
        (b"Expect: something\r\n", False, False),
    ],
)
def test_a_head_says_what_follows(lines: bytes, has_body: bool, expects: bool) -> None:
    head = RequestParser().receive_data(b"PUT / HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n")[0]
    assert isinstance(head, RequestHead)
    assert (head.has_body, head.expects_continue) == (has_body, expects)


def test_the_same_fields_mean_something_else_on_another_version() -> None:
    parser = RequestParser()
    first, _, second, _ = parser.receive_data(GET + GET.replace(b"1.1", b"1.0"))
    assert isinstance(first, RequestHead) and isinstance(second, RequestHead)
    assert (first.keep_alive, second.keep_alive) == (True, False)


def test_repr_shows_the_state() -> None:
    parser = RequestParser()
    assert repr(parser) == "<RequestParser HEAD held=0>"
    parser.receive_data(POST)
    assert repr(parser) == "<RequestParser LENGTH held=0>"
    with pytest.raises(RemoteProtocolError):
        parser.receive_eof()
    assert repr(parser) == "<RequestParser ERROR held=0>"


@pytest.mark.parametrize(
    "value", [RequestParser(), ResponseParser(), *RequestParser().receive_data(GET)]
)
def test_nothing_made_per_message_has_a_dict(value: object) -> None:
    assert not hasattr(value, "__dict__")


POST_CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("size", [1, 2, 16, 500, 8191, 8192, 20_000])
@pytest.mark.parametrize("count", [3, 5, 6, 7, 100])
@pytest.mark.parametrize(
    ("behind", "status"),
    [
        (b"0\r\n\r\n", None),
        (b"1\r\nz\r\n0\r\n\r\n", None),
        (b"1;a\r\nz\r\n0\r\n\r\n", None),
        (b"x\r\n", 400),
    ],
)
def test_runs_of_equal_chunks(size: int, count: int, behind: bytes, status: int | None) -> None:
    payload = bytes(i * 7 % 251 for i in range(size * count))
    chunks = [payload[i : i + size] for i in range(0, len(payload), size)]
    body = b"".join(b"%x\r\n%b\r\n" % (size, chunk) for chunk in chunks) + behind
    for cut in (len(body), len(body) // 2, len(body) - 9, 1 if len(body) < 2_000 else 999):
        parser = RequestParser()
        parser.receive_data(POST_CHUNKED)
        got = b""
        found = None
        try:
            for i in range(0, len(body), cut):
                for event in parser.receive_data(body[i : i + cut]):
                    if isinstance(event, Data):
                        assert type(event.data) is bytes
                        got += event.data
        except RemoteProtocolError as error:
            found = error.status
            got += b"".join(e.data for e in error.events if isinstance(e, Data))
        assert (got.removesuffix(b"z"), found) == (payload, status)


@pytest.mark.parametrize("bad", [0, 1, 6, 7, 20, 199])
@pytest.mark.parametrize("column", range(5))
def test_a_fault_within_a_run_is_found_where_it_is(bad: int, column: int) -> None:
    chunk = b"a\r\n0123456789\r\n"
    broken = bytearray(chunk)
    place = (0, 1, 2, 13, 14)[column]
    broken[place] = ord("x")
    body = chunk * bad + bytes(broken) + chunk * (200 - bad)
    outcomes = []
    for cut in (len(body), 1):
        parser = RequestParser()
        parser.receive_data(POST_CHUNKED)
        events: list[Event] = []
        with pytest.raises(RemoteProtocolError) as caught:
            feed_in(parser, body, cut, events)
        outcomes.append((merge_data(events + caught.value.events), caught.value.args))
    assert outcomes[0] == outcomes[1]
    head = len(POST_CHUNKED) + bad * len(chunk)
    assert head <= outcomes[0][1][1] <= head + place + 1


def feed_all(parser: ResponseParser, pieces: list[bytes], events: list[Event]) -> None:
    for piece in pieces:
        events += parser.receive_data(piece)


def feed_in(parser: RequestParser, data: bytes, size: int, events: list[Event]) -> None:
    for i in range(0, len(data), size):
        events += parser.receive_data(data[i : i + size])
