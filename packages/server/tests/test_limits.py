"""What bounds a connection: rates, deadlines, numbers, the memory budget; as a client sees it."""

import asyncio
import logging

import pytest

from headrace import EndReason, Headrace, empty, raw, stream, text
from headrace.exceptions import NotFound, RequestTimeout
from headrace.testing import Conversation, settle
from headrace_streams import TooLargeError

pytestmark = pytest.mark.anyio

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def get(path):
    return GET.replace(b"/ ", path + b" ", 1)


def post(path, length):
    return b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % length


@pytest.fixture
def app():
    app = Headrace("limits")
    app.ctx.reasons = []
    app.ctx.gate = asyncio.Event()
    app.on_end(lambda request, figures: app.ctx.reasons.append(figures.reason))

    @app.get("/")
    async def index(request):
        return text("hello")

    @app.get("/large")
    async def large(request):
        return text("x" * 100_000)

    @app.get("/endless")
    async def endless(request):
        response = await request.respond()
        while True:
            await response.write(b"x" * 10_000)

    @app.get("/slow")
    async def slow(request):
        await app.ctx.gate.wait()
        return text("slow")

    @app.get("/deaf", handler_timeout=5)
    async def deaf(request):
        while not app.ctx.gate.is_set():
            try:
                await app.ctx.gate.wait()
            except asyncio.CancelledError:
                app.ctx.told = True
        return text("at last")

    @app.get("/timed", timeout=5)
    async def timed(request):
        response = await request.respond()
        await response.send("begun")
        await app.ctx.gate.wait()

    @app.post("/keep")
    async def keep(request):
        return text(str(len(request.body)))

    @app.post("/timed-body", timeout=5)
    async def timed_body(request):
        return text(str(len(request.body)))

    @app.post("/upload", stream=True)
    async def upload(request):
        await app.ctx.gate.wait()
        return text(str(len(await request.stream.read_all(1 << 30))))

    @app.post("/read", stream=True)
    async def read(request):
        return text(str(len(await request.stream.read_all(1 << 30))))

    return app


@pytest.fixture
def talk(app):
    return Conversation(app)


def status(data):
    return int(data.split(b" ", 2)[1])


async def pass_time(talk, seconds, step=1.0):
    """Let the server look as often as it would."""
    for _ in range(round(seconds / step)):
        await talk.wait(step)


# What a client takes.


async def test_a_client_that_takes_nothing_is_cut(talk, app, caplog):
    caplog.set_level(logging.INFO)
    talk.transport.reading = False
    await talk.send(get(b"/endless"))
    await pass_time(talk, 29)
    assert not talk.closed
    await pass_time(talk, 2)
    assert talk.transport.aborted
    assert app.ctx.reasons == [EndReason.STALLED]
    assert "192.0.2.1 GET /endless: the client takes its response too slowly" in caplog.text


async def test_a_client_that_takes_enough_is_not(talk, app):
    talk.transport.reading = False
    await talk.send(get(b"/endless"))
    for _ in range(3):
        await pass_time(talk, 29)
        talk.transport.read_some(300_000)
        await settle()
    assert not talk.closed
    await pass_time(talk, 62)
    assert talk.transport.aborted


async def test_a_response_that_nobody_takes_does_not_hold_a_connection(talk, app):
    talk.transport.reading = False
    await talk.send(get(b"/large"))
    assert app.ctx.reasons == [], "it is not over before the client has it"
    await pass_time(talk, 31)
    assert talk.transport.aborted
    assert app.ctx.reasons == [EndReason.STALLED]
    assert not talk.server.connections


@pytest.mark.parametrize("size", [1, 1_000_000], ids=["over at once", "open"])
@pytest.mark.parametrize("before", [0, 1])
async def test_a_route_has_its_own_patience_with_who_takes_nothing(app, size, before):
    @app.get("/own", write_timeout=5)
    async def own(request):
        return text("x" * size)

    talk = Conversation(app, response_buffer=1)
    for _ in range(before):
        await talk.send(GET)
    talk.transport.reading = False
    await talk.send(get(b"/own"))
    await pass_time(talk, 4)
    assert not talk.transport.aborted
    await pass_time(talk, 2)
    assert talk.transport.aborted


async def test_pipelined_requests_of_one_that_takes_nothing(app):
    talk = Conversation(app, response_buffer=1)
    talk.transport.reading = False
    await talk.send(GET + GET)
    assert app.ctx.reasons == [EndReason.COMPLETE]
    await pass_time(talk, 31)
    assert talk.transport.aborted


@pytest.mark.parametrize("buffer", [1, 1 << 20])
@pytest.mark.parametrize("path", [b"/large", b"/"])
async def test_what_is_taken_at_last_lets_a_closing_connection_go(app, buffer, path):
    talk = Conversation(app, response_buffer=buffer)
    talk.transport.reading = False
    await talk.send(get(path).replace(b"Host", b"Connection: close\r\nHost"))
    await pass_time(talk, 20)
    await talk.read()
    assert talk.closed
    await pass_time(talk, 60)
    assert not talk.transport.aborted
    assert app.ctx.reasons == [EndReason.COMPLETE]
    assert not talk.server.connections


async def test_a_handler_that_waits_for_its_client_behind_the_end_of_its_response(talk, app):
    @app.get("/waits")
    async def waits(request):
        response = await request.respond()
        await response.send(b"x" * 1_000_000, end_stream=True)

    talk = Conversation(app)
    talk.transport.reading = False
    await talk.send(get(b"/waits"))
    await pass_time(talk, 31)
    assert talk.transport.aborted
    assert app.ctx.reasons == [EndReason.STALLED]


async def test_a_client_that_leaves_before_it_has_its_response(talk, app):
    talk.transport.reading = False
    await talk.send(get(b"/large"))
    await talk.leave()
    assert app.ctx.reasons == [EndReason.CLIENT_GONE]
    assert not talk.server.connections


async def test_a_client_that_has_not_got_its_response_when_the_server_stops(talk, app):
    talk.transport.reading = False
    await talk.send(get(b"/large"))
    talk.connection.lose(EndReason.DRAINING)
    assert app.ctx.reasons == [EndReason.DRAINING]
    assert not talk.transport.aborted, "what is unsent may still be taken"
    await talk.read()
    assert not talk.server.connections


async def test_a_cut_response_that_is_not_taken_while_its_handler_goes_on(app):
    @app.get("/caught")
    async def caught(request):
        try:
            async with await request.respond() as response:
                response.write(b"x" * 1_000_000)
                raise ValueError("caught")
        except ValueError:
            await app.ctx.gate.wait()

    talk = Conversation(app)
    talk.transport.reading = False
    await talk.send(get(b"/caught"))
    assert talk.closed
    await pass_time(talk, 31)
    assert talk.transport.aborted
    app.ctx.gate.set()
    await settle()
    assert not talk.server.connections


async def test_pressure_does_not_change_what_a_response_waits_for(app):
    talk = Conversation(app, memory_budget=100_000)
    talk.transport.reading = False
    await talk.send(get(b"/large"))
    await talk.wait(0.3)
    assert talk.server.budget.pressed
    talk.transport.read_some(90_000)
    await talk.wait(0.3)
    assert not talk.server.budget.pressed
    assert app.ctx.reasons == [], "some of it is still unsent"
    await talk.read()
    assert app.ctx.reasons == [EndReason.COMPLETE]


async def test_a_client_is_not_blamed_for_what_is_not_read_any_more(app):
    @app.on_request
    async def think(request):
        await app.ctx.gate.wait()

    talk = Conversation(app, max_body=1000, linger_bytes=5000)
    await talk.send(
        b"POST /keep HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"2000\r\n" + b"x" * 8192 + b"\r\n"
    )
    assert talk.transport.paused
    await pass_time(talk, 31)
    app.ctx.gate.set()
    await settle()
    assert status(talk.take().removeprefix(b"HTTP/1.1 ").join([b"HTTP/1.1 ", b""])) == 413
    assert app.ctx.reasons == [EndReason.COMPLETE]


async def test_the_next_request_is_answered_when_the_client_has_the_response(talk, app):
    talk.transport.reading = False
    await talk.send(get(b"/large") + GET)
    assert app.ctx.reasons == []
    await talk.read()
    assert app.ctx.reasons == [EndReason.COMPLETE] * 2
    assert talk.transport._high == talk.server.config.response_buffer


async def test_an_answer_that_is_still_taken_outlives_the_lingering(app):
    @app.post("/early")
    async def early(request):
        raise AssertionError("it is too large")

    @app.exception(Exception)
    async def large(request, error):
        return text("x" * 100_000, 413)

    talk = Conversation(app)
    talk.transport.reading = False
    await talk.send(post(b"/early", 1 << 30))
    for _ in range(3):
        await talk.wait(29)
        talk.transport.read_some(20_000)
    assert not (talk.transport.aborted or talk.transport.eof_sent)
    await talk.read()
    assert talk.transport.eof_sent
    await talk.wait(6)
    assert not talk.server.connections


async def test_a_small_answer_that_is_still_taken_outlives_the_lingering(app):
    talk = Conversation(app)
    talk.transport.reading = False
    await talk.send(post(b"/keep", 1 << 30))
    assert talk.transport.eof_sent
    await talk.wait(6)
    assert talk.closed
    assert not talk.transport.aborted
    await talk.wait(31)
    assert talk.transport.aborted


# How long a handler may take.


async def test_a_handler_that_does_not_answer(talk, app, caplog):
    caplog.set_level(logging.INFO)
    await talk.send(get(b"/slow"))
    await pass_time(talk, 59)
    assert talk.take() == b""
    await pass_time(talk, 2)
    assert status(talk.take()) == 503
    assert app.ctx.reasons == [EndReason.TIMEOUT]
    assert "GET /slow: the handler did not respond in time" in caplog.text
    await talk.send(GET)
    assert status(talk.take()) == 200


async def test_a_handler_that_does_not_stop_either(talk, app):
    await talk.send(get(b"/deaf"))
    await pass_time(talk, 6)
    assert app.ctx.told
    assert not talk.closed
    await pass_time(talk, 6)
    assert talk.transport.aborted
    assert talk.server.connections, "its handler still runs"
    app.ctx.gate.set()
    await settle()
    assert not talk.server.connections
    assert app.ctx.reasons == [EndReason.TIMEOUT]


async def test_the_whole_exchange_has_a_limit(talk, app):
    await talk.send(get(b"/timed"))
    await pass_time(talk, 6)
    assert talk.transport.aborted
    assert app.ctx.reasons == [EndReason.TIMEOUT]


async def test_the_whole_exchange_has_a_limit_while_its_body_is_collected(talk, app):
    await talk.send(post(b"/timed-body", 100_000))
    for _ in range(6):
        await talk.send(b"x" * 1000)
        await talk.wait(1)
    assert status(talk.take()) == 408
    assert app.ctx.reasons == [EndReason.TIMEOUT]


# How fast a body comes.


@pytest.mark.parametrize("path", [b"/keep", b"/read"])
async def test_a_body_that_trickles(talk, app, path):
    await talk.send(post(path, 100_000))
    for _ in range(31):
        await talk.send(b"x")
        await talk.wait(1)
    assert status(talk.take()) == 408
    assert app.ctx.reasons == [EndReason.TIMEOUT]


async def test_a_body_that_comes_just_fast_enough(talk, app):
    await talk.send(post(b"/keep", 60 * 241))
    for _ in range(60):
        await talk.send(b"x" * 241)
        await talk.wait(1)
    assert status(talk.take()) == 200


# Heads.


async def test_a_head_that_began_behind_a_request_has_its_own_deadline(talk):
    await talk.send(GET + b"GET /sl")
    talk.take()
    await talk.wait(11)
    assert status(talk.take()) == 408


@pytest.mark.parametrize(
    ("setting", "request_", "expected"),
    [
        ({"max_request_line": 20}, get(b"/" + b"a" * 20), 414),
        ({"max_header_bytes": 20}, GET.replace(b"Host", b"A: 1234567890\r\nHost"), 431),
        ({"max_header_count": 1}, GET.replace(b"Host", b"A: 1\r\nHost"), 431),
    ],
)
async def test_limits_of_the_head(app, setting, request_, expected):
    talk = Conversation(app, **setting)
    await talk.send(request_)
    assert status(talk.take()) == expected
    plain = Conversation(app)
    await plain.send(request_)
    assert status(plain.take()) in (200, 404), "the default limit takes it"


async def test_a_head_has_its_time_from_its_first_byte(talk):
    await talk.wait(9)
    await talk.send(b"GET /")
    await talk.wait(9)
    assert talk.take() == b""
    await talk.wait(2)
    assert status(talk.take()) == 408


async def test_a_head_that_begins_on_an_idle_connection(talk):
    await talk.send(GET)
    talk.take()
    await talk.wait(50)
    await talk.send(b"GET /")
    await talk.send(b"sl")
    await talk.wait(11)
    assert status(talk.take()) == 408


# Numbers.


async def test_the_last_request_of_a_connection_is_told_so(app):
    talk = Conversation(app, keep_alive_requests=2)
    await talk.send(GET)
    assert b"connection: close" not in talk.take()
    await talk.send(GET)
    assert b"connection: close\r\n" in talk.take()
    assert talk.transport.eof_sent
    await talk.wait(6)
    assert not talk.server.connections


@pytest.mark.parametrize("more", [GET, GET[:9]], ids=["request", "part-of-one"])
async def test_the_last_answer_reaches_a_client_that_sends_more(app, more):
    talk = Conversation(app, keep_alive_requests=2)
    await talk.send(GET + GET + more)
    assert talk.take().count(b"HTTP/1.1 200 ") == 2
    assert talk.transport.eof_sent
    assert not talk.closed
    await talk.send(GET)
    assert talk.take() == b""
    await talk.leave()


async def test_nothing_that_the_parser_holds_back_is_served_after_the_last_one(app):
    talk = Conversation(app, keep_alive_requests=2, pipelined_requests=2)
    await talk.send(GET * 5)
    assert talk.take().count(b"HTTP/1.1 200 ") == 2
    assert talk.transport.eof_sent


async def test_any_number_of_requests(app):
    talk = Conversation(app, keep_alive_requests=0)
    for _ in range(5):
        await talk.send(GET)
        assert b"connection: close" not in talk.take()


# The budget.


@pytest.fixture
def small(app):
    """A server that may hold 80 KiB, and conversations with it."""
    first = Conversation(
        app, memory_budget=80 * 1024, request_buffer=64 * 1024, response_buffer=10_000
    )

    def connect():
        other = Conversation(app, first.server)
        other.clock = first.clock
        return other

    return first, connect


async def test_pressure_stops_bodies_and_shrinks_marks(small, app):
    first, connect = small
    uploader = connect()
    await uploader.send(post(b"/keep", 200_000))
    idle = connect()
    await uploader.send(b"x" * 71 * 1024)
    assert first.server.budget.pressed
    assert uploader.transport.paused
    late = connect()
    await late.send(post(b"/upload", 10))
    assert late.transport.paused
    for reader in (idle, connect()):
        reader.transport.reading = False
        await reader.send(get(b"/large"))
        assert reader.connection._full, "one write is enough"
        await reader.leave()


async def test_a_server_that_holds_too_much_refuses_new_requests(small, app, caplog):
    first, connect = small
    await first.send(post(b"/keep", 200_000) + b"x" * 81 * 1024)
    assert first.server.budget.exhausted
    for request, has_body in ((GET, True), (GET.replace(b"GET", b"HEAD"), False)):
        other = connect()
        await other.send(request)
        answer = other.take()
        assert status(answer) == 503
        assert b"retry-after: 1\r\n" in answer
        assert answer.endswith(b"as much as it may\n") is has_body
        await other.leave()
    uploader = connect()
    await uploader.send(post(b"/keep", 1000) + b"x" * 1000)
    assert status(uploader.take()) == 503
    assert app.ctx.reasons == [EndReason.COMPLETE] * 3, "they are exchanges like any other"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "near the memory_budget of 81920" in caplog.text
    await first.leave()
    assert first.server.budget.used == 0
    other = connect()
    await other.send(GET)
    assert status(other.take()) == 200


async def test_relief_lets_bodies_be_read_again(small, app):
    first, connect = small
    await first.send(post(b"/keep", 200_000) + b"x" * 75 * 1024)
    waiting = connect()
    await waiting.send(post(b"/read", 10))
    assert waiting.transport.paused
    closing = connect()
    closing.transport.reading = False
    await closing.send(get(b"/large").replace(b"Host", b"Connection: close\r\nHost"))
    await first.leave()
    closing.transport.lose(None)
    await settle()
    assert not waiting.transport.paused
    await waiting.send(b"x" * 10)
    assert status(waiting.take()) == 200


async def test_a_body_that_is_not_read_for_too_long_is_refused(small, app):
    first, connect = small
    await first.send(post(b"/upload", 200_000) + b"x" * 75 * 1024)
    waiting = connect()
    await waiting.send(post(b"/keep", 10))
    assert waiting.transport.paused
    await pass_time(waiting, 31)
    assert status(waiting.take()) == 503


async def test_unread_responses_count_from_the_next_sweep_on(small, app):
    first, _ = small
    first.transport.reading = False
    await first.send(get(b"/large"))
    await first.wait(0.3)
    assert first.server.budget.used > 100_000
    await first.read()
    await first.wait(0.3)
    assert first.server.budget.used == 0


# Clients that leave, or only stop sending.


async def test_a_client_that_closes_while_the_handler_thinks(talk, app):
    await talk.send(get(b"/slow"))
    await talk.vanish()
    await talk.wait(0.05)
    await talk.wait(0.05)
    assert talk.closed
    assert app.ctx.reasons == [EndReason.CLIENT_GONE]


async def test_a_client_that_only_stops_sending_gets_its_answer_whole(talk, app):
    await talk.send(get(b"/slow"))
    await talk.end()
    for _ in range(100):
        await talk.wait(0.05)
    app.ctx.gate.set()
    await settle()
    answer = talk.take()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\nslow")
    assert app.ctx.reasons == [EndReason.COMPLETE]
    assert talk.closed


async def test_a_request_behind_another_is_watched_too(talk, app):
    await talk.send(GET + get(b"/slow"))
    await talk.vanish()
    await talk.wait(0.05)
    await talk.wait(0.05)
    assert app.ctx.reasons == [EndReason.COMPLETE, EndReason.CLIENT_GONE]


async def test_a_request_that_opens_after_the_fin_is_watched_too(app):
    talk = Conversation(app, pipelined_requests=1)
    talk.transport.reading = False
    talk.connection.data_received(get(b"/large") * 6 + get(b"/slow"))
    await talk.end()
    for _ in range(10):
        await talk.read()
    talk.transport.vanished = True
    await talk.wait(0.05)
    await talk.wait(0.05)
    assert app.ctx.reasons == [EndReason.COMPLETE] * 6 + [EndReason.CLIENT_GONE]


async def test_a_client_that_leaves_behind_a_request_that_waits(talk, app):
    await talk.send(get(b"/timed") + GET)
    assert talk.transport.paused
    await talk.vanish()
    await talk.wait(0.05)
    await talk.wait(0.05)
    assert app.ctx.reasons == [EndReason.CLIENT_GONE]


async def test_a_client_that_leaves_amid_an_upload_that_nobody_reads(app):
    talk = Conversation(app, request_buffer=10)
    await talk.send(post(b"/upload", 100) + b"x" * 20)
    assert talk.transport.paused
    talk.transport.vanished = True
    await talk.wait(0.05)
    await talk.wait(1.0)
    await talk.wait(0.05)
    assert app.ctx.reasons == [EndReason.CLIENT_GONE]


async def test_a_stream_gets_zeros_that_mean_nothing(talk, app):
    await talk.send(get(b"/timed").replace(b"timed", b"timed"))
    assert talk.take().endswith(b"5\r\nbegun\r\n")
    await talk.end()
    await talk.wait(0.05)
    app.ctx.gate.set()
    await settle()
    assert talk.take() == b"0" + b"0\r\n\r\n"
    assert app.ctx.reasons == [EndReason.COMPLETE]


async def test_an_answer_that_is_out_leaves_its_handler_alone(app):
    @app.get("/after")
    async def after(request):
        await (await request.respond()).eof()
        await app.ctx.gate.wait()

    talk = Conversation(app)
    await talk.send(get(b"/after"))
    await talk.end()
    await talk.wait(0.05)
    assert not talk.closed
    app.ctx.gate.set()
    await settle()
    assert app.ctx.reasons == [EndReason.COMPLETE]


# What the log tells.


@pytest.mark.parametrize(
    ("settings", "request_", "seconds", "line"),
    [
        ({}, b"nonsense\r\n\r\n", 0, "INFO 192.0.2.1: refused: 400 "),
        ({}, b"GET / HT", 11, "INFO 192.0.2.1: the request's head did not arrive in time"),
        ({}, GET, 76, "DEBUG 192.0.2.1: no further request came"),
        ({}, post(b"/read", 10), 31, "INFO 192.0.2.1 POST /read: the request's body did not "),
        ({"max_body": 5}, post(b"/keep", 10), 0, "INFO POST /keep: "),
        ({"max_header_count": 1}, GET.replace(b"Host", b"A: 1\r\nHost"), 0, "INFO 192.0.2.1: ref"),
    ],
)
async def test_each_limit_has_a_line_in_the_log(app, caplog, settings, request_, seconds, line):
    caplog.set_level(logging.DEBUG)
    talk = Conversation(app, **settings)
    await talk.send(request_)
    await talk.wait(seconds)
    lines = [f"{record.levelname} {record.getMessage()}" for record in caplog.records]
    assert [each for each in lines if each.startswith(line)], lines


# Attacks, and traps.


async def test_what_the_client_sends_after_the_last_request_is_not_expected_after_its_fin(app):
    talk = Conversation(app, keep_alive_requests=1)
    await talk.send(get(b"/slow"))
    await talk.end()
    app.ctx.gate.set()
    await settle()
    assert talk.closed


async def test_a_chunk_that_is_cut_in_its_size(talk):
    await talk.send(b"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5")
    await talk.send(b"\r\n")
    await talk.send(b"hello\r\n0\r\n\r\n")
    assert talk.take().endswith(b"\r\n\r\n5")


async def test_a_cut_ends_the_pump_of_many(app):
    @app.get("/bye")
    async def bye(request):
        return text("bye", headers={"connection": "close"})

    talk = Conversation(app, pipelined_requests=1)
    await talk.send(get(b"/bye") + GET * 5)
    assert talk.take().count(b"HTTP/1.1 ") == 1


async def test_a_head_of_a_silent_stream_does_not_outlive_its_client(app):
    @app.get("/events")
    async def events(request):
        response = await request.respond()
        try:
            await app.ctx.gate.wait()
            await response.send("x")
        finally:
            app.ctx.left = True

    talk = Conversation(app)
    await talk.send(b"HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n")
    await talk.leave()
    assert app.ctx.left
    assert app.ctx.reasons == [EndReason.COMPLETE]
    assert not talk.server.connections

    app.ctx.left = False
    talk = Conversation(app)
    await talk.send(b"HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n")
    await talk.vanish()
    await pass_time(talk, 1.5, 0.05)
    assert app.ctx.left

    app.ctx.left = False
    talk = Conversation(app)
    await talk.send(b"HEAD /events HTTP/1.1\r\nHost: a\r\n\r\n")
    await pass_time(talk, 61)
    assert app.ctx.left, "nor a handler's time"
    assert not talk.closed


async def test_nothing_runs_behind_a_cut(app):
    @app.get("/fail")
    async def fail(request):
        response = await request.respond()
        await response.send("x")
        await response.flush()
        raise ValueError("too late")

    talk = Conversation(app)
    await talk.send(get(b"/fail") + GET * 20)
    assert app.ctx.reasons == [EndReason.FAILED]


async def test_an_expectation_after_the_response_began_has_a_deadline(app):
    @app.post("/echo", stream=True)
    async def echo(request):
        response = await request.respond()
        await response.send("begun")
        await response.flush()
        async for chunk in request.stream:
            await response.write(chunk)

    talk = Conversation(app)
    await talk.send(post(b"/echo", 10).replace(b"Host", b"Expect: 100-continue\r\nHost"))
    assert b" 100 " not in talk.take()
    await pass_time(talk, 31)
    assert talk.closed
    assert app.ctx.reasons == [EndReason.TIMEOUT]


async def test_an_expectation_without_a_body(talk):
    await talk.send(GET.replace(b"Host", b"Expect: 100-continue\r\nHost"))
    assert status(talk.take()) == 200


@pytest.mark.parametrize("request_", [GET, post(b"/keep", 5)])
async def test_an_unknown_expectation(talk, request_):
    await talk.send(request_.replace(b"Host", b"Expect: miracles\r\nHost"))
    assert status(talk.take()) == 417


async def test_who_waits_to_write_is_woken_at_the_end(app):
    @app.get("/leaves")
    async def leaves(request):
        response = await request.respond()
        app.ctx.task = asyncio.create_task(writes(response))
        await asyncio.sleep(0)

    async def writes(response):
        await response.write(b"x" * 1_000_000)

    talk = Conversation(app)
    talk.transport.reading = False
    await talk.send(get(b"/leaves"))
    await settle()
    assert app.ctx.task.done()
    await talk.leave()


@pytest.mark.parametrize(
    ("target", "code", "path", "host"),
    [
        (b"http://[1:2]/", 200, "/", "[1:2]"),
        (b"http://a?x=1", 200, "/", "a"),
        (b"http://a/?http://b/", 200, "/", "a"),
        (b"/?http://b/", 200, "/", "a"),
    ],
)
async def test_odd_targets(app, target, code, path, host):
    seen = []
    app.on_request(lambda request: seen.append((request.path, request.host)))
    talk = Conversation(app)
    name = target.split(b"/")[2].partition(b"?")[0] if target.startswith(b"http") else b"a"
    await talk.send(b"GET " + target + b" HTTP/1.1\r\nHost: " + name + b"\r\n\r\n")
    assert status(talk.take()) == code
    assert seen == [(path, host)]


async def test_a_converter_that_fails_is_an_error_of_the_server(talk, app, caplog, monkeypatch):
    talk.server.dispatcher._match = lambda *arguments: 1 / 0
    await talk.send(get(b"/1"))
    assert status(talk.take()) == 500
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("leaves", [False, True])
@pytest.mark.parametrize("path", [b"/before", b"/after"])
async def test_a_group_of_failures_that_are_all_the_clients(app, caplog, path, leaves):
    async def read(request):
        async with asyncio.TaskGroup() as group:
            group.create_task(request.stream.read_all(1000))
            group.create_task(app.ctx.gate.wait())

    @app.post("/before", stream=True)
    async def before(request):
        await read(request)

    @app.post("/after", stream=True)
    async def after(request):
        await (await request.respond()).flush()
        await read(request)

    talk = Conversation(app)
    await talk.send(post(path, 10) + b"x")
    talk.take()
    await (talk.leave() if leaves else talk.end())
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []
    if path == b"/before" and not leaves:
        assert status(talk.take()) == 400


async def test_a_group_with_a_failure_of_the_application(app, caplog):
    @app.get("/group")
    async def group(request):
        raise ExceptionGroup("x", [ExceptionGroup("y", [NotFound()]), ValueError("ours")])

    talk = Conversation(app)
    await talk.send(get(b"/group"))
    assert status(talk.take()) == 500
    assert "ours" in caplog.text


async def test_an_error_handler_that_hangs(app):
    @app.exception(ValueError)
    async def hang(request, error):
        await asyncio.Event().wait()

    @app.get("/fails")
    async def fails(request):
        raise ValueError("x")

    talk = Conversation(app)
    await talk.send(get(b"/fails"))
    await pass_time(talk, 61)
    assert status(talk.take()) == 503
    assert app.ctx.reasons == [EndReason.TIMEOUT]


async def test_an_error_handler_whose_client_leaves(app):
    @app.exception(ValueError)
    async def hang(request, error):
        await asyncio.Event().wait()

    @app.get("/fails")
    async def fails(request):
        raise ValueError("x")

    talk = Conversation(app)
    await talk.send(get(b"/fails"))
    await talk.leave()
    assert app.ctx.reasons == [EndReason.CLIENT_GONE]


@pytest.mark.parametrize("hidden", [False, True])
async def test_an_error_handler_that_fails_hides_nothing(app, caplog, hidden):
    @app.exception(ValueError)
    async def broken(request, error):
        if hidden:
            raise TypeError("second") from None
        raise TypeError("second")

    @app.get("/fails")
    async def fails(request):
        raise ValueError("first")

    talk = Conversation(app)
    await talk.send(get(b"/fails"))
    assert status(talk.take()) == 500
    assert "ValueError: first" in caplog.text
    assert "the error handler of GET /fails failed" in caplog.text
    assert "TypeError: second" in caplog.text


async def test_bytes_that_were_dropped_are_not_held(app):
    @app.on_request
    async def think(request):
        if request.path == "/keep":
            await app.ctx.gate.wait()

    talk = Conversation(app, max_body=1000, linger_bytes=5000)
    await talk.send(
        b"POST /keep HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"400\r\n" + b"x" * 1024 + b"\r\n"
    )
    for _ in range(4):
        assert not talk.transport.paused
        await talk.send(b"400\r\n" + b"x" * 1024 + b"\r\n")
        assert talk.server.budget.used == 0
    assert talk.transport.paused, "no more than linger_bytes are read for nothing"
    app.ctx.gate.set()
    await settle()
    assert status(talk.take()) == 413


async def test_a_reader_that_wants_no_more_is_not_sent_all(app):
    @app.post("/some", stream=True)
    async def some(request):
        request.stream.cancel()
        await app.ctx.gate.wait()
        return text("enough")

    talk = Conversation(app, linger_bytes=1000)
    await talk.send(post(b"/some", 1 << 30))
    await talk.send(b"x" * 1001)
    assert talk.transport.paused


async def test_a_body_that_broke_the_rules_is_not_read_to_its_end(app):
    talk = Conversation(app, linger_bytes=1000)
    await talk.send(b"POST /upload HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    await talk.send(b"x" * 1001)
    assert talk.transport.paused


async def test_a_body_counts_as_the_most_that_was_held_since_the_last_sweep(app):
    @app.post("/slowly", stream=True)
    async def slowly(request):
        async for _ in request.stream:
            await app.ctx.gate.wait()
        return text("read")

    talk = Conversation(app)
    budget = talk.server.budget
    await talk.send(post(b"/slowly", 10_000))
    counted = []
    for size in (1000, 3000, 2000):
        await talk.send(b"x" * size)
        counted.append(budget.used)
    assert counted == [1000, 3000, 5000], "the first part is with the handler"
    app.ctx.gate.set()
    await settle()
    await talk.send(b"x" * 3999)
    assert budget.used == 5000, "and was read at once"
    await talk.wait(0.3)
    assert budget.used == 0
    await talk.send(b"x")
    assert budget.used == 0
    assert status(talk.take()) == 200


async def test_what_waits_behind_an_exchange_is_counted(talk, app):
    waiting = post(b"/keep", 10_000) + b"x" * 9_000
    await talk.send(get(b"/slow") + waiting)
    counted = talk.server.statistics().buffered_in
    assert 0 <= counted - len(waiting) < 100
    await talk.wait(0.3)
    assert talk.server.budget.used == counted
    app.ctx.gate.set()
    await settle()
    await talk.send(b"x" * 1_000)
    assert talk.server.budget.used == 0


async def test_a_head_that_has_begun_is_counted_and_waits_behind_an_exchange(talk, app):
    await talk.send(GET[:-2] + b"X: " + b"y" * 1000)
    assert talk.server.budget.used > 1000
    await talk.send(b"\r\n\r\n")
    assert talk.server.budget.used == 0
    await talk.send(get(b"/slow"))
    await talk.send(b"GET /")
    assert talk.transport.paused
    assert talk.server.budget.used == 5
    app.ctx.gate.set()
    await settle()
    assert not talk.transport.paused
    await talk.wait(11)
    assert status(talk.take().rpartition(b"HTTP/1.1 ")[2].join([b"HTTP/1.1 ", b""])) == 408


async def test_a_head_that_has_begun_in_the_same_read_is_counted_and_waits(talk, app):
    await talk.send(get(b"/slow") + b"GET /" + b"x" * 5000)
    assert talk.transport.paused
    assert talk.server.budget.used > 5000
    app.ctx.gate.set()
    await settle()
    assert not talk.transport.paused
    await talk.send(b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert talk.server.budget.used == 0
    await talk.send(GET + b"GET /" + b"x" * 5000)
    assert talk.server.budget.used > 5000


async def test_a_body_that_was_whole_under_pressure_is_read_after_it(small, app):
    first, connect = small
    await first.send(post(b"/keep", 200_000) + b"x" * 75 * 1024)
    other = connect()
    await other.send(post(b"/upload", 10) + b"x" * 10)
    assert other.transport.paused
    await first.leave()
    assert not other.transport.paused
    app.ctx.gate.set()
    await settle()
    assert status(other.take()) == 200


async def test_a_client_is_not_blamed_for_what_the_server_does_not_read(small, app):
    first, connect = small
    await first.send(post(b"/upload", 200_000) + b"x" * 75 * 1024)
    waiting = connect()
    await waiting.send(post(b"/read", 1000))
    await pass_time(waiting, 28)
    await first.leave()
    await waiting.send(b"x" * 500)
    await pass_time(waiting, 25)
    await waiting.send(b"x" * 500)
    assert status(waiting.take()) == 200


async def test_relief_does_not_hurry_a_reader_that_is_behind(app):
    first = Conversation(app, memory_budget=80 * 1024, request_buffer=100)
    other = Conversation(app, first.server)
    other.clock = first.clock
    await other.send(post(b"/upload", 1000) + b"x" * 200)
    assert other.transport.paused
    await first.send(post(b"/keep", 200_000) + b"x" * 75 * 1024)
    assert first.server.budget.pressed
    await first.leave()
    assert other.transport.paused
    await pass_time(other, 31)
    assert b"HTTP/1.1 ".startswith(other.take()), "nothing but probes"


async def test_pressure_that_ends_while_it_is_told_leaves_nobody_stopped(small, app):
    first, connect = small
    stopped = [connect() for _ in range(8)]
    for other in stopped:
        await other.send(post(b"/read", 100_000))
    reader = connect()
    reader.transport.reading = False
    await reader.send(get(b"/large"))
    await first.wait(0.3)
    await reader.leave()
    await first.wait(0.3)
    assert first.server.budget.used == 0
    assert not any(other.transport.paused for other in stopped)


async def test_handlers_that_do_not_read_cannot_use_up_the_budget(app):
    first = Conversation(app, memory_budget=1000, request_buffer=500, handler_timeout=20.0)
    await first.send(post(b"/upload", 200_000) + b"x" * 900)
    assert first.server.budget.pressed
    await pass_time(first, 19)
    assert app.ctx.reasons == []
    await pass_time(first, 2)
    assert app.ctx.reasons == [EndReason.TIMEOUT]
    assert b"HTTP/1.1 503 " in first.take()
    assert not first.server.budget.pressed


async def test_slow_readers_cannot_use_up_the_budget(small, app):
    first, connect = small
    slow = connect()
    slow.transport.reading = False
    await slow.send(get(b"/large"))
    await first.wait(0.3)
    assert first.server.budget.exhausted
    for _ in range(11):
        slow.transport.read_some(250)
        await first.wait(1)
    assert slow.transport.aborted
    assert not first.server.budget.pressed


async def test_a_handler_without_a_client_has_no_time_without_end(app):
    @app.get("/finishes", on_disconnect="finish")
    async def finishes(request):
        try:
            await app.ctx.gate.wait()
        finally:
            app.ctx.left = True

    talk = Conversation(app)
    await talk.send(get(b"/finishes"))
    await talk.leave()
    app.ctx.left = False
    await pass_time(talk, 59)
    assert not app.ctx.left
    await pass_time(talk, 2)
    assert app.ctx.left
    assert not talk.server.connections


@pytest.mark.parametrize("settings", [{}, {"handler_timeout": 0}])
async def test_the_whole_exchange_has_a_limit_without_its_client_too(app, settings):
    @app.get("/finishes", on_disconnect="finish", timeout=20, **settings)
    async def finishes(request):
        await app.ctx.gate.wait()

    talk = Conversation(app)
    await talk.send(get(b"/finishes"))
    await talk.leave()
    await pass_time(talk, 21)
    assert not talk.server.connections


@pytest.mark.parametrize("before", [GET, b""], ids=["idle", "new"])
async def test_an_empty_line_is_no_head(talk, before):
    await talk.send(before)
    talk.take()
    await talk.send(b"\r\n")
    await talk.wait(9)
    await talk.send(GET)
    assert status(talk.take()) == 200


async def test_an_empty_line_behind_an_exchange_stops_nothing(talk):
    await talk.send(get(b"/slow"))
    await talk.send(b"\r\n")
    assert not talk.transport.paused


async def test_nothing_is_logged_twice(app, caplog):
    caplog.set_level(logging.INFO)

    @app.post("/echo", stream=True)
    async def echo(request):
        await (await request.respond()).flush()
        async for _ in request.stream:
            pass

    talk = Conversation(app)
    await talk.send(post(b"/echo", 10))
    await talk.wait(31)
    talk = Conversation(app)
    await talk.send(b"GET")
    await talk.wait(11)
    assert [record.getMessage() for record in caplog.records] == [
        "192.0.2.1 POST /echo: the request's body did not arrive in time",
        "192.0.2.1: the request's head did not arrive in time",
    ]


async def test_the_body_of_a_handler_that_has_answered_has_a_deadline(app):
    @app.post("/answers", stream=True)
    async def answers(request):
        await (await request.respond()).eof()
        await app.ctx.gate.wait()

    talk = Conversation(app)
    await talk.send(post(b"/answers", 10))
    await pass_time(talk, 31)
    app.ctx.gate.set()
    await settle()
    assert talk.transport.eof_sent


@pytest.mark.parametrize("charset", ["punycode", "idna", "unicode_escape", "rot13", "nonsense"])
async def test_a_charset_that_is_none(app, charset):
    @app.post("/text")
    async def body(request):
        return text(request.text)

    talk = Conversation(app)
    head = post(b"/text", 5).replace(
        b"Host", f"Content-Type: a/b; charset={charset}\r\nHost".encode()
    )
    await talk.send(head + b"hello")
    assert status(talk.take()) == 400


@pytest.mark.parametrize(
    ("answer", "length"),
    [
        (lambda: raw(b"", headers={"content-length": "123"}), b"123"),
        (lambda: raw(b"abc"), b"3"),
        (lambda: raw(b"x" * 100_000), b"100000"),
        (lambda: empty(200), b"0"),
    ],
)
async def test_a_head_may_tell_the_length_of_what_get_would_give(app, answer, length):
    app.route("/head", methods=["HEAD"])(lambda request: answer())
    talk = Conversation(app)
    await talk.send(get(b"/head").replace(b"GET", b"HEAD"))
    assert b"content-length: " + length + b"\r\n" in talk.take()


async def test_a_205_has_no_content(app):
    app.get("/205")(lambda request: text("x", 205))
    talk = Conversation(app)
    await talk.send(get(b"/205") + GET)
    answer = talk.take()
    assert answer.startswith(b"HTTP/1.1 205 Reset Content\r\n")
    assert b"\r\ncontent-length: 0\r\n" in answer
    assert answer.endswith(b"hello")


class Rows:
    """An iterable that has to be closed."""

    closed = False

    def __iter__(self):
        return iter(["a"])

    def close(self):
        self.closed = True


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
async def test_a_producer_that_is_not_asked_is_closed(app, method):
    rows = Rows()
    headers = {"a": "b\nc"} if method == b"GET" else {}
    app.get("/rows")(lambda request: stream(rows, headers=headers))
    talk = Conversation(app)
    await talk.send(get(b"/rows").replace(b"GET", method))
    assert status(talk.take()) == (500 if method == b"GET" else 200)
    assert rows.closed


READS = {
    "read_all": lambda stream: stream.read_all(4),
    "read_exactly": lambda stream: stream.read_exactly(9),
    "read_until": lambda stream: stream.read_until(b";", 4),
    "lines": lambda stream: anext(stream.lines(4)),
    "text": lambda stream: anext(stream.text()),
    "json_lines": lambda stream: anext(stream.json_lines()),
}


@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("read_all", b"hello", 413),
        ("read_exactly", b"hello", 400),
        ("read_until", b"hello", 413),
        ("lines", b"hello", 413),
        ("text", b"\xff\xfe", 400),
        ("json_lines", b"{hello\n", 400),
    ],
)
async def test_a_body_that_is_not_what_was_asked_for(app, caplog, name, body, code, begun):
    caplog.set_level(logging.INFO)

    @app.post("/asks", stream=True)
    async def asks(request):
        if begun:
            await (await request.respond()).flush()
        await READS[name](request.stream)

    talk = Conversation(app)
    await talk.send(post(b"/asks", len(body)) + body)
    assert status(talk.take()) == (200 if begun else code)
    assert app.ctx.reasons == [EndReason.FAILED if begun else EndReason.COMPLETE]
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


async def test_reading_what_is_right(app):
    @app.post("/asks", stream=True)
    async def asks(request):
        stream = request.stream
        seen = [await stream.read_exactly(2), await stream.read_until(b";")]
        seen += [line async for line in stream.lines()]
        return text(repr(seen))

    talk = Conversation(app)
    await talk.send(post(b"/asks", 8) + b"ab;c\nd\ne")
    assert talk.take().endswith(b"[b'ab', b'', b'c', b'd', b'e']")


async def test_an_error_of_the_application_is_none_of_the_clients(app, caplog):
    @app.post("/asks", stream=True)
    async def asks(request):
        with pytest.raises(TooLargeError):
            await request.stream.read_all(1)
        raise TooLargeError("mine", 5)

    @app.get("/late")
    async def late(request):
        await (await request.respond()).flush()
        raise RequestTimeout("of the application")

    talk = Conversation(app)
    await talk.send(post(b"/asks", 2) + b"ab")
    assert status(talk.take()) == 500
    caplog.set_level(logging.INFO)
    await talk.send(get(b"/late"))
    assert "of the application" in caplog.text


async def test_a_body_that_came_with_its_head_is_counted(app):
    gate = asyncio.Event()

    @app.post("/held")
    async def held(request):
        await gate.wait()
        return text(str(len(request.body)))

    talk = Conversation(app)
    await talk.send(post(b"/held", 60_000) + b"x" * 60_000)
    assert talk.server.statistics().buffered_in == 60_000
    await talk.wait(0.3)
    assert talk.server.budget.used == 60_000
    gate.set()
    await settle()
    assert talk.take().endswith(b"60000")
    assert talk.server.budget.used == 0


async def test_a_reader_is_not_behind_with_a_body_that_is_all_here(app):
    gate = asyncio.Event()

    @app.post("/taken", stream=True)
    async def taken(request):
        await request.stream.read_all(1 << 20)
        await gate.wait()
        return text("x")

    talk = Conversation(app, request_buffer=1000)
    await talk.send(post(b"/taken", 60_000) + b"x" * 60_000)
    assert not talk.transport.paused
    assert talk.connection.deadlines._behind_since == float("inf")
    gate.set()
    await settle()
    assert talk.take().endswith(b"x")
