"""Fields in any order: what is understood at a glance is what is understood byte by byte."""

from collections.abc import Callable
from itertools import permutations

import pytest

from headrace_http_parser import (
    Data,
    Event,
    RemoteProtocolError,
    RequestHead,
    RequestParser,
    _parser,
)

Feed = Callable[..., tuple[list[Event], RemoteProtocolError | None]]

FIELDS = [b"Host: a.example:8000", b"Content-Length: 3", b"Content-Type: text/plain", b"Accept: *"]


def post(*fields: bytes) -> bytes:
    return b"POST /x HTTP/1.1\r\n" + b"".join(field + b"\r\n" for field in fields) + b"\r\nabc"


def means_the_same(wire: bytes, feed: Feed) -> None:
    """Compare what is read at once with what is read byte by byte."""
    found, error = feed(RequestParser(), [wire])
    expected, refusal = feed(RequestParser(), [bytes((byte,)) for byte in wire])
    assert found == expected
    assert str(error) == str(refusal)


@pytest.mark.parametrize("fields", list(permutations(FIELDS)))
def test_any_order_is_plain(fields: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    def general(*_: object) -> int:
        raise AssertionError

    monkeypatch.setattr(RequestParser, "_whole_head", general)
    parser = RequestParser()
    for _ in range(3):
        head, body, _ = parser.receive_data(post(*fields))
        assert isinstance(head, RequestHead)
        assert isinstance(body, Data)
        assert (head.content_length, head.has_body, body.data) == (3, True, b"abc")
        assert list(head.headers.items()) == [
            (name.decode(), value.decode()) for name, value in (f.split(b": ") for f in fields)
        ]
    assert parser.idle


WRONG = [
    b"Host: b",
    b"Content-Length: 3",
    b"Content-Length: 4",
    b"Content-Length: 3x",
    b"content-length : 3",
    b"Transfer-Encoding: chunked",
    b"Connection: close",
    b"Expect: 100-continue",
    b"Upgrade: h2c",
    b"Content-Length: 3\nHost: b",
    b"x\x00: y",
]


@pytest.mark.parametrize("wrong", WRONG)
def test_one_field_more_means_the_same_wherever_it_stands(wrong: bytes, feed: Feed) -> None:
    for fields in permutations([*FIELDS[:3], wrong]):
        wire = post(*fields)
        means_the_same(wire, feed)


@pytest.mark.parametrize("size", [0, 1, 2])
def test_no_mutation_of_it_passes(size: int, feed: Feed) -> None:
    wire = post(*FIELDS[1::-1], *FIELDS[2:])
    for at in range(len(wire) + 1 - size):
        for new in (b"", b"\r\n", b"\n", b"\r", b":", b" ", b"\0", b"h"):
            mutant = wire[:at] + new + wire[at + size :]
            means_the_same(mutant, feed)


def test_the_length_is_found_in_pipelined_requests() -> None:
    events = RequestParser().receive_data(post(*FIELDS[1::-1]) * 3)
    heads = [event for event in events if isinstance(event, RequestHead)]
    assert [head.content_length for head in heads] == [3, 3, 3]
    assert _parser.match_plain(post(*FIELDS[1::-1])) is not None
