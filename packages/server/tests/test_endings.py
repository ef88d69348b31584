"""How exchanges end: deadlines, clients that leave, policies, shields, and the figures after it."""

import asyncio
import logging

import pytest

from headrace import ConfigError, EndReason, Headrace, text
from headrace.exceptions import ClientGone, ExchangeEnded, ResponseError
from headrace.response import stream
from headrace.testing import Conversation, MemoryExchange, MemoryHead, settle

pytestmark = pytest.mark.anyio

POST = MemoryHead("POST", length=5)


class Driver(MemoryExchange):
    """An application with one handler."""

    def __init__(self, handler, **settings):
        app = Headrace("endings")
        app.ctx.figures = []
        app.on_end(lambda request, figures: app.ctx.figures.append(figures))
        app.add_route(handler, "/", methods=["GET", "POST"], **settings)
        super().__init__(app)

    @property
    def figures(self):
        (figures,) = self.app.ctx.figures
        return figures


# Deadlines.


async def test_a_handler_that_does_not_respond_in_time_is_answered_for():
    seen = []

    async def handler(request):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            seen.append(error.args)
            raise

    driver = Driver(handler)
    driver.open()
    await settle()
    driver.exchange.time_out("too slow")
    await settle()
    assert seen == [(EndReason.TIMEOUT,)]
    assert driver.wire.said == [
        ("start", 503, 9, True),
        ("end", b"too slow\n"),
        ("ended", EndReason.TIMEOUT),
    ]
    assert (driver.figures.reason, driver.figures.status) == (EndReason.TIMEOUT, 503)


async def test_a_timeout_is_no_error_of_the_log(caplog):
    async def handler(request):
        await asyncio.Event().wait()

    driver = Driver(handler)
    driver.open()
    await settle()
    driver.exchange.time_out("too slow")
    await settle()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_an_error_handler_may_answer_a_timeout_and_wait():
    async def handler(request):
        await asyncio.Event().wait()

    driver = Driver(handler)

    @driver.app.exception(Exception)
    async def answer(request, error):
        async with asyncio.timeout(5):
            await asyncio.sleep(0)
        return text(f"{type(error).__name__}: {error}", 504)

    driver.open()
    await settle()
    driver.exchange.time_out("too slow")
    await settle()
    assert driver.wire.said[-2] == ("end", b"HandlerTimeout: too slow")


async def test_a_handler_may_answer_its_own_timeout():
    async def handler(request):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return text("late, but here")

    driver = Driver(handler)
    driver.open()
    await settle()
    driver.exchange.time_out("too slow")
    await settle()
    assert driver.wire.said[-2:] == [("end", b"late, but here"), ("ended", EndReason.COMPLETE)]


async def test_a_response_that_has_begun_is_cut():
    seen = []

    async def handler(request):
        response = await request.respond()
        try:
            while True:
                await response.send("x")
                await asyncio.sleep(0)
        except asyncio.CancelledError as error:
            seen.append(error.args)
            raise

    driver = Driver(handler)
    driver.open()
    await settle()
    driver.exchange.time_out("too slow")
    await settle()
    assert driver.wire.said[-2:] == [("cut", "hard"), ("ended", EndReason.TIMEOUT)]
    assert seen == [(EndReason.TIMEOUT,)]


async def test_a_failure_by_a_deadline_says_so():
    async def handler(request):
        async for _ in request.stream:
            pass

    driver = Driver(handler, stream=True)
    driver.open(POST)
    await settle()
    driver.exchange.receive_failed(ClientGone(), EndReason.TIMEOUT)
    await settle()
    assert driver.figures.reason is EndReason.TIMEOUT


# Policies.


async def looping(request):
    """Write to the client until it is told to stop; then a little more."""
    app = request.app
    response = await request.respond()
    try:
        while not app.ctx.stop.is_set():
            await response.write("x")
            await asyncio.sleep(0)
        response.write("y")
        await response.flush()
        app.ctx.done = response
    finally:
        app.ctx.left = True


async def silent(request):
    """Respond late, in a way that is up to the test."""
    await request.app.ctx.stop.wait()
    return request.app.ctx.answer


@pytest.fixture
def finishing():
    def make(handler, **settings):
        driver = Driver(handler, on_disconnect="finish", **settings)
        driver.app.ctx.stop = asyncio.Event()
        driver.app.ctx.done = driver.app.ctx.left = None
        return driver

    return make


@pytest.mark.parametrize("reason", [EndReason.CLIENT_GONE, EndReason.STALLED])
async def test_a_handler_may_finish_unheard(finishing, reason):
    driver = finishing(looping)
    driver.open()
    await settle()
    driver.exchange.lose(reason)
    driver.exchange.lose(EndReason.CLIENT_GONE)
    said = list(driver.wire.said)
    await settle()
    assert driver.wire.said == said, "nothing is sent any more"
    assert said[-1] == ("cut", "hard")
    driver.app.ctx.stop.set()
    await settle()
    assert driver.app.ctx.done is not None
    assert driver.wire.said[len(said) :] == [("ended", reason)]


async def test_one_that_waits_for_its_client_goes_on(finishing):
    driver = finishing(looping)
    driver.open(paused=True)
    await settle()
    driver.exchange.lose(EndReason.CLIENT_GONE)
    driver.exchange.pause_writing()
    driver.app.ctx.stop.set()
    await settle()
    assert driver.app.ctx.done is not None


@pytest.mark.parametrize("reason", [EndReason.DRAINING, EndReason.TIMEOUT])
async def test_but_not_for_ever(finishing, reason):
    driver = finishing(looping)
    driver.open()
    await settle()
    driver.exchange.lose(EndReason.CLIENT_GONE)
    await settle()
    driver.exchange.lose(reason)
    await settle()
    assert (driver.app.ctx.left, driver.app.ctx.done) == (True, None)
    assert driver.wire.said[-1] == ("ended", EndReason.CLIENT_GONE)


@pytest.mark.parametrize("reason", [EndReason.DRAINING, EndReason.TIMEOUT])
async def test_only_a_disconnect_lets_it_finish(finishing, reason):
    driver = finishing(looping)
    driver.open()
    await settle()
    driver.exchange.lose(reason)
    await settle()
    assert (driver.app.ctx.left, driver.app.ctx.done) == (True, None)


async def callback(response):
    """A producer."""
    await response.send("x")


@pytest.mark.parametrize(
    "answer",
    [lambda: text("late"), lambda: stream(callback), lambda: stream(iter(["a", "b"]))],
    ids=["text", "callback", "iterable"],
)
async def test_an_answer_without_a_client_goes_nowhere(finishing, caplog, answer):
    driver = finishing(silent)
    driver.app.ctx.answer = answer()
    driver.open()
    await settle()
    driver.exchange.lose(EndReason.CLIENT_GONE)
    driver.app.ctx.stop.set()
    await driver.exchange._task  # a thread may be under way
    assert driver.wire.said == [("cut", "hard"), ("ended", EndReason.CLIENT_GONE)]
    assert caplog.records == []


async def test_a_response_may_be_taken_in_hand_without_a_client(finishing):
    async def handler(request):
        await request.app.ctx.stop.wait()
        request.interim(103, {"link": "</a>"})
        async with await request.respond() as response:
            for _ in range(3):
                await response.send("x" * 100_000)
            await response.eof()
        request.app.ctx.done = True

    driver = finishing(handler)
    driver.open()
    await settle()
    driver.exchange.lose(EndReason.CLIENT_GONE)
    driver.app.ctx.stop.set()
    await settle()
    assert driver.app.ctx.done is True
    assert driver.wire.said == [("cut", "hard"), ("ended", EndReason.CLIENT_GONE)]


async def test_a_body_that_cannot_come_any_more_ends_with_an_error_all_the_same(finishing):
    async def handler(request):
        with pytest.raises(ClientGone):
            await request.stream.read_all(10)
        request.app.ctx.done = True

    driver = finishing(handler, stream=True)
    driver.open(POST)
    driver.exchange.receive(b"ab")
    await settle()
    driver.exchange.lose(EndReason.CLIENT_GONE)
    await settle()
    assert driver.app.ctx.done is True


async def test_a_body_that_is_collected_has_no_handler_to_finish(finishing):
    driver = finishing(silent)
    driver.open(POST)
    driver.exchange.lose(EndReason.CLIENT_GONE)
    assert driver.wire.said == [("cut", "hard"), ("ended", EndReason.CLIENT_GONE)]
    assert driver.figures.reason is EndReason.CLIENT_GONE


# Shields.


@pytest.fixture
def shielded():
    async def handler(request):
        seen = request.app.ctx.seen
        try:
            async with request.shield():
                async with request.shield():
                    await request.app.ctx.stop.wait()
                await asyncio.sleep(0)
                seen.append("committed")
            seen.append("not reached")
        finally:
            seen.append("left")

    driver = Driver(handler)
    driver.app.ctx.stop = asyncio.Event()
    driver.app.ctx.seen = []
    return driver


@pytest.mark.parametrize(
    "reason", [EndReason.CLIENT_GONE, EndReason.STALLED, EndReason.TIMEOUT, EndReason.DRAINING]
)
async def test_a_shielded_block_runs_to_its_end(shielded, reason):
    shielded.open()
    await settle()
    shielded.exchange.lose(reason)
    await settle()
    assert shielded.app.ctx.seen == []
    shielded.app.ctx.stop.set()
    await settle()
    assert shielded.app.ctx.seen == ["committed", "left"]
    assert shielded.wire.said[-1] == ("ended", reason)


async def test_a_shield_that_nothing_happens_in(shielded):
    shielded.app.ctx.stop.set()
    await shielded.run()
    assert shielded.app.ctx.seen == ["committed", "not reached", "left"]


async def test_a_shield_puts_a_timeout_off():
    async def handler(request):
        async with request.shield():
            await request.app.ctx.stop.wait()
        return text("not reached")

    driver = Driver(handler)
    driver.app.ctx.stop = asyncio.Event()
    driver.open()
    await settle()
    driver.exchange.time_out("too slow")
    await settle()
    assert driver.wire.said == []
    driver.app.ctx.stop.set()
    await settle()
    assert driver.wire.said[0] == ("start", 503, 9, True)


# The end, as others see it.


async def test_what_a_handler_started_can_wait_for_the_end():
    seen = []

    async def handler(request):
        async def watch():
            seen.append(await request.ended.wait())

        request.ctx.watch = asyncio.create_task(watch())
        await asyncio.sleep(0)
        seen.append((request.ended.is_set(), request.ended.reason))
        return text("x")

    await Driver(handler).run()
    assert seen == [(False, None), EndReason.COMPLETE]


async def test_the_end_can_be_asked_for_after_it():
    async def handler(request):
        await (await request.respond()).eof()
        return request.app.ctx.seen.append(request.ended.reason)

    driver = Driver(handler)
    driver.app.ctx.seen = []
    await driver.run()
    assert driver.app.ctx.seen == [EndReason.COMPLETE]


async def test_figures_of_a_stream():
    async def handler(request):
        clock = driver.clock
        body = await request.stream.read_all(10)
        clock.advance(1)
        response = await request.respond()
        await response.send(body * 2)
        clock.advance(2)
        driver.exchange.pause_writing()
        clock.advance(4)
        driver.exchange.resume_writing()

    driver = Driver(handler, stream=True)
    driver.open(POST)
    driver.exchange.receive(b"hello")
    driver.exchange.receive_end()
    await settle()
    figures = driver.figures
    assert (figures.bytes_in, figures.bytes_out, figures.status) == (5, 10, 200)
    assert (figures.time_to_first_byte, figures.time_stalled, figures.duration) == (1.0, 4.0, 7.0)


async def test_figures_after_a_response_was_taken_back():
    async def handler(request):
        await request.respond()
        driver.clock.advance(1)
        raise ValueError("before anything left")

    driver = Driver(handler)
    await driver.run()
    assert (driver.figures.status, driver.figures.time_to_first_byte) == (500, 1.0)


async def test_an_end_hook_that_fails_is_logged_and_keeps_none_from_running(caplog):
    driver = Driver(lambda request: text("x"))
    driver.app._end_hooks.insert(0, lambda request, figures: 1 / 0)
    await driver.run()
    assert driver.figures.status == 200
    assert "GET /: an end hook failed" in caplog.text


def test_an_end_hook_is_a_plain_function():
    app = Headrace("x")

    async def hook(request, figures):
        """Nobody would await it."""

    with pytest.raises(ConfigError, match="an end hook is a plain function; .*hook is async"):
        app.on_end(hook)


async def test_it_is_not_over_before_the_kernel_has_it():
    driver = Driver(lambda request: text("x" * 100_000))
    driver.wire.stalled = True
    said = await driver.run()
    assert said[-1] == "drain"
    assert driver.app.ctx.figures == []
    driver.clock.advance(5)
    driver.exchange.resume_writing()
    assert said[-1] == "drain", "the wire may not like to be closed while it says so"
    driver.exchange.part()
    assert said[-1] == ("ended", EndReason.COMPLETE)
    assert driver.figures.duration == 5.0


async def test_who_waits_for_the_end_learns_the_true_reason():
    got = []

    async def handler(request):
        request.ctx.task = asyncio.create_task(watch(request))
        await asyncio.sleep(0)
        response = await request.respond()
        await response.send("x" * 100_000, end_stream=True)
        got.append(request.ended.reason)

    async def watch(request):
        got.append(await request.ended.wait())

    driver = Driver(handler)
    driver.wire.stalled = True
    driver.open()
    await settle()
    assert got == [None]
    driver.exchange.lose(EndReason.CLIENT_GONE)
    await settle()
    assert got == [None, EndReason.CLIENT_GONE]
    assert driver.figures.reason is EndReason.CLIENT_GONE


# Before the final response, and after the body.


async def test_an_interim_response():
    async def handler(request):
        request.interim(103, {"link": "</a.css>; rel=preload"})
        request.interim(102)
        return text("x")

    assert (await Driver(handler).run())[:2] == [
        ("interim", 103, ("link", "</a.css>; rel=preload")),
        ("interim", 102),
    ]


async def test_interim_responses_that_cannot_be():
    async def handler(request):
        with pytest.raises(ResponseError, match="100 is sent when the request's body"):
            request.interim(100)
        await request.respond()
        with pytest.raises(ResponseError, match="comes before the final one"):
            request.interim(103)

    assert (await Driver(handler).run())[-1] == ("ended", EndReason.COMPLETE)


async def test_an_interim_response_for_a_client_that_is_gone():
    async def handler(request):
        try:
            await asyncio.Event().wait()
        finally:
            with pytest.raises(ClientGone):
                request.interim(103)
            driver.app.ctx.seen = True

    driver = Driver(handler)
    driver.open()
    await settle()
    driver.exchange.lose(EndReason.CLIENT_GONE)
    await settle()
    assert driver.app.ctx.seen is True


HELLO = "content-digest", "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"


@pytest.mark.parametrize("way", ["respond", "stream"])
@pytest.mark.parametrize(
    ("trails", "headers", "announced", "trailed"),
    [
        pytest.param(True, {}, [("trailer", "x-sum, content-digest")], [HELLO], id="taken"),
        pytest.param(False, {}, [], [], id="not-taken"),
        pytest.param(True, {"content-length": "5"}, [], [], id="counted-body"),
    ],
)
async def test_a_digest_as_a_trailer(way, trails, headers, announced, trailed):
    settings = {"headers": headers, "trailers": ["x-sum"], "digest": "sha-256"}

    async def produce(response):
        await response.send("hel")
        await response.flush()
        await response.send("lo")

    async def handler(request):
        if way == "stream":
            return stream(produce, **settings)
        return await produce(await request.respond(**settings))

    driver = Driver(handler)
    driver.wire.trails = trails
    said = await driver.run()
    assert [each for each in driver.wire.headers if each[0] == "trailer"] == announced
    assert [each[1:] for each in said if each[0] == "trail"] == [(each,) for each in trailed]
    assert driver.wire.body == b"hello"


async def test_trailers_of_ones_own():
    async def handler(request):
        response = await request.respond(trailers=["x-sum"], digest="sha-512")
        with pytest.raises(ResponseError, match="content-length is no trailer"):
            await response.eof({"content-length": "1"})
        await response.eof({"x-sum": "1"})
        await response.eof({"x-sum": "2"})

    driver = Driver(handler)
    driver.wire.trails = True
    trailed = [each for each in await driver.run() if each[0] == "trail"]
    assert trailed[0] == ("trail", ("x-sum", "1"))
    assert trailed[1][1] == ("x-sum", "1")
    assert trailed[1][2][0] == "content-digest"
    assert len(trailed) == 2


async def test_the_trailers_of_a_request():
    async def handler(request):
        before = len(request.trailers)
        await request.stream.read_all(10)
        return text(f"{before} {request.trailers['x-sum']} {'x-sum' in request.headers}")

    driver = Driver(handler, stream=True)
    driver.open(MemoryHead("POST", body=True))
    driver.exchange.receive(b"hello")
    await settle()
    driver.exchange.receive_end(MemoryHead(headers=[("x-sum", "1")]).headers)
    await settle()
    assert driver.wire.body == b"0 1 False"


async def test_a_write_after_the_end_of_the_exchange_says_why():
    async def handler(request):
        response = await request.respond()
        try:
            await asyncio.Event().wait()
        finally:
            with pytest.raises(ExchangeEnded, match="stalled"):
                response.write("x")

    driver = Driver(handler)
    driver.open()
    await settle()
    driver.exchange.lose(EndReason.STALLED)
    await settle()
    assert driver.figures.reason is EndReason.STALLED


async def test_a_plain_answer_is_the_end_of_its_exchange():
    app = Headrace("plain")

    @app.get("/")
    async def index(request):
        app.ctx.ended = request.ended
        return text("x")

    talk = Conversation(app)
    await talk.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert app.ctx.ended.reason is EndReason.COMPLETE
    assert app.ctx.ended.is_set()
