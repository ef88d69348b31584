"""headrace-http-parser beside bare httptools and h11, as ratios of one run.

    pytest benchmarks/micro/bench_parser.py

Needs pytest-benchmark, httptools and h11. The table at the end has quotients of best times, so the
machine cancels out. Each request differs from the one before it in target, Referer and Cookie, as a
browser's do.

"bare" is httptools with callbacks that collect the fields in a new list per request. "bare + facts"
also asks it for method, version and keep-alive, without which there is no request to route; that is
what `RequestHead` holds, so it is the reference that the targets are taken at.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import h11
import httptools
import pytest

from headrace_http_parser import BodyFraming, RequestParser, encode_response_head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
CALLS = 200  # per round, where one call is too short to time


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


def heads_bare(kind: type[Bare], read: bool) -> Callable[[], None]:
    bare = kind()

    def run() -> None:
        feed = bare.parser.feed_data
        for request in REQUESTS:
            feed(request)
            if read:
                for _name, _value in bare.fields:
                    pass

    return run


def heads_ours(read: bool) -> Callable[[], None]:
    parser = RequestParser()

    def run() -> None:
        receive = parser.receive_data
        for request in REQUESTS:
            head, _end = receive(request)
            if read:
                for _name, _value in head.headers.raw:  # type: ignore[union-attr]
                    pass

    return run


def heads_h11(read: bool) -> Callable[[], None]:
    def run() -> None:
        for request in REQUESTS:
            connection = h11.Connection(h11.SERVER)
            connection.receive_data(request)
            head: Any = connection.next_event()
            connection.next_event()
            if read:
                for _name, _value in head.headers:
                    pass

    return run


def chunk_reads(size: int) -> list[bytes]:
    chunk = b"400\r\n" + bytes(range(256)) * 4 + b"\r\n"
    body = chunk * (BODY_SIZE // 1024)
    return [body[i : i + size] for i in range(0, len(body), size)]


def body_bare(reads: list[bytes]) -> Callable[[], None]:
    def run() -> None:
        bare = Bare()
        feed = bare.parser.feed_data
        feed(CHUNKED)
        for data in reads:
            feed(data)
            bare.body.clear()

    return run


def body_ours(reads: list[bytes]) -> Callable[[], None]:
    def run() -> None:
        parser = RequestParser()
        parser.receive_data(CHUNKED)
        receive = parser.receive_data
        for data in reads:
            receive(data)

    return run


def join_pieces() -> Callable[[], None]:
    """The same pieces: status line, and name, colon, value and line end of each field."""
    pieces = [b"HTTP/1.1 200 OK", b"\r\n"]
    for name, value in [*FIELDS, ("content-length", "1234")]:
        pieces += [name.encode(), b": ", value.encode(), b"\r\n"]
    pieces.append(b"\r\n")

    def run() -> None:
        for _ in range(CALLS):
            b"".join(pieces)

    return run


def encode_ours() -> Callable[[], None]:
    framing = BodyFraming.CONTENT_LENGTH

    def run() -> None:
        for _ in range(CALLS):
            encode_response_head(200, FIELDS, framing=framing, content_length=1234)

    return run


READ_SIZES = {"64 KiB": 2**16, "256 KiB": 2**18, "1 MiB": 2**20}


def bodies(size: int) -> dict[str, Callable[[], None]]:
    reads = chunk_reads(size)
    return {"bare": body_bare(reads), "ours": body_ours(reads)}


def heads(read: bool) -> dict[str, Callable[[], None]]:
    return {
        "bare": heads_bare(Bare, read),
        "bare + facts": heads_bare(BareWithFacts, read),
        "ours": heads_ours(read),
        "h11": heads_h11(read),
    }


# Contenders and number of rounds. A round runs all of them in turn, so all meet the same machine.
GROUPS: dict[str, tuple[Callable[[], dict[str, Callable[[], None]]], int]] = {
    "ten fields, untouched": (lambda: heads(read=False), 150),
    "ten fields, every one read": (lambda: heads(read=True), 150),
    **{
        f"64 MiB in 1 KiB chunks, reads of {name}": (lambda size=size: bodies(size), 9)
        for name, size in READ_SIZES.items()
    },
    "response head of six fields": (lambda: {"join": join_pieces(), "ours": encode_ours()}, 500),
}

# Group, dividend, divisor, target.
RATIOS = [
    ("ten fields, untouched", "bare", "ours", ""),
    ("ten fields, untouched", "bare + facts", "ours", ">= 1.0"),
    ("ten fields, untouched", "h11", "ours", ">= 15"),
    ("ten fields, every one read", "bare", "ours", ""),
    ("ten fields, every one read", "bare + facts", "ours", ">= 0.7"),
    ("ten fields, every one read", "h11", "ours", ""),
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
                print(f"{group:44} {over + ' / ' + under:20} {ratio:6.2f}  {target}")


@pytest.mark.parametrize("group", GROUPS)
def test_group(group: str, benchmark: Any, best: dict[tuple[str, str], float]) -> None:
    make, rounds = GROUPS[group]
    contenders = make()

    def one_round() -> None:
        for name, run in contenders.items():
            start = perf_counter()
            run()
            taken = perf_counter() - start
            best[group, name] = min(best.get((group, name), taken), taken)

    benchmark.pedantic(one_round, rounds=rounds, warmup_rounds=2)
    for name in contenders:
        benchmark.extra_info[name] = best[group, name]
    assert all(best[group, name] > 0 for name in contenders)
