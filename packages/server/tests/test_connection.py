"""What a client sees on the wire, and when the server reads, waits and closes."""

import asyncio
import logging

import pytest

from headrace import Headrace, _connection, text
from headrace._connection import PUMP_REQUESTS
from headrace._end import EndReason
from headrace.exceptions import HeadraceException
from headrace.response import stream
from headrace.testing import Conversation, settle
from headrace_http_parser import Limits

pytestmark = pytest.mark.anyio

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 5\r\n\r\nhello"
PIPELINED = Limits().pipelined
TYPE = b"content-type: text/plain; charset=utf-8\r\n"


def post(path, body, extra=b""):
    length = b"Content-Length: %d\r\n" % len(body)
    return b"POST " + path + b" HTTP/1.1\r\nHost: a\r\n" + length + extra + b"\r\n" + body


@pytest.fixture
def app():
    """One route for each way in which a handler may behave."""
    app = Headrace("connection")
    app.ctx.seen = []
    app.ctx.gate = asyncio.Event()

    @app.get("/")
    async def index(request):
        return text("hello")

    @app.get("/slow")
    async def slow(request):
        try:
            await app.ctx.gate.wait()
        except asyncio.CancelledError as error:
            app.ctx.seen.append(error.args)
            raise
        return text("slow")

    @app.post("/body")
    async def body(request):
        return text(f"{len(request.body)}")

    @app.post("/read", stream=True)
    async def read(request):
        try:
            count = len(await request.stream.read_all(1 << 30))
        except HeadraceException as error:
            app.ctx.seen.append(type(error).__name__)
            raise
        return text(f"{count}")

    @app.post("/unread", stream=True)
    async def unread(request):
        return text("no")

    @app.post("/later", stream=True)
    async def later(request):
        await app.ctx.gate.wait()
        return text(f"{len(await request.stream.read_all(1 << 30))}")

    @app.get("/stream")
    async def streamed(request):
        async def produce(response):
            await response.write("a")
            try:
                await app.ctx.gate.wait()
            except asyncio.CancelledError as error:
                app.ctx.seen.append(error.args)
                raise
            await response.write("b")

        return stream(produce)

    @app.get("/broken")
    async def broken(request):
        response = await request.respond()
        await response.send("a")
        await response.flush()
        raise ValueError("too late")

    return app


@pytest.fixture
def talk(app):
    return Conversation(app)


# Requests, one after the other.


async def test_a_request_whole(talk, undated):
    await talk.send(GET)
    assert undated(talk.take()) == OK
    assert not talk.closed


async def test_a_request_byte_by_byte(talk, undated):
    for position in range(len(GET)):
        assert talk.take() == b""
        await talk.send(GET[position : position + 1])
    assert undated(talk.take()) == OK


async def test_keep_alive(talk, undated):
    for _ in range(3):
        await talk.send(GET)
        assert undated(talk.take()) == OK


async def test_a_response_is_one_write(talk):
    await talk.send(GET)
    assert len(talk.transport.writes) == 1


async def test_pipelined_requests_are_answered_in_order(talk, app, undated):
    await talk.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + GET + GET)
    assert talk.take() == b""
    assert talk.transport.paused, "what is queued has to be bounded"
    app.ctx.gate.set()
    await settle()
    assert undated(talk.take()) == OK.replace(b"5\r\n\r\nhello", b"4\r\n\r\nslow") + OK + OK
    assert not talk.transport.paused


async def test_more_requests_than_the_parser_takes_at_once(talk, undated):
    await talk.send(GET * 500)
    for _ in range(50):
        await settle()
    assert undated(talk.take()) == OK * 500


async def test_pipelined_requests_wait_for_a_client_that_does_not_read(app, undated):
    talk = Conversation(app, response_buffer=100)
    talk.transport.reading = False
    await talk.send(GET * 5)
    assert undated(talk.take()) == OK
    await talk.read()
    assert undated(talk.take()) == OK
    talk.transport.reading = True
    await talk.read()
    assert undated(talk.take()) == OK * 3


async def test_context_variables_do_not_leak_into_the_next_request(talk, app):
    import contextvars

    variable = contextvars.ContextVar("variable", default="clean")
    seen = []

    @app.get("/context")
    async def context(request):
        seen.append(variable.get())
        variable.set("dirty")
        await asyncio.sleep(0)
        return text("")

    talk = Conversation(app)
    await talk.send(b"GET /context HTTP/1.1\r\nHost: a\r\n\r\n" * 3)
    assert seen == ["clean"] * 3


async def test_one_client_s_requests_leave_others_their_turn(app, undated):
    turns = []

    @app.get("/sync")
    async def sync(request):
        turns.append(len(ticks))
        return text("hello")

    ticks = []
    talk = Conversation(app)
    ticking = asyncio.ensure_future(tick(ticks))
    await talk.send(b"GET /sync HTTP/1.1\r\nHost: a\r\n\r\n" * 200)
    for _ in range(20):
        await settle()
    ticking.cancel()
    assert undated(talk.take()) == OK * 200
    assert max(turns.count(turn) for turn in set(turns)) <= PUMP_REQUESTS


async def test_the_pump_goes_on_by_itself_after_its_turn(talk, monkeypatch, undated):
    monkeypatch.setattr(_connection, "PUMP_REQUESTS", 1)
    await talk.send(GET * 5)
    assert undated(talk.take()) == OK * 5


async def tick(ticks):
    while True:
        ticks.append(None)
        await asyncio.sleep(0)


async def test_the_pump_does_not_recurse(talk, monkeypatch, undated):
    find = talk.server.dispatcher.request

    def request(head, exchange):
        talk.connection.resume_writing()
        return find(head, exchange)

    monkeypatch.setattr(talk.server.dispatcher, "request", request)
    await talk.send(GET * 3)
    assert undated(talk.take()) == OK * 3


async def test_a_request_waits_for_room_in_the_transport(talk, undated):
    talk.connection.pause_writing()
    await talk.send(GET)
    assert talk.take() == b""
    talk.connection.resume_writing()
    await settle()
    assert undated(talk.take()) == OK


async def test_what_the_parser_held_back_may_be_wrong(talk):
    await talk.send(GET * PIPELINED + b"nonsense\r\n\r\n")
    for _ in range(20):
        await settle()
    answers = talk.take()
    assert answers.count(b"HTTP/1.1 200 ") == PIPELINED
    assert answers.count(b"HTTP/1.1 400 ") == 1


# Closing.


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        pytest.param(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"close", id="1.1"),
        pytest.param(b"GET / HTTP/1.0\r\n\r\n", b"close", id="1.0"),
    ],
)
async def test_a_last_request_closes(talk, undated, request_, says):
    await talk.send(request_)
    assert b"connection: " + says + b"\r\n" in talk.take()
    assert talk.closed


async def test_http_1_0_is_kept_alive_when_asked(talk):
    await talk.send(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert b"connection: keep-alive\r\n" in talk.take()
    assert not talk.closed


async def test_a_stream_to_http_1_0_ends_with_the_connection(talk, app, undated):
    app.ctx.gate.set()
    await talk.send(b"GET /stream HTTP/1.0\r\n\r\n")
    assert undated(talk.take()) == (
        b"HTTP/1.1 200 OK\r\n" + TYPE + b"connection: close\r\n\r\n" + b"ab"
    )
    assert talk.closed


@pytest.mark.parametrize(
    ("data", "status"),
    [
        pytest.param(b"nonsense\r\n\r\n", 400, id="no-request"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", 400, id="no-host"),
        pytest.param(b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505, id="version"),
        pytest.param(b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 70000), 414, id="long"),
    ],
)
async def test_what_is_no_request_is_refused(talk, caplog, data, status):
    await talk.send(data)
    answer = talk.take()
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"connection: close\r\n" in answer
    assert talk.transport.eof_sent
    assert not talk.closed, "it reads on for a while, so that the answer arrives"
    await talk.send(b"more nonsense")
    await talk.end()
    assert talk.closed
    assert not caplog.records


async def test_a_good_request_in_front_of_a_bad_one_is_answered(talk, undated):
    await talk.send(GET + b"nonsense\r\n\r\n")
    assert undated(talk.take()).startswith(OK + b"HTTP/1.1 400 Bad Request\r\n")


async def test_a_bad_request_waits_for_the_answer_before_it(talk, app, undated):
    await talk.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + b"nonsense\r\n\r\n")
    assert talk.take() == b""
    app.ctx.gate.set()
    await settle()
    assert b"slowHTTP/1.1 400 Bad Request\r\n" in undated(talk.take())


async def test_a_producer_waits_for_its_client(app, undated):
    @app.get("/numbers")
    async def numbers(request):
        for number in range(10):
            app.ctx.seen.append(number)
            yield b"%d" % number * 100_000

    talk = Conversation(app, response_buffer=250_000)
    talk.transport.reading = False
    await talk.send(b"GET /numbers HTTP/1.1\r\nHost: a\r\n\r\n")
    assert app.ctx.seen[-1] < 9
    talk.transport.reading = True
    await talk.read()
    assert app.ctx.seen[-1] == 9
    assert talk.take().endswith(b"0\r\n\r\n")


# Bodies.


async def test_a_preloaded_body(talk):
    await talk.send(post(b"/body", b"x" * 10))
    assert talk.take().endswith(b"\r\n\r\n10")


async def test_a_chunked_body_in_pieces(talk):
    await talk.send(b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    for piece in (b"3\r\nabc\r\n", b"2\r\nde\r\n", b"0\r\n\r\n"):
        assert talk.take() == b""
        await talk.send(piece)
    assert talk.take().endswith(b"\r\n\r\n5")


async def test_an_unread_body_stops_the_client(app):
    talk = Conversation(app, request_buffer=10)
    await talk.send(post(b"/later", b"x" * 100)[:-50])
    assert talk.transport.paused
    app.ctx.gate.set()
    await settle()
    assert not talk.transport.paused
    await talk.send(b"x" * 50)
    assert talk.take().endswith(b"\r\n\r\n100")


@pytest.mark.parametrize("path", [b"/body", b"/read"])
async def test_a_body_over_the_limit_by_its_announcement(app, path):
    talk = Conversation(app, max_body=10, max_stream_body=10)
    await talk.send(post(path, b"x" * 11)[:-11])
    answer = talk.take()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"over the limit of 10 bytes" in answer


@pytest.mark.parametrize("path", [b"/body", b"/read"])
async def test_a_body_over_the_limit_as_it_grows(app, path):
    talk = Conversation(app, max_body=10, max_stream_body=10)
    head = b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    await talk.send(head + b"a\r\n0123456789\r\n")
    assert talk.take() == b""
    await talk.send(b"1\r\nx\r\n")
    answer = talk.take()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close\r\n" in answer
    assert talk.transport.eof_sent


@pytest.mark.parametrize("path", [b"/body", b"/read"])
async def test_a_bad_chunk_is_answered_and_closes(talk, path, caplog):
    head = b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    await talk.send(head + b"3\r\nabc\r\nzz\r\n")
    answer = talk.take()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"connection: close\r\n" in answer
    assert talk.transport.eof_sent
    assert not caplog.records


async def test_what_follows_a_bad_chunk_is_dropped(talk, app):
    head = b"POST /later HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    await talk.send(head + b"zz\r\n")
    await talk.send(b"3\r\nabc\r\n" + GET)
    assert talk.take() == b""
    app.ctx.gate.set()
    await settle()
    assert talk.take().startswith(b"HTTP/1.1 400 ")
    assert talk.transport.eof_sent


async def test_a_connection_whose_body_broke_does_not_wait_for_more(talk, app):
    """The response had begun, without saying that it would be the last one."""

    @app.post("/begun", stream=True)
    async def begun(request):
        response = await request.respond()
        await response.flush()
        with pytest.raises(HeadraceException):
            await request.stream.read_all(100)
        await response.send("done")

    talk = Conversation(app)
    head = b"POST /begun HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    await talk.send(head)
    await talk.send(b"zz\r\n")
    answer = talk.take()
    assert b"connection: close" not in answer
    assert answer.endswith(b"4\r\ndone\r\n0\r\n\r\n")
    assert talk.transport.eof_sent


@pytest.mark.parametrize(
    "rest",
    [pytest.param(b"zz\r\n", id="malformed"), pytest.param(None, id="end")],
)
async def test_a_rest_that_breaks_while_it_is_dropped_gets_no_second_response(app, rest):
    @app.post("/begun", stream=True)
    async def begun(request):
        async with await request.respond() as response:
            await response.send("no")

    talk = Conversation(app)
    head = b"POST /begun HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    await talk.send(head)
    assert talk.take().count(b"HTTP/1.1 ") == 1
    if rest is None:
        await talk.end()
    else:
        await talk.send(rest)
    assert talk.take() == b""
    assert talk.closed or talk.transport.eof_sent


@pytest.mark.parametrize("path", [b"/body", b"/read"])
async def test_a_body_that_ends_early_is_an_error(talk, path, caplog):
    await talk.send(post(path, b"x" * 10)[:-3])
    await talk.end()
    assert talk.take().startswith(b"HTTP/1.1 400 ")
    assert talk.closed
    assert not caplog.records


async def test_a_small_rest_that_nobody_reads_is_dropped_and_the_connection_kept(talk, undated):
    request = post(b"/unread", b"x" * 1000)
    await talk.send(request[:-900])
    assert talk.take().endswith(b"\r\n\r\nno")
    await talk.send(request[-900:] + GET)
    assert undated(talk.take()) == OK


async def test_a_rest_that_never_comes_closes_in_the_end(talk):
    await talk.send(post(b"/unread", b"x" * 1000)[:-900])
    await talk.wait(6)
    assert talk.transport.eof_sent
    await talk.wait(6)
    assert talk.closed


async def test_a_large_rest_closes_after_the_answer_arrived(talk):
    await talk.send(post(b"/unread", b"x" * 100_000)[:-90_000])
    assert b"connection: close\r\n" in talk.take()
    assert talk.transport.eof_sent
    assert not talk.closed
    await talk.send(b"x" * 50_000)
    assert not talk.closed
    await talk.wait(6)
    assert talk.closed


async def test_a_transport_that_cannot_be_half_closed_lingers_too(talk, monkeypatch):
    monkeypatch.setattr(talk.transport, "can_write_eof", lambda: False)
    await talk.send(post(b"/unread", b"x" * 100_000)[:-90_000])
    assert not talk.transport.eof_sent
    assert not talk.closed
    await talk.wait(6)
    assert talk.closed


async def test_lingering_is_bounded_in_bytes(app):
    talk = Conversation(app, linger_bytes=1000)
    await talk.send(post(b"/unread", b"x" * 100_000)[:-99_999])
    await talk.send(b"x" * 1000)
    assert not talk.closed
    await talk.send(b"x")
    assert talk.closed


async def test_dropping_is_bounded_in_bytes(app):
    talk = Conversation(app, linger_bytes=10)
    await talk.send(post(b"/unread", b"x" * 1000)[:-900])
    assert not talk.transport.eof_sent
    await talk.send(b"x" * 100)
    assert talk.transport.eof_sent


# Expect: 100-continue.

CONTINUE = b"Expect: 100-continue\r\n"


async def test_a_preloaded_body_is_asked_for(talk):
    request = post(b"/body", b"abc", CONTINUE)
    await talk.send(request[:-3])
    assert talk.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
    await talk.send(request[-3:])
    assert talk.take().endswith(b"\r\n\r\n3")


async def test_a_stream_is_asked_for_when_it_is_first_read(talk, app):
    request = post(b"/later", b"abc", CONTINUE)
    await talk.send(request[:-3])
    assert talk.take() == b""
    app.ctx.gate.set()
    await settle()
    assert talk.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
    await talk.send(request[-3:])
    assert talk.take().endswith(b"\r\n\r\n3")


async def test_nothing_is_asked_for_that_came_anyway(talk):
    await talk.send(post(b"/read", b"abc", CONTINUE))
    assert talk.take().startswith(b"HTTP/1.1 200 ")


async def test_an_answer_instead_of_continue_closes(talk):
    await talk.send(post(b"/unread", b"abc", CONTINUE)[:-3])
    answer = talk.take()
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close\r\n" in answer
    assert talk.transport.eof_sent


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param(post(b"/nowhere", b"abc", CONTINUE)[:-3], 404, id="no-route"),
        pytest.param(post(b"/body", b"abc", b"Expect: tea\r\n"), 417, id="unknown"),
    ],
)
async def test_an_expectation_that_is_refused(talk, request_, status):
    await talk.send(request_)
    assert talk.take().startswith(b"HTTP/1.1 %d " % status)


# The client leaves.


@pytest.mark.parametrize("path", [b"/slow", b"/stream"])
async def test_a_handler_is_cancelled_when_its_client_is_gone(talk, app, path):
    await talk.send(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    await talk.leave(ConnectionResetError())
    assert app.ctx.seen == [(EndReason.CLIENT_GONE,)]
    assert not talk.server.connections


async def test_a_reader_learns_that_its_client_is_gone(talk, app):
    await talk.send(post(b"/read", b"x" * 10)[:-3])
    await talk.leave()
    assert not talk.server.connections


async def test_a_client_that_is_gone_before_its_handler_ran(talk, app):
    """A task that is cancelled before its first step would never hand its exchange back."""
    talk.connection.data_received(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    talk.connection.connection_lost(None)
    await settle()
    assert not talk.server.connections


async def test_a_stream_handler_that_never_ran_hands_its_connection_back(talk, app):
    talk.connection.data_received(post(b"/read", b"abc")[:-1])
    talk.connection.connection_lost(None)
    await settle()
    assert not talk.server.connections
    assert app.ctx.seen == []


async def test_a_body_that_is_being_collected_goes_with_its_client(talk):
    await talk.send(post(b"/body", b"x" * 10)[:-3])
    await talk.leave()
    assert not talk.server.connections


async def test_an_idle_connection_closes_with_its_client(talk):
    await talk.send(GET)
    await talk.end()
    assert talk.closed
    await settle()
    assert not talk.server.connections


async def test_a_half_closed_client_gets_its_answer(talk, app, undated):
    await talk.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    await talk.end()
    await talk.wait(2)
    assert not talk.closed
    app.ctx.gate.set()
    await settle()
    assert talk.take().endswith(b"slow")
    assert talk.closed


async def test_a_half_closed_client_gets_all_its_answers(talk, app, undated):
    await talk.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + GET)
    await talk.end()
    app.ctx.gate.set()
    await settle()
    assert undated(talk.take()).endswith(b"slow" + OK)
    assert talk.closed


async def test_a_silent_stream_ends_some_time_after_its_client_half_closed(talk, app):
    await talk.send(b"GET /stream HTTP/1.0\r\n\r\n")
    await talk.end()
    await talk.wait(0.1)
    await talk.wait(0.9)
    assert not talk.closed, "the first look only notes how much was sent"
    await talk.wait(0.2)
    assert talk.closed
    assert app.ctx.seen == [(EndReason.CLIENT_GONE,)]


async def test_a_head_that_ends_early_is_refused(talk):
    await talk.send(GET[:-5])
    await talk.end()
    assert talk.take().startswith(b"HTTP/1.1 400 ")
    assert talk.closed


async def test_the_end_of_a_lingering_client_closes(talk):
    await talk.send(b"nonsense\r\n\r\n")
    assert talk.connection.eof_received() is False


# A failed producer.


async def test_a_failure_after_the_head_cuts(talk, caplog):
    await talk.send(b"GET /broken HTTP/1.1\r\nHost: a\r\n\r\n")
    assert talk.take().endswith(b"\r\n\r\n1\r\na\r\n"), "no last chunk"
    assert talk.closed
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_a_cut_connection_does_not_wait_for_ever_to_be_read(app, caplog):
    talk = Conversation(app)
    talk.transport.reading = False
    await talk.send(b"GET /broken HTTP/1.1\r\nHost: a\r\n\r\n")
    assert talk.closed
    assert not talk.transport.aborted
    await talk.wait(29)
    assert not talk.transport.aborted
    await talk.wait(2)
    assert talk.transport.aborted


class Socket:
    def __init__(self, error=None):
        self.error = error
        self.options = []

    def setsockopt(self, *option):
        self.options.append(option)
        if self.error is not None:
            raise self.error


@pytest.mark.parametrize("sock", [None, Socket(), Socket(OSError("gone"))], ids=repr)
async def test_a_failure_to_http_1_0_resets(talk, caplog, sock):
    talk.transport._extra["socket"] = sock
    await talk.send(b"GET /broken HTTP/1.0\r\n\r\n")
    assert talk.transport.aborted
    assert sock is None or len(sock.options) == 1


# Deadlines.


@pytest.mark.parametrize(
    ("sent", "seconds", "answer"),
    [
        pytest.param(b"", 9, None, id="nothing-yet"),
        pytest.param(b"", 11, b"", id="nothing"),
        pytest.param(b"GET / HT", 11, b"HTTP/1.1 408 Request Timeout\r\n", id="half-a-head"),
        pytest.param(GET, 74, None, id="idle-yet"),
        pytest.param(GET, 76, b"", id="idle"),
        pytest.param(post(b"/body", b"abc")[:-1], 29, None, id="body-yet"),
        pytest.param(post(b"/body", b"abc")[:-1], 31, b"HTTP/1.1 408 ", id="body"),
        pytest.param(post(b"/read", b"abc")[:-1], 31, b"HTTP/1.1 408 ", id="stream"),
    ],
)
async def test_deadlines(talk, caplog, sent, seconds, answer):
    if sent:
        await talk.send(sent)
    talk.take()
    await talk.wait(seconds)
    if answer is None:
        assert not talk.closed
        assert not talk.transport.eof_sent
    else:
        assert talk.take().startswith(answer)
        assert talk.closed or talk.transport.eof_sent
    assert not caplog.records


async def test_a_head_that_began_during_a_response_has_its_deadline_afterwards(talk, app):
    await talk.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    await talk.send(b"GET / HT")
    app.ctx.gate.set()
    await settle()
    talk.take()
    await talk.wait(11)
    assert talk.take().startswith(b"HTTP/1.1 408 ")


async def test_stray_bytes_do_not_end_a_silent_stream(talk, app):
    await talk.send(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
    await talk.send(b"\r\n")
    await talk.wait(100)
    await talk.wait(100)
    assert not talk.closed
    assert app.ctx.seen == []


async def test_a_client_that_waits_to_be_asked_is_not_late(talk, app):
    await talk.send(post(b"/later", b"abc", CONTINUE)[:-3])
    await talk.wait(100)
    app.ctx.gate.set()
    await settle()
    assert talk.take() == b"HTTP/1.1 100 Continue\r\n\r\n"
    await talk.wait(31)
    assert talk.take().startswith(b"HTTP/1.1 408 ")


async def test_a_deadline_that_lost_its_meaning_does_nothing(talk):
    await talk.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    talk.connection.expire()
    await settle()
    assert not talk.closed


async def test_a_head_that_trickles_has_one_deadline(talk):
    await talk.send(GET[:5])
    await talk.wait(6)
    await talk.send(GET[5:6])
    await talk.wait(6)
    assert talk.take().startswith(b"HTTP/1.1 408 ")


async def test_a_reader_that_is_behind_is_no_fault_of_the_client(app):
    talk = Conversation(app, request_buffer=10)
    await talk.send(post(b"/later", b"x" * 100)[:-50])
    await talk.wait(100)
    assert not talk.closed
    app.ctx.gate.set()
    await settle()
    await talk.wait(31)
    assert talk.take().startswith(b"HTTP/1.1 408 ")


# Shutdown.


async def test_drain_closes_what_is_idle_and_lets_the_rest_end(app, undated):
    idle, busy = Conversation(app), None
    busy = Conversation(app, server=idle.server)
    await busy.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n" + GET)
    idle.server.draining = True
    for connection in list(idle.server.connections):
        connection.drain()
    await settle()
    assert idle.closed
    assert not busy.closed
    app.ctx.gate.set()
    await settle()
    assert b"connection: close\r\n" in busy.take()
    assert busy.transport.eof_sent, "what came behind will not be answered, nor reset"


async def test_a_stream_that_began_before_the_drain_closes_at_its_end(talk, app):
    await talk.send(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
    talk.server.draining = True
    app.ctx.gate.set()
    await settle()
    assert b"connection: close" not in talk.take()
    assert talk.closed


async def test_lose_cuts_what_is_open(app):
    idle = Conversation(app)
    busy = Conversation(app, server=idle.server)
    await busy.send(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    for connection in list(idle.server.connections):
        connection.lose(EndReason.DRAINING)
    await settle()
    assert idle.transport.aborted
    assert busy.transport.aborted
    assert app.ctx.seen == [(EndReason.DRAINING,)]
    assert not idle.server.connections


# Peers.


@pytest.mark.parametrize(
    ("name", "peer"),
    [
        pytest.param(("192.0.2.7", 81), ("192.0.2.7", 81), id="ipv4"),
        pytest.param(("::1", 81, 0, 0), ("::1", 81), id="ipv6"),
        pytest.param("", ("", 0), id="unix"),
        pytest.param(None, ("", 0), id="unknown"),
    ],
)
async def test_the_peer(talk, name, peer):
    from headrace._connection import Connection
    from headrace.testing import FakeTransport

    connection = Connection(talk.server)
    FakeTransport(name).connect(connection)
    assert connection.peer == peer
