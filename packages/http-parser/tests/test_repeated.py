"""Lines that a client repeats are not judged again, and nothing else comes of that."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace_http_parser import Event, Limits, RemoteProtocolError, RequestHead, RequestParser
from headrace_http_parser._parser import MOST_AGAIN
from headrace_http_parser._repeated import MOST_BYTES, MOST_LINES, in_common
from headrace_http_parser.testing import every_split, merge_data

Feed = Callable[..., tuple[list[Event], RemoteProtocolError | None]]

FRONT = [b"Host: www.example.org", b"User-Agent: something long enough/1.0", b"Accept: */*"]
BACK = [b"Connection: keep-alive", b"Sec-Fetch-Mode: navigate", b"Priority: u=0, i"]


def request(*lines: bytes, target: bytes = b"/") -> bytes:
    return b"GET %b HTTP/1.1\r\n%b\r\n" % (target, b"".join(line + b"\r\n" for line in lines))


def changing(i: int) -> bytes:
    return request(*FRONT, b"Cookie: session=%d \t" % i, *BACK, target=b"/%d" % i)


def practised(limits: Limits | None = None) -> RequestParser:
    """A parser that knows the lines of `FRONT` and `BACK`."""
    parser = RequestParser(limits or Limits())
    for i in range(3):
        parser.receive_data(changing(i))
    assert parser._repeated is not None
    assert parser._repeated.before == b"HTTP/1.1\r\n" + b"".join(x + b"\r\n" for x in FRONT)
    assert parser._repeated.after == b"".join(x + b"\r\n" for x in BACK) + b"\r\n"
    return parser


def same_as_alone(parser: RequestParser, wire: bytes, before: int, feed: Feed) -> bool:
    """Compare with a new parser that gets single bytes; whether the connection can go on."""
    expected, refusal = feed(RequestParser(parser._limits), [bytes((c,)) for c in wire])
    found, error = feed(parser, [wire])
    assert found == expected
    for one, other in zip(found, expected, strict=True):
        if isinstance(one, RequestHead) and isinstance(other, RequestHead):
            assert list(one.headers.items()) == list(other.headers.items())
            assert {name: one.headers[name] for name in one.headers} == {
                name: other.headers[name] for name in other.headers
            }
    if refusal is None:
        assert error is None
        return parser.idle
    assert error is not None
    assert error.args == (refusal.status, refusal.offset + before, refusal.reason)
    return False


LINES = [
    *FRONT,
    *BACK,
    b"Host: other",
    b"HOST: a",
    b"Connection: close",
    b"Connection: upgrade",
    b"Upgrade: websocket",
    b"Expect: 100-continue",
    b"Content-Length: 0",
    b"Content-Length: 5",
    b"Transfer-Encoding: chunked",
    b"transfer-encoding: chunked",
    b"Cookie: a=b",
    b"Cookie:   a=b\t ",
    b"X:",
    b"Te: trailers",
    b"Content-Type: text/plain",
    b"\xe4: b",
    b"A : b",
    b" folded",
    b"\tfolded",
    b"A: \x01",
    b"A: \r",
    b"A: \n",
    b"A: b\nHost: c",
    b"A: b\rC: d",
    b"no colon",
    b": no name",
    b"",
    b"Host: www.example.org\r\n\r\nGET / HTTP/1.1",
]


@pytest.mark.parametrize("line", LINES)
def test_no_line_passes_between_or_instead_of_known_ones(line: bytes, feed: Feed) -> None:
    known = [*FRONT, *BACK]
    wires = [request(*known[:i], line, *known[i:]) for i in range(len(known) + 1)]
    wires += [request(*known[:i], line, *known[i + 1 :]) for i in range(len(known))]
    wires += [request(*FRONT, b"Cookie: a", line, *BACK), request(*FRONT, line, line, *BACK)]
    for wire in wires:
        parser = practised()
        same_as_alone(parser, wire, parser._base, feed)


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"x\r\n", b"\r\n\r\nx"])
@pytest.mark.parametrize("cut", [0, 1, 2, 3, 4, 5, 30])
def test_no_end_passes(end: bytes, cut: int, feed: Feed) -> None:
    wire = changing(7)
    parser = practised()
    same_as_alone(parser, wire[: len(wire) - cut] + end, parser._base, feed)


@pytest.mark.parametrize("new", [b"", b"\r\n", b"\n", b"\r", b":", b" ", b"\0", b"h"])
@pytest.mark.parametrize("size", [0, 1, 2])
def test_no_mutation_passes(new: bytes, size: int, feed: Feed) -> None:
    wire = changing(7)
    for at in range(len(wire) + 1 - size):
        parser = practised()
        same_as_alone(parser, wire[:at] + new + wire[at + size :], parser._base, feed)


def test_a_request_in_pieces_is_the_same_request(feed: Feed) -> None:
    wire = changing(7)
    whole = feed(practised(), [wire])
    for pieces in every_split(wire):
        assert feed(practised(), pieces) == whole


def test_nothing_passes_behind_a_section_that_never_changes(feed: Feed) -> None:
    wire = request(*FRONT)
    for behind in (b"", b"\r\n", b"Foo: bar\r\n", b"Foo: bar\r\n\r\n", wire, b"x"):
        parser = RequestParser()
        for _ in range(3):
            parser.receive_data(wire)
        same_as_alone(parser, wire + behind, parser._base, feed)


@pytest.mark.parametrize(
    "line", [b"GET  / ", b"GET /\x7f ", b"get / ", b"GET * ", b"G@T / ", b"GET "]
)
def test_the_request_line_is_judged_each_time(line: bytes, feed: Feed) -> None:
    parser = practised()
    same_as_alone(parser, line + changing(1).split(b" ", 2)[2], parser._base, feed)


@settings(
    max_examples=400,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # it has no state
)
@given(
    rows=st.lists(
        st.lists(st.sampled_from([b"Host: a"] * 8 + LINES * 2 + BACK * 8), max_size=6),
        min_size=2,
        max_size=8,
    ),
    start_alike=st.booleans(),
)
def test_any_row_of_requests_means_what_each_means_alone(
    rows: list[list[bytes]], start_alike: bool, feed: Feed
) -> None:
    parser = RequestParser()
    before = 0
    for i, lines in enumerate(rows):
        wire = request(*(FRONT if start_alike else ()), *lines, target=b"/%d" % i)
        if not same_as_alone(parser, wire, before, feed):
            return
        before += len(wire)


def test_lines_at_both_ends_are_not_counted_twice(feed: Feed) -> None:
    """What is known may overlap in a section that is shorter than both ends together."""
    twice = [b"Host: www.example.org", b"Accept: some/long/value", b"Accept: some/long/value"]
    parser = RequestParser()
    for value in (b"a", b"b"):
        parser.receive_data(request(*twice[:2], b"Cookie: " + value, twice[2]))
    same_as_alone(parser, request(*twice[:2]), parser._base, feed)


@pytest.mark.parametrize("extra", [0, 1])
@pytest.mark.parametrize("size", [1, 200])
def test_the_limit_of_fields_holds(extra: int, size: int, feed: Feed) -> None:
    parser = practised(Limits(header_count=30))
    lines = [b"Cookie: " + b"a" * size] * (30 - len(FRONT) - len(BACK) + extra)
    assert same_as_alone(parser, request(*FRONT, *lines, *BACK), parser._base, feed) is not extra


@pytest.mark.parametrize("extra", [0, 1])
def test_the_limit_of_bytes_holds(extra: int, feed: Feed) -> None:
    parser = practised(Limits(field_bytes=300))
    wire = request(*FRONT, b"Cookie: " + b"a" * (300 - 8 + extra), *BACK)
    assert same_as_alone(parser, wire, parser._base, feed) is not extra


def test_headers_outlive_what_the_parser_remembers() -> None:
    parser = practised()
    kept = [parser.receive_data(changing(i))[0] for i in range(2)]
    parser.receive_data(request(b"Host: other", b"Accept: */*"))
    assert parser._repeated is None
    for i, head in enumerate(kept):
        assert isinstance(head, RequestHead)
        assert head.headers.raw[3] == (b"Cookie", b"session=%d" % i)
        assert len(head.headers) == 7
        assert head.headers["priority"] == "u=0, i"


def test_pairs_of_known_lines_are_shared() -> None:
    parser = practised()
    one, other = (parser.receive_data(changing(i))[0] for i in range(2))
    assert isinstance(one, RequestHead) and isinstance(other, RequestHead)
    assert one.headers.raw[0] is other.headers.raw[0]
    assert one.headers.raw[-1] is other.headers.raw[-1]


def test_it_shrinks_a_few_times_and_is_given_up() -> None:
    parser = RequestParser()
    lines = [b"X-Line-%d: abcdef" % i for i in range(15)]
    sizes = []
    for i in range(12):
        parser.receive_data(request(FRONT[0], *lines[: 15 - i]))
        sizes.append(parser._repeated.start if parser._repeated else 0)
    assert all(a > b for a, b in pairwise(sizes[1:11]))
    assert (sizes[0], sizes[-1]) == (0, 0)
    parser.receive_data(changing(1))
    parser.receive_data(changing(2))
    assert (parser._repeated, parser._last, parser._learning) == (None, b"", False)


@pytest.mark.parametrize(
    ("one", "other", "before", "after"),
    [
        (b"A", b"A", b"A", b""),
        (b"AB", b"AC", b"A", b""),
        (b"ABZ", b"ACZ", b"A", b"Z"),
        (b"AZ", b"ABZ", b"A", b"Z"),
        (b"ABZ", b"AZ", b"A", b"Z"),
        (b"AZZ", b"AZ", b"AZ", b""),
        (b"AZ", b"AZZ", b"AZ", b""),
        (b"AYZ", b"ACYZ", b"A", b"YZ"),
    ],
)
def test_whole_lines_in_common_are_found(
    one: bytes, other: bytes, before: bytes, after: bytes
) -> None:
    """Each letter stands for a line that ends like its neighbours."""

    def lines(letters: bytes) -> bytes:
        return b"".join(b"%c-Line: some value\r\n" % letter for letter in letters)

    start = b"HTTP/1.1\r\nHost: www.example.org\r\n"
    found = in_common(start + lines(one) + b"\r\n", start + lines(other) + b"\r\n", 100)
    assert found is not None
    assert (found.before, found.after) == (start + lines(before), lines(after) + b"\r\n")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([b"Host: a"], [b"Host: a"]),
        ([b"Host: www.example.org"], [b"Host: www.example.com"]),
        ([b"Accept: " + b"a" * 40, b"Host: a"], [b"Accept: " + b"a" * 40, b"Host: b"]),
    ],
    ids=["too short", "nothing", "no host in front"],
)
def test_what_is_not_worth_it_is_not_kept(one: list[bytes], other: list[bytes]) -> None:
    first, second = (request(*lines).split(b" ", 2)[2] for lines in (one, other))
    assert in_common(first, second, 100) is None


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([b"Accept: " + b"a" * (MOST_BYTES - 34)], True),
        ([b"Accept: " + b"a" * (MOST_BYTES - 33)], False),
        ([b"Abcdef:"] * (MOST_LINES - 2), True),
        ([b"Abcdef:"] * (MOST_LINES - 1), False),
    ],
)
def test_a_large_section_is_not_kept(lines: list[bytes], kept: bool) -> None:
    wire = request(b"Host: a", b"Accept: b", *lines)
    parser = RequestParser()
    parser.receive_data(wire)
    parser.receive_data(wire)
    assert (parser._repeated is not None) is kept


def size_of(value: object, seen: set[int]) -> int:
    if id(value) in seen or isinstance(value, type | Limits):
        return 0
    seen.add(id(value))
    size = sys.getsizeof(value)
    if isinstance(value, tuple):
        return size + sum(size_of(item, seen) for item in value)
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    return size + sum(size_of(getattr(value, name), seen) for name in slots)


def test_a_connection_that_waits_keeps_less_than_8_kib() -> None:
    parser = RequestParser()
    most = b"Accept: " + b"a" * 70
    wire = request(b"Host: a", *[most] * (MOST_LINES - 2), b"Accept: b")
    for _ in range(3):
        (head, _) = parser.receive_data(wire)
        assert isinstance(head, RequestHead)
        assert len(head.headers.raw) == MOST_LINES
    assert parser._repeated is not None and parser._repeated.start > 1_400
    assert size_of(parser, set()) < 8 * 1024


def test_the_work_for_a_row_of_requests_is_linear() -> None:
    def calls(count: int) -> int:
        found = 0

        def profile(frame: object, event: str, argument: object) -> None:
            nonlocal found
            found += event in ("call", "c_call")

        parser = RequestParser()
        wires = [request(*FRONT[: i % 3 + 1], b"X-%d: a" % i, *BACK[i % 4 :]) for i in range(count)]
        sys.setprofile(profile)
        try:
            for wire in wires:
                parser.receive_data(wire)
        finally:
            sys.setprofile(None)
        return found

    assert calls(400) <= 2 * calls(200) <= 2 * 200 * 25


# The same bytes again.

POLL = request(*FRONT)
BEHIND = [
    POLL,
    POLL[:-2],  # not its end yet
    POLL[:-2] + b"a: b\r\n\r\n",
    POLL.replace(b"GET", b"get"),
    request(*FRONT, target=b"/a"),
    request(*FRONT, target=b"/a") + request(*FRONT, target=b"/b"),
    request(*FRONT, target=b"http://other/a"),
    request(*FRONT[1:]),
    b"\r\n" + POLL,
    POLL + POLL,
    POLL.replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\n") + b"hi" + POLL,
    b"GET / HTTP/1.1\r\n\r\n",
]
POSTS = POLL.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\nabc")
BEHIND += [POSTS, POSTS[:-1] + b"d", POSTS[:-1], POSTS + b"x", POSTS + POLL, POSTS * 2]


@pytest.mark.parametrize("rest", BEHIND)
@pytest.mark.parametrize("polls", [1, 2, 5])
@pytest.mark.parametrize("again", [POLL, POSTS], ids=["GET", "POST"])
def test_who_polls_is_understood_as_ever(again: bytes, rest: bytes, polls: int, feed: Feed) -> None:
    wire = again * polls + rest
    expected = feed(RequestParser(), [bytes((c,)) for c in wire])
    for pieces in every_split(rest):
        events, error = feed(RequestParser(), [*[again] * polls, *pieces])
        assert merge_data(events) == merge_data(expected[0])
        assert (error and error.args) == (expected[1] and expected[1].args)
    pipelined, error = feed(RequestParser(), [wire])
    assert merge_data(pipelined) == merge_data(expected[0])
    assert (error and error.args) == (expected[1] and expected[1].args)


def test_the_same_bytes_give_the_same_head() -> None:
    parser = RequestParser()
    heads = [parser.receive_data(POLL)[0] for _ in range(5)]
    assert heads[3] is heads[4]
    assert heads[0] is not heads[4]
    again = RequestParser().receive_data(POLL * 2)
    assert again[0] is again[2]


@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"get", b"POST", b"CONNECT", b"OPTIONS", b""])
@pytest.mark.parametrize(
    "target", [b"/b", b"*", b"a:1", b"http://a/", b"", b"b", b"/\x7f", b"/a b", b"/ ", b"/\r\nA: b"]
)
def test_another_line_over_the_same_fields_is_judged(
    method: bytes, target: bytes, feed: Feed
) -> None:
    wire = b"%b %b HTTP/1.1\r\n%b" % (method, target, POLL.split(b"\r\n", 1)[1])
    for other in (wire, wire.replace(b"1.1", b"1.0", 1), wire[1:], b"\r\n" + wire):
        parser = RequestParser()
        for _ in range(4):
            parser.receive_data(POLL)
        same_as_alone(parser, other, parser._base, feed)


@pytest.mark.parametrize("again", [[POSTS], [POLL], [POLL * 2]], ids=["POST", "GET", "pipelined"])
def test_a_line_is_no_request_whatever_ends_it(again: list[bytes], feed: Feed) -> None:
    for end in range(256):
        parser = RequestParser()
        feed(parser, again)
        same_as_alone(parser, b"GET /a %c" % end, parser._base, feed)


def test_the_same_fields_under_another_line_are_shared() -> None:
    parser = RequestParser()
    wires = [request(*FRONT, target=b"/%d" % i) for i in range(6)]
    heads = [parser.receive_data(wire)[0] for wire in wires]
    for i, head in enumerate(heads):
        assert isinstance(head, RequestHead)
        assert head.target == b"/%d" % i
        assert head.headers["accept"] == "*/*"
    last = heads[-1]
    assert isinstance(last, RequestHead)
    assert isinstance(heads[-2], RequestHead) and heads[-2].headers is last.headers
    assert parser.receive_data(wires[-1])[0] is last


@pytest.mark.parametrize(("size", "same"), [(MOST_AGAIN, True), (MOST_AGAIN + 1, False)])
def test_a_long_line_is_not_kept(size: int, same: bool) -> None:
    parser = RequestParser()
    for _ in range(4):
        parser.receive_data(POLL)
    wire = request(*FRONT, target=b"/" * (size - len(POLL) + 1))
    assert len(wire) == size
    heads = [parser.receive_data(wire)[0] for _ in range(2)]
    assert (heads[0] is heads[1]) is same
    assert isinstance(heads[0], RequestHead) and heads[0].headers["accept"] == "*/*"


@pytest.mark.parametrize(("size", "same"), [(MOST_AGAIN, True), (MOST_AGAIN + 1, False)])
def test_a_long_head_is_not_kept(size: int, same: bool) -> None:
    head = request(*FRONT, b"Xyz: " + b"x" * (size - len(POLL) - 7))
    assert len(head) == size
    events = RequestParser().receive_data(head * 2)
    assert (events[0] is events[2]) is same
    parser = RequestParser()
    heads = [parser.receive_data(head)[0] for _ in range(5)]
    assert (heads[3] is heads[4]) is same


@pytest.mark.parametrize(("size", "same"), [(MOST_AGAIN, True), (MOST_AGAIN + 1, False)])
def test_nor_is_one_that_has_a_body(size: int, same: bool) -> None:
    lines = b"Content-Length: 2", b"Xyz: " + b"x" * (size - len(POLL) - 27)
    head = request(*FRONT, *lines).replace(b"GET", b"POST")
    assert len(head) == size
    parser = RequestParser()
    heads = [parser.receive_data(head + body)[0] for body in (b"ab", b"cd", b"ef")]
    assert (heads[1] is heads[2]) is same
