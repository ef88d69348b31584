"""Work grows with the input and not faster: counted, not timed.

Counted are the bytes that patterns may look at, and the Python functions that are called. Each row
is hostile input of some size, fed in one piece, in pieces and byte by byte; at twice the size the
work may at most double, and per byte it stays below a fixed number.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from headrace_http_parser import (
    Limits,
    RemoteProtocolError,
    RequestHead,
    RequestParser,
    ResponseParser,
    _chunked,
    _grammar,
    _headers,
    _lines,
    _parser,
    _receiver,
)

HUGE = Limits(
    request_line=10**6,
    header_bytes=10**6,
    header_count=10**5,
    field_bytes=10**6,
    chunk_extensions=10**6,
    trailer_bytes=10**6,
    trailer_count=10**5,
)
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


class Work:
    """What was done so far."""

    def __init__(self) -> None:
        self.bytes = 0
        self.calls = 0

    def profile(self, frame: object, event: str, argument: object) -> None:
        self.calls += event == "call"


class Counted:
    """A pattern that counts the bytes it looks at: what matched, or all that could have."""

    def __init__(self, pattern: Any, work: Work) -> None:
        self.pattern = pattern
        self.work = work

    def _count(self, found: Any, data: Any, pos: int = 0, endpos: int = sys.maxsize) -> Any:
        end = found.end() if found is not None else min(len(data), endpos)
        self.work.bytes += max(0, end - pos)
        return found

    def match(self, *arguments: Any) -> Any:
        return self._count(self.pattern.match(*arguments), *arguments)

    def fullmatch(self, *arguments: Any) -> Any:
        return self._count(self.pattern.fullmatch(*arguments), *arguments)

    def search(self, *arguments: Any) -> Any:
        return self._count(self.pattern.search(*arguments), *arguments)

    def findall(self, data: bytes) -> Any:
        self._count(None, data)
        return self.pattern.findall(data)


PATTERNS = [
    (_chunked, "BETWEEN_CHUNKS"),
    (_chunked, "CHUNK_EXTENSIONS"),
    (_chunked, "HEX_DIGITS"),
    (_chunked, "SIZE_LINE_FAST"),
    (_headers, "PAIRS"),
    (_lines, "FIELD_LINE"),
    (_lines, "FORBIDDEN"),
    (_lines, "TOKEN"),
    (_parser, "PLAIN_FIELDS"),
    (_receiver, "DECISIVE"),
    (_receiver, "SECTION"),
]


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    found = Work()
    for module, name in PATTERNS:
        monkeypatch.setattr(module, name, Counted(getattr(module, name), found))
    monkeypatch.setattr(_parser, "match_plain", Counted(_grammar.PLAIN_REQUEST, found).match)
    origin_form = Counted(_grammar.ORIGIN_FORM, found)
    monkeypatch.setattr(_parser, "is_origin_form", origin_form.fullmatch)
    return found


def requests(data: bytes) -> Any:
    return RequestParser(HUGE)


def switched(data: bytes) -> Any:
    parser = ResponseParser(HUGE)
    parser.request_sent("GET")
    return parser


ROWS: dict[str, tuple[Callable[[bytes], Any], Callable[[int], bytes]]] = {
    "request line": (requests, lambda n: b"GET /" + b"a" * n),
    "one field": (requests, lambda n: HEAD + b"A: " + b"b" * n),
    "one field with bad end": (requests, lambda n: HEAD + b"A: " + b"b" * n + b"\r\n\x01"),
    "many fields": (requests, lambda n: HEAD + b"A: b\r\n" * (n // 6)),
    "many fields with bad end": (requests, lambda n: HEAD + b"A: b\r\n" * (n // 6) + b"A\r\n"),
    "whole head": (requests, lambda n: HEAD + b"Abc: b\r\n" * (n // 8) + b"\r\n"),
    "blanks in values": (requests, lambda n: HEAD + b"A: " + b" " * n + b"\r\n\r\n"),
    "blanks behind a value": (requests, lambda n: HEAD + (b"A: b" + b" " * 60) * (n // 64)),
    "chunks of one byte": (requests, lambda n: CHUNKED + b"1\r\na\r\n" * (n // 6)),
    "chunks of sizes in turn": (
        requests,
        lambda n: CHUNKED + (b"1\r\na\r\n" * 6 + b"2\r\nab\r\n") * (n // 43),
    ),
    "chunks that nearly run": (
        requests,
        lambda n: CHUNKED + (b"1\r\na\r\n" * 30 + b"01\r\na\r\n") * (n // 187),
    ),
    "one chunk": (requests, lambda n: CHUNKED + b"%x\r\n" % n + b"a" * n),
    "one extension": (requests, lambda n: CHUNKED + b"1;" + b"a" * n + b"\r\n"),
    "one quoted extension": (requests, lambda n: CHUNKED + b'1;a="' + b"\\a" * (n // 2) + b"\r\n"),
    "many extensions": (requests, lambda n: CHUNKED + b"1;a\r\na\r\n" * (n // 8)),
    "many extensions in a line": (
        requests,
        lambda n: CHUNKED + b"1" + b";a=b" * (n // 4) + b"\r\n",
    ),
    "one trailer": (requests, lambda n: CHUNKED + b"0\r\nA: " + b"b" * n),
    "many trailers": (requests, lambda n: CHUNKED + b"0\r\n" + b"A: b\r\n" * (n // 6)),
    "pipelined": (requests, lambda n: GET * (n // len(GET))),
    "pipelined, not taken": (lambda data: RequestParser(), lambda n: GET * (n // len(GET))),
    "upgrades, not taken": (
        requests,
        lambda n: (GET[:-2] + b"Connection: upgrade\r\nUpgrade: a\r\n\r\n") * (n // 66),
    ),
    "behind a switch": (switched, lambda n: b"HTTP/1.1 101 \r\n\r\n" + b"a" * n),
    "empty lines after the end": (
        requests,
        lambda n: GET[:-2] + b"Connection: close\r\n\r\n" + b"\r\n" * (n // 2),
    ),
}


def spend(work: Work, make: Callable[[bytes], Any], data: bytes, cut: int) -> tuple[int, int]:
    parser = make(data)
    before = work.bytes, work.calls
    sys.setprofile(work.profile)
    try:
        for at in range(0, len(data), cut):
            parser.receive_data(data[at : at + cut])
    except RemoteProtocolError:
        pass
    finally:
        sys.setprofile(None)
    return work.bytes - before[0], work.calls - before[1]


@pytest.mark.parametrize("cut", [1, 7, 1000, 10**9])
@pytest.mark.parametrize("row", ROWS)
def test_work_is_linear(row: str, cut: int, work: Work) -> None:
    make, build = ROWS[row]
    small, large = build(6_000), build(12_000)
    looked, called = spend(work, make, small, cut)
    looked_twice, called_twice = spend(work, make, large, cut)
    assert looked <= 10 * len(small) + 2_000
    assert looked_twice <= 2.1 * looked + 2_000
    assert called <= 20 * len(small) + 200
    assert called_twice <= 2.1 * called + 200


def test_what_is_held_is_not_copied() -> None:
    parser = RequestParser(Limits(pipelined=1))
    parser.receive_data(GET * 3)
    waiting = b"GET /waiting"
    parser.receive_data(waiting)
    assert parser._held is not None and parser._held[-1] is waiting


@pytest.mark.parametrize("cut", [1, 100])
def test_reading_fields_is_linear(cut: int, work: Work) -> None:
    data = HEAD + b"A: b" + b" " * 9_000 + b"\r\nC: d\r\n\r\n"
    parser = RequestParser(HUGE)
    events = [e for i in range(0, len(data), cut) for e in parser.receive_data(data[i : i + cut])]
    before = work.bytes
    assert isinstance(events[0], RequestHead)
    assert events[0].headers.raw[1:] == ((b"A", b"b"), (b"C", b"d"))
    assert work.bytes - before <= len(data)
