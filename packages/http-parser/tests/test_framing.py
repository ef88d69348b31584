from __future__ import annotations

import pytest

from headrace_http_parser import BodyFraming, response_framing

NONE, LENGTH, CHUNKED, CLOSE = BodyFraming


@pytest.mark.parametrize(
    ("method", "version", "status", "content_length", "framing"),
    [
        ("GET", "1.1", 200, 5, LENGTH),
        ("GET", "1.1", 200, 0, LENGTH),
        ("GET", "1.0", 200, 5, LENGTH),
        ("GET", "1.1", 200, None, CHUNKED),
        ("GET", "1.0", 200, None, CLOSE),
        ("POST", "1.1", 201, None, CHUNKED),
        ("GET", "1.1", 500, None, CHUNKED),
        ("GET", "1.1", 205, 0, LENGTH),
        ("HEAD", "1.1", 200, 5, NONE),
        ("HEAD", "1.1", 200, None, NONE),
        ("HEAD", "1.0", 404, None, NONE),
        ("GET", "1.1", 100, None, NONE),
        ("GET", "1.1", 101, None, NONE),
        ("GET", "1.1", 103, 5, NONE),
        ("GET", "1.1", 204, None, NONE),
        ("GET", "1.0", 204, 0, NONE),
        ("GET", "1.1", 304, None, NONE),
        ("GET", "1.1", 304, 5, NONE),
        ("CONNECT", "1.1", 200, None, NONE),
        ("CONNECT", "1.1", 299, 5, NONE),
        ("CONNECT", "1.1", 405, None, CHUNKED),
        ("CONNECT", "1.1", 405, 3, LENGTH),
        ("CONNECT", "1.0", 405, None, CLOSE),
    ],
)
def test_response_framing(
    method: str, version: str, status: int, content_length: int | None, framing: BodyFraming
) -> None:
    found = response_framing(
        method=method, version=version, status=status, content_length=content_length
    )
    assert found is framing
