"""A coverage-guided fuzz target for headrace-http-parser: any bytes, cut in any way.

What must hold for every input, and is asserted here:

- events or a `RemoteProtocolError`, nothing else;
- the same events and the same error (status, offset, reason) whole, byte by byte and cut anywhere;
- what a parser keeps stays within its limits, and it never holds more than it was given;
- the number of calls it makes grows with the number of bytes, not faster;
- what it accepts, a parser accepts again after an encoder has written it, as the same message.

The first bytes of an input choose parser, limits and cuts; the rest is what the peer sends.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

try:
    import atheris
except ImportError:  # Inputs can be replayed without it.
    atheris = None

if atheris is not None:
    with atheris.instrument_imports(include=["headrace_http_parser"]):
        import headrace_http_parser as http
        from headrace_http_parser import testing
        from headrace_http_parser._repeated import MOST_BYTES
else:
    import headrace_http_parser as http
    from headrace_http_parser import testing
    from headrace_http_parser._repeated import MOST_BYTES

TINY = http.Limits(
    request_line=40,
    header_bytes=90,
    header_count=5,
    field_bytes=60,
    chunk_size_digits=4,
    chunk_extensions=12,
    trailer_bytes=40,
    trailer_count=2,
    pipelined=2,
)
LIMITS = (http.Limits(), TINY, http.Limits(pipelined=1, header_count=3, request_line=64))
METHODS = (("GET",) * 4, ("HEAD", "POST", "GET"), ("CONNECT", "GET"), ())
PREFIX = 4  # bytes of an input that choose

Outcome = tuple[list[http.Event], tuple[type, Any] | None]


def make(kind: int, limits: http.Limits) -> http.RequestParser | http.ResponseParser:
    if kind % 3:
        return http.RequestParser(limits)
    parser = http.ResponseParser(limits)
    for method in METHODS[kind // 3 % len(METHODS)]:
        parser.request_sent(method)
    return parser


def check_memory(parser: Any, limits: http.Limits, fed: int) -> None:
    assert parser.held <= fed, "holds more than it was given"
    line = max(limits.request_line, limits.field_bytes)
    line = max(line, limits.chunk_size_digits + limits.chunk_extensions)
    assert len(parser._lines.kept) <= line + 2, "keeps more of a line than its limit"
    for section in (parser._section, parser._decoder and parser._decoder._section):
        if section is not None:
            size = sum(len(name) + len(value) for name, value in section.pairs)
            assert len(section.pairs) <= max(limits.header_count, limits.trailer_count)
            assert size <= max(limits.header_bytes, limits.trailer_bytes)
    known = getattr(parser, "_repeated", None)
    assert known is None or known.start + known.stop <= MOST_BYTES
    assert len(getattr(parser, "_last", None) or b"") <= MOST_BYTES


def feed(kind: int, limits: http.Limits, pieces: list[bytes]) -> Outcome:
    parser = make(kind, limits)
    events: list[http.Event] = []
    fed = 0
    failed: http.RemoteProtocolError | None = None
    try:
        for piece in pieces:
            fed += len(piece)
            events += parser.receive_data(piece)
            check_memory(parser, limits, fed)
            while parser.pending:
                events += parser.receive_data(b"")
        events += parser.receive_eof()
    except http.RemoteProtocolError as error:
        failed = error
    if failed is None:
        return testing.merge_data(events), None
    assert failed.status in (400, 413, 414, 431, 501, 502, 505)
    assert 0 <= failed.offset <= fed
    return testing.merge_data(events + failed.events), (type(failed), failed.args)


def count_calls(kind: int, limits: http.Limits, pieces: list[bytes]) -> int:
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"  # what C functions are called depends on the instrumentation

    parser = make(kind, limits)
    sys.setprofile(count)
    try:
        for piece in pieces:
            parser.receive_data(piece)
            while parser.pending:
                parser.receive_data(b"")
    except http.RemoteProtocolError:
        pass
    finally:
        sys.setprofile(None)
    return calls


def check_round_trip(events: list[http.Event]) -> None:
    for event in events:
        if isinstance(event, http.RequestHead) and event.version == "1.1":
            break
    else:
        return
    framing = http.BodyFraming.NONE
    length = None
    if event.chunked:
        framing = http.BodyFraming.CHUNKED
    elif event.content_length is not None and event.method != "CONNECT":
        framing = http.BodyFraming.CONTENT_LENGTH
        length = event.content_length
    skipped = (b"content-length", b"transfer-encoding", b"connection")
    pairs = [pair for pair in event.headers.raw if pair[0].lower() not in skipped]
    head = http.encode_request_head(
        event.method, event.target, pairs, framing=framing, content_length=length
    )
    again = http.RequestParser().receive_data(head)[0]
    assert isinstance(again, http.RequestHead)
    assert (again.method, again.target) == (event.method, event.target)
    assert (again.content_length, again.chunked) == (length, event.chunked)
    assert [pair for pair in again.headers.raw if pair[0].lower() not in skipped] == pairs


def one_by_one(wire: bytes) -> list[bytes]:
    """Cut behind each empty line, as a client sends that waits: its next head is compared."""
    heads = wire.split(b"\r\n\r\n")
    return [head + b"\r\n\r\n" for head in heads[:-1]] + [heads[-1]]


def check(data: bytes) -> None:
    kind, which, first, second = data[:PREFIX]
    wire = data[PREFIX:]
    limits = LIMITS[which % len(LIMITS)]
    whole = feed(kind, limits, [wire])
    single = [wire[i : i + 1] for i in range(len(wire))]
    assert feed(kind, limits, single) == whole, "byte by byte differs"
    if wire:
        a, b = sorted((first * 7 % len(wire), second * 13 % len(wire)))
        assert feed(kind, limits, [wire[:a], wire[a:b], wire[b:]]) == whole, "cut differs"
        assert feed(kind, limits, one_by_one(wire)) == whole, "one head per call differs"
    if first % 16 == 0:
        assert count_calls(kind, limits, single) <= 20 * len(wire) + 50, "calls outgrow bytes"
        assert count_calls(kind, limits, [wire]) <= 12 * len(wire) + 50, "calls outgrow bytes"
    check_round_trip(whole[0])


def one_input(data: bytes) -> None:
    if len(data) > PREFIX:
        check(data)


FIRST = (
    b"GET /1 HTTP/1.1\r\nHost: www.example.org\r\nAccept: some/thing\r\nCookie: a\r\nTe: b\r\n\r\n"
)
HABITS = (
    b"Cookie: c\r\n",
    b"",
    b"Content-Length: 0\r\n",
    b"Connection: close\r\n",
    b"X: d\r\nY: e\r\n",
)


def write_seeds(folder: Path) -> None:
    for number, lines in enumerate(HABITS):
        seed = b"".join(FIRST.replace(b"Cookie: a\r\n", new) for new in (HABITS[0], lines, lines))
        (folder / f"seed-habits-{number}").write_bytes(bytes((1, 0, 16, 5)) + FIRST + seed)
    rows: list[tuple[int, Any]] = [(1, row) for row in testing.ACCEPTED_REQUESTS]
    rows += [(1, row) for row in testing.REFUSED_REQUESTS]
    rows += [(0, row) for row in testing.ACCEPTED_RESPONSES]
    rows += [(0, row) for row in testing.REFUSED_RESPONSES]
    for kind, row in rows:
        for which in range(2):
            seed = bytes((kind, which, 16, 5)) + row.data
            (folder / f"seed-{kind}-{which}-{row.id}".replace("/", "_")).write_bytes(seed)


def main(arguments: list[str]) -> None:
    places = [Path(word) for word in arguments[1:] if not word.startswith("-")]
    if places and places[0].is_dir() and not any(places[0].iterdir()):
        write_seeds(places[0])
    if atheris is not None:
        atheris.Setup(arguments, one_input)
        atheris.Fuzz()
        return
    files = [file for place in places for file in ([place] if place.is_file() else place.iterdir())]
    for file in files:
        one_input(file.read_bytes())
    print(f"{len(files)} inputs hold")


if __name__ == "__main__":
    main(sys.argv)
