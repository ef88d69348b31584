"""`in_head`: between the first and the last byte of a head, however the bytes came."""

import pytest

from headrace_http_parser import RequestParser

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([], False),
        ([b"G"], True),
        ([b"\r\n"], False),
        ([b"\r\nG"], True),
        ([GET], False),
        ([GET[:-1]], True),
        ([GET[:-1], b"\n"], False),
        ([GET + b"P"], True),
        ([GET + b"GET / HTTP/1.1\r\nHo"], True),
        ([POST], False),
        ([POST + b"h"], False),
        ([POST + b"hi"], False),
        ([POST + b"hi" + b"P"], True),
    ],
)
def test_in_head(pieces, expected):
    parser = RequestParser()
    for piece in pieces:
        parser.receive_data(piece)
    assert parser.in_head is expected
