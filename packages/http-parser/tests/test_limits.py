"""Each limit, at its value and one beyond, however the input is cut."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import pytest

from headrace_http_parser import (
    Event,
    Limits,
    RemoteProtocolError,
    RequestHead,
    RequestParser,
    ResponseParser,
)
from headrace_http_parser.testing import every_split

Feed = Callable[..., tuple[list[Event], RemoteProtocolError | None]]

_HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def request_line(n: int) -> bytes:
    return b"GET /" + b"x" * (n - 14) + b" HTTP/1.1\r\nHost: a\r\n\r\n"


def header_bytes(n: int) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"x" * (n - 14) + b"\r\n\r\n"


def header_bytes_in_many(n: int) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A:\r\n" * (n - 3) + b"\r\n"


def header_count(n: int) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * (n - 1) + b"\r\n"


def plain_header_count(n: int) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: a\r\n" + b"Accept: b\r\n" * (n - 1) + b"\r\n"


def plain_header_count_with_body(n: int) -> bytes:
    lines = b"Accept: b\r\n" * (n - 2)
    return b"POST / HTTP/1.1\r\nHost: a\r\n" + lines + b"Content-Length: 2\r\n\r\nhi"


def plain_header_bytes(n: int) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: a\r\nAccept: " + b"x" * (n - 19) + b"\r\n\r\n"


def field_bytes(n: int) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"x" * (n - 3) + b"\r\nB: c\r\n\r\n"


def trailer_field_bytes(n: int) -> bytes:
    return _HEAD + b"0\r\nA: " + b"x" * (n - 3) + b"\r\n\r\n"


def chunk_size_digits(n: int) -> bytes:
    return _HEAD + b"1\r\nx\r\n" + b"1".zfill(n) + b"\r\nx\r\n0\r\n\r\n"


def first_chunk_size_digits(n: int) -> bytes:
    return _HEAD + b"1".zfill(n) + b"\r\nx\r\n0\r\n\r\n"


def chunk_extensions(n: int) -> bytes:
    return _HEAD + b"1;" + b"a" * (n - 1) + b"\r\nx\r\n0\r\n\r\n"


def chunk_extensions_in_many(n: int) -> bytes:
    return _HEAD + b"1;a\r\nx\r\n" * (n // 2) + b"0;a" + b"b" * (n % 2) + b"\r\n\r\n"


def trailer_bytes(n: int) -> bytes:
    return _HEAD + b"0\r\nA: " + b"x" * (n - 5) + b"\r\n\r\n"


def trailer_count(n: int) -> bytes:
    return _HEAD + b"0\r\n" + b"A: b\r\n" * n + b"\r\n"


ROWS = [
    (request_line, "request_line", 30, 30, 414),
    (header_bytes, "header_bytes", 40, 40, 431),
    (header_bytes_in_many, "header_bytes", 33, 9, 431),
    (header_count, "header_count", 5, 5, 431),
    (plain_header_count, "header_count", 50, 50, 431),
    (plain_header_count_with_body, "header_count", 5, 5, 431),
    (plain_header_bytes, "header_bytes", 60, 60, 431),
    (field_bytes, "field_bytes", 30, 30, 431),
    (trailer_field_bytes, "field_bytes", 30, 30, 431),
    (chunk_size_digits, "chunk_size_digits", 6, 6, 400),
    (first_chunk_size_digits, "chunk_size_digits", 6, 6, 400),
    (chunk_extensions, "chunk_extensions", 12, 12, 400),
    (chunk_extensions_in_many, "chunk_extensions", 12, 10, 400),
    (trailer_bytes, "trailer_bytes", 20, 20, 431),
    (trailer_count, "trailer_count", 3, 3, 431),
]


@pytest.mark.parametrize(
    ("build", "name", "limit", "size", "status"), ROWS, ids=lambda x: getattr(x, "__name__", None)
)
def test_below_the_limit_at_it_and_one_beyond(
    build: Callable[[int], bytes], name: str, limit: int, size: int, status: int, feed: Feed
) -> None:
    limits = Limits(**{name: limit})
    for fitting in (size - 1, size):
        whole, error = feed(RequestParser(limits), [build(fitting)])
        assert error is None
        for pieces in every_split(build(fitting)):
            assert feed(RequestParser(limits), pieces) == (whole, None)

    beyond, first = feed(RequestParser(limits), [build(size + 1)])
    assert first is not None and first.status == status
    for pieces in every_split(build(size + 1)):
        events, error = feed(RequestParser(limits), pieces)
        assert error is not None
        assert (events, error.args) == (beyond, first.args)


@pytest.mark.parametrize(
    "data", [b"GET /" + b"x" * 20_000, b"GET / HTTP/1.1\r\nA:" + b"x" * 99_999]
)
def test_an_endless_line_is_refused_before_it_ends(data: bytes, feed: Feed) -> None:
    assert feed(RequestParser(), [data[i : i + 100] for i in range(0, len(data), 100)])[1]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"x" * 30 + b"\n", "LF without CR in a line"),
        (b"x" * 31 + b"\n", "the start line is too long"),
        (b"x" * 30 + b"\ra", "CR without LF in a line"),
        (b"x" * 29 + b"\ra", "CR without LF in a line"),
        (b"x" * 30 + b"\0", "a control character in a line"),
        (b"x" * 31 + b"\0", "the start line is too long"),
    ],
)
def test_two_faults_at_the_limit_are_told_apart_by_place(
    line: bytes, reason: str, feed: Feed
) -> None:
    for pieces in every_split(line):
        _, error = feed(RequestParser(Limits(request_line=30)), pieces)
        assert error is not None and error.reason == reason


def test_a_fault_in_a_line_that_is_too_long_is_told_if_it_comes_first(feed: Feed) -> None:
    for pieces in every_split(b"xx\0" + b"x" * 40):
        _, error = feed(RequestParser(Limits(request_line=30)), pieces)
        assert error is not None and error.offset == 2


def test_status_line_is_bounded_too() -> None:
    parser = ResponseParser(Limits(request_line=20))
    parser.request_sent("GET")
    with pytest.raises(RemoteProtocolError, match="too long") as caught:
        parser.receive_data(b"HTTP/1.1 200 " + b"x" * 8)
    assert caught.value.status == 502


def test_pipelined_heads_are_held_back_and_handed_on() -> None:
    one = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    parser = RequestParser(Limits(pipelined=2))
    counts = []
    events = parser.receive_data(one * 5 + b"GET")
    while parser.pending:
        counts.append((len(events), parser.held))
        events = parser.receive_data(b"")
    assert counts == [(4, 3 * len(one) + 3), (4, len(one) + 3)]
    assert (len(events), parser.held) == (2, 0)
    assert len(parser.receive_data(one[3:])) == 2


def test_new_data_is_added_to_what_is_held() -> None:
    one = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    parser = RequestParser(Limits(pipelined=1))
    assert len(parser.receive_data(one * 2)) == 2
    assert len(parser.receive_data(one + b"\0")) == 2
    assert len(parser.receive_data(b"")) == 2
    with pytest.raises(RemoteProtocolError) as caught:
        parser.receive_data(b"")
    assert caught.value.offset == 3 * len(one)


def test_a_body_is_not_held_back_with_the_heads() -> None:
    parser = RequestParser(Limits(pipelined=1))
    events = parser.receive_data(
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"
        b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    assert len(events) == 3
    assert isinstance(parser.receive_data(b"")[0], RequestHead)


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_a_limit_below_one_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be at least 1"):
        Limits(**{name: 0})
