"""What bounds a connection: rates, deadlines, numbers, the memory budget; as a client sees it."""

import asyncio
import logging

import pytest

from headrace import EndReason, Headrace, text
from headrace.testing import Conversation, settle

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


async def test_a_response_that_nobody_takes_does_not_hold_a_connection(app):
    talk = Conversation(app, keep_alive_timeout=10.0)
    talk.transport.reading = False
    await talk.send(get(b"/large"))
    assert app.ctx.reasons == [EndReason.COMPLETE]
    await pass_time(talk, 11)
    assert talk.closed
    assert not talk.transport.aborted
    await pass_time(talk, 31)
    assert talk.transport.aborted


async def test_pipelined_requests_of_one_that_takes_nothing(app):
    talk = Conversation(app, response_buffer=1)
    talk.transport.reading = False
    await talk.send(get(b"/large") + GET)
    assert app.ctx.reasons == [EndReason.COMPLETE]
    await pass_time(talk, 31)
    assert talk.transport.aborted


@pytest.mark.parametrize("buffer", [1, 1 << 20])
async def test_what_is_taken_at_last_lets_a_closing_connection_go(app, buffer):
    talk = Conversation(app, response_buffer=buffer)
    talk.transport.reading = False
    await talk.send(get(b"/large").replace(b"Host", b"Connection: close\r\nHost"))
    assert talk.closed
    await pass_time(talk, 20)
    await talk.read()
    await pass_time(talk, 60)
    assert not talk.transport.aborted


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
    assert talk.transport.eof_sent
    await talk.wait(6)
    assert talk.closed
    for _ in range(3):
        await talk.wait(29)
        talk.transport.read_some(20_000)
    assert not talk.transport.aborted
    await talk.read()
    assert not talk.server.connections


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


# Numbers.


async def test_the_last_request_of_a_connection_is_told_so(app):
    talk = Conversation(app, keep_alive_requests=2)
    await talk.send(GET)
    assert b"connection: close" not in talk.take()
    await talk.send(GET)
    assert b"connection: close\r\n" in talk.take()
    assert talk.closed


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
    talk.transport.vanished = True
    for _ in range(12):
        talk.transport.read()
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
