from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from headrace_http_parser import (
    BodyFraming,
    LocalProtocolError,
    _encode,
    encode_chunk,
    encode_interim,
    encode_last_chunk,
    encode_request_head,
    encode_response_head,
    validate_header,
)
from headrace_http_parser._encode import HEADS, USUAL
from headrace_http_parser._fieldlines import LINES

if TYPE_CHECKING:
    from collections.abc import Callable

NONE, LENGTH, CHUNKED, CLOSE = BodyFraming
OK = b"HTTP/1.1 200 OK\r\n"

RESPONSES: list[tuple[str, int, list[Any], dict[str, Any], bytes]] = [
    (
        "length",
        200,
        [],
        {"framing": LENGTH, "content_length": 5},
        OK + b"content-length: 5\r\n\r\n",
    ),
    ("chunked", 200, [], {"framing": CHUNKED}, OK + b"transfer-encoding: chunked\r\n\r\n"),
    ("until-close", 200, [], {"framing": CLOSE, "close": True}, OK + b"connection: close\r\n\r\n"),
    ("none", 200, [], {"framing": NONE}, OK + b"\r\n"),
    ("head", 200, [], {"framing": NONE, "content_length": 5}, OK + b"content-length: 5\r\n\r\n"),
    (
        "head-with-own-length",
        200,
        [("Content-Length", "5")],
        {"framing": NONE},
        OK + b"content-length: 5\r\n\r\n",
    ),
    (
        "204-has-no-length",
        204,
        [],
        {"framing": NONE, "content_length": 0},
        b"HTTP/1.1 204 No Content\r\n\r\n",
    ),
    (
        "304",
        304,
        [],
        {"framing": NONE, "content_length": 7},
        b"HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\n\r\n",
    ),
    (
        "101",
        101,
        [("connection", "upgrade"), ("upgrade", "websocket")],
        {"framing": NONE, "content_length": 0},
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    ),
    (
        "fields-as-given",
        200,
        [("X-Str", "\xe4"), (b"x-bytes", b"\xff"), (b"Mixed", "a b\tc"), ("empty", "")],
        {"framing": NONE, "close": False},
        OK + b"X-Str: \xe4\r\nx-bytes: \xff\r\n"
        b"Mixed: a b\tc\r\nempty: \r\nconnection: keep-alive\r\n\r\n",
    ),
    (
        "equal-length-once",
        200,
        [("Content-Length", "5")],
        {"framing": LENGTH, "content_length": 5},
        OK + b"content-length: 5\r\n\r\n",
    ),
    (
        "own-length",
        200,
        [("Content-Length", "5")],
        {"framing": LENGTH},
        OK + b"content-length: 5\r\n\r\n",
    ),
    (
        "equal-coding-once",
        200,
        [("Transfer-Encoding", "Chunked")],
        {"framing": CHUNKED},
        OK + b"transfer-encoding: chunked\r\n\r\n",
    ),
    (
        "own-close-once",
        200,
        [("Connection", "x, Close")],
        {"framing": CHUNKED, "close": True},
        OK + b"transfer-encoding: chunked\r\nconnection: x, Close\r\n\r\n",
    ),
    (
        "own-keep-alive-once",
        200,
        [("Connection", "keep-alive")],
        {"framing": NONE, "close": False},
        OK + b"connection: keep-alive\r\n\r\n",
    ),
    (
        "own-close-undecided",
        200,
        [("Connection", "close")],
        {"framing": NONE},
        OK + b"connection: close\r\n\r\n",
    ),
    ("unregistered-status", 299, [], {"framing": NONE}, b"HTTP/1.1 299 \r\n\r\n"),
    (
        "own-reason",
        200,
        [],
        {"framing": NONE, "reason": "Sch\xf6n \t!"},
        b"HTTP/1.1 200 Sch\xf6n \t!\r\n\r\n",
    ),
    ("empty-reason", 200, [], {"framing": NONE, "reason": ""}, b"HTTP/1.1 200 \r\n\r\n"),
]


@pytest.mark.parametrize(
    ("status", "headers", "how", "wire"),
    [row[1:] for row in RESPONSES],
    ids=[row[0] for row in RESPONSES],
)
def test_response_head(status: int, headers: list[Any], how: dict[str, Any], wire: bytes) -> None:
    assert encode_response_head(status, headers, **how) == wire
    assert encode_response_head(status, iter(headers), **how) == wire


BAD_FIELDS: list[tuple[str, Any, Any]] = [
    ("cr", "a", "b\rc"),
    ("lf", "a", "b\nc"),
    ("crlf", "a", "b\r\nc: d"),
    ("crlf-at-the-end", b"a", b"b\r\n"),
    ("nul", "a", "b\0"),
    ("delete", "a", "b\x7f"),
    ("blank-first", "a", " b"),
    ("tab-last", "a", "b\t"),
    ("only-a-blank", "a", " "),
    ("beyond-latin-1", "a", "€"),
    ("name-beyond-ascii", "ä", "b"),
    ("name-bytes-beyond-ascii", b"\xe4", b"b"),
    ("name-empty", "", "b"),
    ("name-colon", "a:", "b"),
    ("name-blank", "a b", "b"),
    ("name-crlf", "a\r\nb", "c"),
    ("value-int", "a", 1),
    ("name-none", None, "b"),
]
NO_PAIRS: list[Any] = ["ab", b"ab", ("a",), ("a", "b", "c"), ()]
bad_fields = pytest.mark.parametrize(
    ("name", "value"), [row[1:] for row in BAD_FIELDS], ids=[row[0] for row in BAD_FIELDS]
)


@bad_fields
def test_a_field_that_could_split_a_message_is_refused_everywhere(name: Any, value: Any) -> None:
    calls: list[Callable[[], object]] = [
        lambda: validate_header(name, value),
        lambda: encode_response_head(200, [(name, value)], framing=NONE),
        lambda: encode_request_head("GET", "/", [("Host", "a"), (name, value)]),
        lambda: encode_interim(103, [(name, value)]),
        lambda: encode_last_chunk([(name, value)]),
    ]
    for call in calls:
        with pytest.raises(LocalProtocolError):
            call()


def test_a_good_field_passes_and_is_sent_as_it_is() -> None:
    fields: list[tuple[str | bytes, str | bytes]] = [("X-A", "b c\td"), (b"x-b", b"")]
    for name, value in fields:
        validate_header(name, value)
    assert encode_interim(103, fields).endswith(b"\r\nX-A: b c\td\r\nx-b: \r\n\r\n")


@pytest.mark.parametrize(
    ("status", "headers", "how"),
    [
        (99, [], {"framing": NONE}),
        (100, [], {"framing": NONE}),
        (103, [], {"framing": NONE}),
        (600, [], {"framing": NONE}),
        (100, [], {"framing": NONE, "reason": "x"}),
        (200, [], {"framing": NONE, "reason": "a\r\nb: c"}),
        (200, [], {"framing": NONE, "reason": "a\nb"}),
        (200, [], {"framing": NONE, "reason": "a\r"}),
        (200, [], {"framing": NONE, "reason": "€"}),
        (200, [], {"framing": LENGTH}),
        (200, [], {"framing": LENGTH, "content_length": -1}),
        (200, [("Content-Length", "4")], {"framing": LENGTH, "content_length": 5}),
        (200, [("Content-Length", "4")], {"framing": CHUNKED}),
        (200, [("Content-Length", "4")], {"framing": CLOSE}),
        (200, [("Content-Length", "4")] * 2, {"framing": LENGTH}),
        (200, [("Content-Length", "+4")], {"framing": LENGTH}),
        (200, [("Content-Length", "4" * 20)], {"framing": LENGTH}),
        (200, [("Content-Length", "\xb2")], {"framing": LENGTH}),
        (200, [("Transfer-Encoding", "chunked")], {"framing": LENGTH, "content_length": 1}),
        (200, [("Transfer-Encoding", "gzip, chunked")], {"framing": CHUNKED}),
        (200, [("Connection", "close")], {"framing": NONE, "close": False}),
        (200, [("Connection", "x, Keep-Alive")], {"framing": NONE, "close": True}),
        (200, [], {"framing": CLOSE, "close": False}),
    ],
)
def test_a_contradiction_is_refused(status: int, headers: list[Any], how: dict[str, Any]) -> None:
    with pytest.raises(LocalProtocolError):
        encode_response_head(status, headers, **how)


def test_request_head() -> None:
    head = encode_request_head(
        "POST", b"/a", [("Host", "a"), ("X", "y")], framing=LENGTH, content_length=3, close=True
    )
    assert head == (
        b"POST /a HTTP/1.1\r\nHost: a\r\nX: y\r\ncontent-length: 3\r\nconnection: close\r\n\r\n"
    )
    assert (
        encode_request_head("GET", "/", [(b"Host", b"a")]) == b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    )
    absolute = encode_request_head("GET", "http://A:1/b", [("Host", "a:1")])
    assert absolute == b"GET http://A:1/b HTTP/1.1\r\nHost: a:1\r\n\r\n"
    chunked = encode_request_head("PUT", "/", [("host", "a")], framing=CHUNKED)
    assert chunked.endswith(b"transfer-encoding: chunked\r\n\r\n")


@pytest.mark.parametrize(
    ("method", "target", "headers", "how"),
    [
        ("G T", "/", [("Host", "a")], {}),
        ("GÉT", "/", [("Host", "a")], {}),
        ("GET", "/ä", [("Host", "a")], {}),
        ("GET", b"/\xe4", [("Host", "a")], {}),
        ("GET", "/ HTTP/1.1\r\nX: y", [("Host", "a")], {}),
        ("GET", "a", [("Host", "a")], {}),
        ("GET", "*", [("Host", "a")], {}),
        ("GET", "/", [], {}),
        ("GET", "/", [("Host", "a"), ("host", "a")], {}),
        ("GET", "/", [("Host", "a/b")], {}),
        ("GET", "http://b/", [("Host", "a")], {}),
        ("GET", "http://a:1/", [("Host", "a")], {}),
        ("GET", "/", [("Host", "a")], {"framing": CLOSE}),
        ("GET", "/", [("Host", "a")], {"content_length": 1}),
        ("GET", "/", [("Host", "a"), ("Content-Length", "1")], {}),
        ("GET", "/", [("Host", "a"), ("Transfer-Encoding", "chunked")], {}),
        ("CONNECT", "a:1", [("Host", "a:1")], {"framing": CHUNKED}),
    ],
)
def test_an_impossible_request_is_refused(
    method: str, target: Any, headers: list[Any], how: dict[str, Any]
) -> None:
    with pytest.raises(LocalProtocolError):
        encode_request_head(method, target, headers, **how)


def test_interim() -> None:
    assert encode_interim(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert encode_interim(102) == b"HTTP/1.1 102 Processing\r\n\r\n"
    assert encode_interim(103, [("Link", "</a>")]).endswith(b"Hints\r\nLink: </a>\r\n\r\n")
    assert encode_interim(199) == b"HTTP/1.1 199 \r\n\r\n"


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (99, []),
        (101, []),
        (200, []),
        (100, [("Content-Length", "0")]),
        (100, [("Transfer-Encoding", "chunked")]),
    ],
)
def test_what_is_no_interim_response_is_refused(status: int, headers: list[Any]) -> None:
    with pytest.raises(LocalProtocolError):
        encode_interim(status, headers)


def test_a_chunk_keeps_its_pieces_as_they_are() -> None:
    pieces = [b"hello", b"", b"x" * 11]
    size, *same, end = encode_chunk(pieces)
    assert (size, end) == (b"10\r\n", b"\r\n")
    assert all(a is b for a, b in zip(same, pieces, strict=True))


@pytest.mark.parametrize("pieces", [[], [b""], [b"", b""]])
def test_an_empty_chunk_is_nothing(pieces: list[bytes]) -> None:
    assert encode_chunk(pieces) == []


def test_last_chunk() -> None:
    assert encode_last_chunk() == b"0\r\n\r\n"
    trailers: list[Any] = [("X", "y"), (b"Z", b"")]
    assert encode_last_chunk(iter(trailers)) == b"0\r\nX: y\r\nZ: \r\n\r\n"


@pytest.mark.parametrize(
    "name", ["Content-Length", b"transfer-encoding", "HOST", "Trailer", "Set-Cookie"]
)
def test_what_cannot_be_a_trailer_is_refused(name: Any) -> None:
    with pytest.raises(LocalProtocolError, match="cannot be a trailer"):
        encode_last_chunk([(name, "1")])


def test_the_memory_of_lines_is_bounded_and_keeps_no_secret() -> None:
    for i in range(2_000):
        encode_response_head(200, [("x", str(i)), ("Set-Cookie", f"a={i}")], framing=NONE)
    encode_response_head(200, [("long", "x" * 1000)], framing=NONE)
    assert 0 < len(LINES) <= 1024
    assert all(pair[0] == "x" for pair in LINES)


def test_the_memory_of_heads_is_bounded_and_keeps_neither_secrets_nor_framing() -> None:
    for i in range(700):
        fields = [("x", str(i % 7)), ("y", str(i % 50)), ("z", str(i % 3))]
        for more in ([], [("set-cookie", "a=b")], [("content-length", "0")]):
            how: dict[str, Any] = {"framing": LENGTH, "content_length": 0}
            wire = encode_response_head(400 + i % 9, fields + more, **how)
            assert wire == encode_response_head(400 + i % 9, fields + more, **how)
    assert 0 < len(HEADS) <= 256
    kept = b"".join(HEADS.values())
    assert b"cookie" not in kept and b"content-length" not in kept
    assert max(map(len, HEADS.values())) <= 2048
    usual = {(status, pairs): head for status in USUAL for pairs, head in USUAL[status].items()}
    assert usual.keys() == HEADS.keys()
    assert all(usual[k] % 5 == HEADS[k] + b"content-length: 5\r\n\r\n" for k in usual)


def test_a_long_head_is_not_remembered() -> None:
    fields = [(f"x-{i}", "y" * 200) for i in range(20)]
    first = encode_response_head(200, fields, framing=CHUNKED)
    assert encode_response_head(200, fields, framing=CHUNKED) == first
    assert (200, tuple(fields)) not in HEADS


@pytest.mark.parametrize(
    ("status", "headers", "how", "wire"),
    [row[1:] for row in RESPONSES],
    ids=[row[0] for row in RESPONSES],
)
def test_a_head_that_is_remembered_is_the_same(
    status: int, headers: list[Any], how: dict[str, Any], wire: bytes
) -> None:
    known = [("server", "a"), ("vary", "b")]
    line, _, rest = wire.partition(b"\r\n")
    for _ in range(3):
        found = encode_response_head(status, known + headers, **how)
        assert found == line + b"\r\nserver: a\r\nvary: b\r\n" + rest


@pytest.mark.parametrize("value", ["100%", "%d", "%b", "%%", "%(a)s", b"%s %d"])
def test_a_value_is_not_taken_for_a_format(value: Any) -> None:
    raw = value if isinstance(value, bytes) else value.encode()
    for length in (0, 12345678901, 7):
        found = encode_response_head(200, [("a", value)], framing=LENGTH, content_length=length)
        assert found == b"HTTP/1.1 200 OK\r\na: %b\r\ncontent-length: %d\r\n\r\n" % (raw, length)


@pytest.mark.parametrize("pair", NO_PAIRS)
def test_what_is_no_pair_is_refused_everywhere(pair: Any) -> None:
    """A dict and `Headers` give names when they are iterated, and two letters come apart."""
    calls: list[Callable[[], object]] = [
        lambda: encode_response_head(200, [pair], framing=NONE),
        lambda: encode_request_head("GET", "/", [("Host", "a"), pair]),
        lambda: encode_interim(103, [pair]),
        lambda: encode_last_chunk([pair]),
    ]
    for call in calls:
        with pytest.raises(LocalProtocolError, match="not a name and a value"):
            call()


@pytest.mark.parametrize("status", [101, 204, 304])
@pytest.mark.parametrize("framing", [LENGTH, CHUNKED, CLOSE])
def test_a_body_is_refused_where_the_status_has_none(status: int, framing: BodyFraming) -> None:
    for _ in range(3):
        assert encode_response_head(status, [("server", "a")], framing=NONE, content_length=5)
        with pytest.raises(LocalProtocolError, match=f"status {status} has no body"):
            encode_response_head(status, [("server", "a")], framing=framing, content_length=5)


@pytest.mark.parametrize("length", [2**30 - 1, 2**30, 2**63 - 1])
def test_any_length_that_a_peer_can_count_is_written(length: int) -> None:
    for _ in range(3):
        wire = encode_response_head(200, [("server", "a")], framing=LENGTH, content_length=length)
        assert wire.endswith(b"\r\ncontent-length: %d\r\n\r\n" % length)


@pytest.mark.parametrize("length", [2**63, -1])
def test_a_length_that_no_peer_can_count_is_refused(length: int) -> None:
    own = [("Content-Length", str(length))]
    for _ in range(3):
        encode_response_head(200, [("server", "a")], framing=LENGTH, content_length=1)
        for framing in (LENGTH, NONE):
            with pytest.raises(LocalProtocolError, match="content-length"):
                encode_response_head(200, [("server", "a")], framing=framing, content_length=length)
            with pytest.raises(LocalProtocolError, match="content-length"):
                encode_response_head(200, own, framing=framing)


@pytest.mark.parametrize("option", ["Host", "close, Content-Length", "transfer-encoding"])
def test_connection_names_no_field_that_the_next_hop_needs(option: str) -> None:
    with pytest.raises(LocalProtocolError, match="not for one hop"):
        encode_response_head(200, [("Connection", option)], framing=NONE)
    with pytest.raises(LocalProtocolError, match="not for one hop"):
        encode_request_head("GET", "/", [("Host", "a"), ("Connection", option)])


@pytest.mark.parametrize("status", [101, 204])
def test_a_length_of_a_body_that_cannot_be_is_refused(status: int) -> None:
    assert b"length" not in encode_response_head(status, [("Content-Length", "0")], framing=NONE)
    with pytest.raises(LocalProtocolError, match="content-length"):
        encode_response_head(status, [("Content-Length", "5")], framing=NONE)


def test_what_is_remembered_does_not_hide_a_contradiction() -> None:
    fields = [("server", "a")]
    for _ in range(3):
        encode_response_head(200, fields, framing=LENGTH, content_length=1)
    contradictions: list[dict[str, Any]] = [
        {"framing": LENGTH},
        {"framing": LENGTH, "content_length": -1},
        {"framing": CLOSE, "close": False},
        {"framing": NONE, "reason": "a\nb"},
    ]
    for how in contradictions:
        with pytest.raises(LocalProtocolError):
            encode_response_head(200, fields, **how)


def test_the_first_lines_are_those_of_the_table() -> None:
    lines = _encode._status_lines()
    assert {status: lines[status] for status in _encode._FIRST_LINES} == _encode._FIRST_LINES
