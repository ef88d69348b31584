"""Responses as HTTP/1.1 bytes: head, framing, and how parts are put together."""

import pytest

from headrace._http1 import JOIN_BYTES, Http1Wire
from headrace.exceptions import ResponseError
from headrace_http_parser import RequestParser

DATE = "Thu, 01 Jan 1970 00:00:00 GMT"


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

    def cut(self, *, gently, reset):
        self.told.append(("cut", gently, reset))

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
        self.wire = Http1Wire(self.owner, self.transport, lambda: DATE)
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


class AsyncioTransport(Transport):
    """As asyncio's in CPython 3.12: only ``write`` looks at marks and lost connections."""

    def writelines(self, parts):
        raise AssertionError("writelines() is not to be called here")


AsyncioTransport.__module__ = "asyncio.selector_events"


def test_asyncio_s_transport_is_given_the_pieces_one_by_one():
    transport = AsyncioTransport()
    wire = Http1Wire(Owner(), transport, lambda: DATE)
    wire.begin(RequestParser().receive_data(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")[0])
    wire.start(200, [], None, whole=False)
    piece = b"x" * (JOIN_BYTES + 1)
    wire.send([piece], JOIN_BYTES + 1, False)
    assert transport.calls[2] is piece
    assert transport.calls[-1] == b"\r\n"


def test_nothing_is_written_to_a_transport_that_closes():
    wired = Wired()
    wired.transport.closing = True
    wired.wire.start(200, [], 3, whole=True)
    wired.wire.send([b"abc"], 3, True)
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
        pytest.param(HTTP_1_0, True, ("cut", False, True), id="close-is-the-end-so-reset"),
        pytest.param(HTTP_1_0, False, ("cut", True, False), id="nothing-sent-yet"),
        pytest.param(KEPT_1_0, True, ("cut", False, True), id="kept-but-streamed"),
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", True, ("cut", True, False), id="1.1"),
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
    wired.wire.pause_reading()
    wired.wire.resume_reading()
    wired.wire.ended("exchange")
    wired.wire.cut(gently=False)
    assert wired.owner.told == ["pause", "resume", ("ended", "exchange"), ("cut", False, False)]
    assert wired.wire.peer == ("192.0.2.1", 5)
    assert wired.wire.buffered() == 42
