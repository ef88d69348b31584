"""headrace-http-parser beside bare httptools and h11, as ratios of one run.

    pytest benchmarks/micro/bench_parser.py

Needs pytest-benchmark, httptools and h11. The table at the end has quotients of best CPU times, so
the machine cancels out. Parsers and input are made before the clock starts, for all sides alike.

Requests have ten browser fields and come one per call:

- "changing": on one connection; target, Referer and Cookie differ from request to request, as a
  browser's do;
- "constant": on one connection, the same bytes each time, in a new object;
- "first": each on a new connection.

"bare" is httptools with callbacks that collect the fields in a new list per request. "bare + facts"
also asks it for method, version and keep-alive, without which there is no request to route; that is
what `RequestHead` holds, so it is the reference that the targets are taken at. Read: every pair is
looped over, as bytes; as text: as two str, decoded by the loop or by `Headers.items`.

Response heads: four of six fields in turn, no length twice in a row; "join" puts the same pieces
together: status line, then name, colon, value and line end of each field.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import process_time
from typing import TYPE_CHECKING, Any

import h11
import httptools
import pytest

from headrace_http_parser import BodyFraming, RequestParser, encode_response_head

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUESTS = [
    b"GET /articles/%d?page=2 HTTP/1.1\r\n"
    b"Host: www.example.org\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0\r\n"
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    b"Accept-Language: en-US,en;q=0.5\r\n"
    b"Accept-Encoding: gzip, deflate, br, zstd\r\n"
    b"Referer: https://www.example.org/articles/%d\r\n"
    b"Connection: keep-alive\r\n"
    b"Cookie: session=%032x; theme=dark\r\n"
    b"Sec-Fetch-Mode: navigate\r\n"
    b"Priority: u=0, i\r\n"
    b"\r\n" % (i, i, i * 7919)
    for i in range(200)
]
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
BODY_SIZE = 64 * 2**20
FIELDS = [
    ("content-type", "text/html; charset=utf-8"),
    ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ("server", "headrace"),
    ("cache-control", "private, max-age=0"),
    ("etag", '"33a64df551425fcc55e4d42a148795d9f25f89d4"'),
    ("vary", "accept-encoding"),
]
FIELD_SETS = [[*FIELDS[:3], (name, "some, value"), *FIELDS[4:]] for name in ("a", "bc", "def", "g")]
CALLS = 200  # per round, where one call is too short to time

Run = Callable[[], None]
# Called before each round, off the clock.
Contender = Callable[[], Run]


class Bare:
    """Callbacks that collect the fields of each request in a list."""

    def __init__(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        self.fields: list[tuple[bytes, bytes]] = []
        self.body: list[bytes] = []

    def on_message_begin(self) -> None:
        self.fields = []

    def on_url(self, url: bytes) -> None:
        self.url = url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.fields.append((name, value))

    def on_body(self, data: bytes) -> None:
        self.body.append(data)

    def on_message_complete(self) -> None:
        pass


class BareWithFacts(Bare):
    def on_headers_complete(self) -> None:
        parser = self.parser
        self.facts = parser.get_method(), parser.get_http_version(), parser.should_keep_alive()


def each(pairs: Any) -> None:
    for _name, _value in pairs:
        pass


def each_decoded(pairs: Any) -> None:
    for name, value in pairs:
        name.decode("latin-1")
        value.decode("latin-1")


def feeds(kind: str, make: Callable[[], Any]) -> list[tuple[Any, bytes]]:
    """A parser and its next request, for each request of a round."""
    if kind == "first":
        return [(make(), request) for request in REQUESTS]
    one = make()
    if kind == "constant":
        return [(one, bytes(bytearray(REQUESTS[0]))) for _ in REQUESTS]
    return [(one, request) for request in REQUESTS]


def heads_bare(bare: type[Bare], kind: str, read: str) -> Contender:
    kept: list[Bare] = []

    def make() -> Bare:
        if kind == "first":
            return bare()
        if not kept:  # the connection goes on from round to round
            kept.append(bare())
        return kept[0]

    def prepare() -> Run:
        made = [(one, one.parser.feed_data, data) for one, data in feeds(kind, make)]

        def untouched() -> None:
            for _one, feed, data in made:
                feed(data)

        def pairs() -> None:
            for one, feed, data in made:
                feed(data)
                each(one.fields)

        def text() -> None:
            for one, feed, data in made:
                feed(data)
                each_decoded(one.fields)

        return {"untouched": untouched, "read": pairs, "read as text": text}[read]

    return prepare


def heads_ours(kind: str, read: str) -> Contender:
    kept: list[RequestParser] = []

    def make() -> RequestParser:
        if kind == "first":
            return RequestParser()
        if not kept:  # the connection goes on from round to round
            kept.append(RequestParser())
        return kept[0]

    def prepare() -> Run:
        made: list[tuple[Any, bytes]] = [
            (parser.receive_data, data) for parser, data in feeds(kind, make)
        ]

        def untouched() -> None:
            for receive, data in made:
                _head, _end = receive(data)

        def pairs() -> None:
            for receive, data in made:
                head, _end = receive(data)
                each(head.headers.raw)

        def text() -> None:
            for receive, data in made:
                head, _end = receive(data)
                each(head.headers.items())

        return {"untouched": untouched, "read": pairs, "read as text": text}[read]

    return prepare


def heads_h11() -> Contender:
    def prepare() -> Run:
        connections = [h11.Connection(h11.SERVER) for _ in REQUESTS]

        def run() -> None:
            for connection, request in zip(connections, REQUESTS, strict=True):
                connection.receive_data(request)
                connection.next_event()
                connection.next_event()

        return run

    return prepare


def chunk_reads(size: int) -> list[bytes]:
    chunk = b"400\r\n" + bytes(range(256)) * 4 + b"\r\n"
    body = chunk * (BODY_SIZE // 1024)
    return [body[i : i + size] for i in range(0, len(body), size)]


def body_bare(reads: list[bytes]) -> Contender:
    def run() -> None:
        bare = Bare()
        feed = bare.parser.feed_data
        feed(CHUNKED)
        for data in reads:
            feed(data)
            bare.body.clear()

    return lambda: run


def body_ours(reads: list[bytes]) -> Contender:
    def run() -> None:
        parser = RequestParser()
        parser.receive_data(CHUNKED)
        receive = parser.receive_data
        for data in reads:
            receive(data)

    return lambda: run


def join_pieces() -> Contender:
    heads = []
    for i in range(CALLS):
        pieces = [b"HTTP/1.1 200 OK", b"\r\n"]
        for name, value in [*FIELD_SETS[i % 4], ("content-length", str(1000 + i))]:
            pieces += [name.encode(), b": ", value.encode(), b"\r\n"]
        heads.append([*pieces, b"\r\n"])

    def run() -> None:
        for pieces in heads:
            b"".join(pieces)

    return lambda: run


def encode_ours() -> Contender:
    framing = BodyFraming.CONTENT_LENGTH
    heads = [(FIELD_SETS[i % 4], 1000 + i) for i in range(CALLS)]

    def run() -> None:
        for fields, length in heads:
            encode_response_head(200, fields, framing=framing, content_length=length)

    return lambda: run


READ_SIZES = {"64 KiB": 2**16, "256 KiB": 2**18, "1 MiB": 2**20}


def bodies(size: int) -> dict[str, Contender]:
    reads = chunk_reads(size)
    return {"bare": body_bare(reads), "ours": body_ours(reads)}


def heads(kind: str, read: str) -> dict[str, Contender]:
    contenders = {
        "bare": heads_bare(Bare, kind, read),
        "bare + facts": heads_bare(BareWithFacts, kind, read),
        "ours": heads_ours(kind, read),
    }
    return contenders | ({"h11": heads_h11()} if (kind, read) == H11_AT else {})


H11_AT = ("changing", "untouched")
HEADS = [
    (kind, read)
    for read in ("untouched", "read", "read as text")
    for kind in ("changing", "constant", "first")
]
TARGETS = {"untouched": ">= 1.0", "read": ">= 0.7", "read as text": ""}

# Contenders and number of rounds. A round runs all of them in turn, so all meet the same machine.
GROUPS: dict[str, tuple[Callable[[], dict[str, Contender]], int]] = {
    **{
        f"ten fields, {kind}, {read}": (lambda kind=kind, read=read: heads(kind, read), 150)
        for kind, read in HEADS
    },
    **{
        f"64 MiB in 1 KiB chunks, reads of {name}": (lambda size=size: bodies(size), 9)
        for name, size in READ_SIZES.items()
    },
    "response head of six fields": (lambda: {"join": join_pieces(), "ours": encode_ours()}, 500),
}

# Group, dividend, divisor, target.
RATIOS = [
    ("ten fields, changing, untouched", "h11", "ours", ">= 15"),
    *(
        (f"ten fields, {kind}, {read}", over, "ours", TARGETS[read] if "+" in over else "")
        for kind, read in HEADS
        for over in ("bare + facts", "bare")
    ),
    *(
        (f"64 MiB in 1 KiB chunks, reads of {name}", "bare", "ours", ">= 0.6")
        for name in READ_SIZES
    ),
    ("response head of six fields", "ours", "join", "< 1.5"),
]


@pytest.fixture(scope="module")
def best(request: pytest.FixtureRequest) -> Iterator[dict[tuple[str, str], float]]:
    """The best time of each contender; the table of ratios is written when all are there."""
    found: dict[tuple[str, str], float] = {}
    yield found
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        print()
        for group, over, under, target in RATIOS:
            if (group, over) in found:
                ratio = found[group, over] / found[group, under]
                print(f"{group:44} {over + ' / ' + under:19} {ratio:6.2f}  {target}")


@pytest.mark.parametrize("group", GROUPS)
def test_group(group: str, benchmark: Any, best: dict[tuple[str, str], float]) -> None:
    make, rounds = GROUPS[group]
    contenders = make()

    def one_round() -> None:
        for name, prepare in contenders.items():
            run = prepare()
            start = process_time()
            run()
            taken = process_time() - start
            best[group, name] = min(best.get((group, name), taken), taken)

    gc.collect()
    gc.freeze()  # what the test runner holds is nobody's to look through
    benchmark.pedantic(one_round, rounds=rounds, warmup_rounds=2)
    gc.unfreeze()
    for name in contenders:
        benchmark.extra_info[name] = best[group, name]
    assert all(best[group, name] > 0 for name in contenders)
