"""Responses as HTTP/1.1 bytes: head, framing, and how parts are put together."""

import pytest

from headrace._dated import Dated
from headrace._http1 import JOIN_BYTES, JOIN_PIECE, Http1Wire
from headrace.exceptions import ResponseError
from headrace_http_parser import RequestParser

DATE = "Thu, 01 Jan 1970 00:00:00 GMT"


def dated():
    """The Date field of one second."""
    made = Dated()
    made._date = DATE
    return made


class Owner:
    """A connection that notes what it is told."""

    peer = ("192.0.2.1", 5)

    def __init__(self):
        self.told = []
        self.last = False

    def will_close(self, whole):
        self.told.append(("will_close", whole))
        return self.last

    def pause_reading(self):
        self.told.append("pause")

    def resume_reading(self):
        self.told.append("resume")

    def drain_writes(self):
        self.told.append("drain")

    def cut(self, *, gently):
        self.told.append(("cut", gently))

    def ended(self, exchange):
        self.told.append(("ended", exchange))


class Transport:
    def __init__(self):
        self.calls = []
        self.closing = False

    def is_closing(self):
        return self.closing

    def write(self, data):
        self.calls.append(data)

    def writelines(self, parts):
        self.calls.append(list(parts))

    def get_write_buffer_size(self):
        return 42


class Wired:
    def __init__(self, request=b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"):
        self.owner = Owner()
        self.transport = Transport()
        self.wire = Http1Wire(self.owner, self.transport, dated())
        self.begin(request)

    def begin(self, request):
        self.wire.begin(RequestParser().receive_data(request)[0])

    @property
    def sent(self):
        return b"".join(b"".join(c) if isinstance(c, list) else c for c in self.transport.calls)


HTTP_1_0 = b"GET / HTTP/1.0\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
KEPT_1_0 = b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"
FRAMES = (b"transfer-encoding", b"content-length", b"connection")


@pytest.mark.parametrize(
    ("request_", "status", "length", "body", "fields", "on_the_wire"),
    [
        pytest.param(
            b"", 200, None, [b"ab", b"c"], b"transfer-encoding: chunked\r\n",
            b"3\r\nabc\r\n0\r\n\r\n", id="chunked",
        ),
        pytest.param(b"", 200, 3, [b"abc"], b"content-length: 3\r\n", b"abc", id="length"),
        pytest.param(b"", 200, 0, [b""], b"content-length: 0\r\n", b"", id="empty"),
        pytest.param(HEAD, 200, 3, [b"abc"], b"content-length: 3\r\n", b"", id="head"),
        pytest.param(HEAD, 200, None, [b"abc"], b"", b"", id="head-of-a-stream"),
        pytest.param(b"", 204, 0, [b""], b"", b"", id="204"),
        pytest.param(b"", 304, None, [b"abc"], b"", b"", id="304"),
        pytest.param(b"", 304, 0, [b""], b"", b"", id="304-of-unknown-length"),
        pytest.param(b"", 304, 3, [b""], b"content-length: 3\r\n", b"", id="304-of-known-length"),
        pytest.param(HTTP_1_0, 200, None, [b"abc"], b"connection: close\r\n", b"abc", id="1.0"),
        pytest.param(
            KEPT_1_0, 200, 3, [b"abc"], b"content-length: 3\r\nconnection: keep-alive\r\n",
            b"abc", id="1.0-kept",
        ),
        pytest.param(
            KEPT_1_0, 200, None, [b"abc"], b"connection: close\r\n", b"abc", id="1.0-stream-closes"
        ),
    ],
)  # fmt: skip
def test_framing(request_, status, length, body, fields, on_the_wire):
    wired = Wired(request_) if request_ else Wired()
    wired.wire.start(status, [("a", "b")], length, whole=True)
    wired.wire.send(body, sum(map(len, body)), True)
    head, _, rest = wired.sent.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")[1:]
    assert lines[:2] == [b"a: b", b"date: " + DATE.encode()]
    assert b"".join(line + b"\r\n" for line in lines[2:]) == fields
    assert rest == on_the_wire
    assert wired.wire.keep_alive is (b"close" not in fields)


def test_the_head_waits_for_the_first_send():
    wired = Wired()
    wired.wire.start(200, [], None, whole=False)
    assert wired.sent == b""
    wired.wire.send([], 0, False)
    assert wired.sent.endswith(b"\r\n\r\n")


def test_an_empty_send_after_the_head_writes_nothing():
    wired = Wired()
    wired.wire.start(200, [], None, whole=False)
    wired.wire.send([b"a"], 1, False)
    count = len(wired.transport.calls)
    wired.wire.send([], 0, False)
    wired.wire.send([b""], 0, False)
    assert len(wired.transport.calls) == count


def test_a_small_response_is_one_write():
    wired = Wired()
    wired.wire.start(200, [], None, whole=False)
    wired.wire.send([b"a" * 100, b"b" * 100], 200, True)
    assert len(wired.transport.calls) == 1
    assert isinstance(wired.transport.calls[0], bytes)


@pytest.mark.parametrize("size", [JOIN_BYTES, JOIN_BYTES + 1])
def test_a_large_piece_is_not_copied(size):
    wired = Wired()
    wired.wire.start(200, [], None, whole=False)
    piece = b"x" * size
    wired.wire.send([piece], size, True)
    (call,) = wired.transport.calls
    if size > JOIN_BYTES:
        assert any(part is piece for part in call)
    else:
        assert isinstance(call, bytes)


@pytest.mark.parametrize("count", [17, 1000])
@pytest.mark.parametrize("chunked", [True, False])
def test_many_small_pieces_are_joined(count, chunked):
    wired = Wired()
    pieces = [b"%04d" % number + b"x" * (JOIN_PIECE - 4) for number in range(count)]
    body = b"".join(pieces)
    wired.wire.start(200, [], None if chunked else len(body), whole=False)
    wired.wire.send(pieces, len(body), False)
    (call,) = wired.transport.calls
    assert isinstance(call, bytes)
    assert call.partition(b"\r\n\r\n")[2] == (
        b"%x\r\n%b\r\n" % (len(body), body) if chunked else body
    )


def test_a_few_larger_pieces_are_not():
    wired = Wired()
    wired.wire.start(200, [], None, whole=False)
    pieces = [b"x" * (4 * JOIN_PIECE)] * 16
    wired.wire.send(list(pieces), 64 * JOIN_PIECE, False)
    assert wired.transport.calls[0][2:-1] == pieces


class AsyncioTransport(Transport):
    """As asyncio's in CPython 3.12: only ``write`` looks at marks and lost connections."""

    def writelines(self, parts):
        raise AssertionError("writelines() is not to be called here")


AsyncioTransport.__module__ = "asyncio.selector_events"


def test_asyncio_s_transport_is_given_the_pieces_one_by_one():
    transport = AsyncioTransport()
    wire = Http1Wire(Owner(), transport, dated())
    wire.begin(RequestParser().receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")[0])
    wire.start(200, [], None, whole=False)
    piece = b"x" * (JOIN_BYTES + 1)
    wire.send([piece], JOIN_BYTES + 1, False)
    assert transport.calls[2] is piece
    assert transport.calls[-1] == b"\r\n"


def test_the_first_piece_that_fails_is_the_last_one_written():
    class Failing(AsyncioTransport):
        def write(self, data):
            super().write(data)
            self.closing = True

    Failing.__module__ = "asyncio.selector_events"
    transport = Failing()
    wire = Http1Wire(Owner(), transport, dated())
    wire.begin(RequestParser().receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")[0])
    wire.start(200, [], None, whole=False)
    wire.send([b"x" * (JOIN_BYTES + 1)], JOIN_BYTES + 1, False)
    assert len(transport.calls) == 1


def test_nothing_is_written_to_a_transport_that_closes():
    wired = Wired()
    wired.transport.closing = True
    wired.wire.start(200, [], 3, whole=True)
    wired.wire.send([b"abc"], 3, True)
    assert wired.transport.calls == []


def test_a_chunk_to_many_is_encoded_once():
    """And each of them gets the chunks that are its own."""
    several = [Wired(), Wired(), Wired()]
    for wired in several:
        wired.wire.start(200, [], None, whole=False)
        wired.wire.send([], 0, False)
    one, other = b"event", b"event"[:2]
    for pieces in ([one], [one, other], [one], [other]):
        for wired in several:
            wired.wire.send([*pieces], sum(map(len, pieces)), False)
    several[1].wire.send([b"!"], 1, True)
    chunks = [b"5\r\nevent\r\n", b"7\r\neventev\r\n", b"5\r\nevent\r\n", b"2\r\nev\r\n"]
    for wired in several:
        assert wired.transport.calls[1:5] == chunks
        assert wired.wire.sent == len(wired.sent)
    first, *others = (wired.transport.calls[1] for wired in several)
    assert all(other is first for other in others)
    assert [wired.transport.calls[5:] for wired in several] == [[], [b"1\r\n!\r\n0\r\n\r\n"], []]


def test_a_chunk_is_ones_own_whatever_another_thread_sends_meanwhile():
    wired, other = Wired(), Wired()
    for each in (wired, other):
        each.wire.start(200, [], None, whole=False)
        each.wire.send([], 0, False)
        each.wire.send([b"ours"], 4, False)

    class Interrupted(list):
        def __eq__(self, known):
            same = super().__eq__(known)
            other.wire.send([b"theirs"], 6, False)
            return same

        __ne__ = object.__ne__

    wired.wire.send(Interrupted([b"ours"]), 4, False)
    assert wired.transport.calls[-1] == b"4\r\nours\r\n"
    assert other.transport.calls[-1] == b"6\r\ntheirs\r\n"


def test_no_chunk_is_written_to_a_transport_that_closes():
    wired = Wired()
    wired.wire.start(200, [], None, whole=False)
    wired.wire.send([], 0, False)
    wired.transport.calls.clear()
    wired.transport.closing = True
    wired.wire.send([b"abc"], 3, False)
    assert wired.transport.calls == []


def test_a_bad_head_changes_nothing():
    wired = Wired()
    with pytest.raises(ResponseError, match="the response's head cannot be sent: .*'a'"):
        wired.wire.start(200, [("a", "b\r\nc: d")], 0, whole=True)
    wired.wire.start(500, [], 0, whole=True)
    wired.wire.send([], 0, True)
    assert wired.sent.startswith(b"HTTP/1.1 500 ")


@pytest.mark.parametrize("status", [100, 101, 199])
def test_an_interim_status_is_no_response(status):
    with pytest.raises(ResponseError, match=f"status {status} is not that of a final response"):
        Wired().wire.start(status, [], 0, whole=True)


def test_the_connection_may_decide_to_close():
    wired = Wired()
    wired.owner.last = True
    wired.wire.start(200, [], 0, whole=True)
    wired.wire.send([], 0, True)
    assert b"connection: close\r\n" in wired.sent
    assert ("will_close", True) in wired.owner.told


def test_a_handler_s_own_date_is_the_only_one():
    wired = Wired()
    wired.wire.start(200, [("Date", "x")], 0, whole=True)
    wired.wire.send([], 0, True)
    assert wired.sent.lower().count(b"date:") == 1


def test_interim_responses_leave_at_once():
    wired = Wired()
    wired.wire.interim(103, [("link", "</a>; rel=preload")])
    assert wired.sent == b"HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n"


def test_http_1_0_gets_no_interim_responses():
    wired = Wired(HTTP_1_0)
    wired.wire.interim(100)
    assert wired.sent == b""


@pytest.mark.parametrize(
    ("request_", "begun", "told"),
    [
        pytest.param(HTTP_1_0, True, ("cut", False), id="close-is-the-end-so-reset"),
        pytest.param(HTTP_1_0, False, ("cut", True), id="nothing-sent-yet"),
        pytest.param(KEPT_1_0, True, ("cut", False), id="kept-but-streamed"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True, ("cut", True), id="1.1"),
    ],
)
def test_a_cut_can_be_told_from_an_end(request_, begun, told):
    wired = Wired(request_)
    wired.wire.start(200, [], None, whole=False)
    if begun:
        wired.wire.send([b"a"], 1, False)
    wired.wire.cut(gently=True)
    assert wired.owner.told[-1] == told


def test_the_rest_is_the_connection_s():
    wired = Wired()
    assert wired.wire.buffered() == 42
    wired.wire.pause_reading()
    wired.wire.resume_reading()
    wired.wire.ended("exchange")
    wired.wire.cut(gently=False)
    assert wired.owner.told == ["pause", "resume", ("ended", "exchange"), ("cut", False)]
    assert wired.wire.peer == ("192.0.2.1", 5)
    assert wired.wire.buffered() == 42


# Before the head, and after the body.


def test_a_refusal():
    wired = Wired()
    wired.wire.refuse(503, "too busy")
    assert wired.sent == (
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\n"
        b"date: " + DATE.encode() + b"\r\ncontent-length: 13\r\n"
        b"connection: close\r\n\r\n503 too busy\n"
    )
    assert wired.wire.sent == len(wired.sent)


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        ([("Connection", "close")], False),
        ([("connection", "x-a, Close")], False),
        ([("connection", "x-close")], True),
        ([("Connection", "keep-alive")], True),
        ([("x-connect", "close")], True),
    ],
)
def test_a_handler_may_close_its_connection(fields, kept):
    wired = Wired()
    wired.wire.start(200, fields, 0, whole=True)
    assert wired.wire.keep_alive is kept


def test_draining_is_the_connection_s():
    wired = Wired()
    wired.wire.drain()
    assert wired.owner.told == ["drain"]


TE = b"GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "length", "taken", "end"),
    [
        pytest.param(TE, None, True, b"0\r\nx-a: 1\r\n\r\n", id="taken"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", None, False, b"\r\n0\r\n\r\n", id="not"),
        pytest.param(TE.replace(b"1.1", b"1.0"), None, False, b"abc", id="1.0"),
        pytest.param(TE, 3, True, b"abc", id="counted"),
    ],
)
def test_trailers(request_, length, taken, end):
    wired = Wired(request_)
    assert wired.wire.takes_trailers() is taken
    wired.wire.start(200, [], length, whole=False)
    wired.wire.trail([("x-a", "1")])
    wired.wire.send([b"abc"], 3, True)
    assert wired.sent.endswith(end)


def test_trailers_are_not_sent_again_with_the_next_response():
    wired = Wired(TE)
    for end in (b"0\r\nx-a: 1\r\n\r\n", b"\r\n0\r\n\r\n"):
        wired.wire.start(200, [], None, whole=False)
        if b"x-a" in end:
            wired.wire.trail([("x-a", "1")])
        wired.wire.send([b"abc"], 3, True)
        assert wired.sent.endswith(end)
        wired.begin(TE)


@pytest.mark.parametrize("request_", [TE, HEAD], ids=["taken", "dropped"])
@pytest.mark.parametrize("field", [("content-length", "1"), ("a", "b\nc"), ("a b", "c")])
def test_trailers_that_cannot_be(request_, field):
    with pytest.raises(ResponseError, match="the trailers cannot be sent: "):
        Wired(request_).wire.trail([field])


@pytest.mark.parametrize(
    ("status", "fields"), [(101, []), (200, []), (103, [("a", "b\nc")]), (103, [("host", "é€")])]
)
def test_an_interim_response_that_cannot_be(status, fields):
    wired = Wired()
    with pytest.raises(ResponseError, match="the interim response cannot be sent: "):
        wired.wire.interim(status, fields)
    assert wired.sent == b""


def test_an_interim_response_on_a_closed_connection():
    wired = Wired()
    wired.transport.closing = True
    wired.wire.interim(103)
    assert wired.sent == b""


# Probes.


def test_probes_before_the_head_are_its_first_bytes():
    wired = Wired()
    assert [wired.wire.probe() for _ in range(11)] == [True] * 9 + [False] * 2
    assert wired.sent == b"HTTP/1.1 "
    wired.wire.start(200, [], 2, whole=True)
    wired.wire.send([b"ab"], 2, True)
    assert wired.sent.startswith(b"HTTP/1.1 200 OK\r\n")
    assert wired.wire.sent == len(wired.sent)


@pytest.mark.parametrize("number", [0, 1, 8, 9])
@pytest.mark.parametrize("then", ["interim", "refuse", "large"])
def test_whatever_head_comes_next_goes_on_from_there(number, then):
    wired = Wired()
    for _ in range(number):
        wired.wire.probe()
    if then == "interim":
        wired.wire.interim(103)
        assert wired.sent == b"HTTP/1.1 103 Early Hints\r\n\r\n"
    elif then == "refuse":
        wired.wire.refuse(408, "late")
        assert wired.sent.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    else:
        wired.wire.start(200, [], 1 << 20, whole=True)
        wired.wire.send([b"x" * (1 << 20)], 1 << 20, True)
        assert wired.sent.startswith(b"HTTP/1.1 200 OK\r\n")
    assert wired.sent.count(b"HTTP/1.1 ") == 1
    assert wired.wire.sent == len(wired.sent)


def test_a_probe_between_chunks_is_a_leading_zero():
    wired = Wired()
    wired.wire.start(200, [], None, whole=False)
    wired.wire.send([b"ab"], 2, False)
    assert wired.wire.probe()
    wired.wire.send([b"c"], 1, False)
    assert wired.wire.probe()
    wired.wire.send([], 0, True)
    assert wired.sent.partition(b"\r\n\r\n")[2] == b"2\r\nab\r\n01\r\nc\r\n00\r\n\r\n"


@pytest.mark.parametrize(
    ("request_", "length"),
    [(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 5), (b"GET / HTTP/1.0\r\n\r\n", None)],
    ids=["counted", "1.0"],
)
def test_no_probe_within_a_body_that_is_not_chunked(request_, length):
    wired = Wired(request_)
    wired.wire.start(200, [], length, whole=False)
    wired.wire.send([b"ab"], 2, False)
    before = wired.sent
    assert not wired.wire.probe()
    assert wired.sent == before


def test_no_probe_on_a_closed_connection():
    wired = Wired()
    wired.transport.closing = True
    assert not wired.wire.probe()


# A whole response at once.


def test_a_plain_answer_is_one_write():
    wired = Wired()
    assert wired.wire.answer(200, "a/b", b"body")
    assert wired.transport.calls == [
        b"HTTP/1.1 200 OK\r\ncontent-type: a/b\r\ndate: " + DATE.encode() + b"\r\n"
        b"content-length: 4\r\n\r\nbody"
    ]
    assert wired.wire.sent == len(wired.sent)
    assert not wired.wire.probe()  # nothing may stand within a body that is counted


@pytest.mark.parametrize("body", [b"", b"x" * JOIN_BYTES], ids=["empty", "large"])
@pytest.mark.parametrize("content_type", ["a/b", None])
def test_it_is_the_one_that_goes_the_usual_way(body, content_type):
    one, other = Wired(), Wired()
    assert one.wire.answer(200, content_type, body)
    fields = [] if content_type is None else [("content-type", content_type)]
    other.wire.start(200, fields, len(body), whole=True)
    other.wire.send([body], len(body), True)
    assert one.transport.calls == other.transport.calls


def last(wired):
    wired.owner.last = True


def closing(wired):
    wired.transport.closing = True


@pytest.mark.parametrize(
    ("request_", "prepare", "status", "size"),
    [
        pytest.param(HTTP_1_0, None, 200, 1, id="1.0"),
        pytest.param(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", None, 200, 1, id="kept"),
        pytest.param(HEAD, None, 200, 1, id="HEAD"),
        pytest.param(b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", None, 200, 1, id="CONNECT"),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", None, 200, 1, id="close"
        ),
        pytest.param(None, None, 304, 0, id="without-content"),
        pytest.param(None, None, 200, JOIN_BYTES + 1, id="too-large-to-copy"),
        pytest.param(None, last, 200, 1, id="the-last"),
        pytest.param(None, closing, 200, 1, id="closing"),
        pytest.param(None, lambda wired: wired.wire.probe(), 200, 1, id="probed"),
    ],
)
def test_what_is_unusual_is_left_to_the_usual_way(request_, prepare, status, size):
    wired = Wired() if request_ is None else Wired(request_)
    if prepare is not None:
        prepare(wired)
    before = list(wired.transport.calls)
    kept = wired.wire.keep_alive
    assert not wired.wire.answer(status, "a/b", b"x" * size)
    assert wired.transport.calls == before
    assert wired.wire.keep_alive is kept
