"""The tables of messages, each fed in every way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from headrace_http_parser import Event, RemoteProtocolError, RequestParser, ResponseParser
from headrace_http_parser.testing import (
    ACCEPTED_REQUESTS,
    ACCEPTED_RESPONSES,
    REFUSED_REQUESTS,
    REFUSED_RESPONSES,
    Accepted,
    Refused,
    every_split,
)

Feed = Callable[..., tuple[list[Event], RemoteProtocolError | None]]


def for_responses(methods: tuple[str, ...]) -> ResponseParser:
    parser = ResponseParser()
    for method in methods:
        parser.request_sent(method)
    return parser


@pytest.mark.parametrize("row", ACCEPTED_REQUESTS, ids=lambda row: row.id)
def test_request_is_accepted_however_it_is_cut(row: Accepted, feed: Feed) -> None:
    for pieces in every_split(row.data):
        events, error = feed(RequestParser(), pieces, eof=True)
        assert error is None
        assert events == list(row.events)


@pytest.mark.parametrize("row", REFUSED_REQUESTS, ids=lambda row: row.id)
def test_request_is_refused_in_the_same_way_however_it_is_cut(row: Refused, feed: Feed) -> None:
    whole, first = feed(RequestParser(), [row.data], eof=row.eof)
    assert first is not None
    assert (first.status, len(whole)) == (row.status, row.before)
    for pieces in every_split(row.data):
        events, error = feed(RequestParser(), pieces, eof=row.eof)
        assert error is not None
        assert (events, error.args) == (whole, first.args), pieces


@pytest.mark.parametrize("row", ACCEPTED_RESPONSES, ids=lambda row: row.id)
def test_response_is_accepted_however_it_is_cut(row: Accepted, feed: Feed) -> None:
    for pieces in every_split(row.data):
        events, error = feed(for_responses(row.methods), pieces, eof=row.eof)
        assert error is None
        assert events == list(row.events)


@pytest.mark.parametrize("row", REFUSED_RESPONSES, ids=lambda row: row.id)
def test_response_is_refused_in_the_same_way_however_it_is_cut(row: Refused, feed: Feed) -> None:
    whole, first = feed(for_responses(row.methods), [row.data], eof=row.eof)
    assert first is not None
    assert (first.status, len(whole)) == (row.status, row.before)
    for pieces in every_split(row.data):
        events, error = feed(for_responses(row.methods), pieces, eof=row.eof)
        assert error is not None
        assert (events, error.args) == (whole, first.args), pieces


@pytest.mark.parametrize("row", [*ACCEPTED_REQUESTS, *REFUSED_REQUESTS], ids=lambda row: row.id)
def test_a_message_means_the_same_behind_another(row: Accepted | Refused, feed: Feed) -> None:
    """What the parser remembers of the message in front changes nothing."""
    front = b"POST /front HTTP/1.1\r\nHost: a\r\n\r\n"
    if row.data.startswith(b"\r\n"):
        return
    alone, alone_error = feed(RequestParser(), [row.data])
    behind, error = feed(RequestParser(), [front + row.data])
    assert behind[2:] == alone
    assert (error and error.reason) == (alone_error and alone_error.reason)


@pytest.mark.parametrize("value", [b"5", b"0", b"chunked", b"close", b"keep-alive", b"a", b""])
@pytest.mark.parametrize(
    "name",
    [
        b"host",
        b"connection",
        b"content-length",
        b"transfer-encoding",
        b"expect",
        b"upgrade",
        b"x",
        b"te",
        b"con",
        b"content-type",
    ],
)
@pytest.mark.parametrize("front", [b"Host: a\r\n", b"Accept: b\r\nHost: a\r\n", b""])
def test_no_road_passes_a_decisive_field_over(
    name: bytes, value: bytes, front: bytes, feed: Feed
) -> None:
    """A head in one piece means what it means byte by byte, however its names are spelled."""
    for spelling in (
        name,
        name.upper(),
        name.title(),
        name.swapcase(),
        name[:2] + name[2:].upper(),
    ):
        for behind in (b"", b"User-Agent: c\r\n", b"Content-Length: 5\r\n"):
            for colon in (b": ", b":", b":\t", b" : "):
                head = front + spelling + colon + value + b"\r\n" + behind
                wire = b"POST / HTTP/1.1\r\n" + head + b"\r\n" + b"0\r\n\r\n"
                whole, error = feed(RequestParser(), [wire], eof=True)
                single, other = feed(RequestParser(), [bytes((c,)) for c in wire], eof=True)
                assert whole == single
                assert (error and error.args) == (other and other.args)
