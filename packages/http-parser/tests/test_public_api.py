from __future__ import annotations

import importlib.metadata

import headrace_http_parser as package
from headrace_http_parser import testing

NAMES = [
    "__version__",
    "BodyFraming",
    "CHUNK_PADDING",
    "Data",
    "encode_chunk",
    "encode_interim",
    "encode_last_chunk",
    "encode_request_head",
    "encode_response_head",
    "EndOfMessage",
    "Event",
    "Headers",
    "HTTP2PrefaceReceived",
    "Limits",
    "LocalProtocolError",
    "ProtocolError",
    "RemoteProtocolError",
    "RequestHead",
    "RequestParser",
    "response_framing",
    "ResponseHead",
    "ResponseParser",
    "Upgrade",
    "validate_header",
]

TESTING_NAMES = [
    "Accepted",
    "ACCEPTED_REQUESTS",
    "ACCEPTED_RESPONSES",
    "every_split",
    "merge_data",
    "Refused",
    "REFUSED_REQUESTS",
    "REFUSED_RESPONSES",
]


def test_the_public_names_are_these() -> None:
    assert package.__all__ == NAMES
    assert testing.__all__ == TESTING_NAMES


def test_they_exist_and_are_sorted() -> None:
    for module in (package, testing):
        assert all(hasattr(module, name) for name in module.__all__)
        assert sorted(module.__all__, key=str.lower) == module.__all__


def test_version_is_that_of_the_distribution() -> None:
    assert package.__version__ == importlib.metadata.version("headrace-http-parser")


def test_every_error_has_the_one_root() -> None:
    for error in (package.LocalProtocolError, package.RemoteProtocolError):
        assert issubclass(error, package.ProtocolError)
    assert issubclass(package.HTTP2PrefaceReceived, package.RemoteProtocolError)


def test_rows_have_distinct_ids() -> None:
    for rows in (
        testing.ACCEPTED_REQUESTS,
        testing.REFUSED_REQUESTS,
        testing.ACCEPTED_RESPONSES,
        testing.REFUSED_RESPONSES,
    ):
        assert len({row.id for row in rows}) == len(rows)


def test_every_split_joins_to_the_data() -> None:
    assert list(testing.every_split(b"abc")) == [
        [b"abc"],
        [b"a", b"b", b"c"],
        [b"a", b"bc"],
        [b"ab", b"c"],
    ]


def test_merge_data() -> None:
    a, b, end = package.Data(b"a"), package.Data(b"b"), package.EndOfMessage()
    assert testing.merge_data([a, b, end, a]) == [package.Data(b"ab"), end, a]
    assert a == package.Data(b"a")
