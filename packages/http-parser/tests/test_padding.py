"""Zeros between chunks, which mean nothing, and a mapping of the first values."""

import pytest

from headrace_http_parser import (
    CHUNK_PADDING,
    Data,
    EndOfMessage,
    Headers,
    RequestParser,
    encode_chunk,
    encode_last_chunk,
)

HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("before_chunk", [0, 1, 8])
@pytest.mark.parametrize("before_last", [0, 1, 8])
def test_padding_means_nothing(before_chunk, before_last):
    chunk = b"".join(encode_chunk([b"hello"]))
    parser = RequestParser()
    _, data, end = parser.receive_data(
        HEAD + CHUNK_PADDING * before_chunk + chunk + CHUNK_PADDING * before_last
        + encode_last_chunk()
    )  # fmt: skip
    assert isinstance(data, Data)
    assert data.data == b"hello"
    assert isinstance(end, EndOfMessage)


def test_headers_become_a_dict_of_first_values():
    assert dict(Headers([("A", "1"), ("b", "2"), ("a", "3")])) == {"a": "1", "b": "2"}
