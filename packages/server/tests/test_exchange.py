"""The life of an exchange, driven by a wire that has no bytes, no framing and no transport."""

import asyncio
import gc
import logging
import weakref

import pytest

from headrace import Config, EndReason, Headrace, HTTPResponse, text
from headrace._fields import fields
from headrace._state import State
from headrace.exceptions import (
    ClientGone,
    ExchangeEnded,
    ResponseError,
    TruncatedBody,
)
from headrace.response import stream
from headrace.testing import MemoryExchange, MemoryHead, settle

pytestmark = pytest.mark.anyio


class Driver(MemoryExchange):
    """An application with one handler, and what drives an exchange over it."""

    def __init__(self, handler, *, streams=False, config=None, **settings):
        app = Headrace("exchange", config=config or Config())
        app.add_route(handler, "/", methods=["GET", "POST", "HEAD"], stream=streams, **settings)
        super().__init__(app)

    def open(self, paused=False, **head):
        return super().open(MemoryHead(**head), paused=paused)

    async def run(self, **head):
        self.open(**head)
        await settle()
        return self.wire.said


COMPLETE = ("ended", EndReason.COMPLETE)
FAILED = ("ended", EndReason.FAILED)


# Answers.


async def test_a_finished_response():
    async def handler(request):
        return text("hello")

    assert await Driver(handler).run() == [("start", 200, 5, True), ("end", b"hello"), COMPLETE]


async def test_a_plain_function_may_answer():
    assert await Driver(lambda request: text("hello")).run() == [
        ("start", 200, 5, True),
        ("end", b"hello"),
        COMPLETE,
    ]


async def test_a_callback_writes_without_awaiting():
    async def handler(request):
        async def produce(response):
            response.write("foo,")
            response.write(7)
            response.write("")
            response.write(0)

        return stream(produce)

    assert await Driver(handler).run() == [
        ("start", 200, None, False),
        ("end", b"foo,70"),
        COMPLETE,
    ]


async def test_the_head_of_a_silent_stream_leaves_by_the_end_of_its_turn():
    gate = asyncio.Event()

    async def handler(request):
        response = await request.respond()
        await gate.wait()
        await response.send("late")

    driver = Driver(handler)
    assert await driver.run() == [("start", 200, None, False), ("data", b"")]
    gate.set()
    await settle()
    assert driver.wire.said[2:] == [("end", b"late"), COMPLETE]


async def test_flush_parts_what_one_turn_would_join():
    async def handler(request):
        response = await request.respond()
        response.write("a")
        await response.flush()
        response.write("b")
        await response.eof()
        await response.eof()

    assert (await Driver(handler).run())[1:] == [("data", b"a"), ("end", b"b"), COMPLETE]


async def test_send_may_end_the_stream():
    async def handler(request):
        response = await request.respond()
        await response.send("a", end_stream=True)
        with pytest.raises(ResponseError, match="the response has been ended"):
            await response.send("b")
        with pytest.raises(ResponseError, match="the response has been ended"):
            await response.flush()
        return response

    assert (await Driver(handler).run())[1:] == [("end", b"a"), COMPLETE]


async def test_a_block_ends_the_stream():
    async def handler(request):
        async with await request.respond() as response:
            await response.send(b"a")

    assert (await Driver(handler).run())[1:] == [("end", b"a"), COMPLETE]


async def test_a_handler_may_go_on_after_its_response_is_out():
    gate = asyncio.Event()

    async def handler(request):
        async with await request.respond() as response:
            await response.send("a")
        await gate.wait()

    driver = Driver(handler)
    await driver.run()
    assert driver.exchange.state is State.FINISHING
    driver.exchange.lose(EndReason.CLIENT_GONE)
    await settle()
    assert driver.exchange.state is State.FINISHING, "a response that is out is not lost"
    gate.set()
    await settle()
    assert driver.wire.said[-1] == COMPLETE


async def generated():
    yield "a"
    yield 1
    yield b"c"


class Source:
    """An async iterable without aclose()."""

    def __init__(self):
        self.items = [b"a1c"]

    def __aiter__(self):
        return self

    async def __anext__(self):
        if not self.items:
            raise StopAsyncIteration
        return self.items.pop()


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(generated, id="async-generator"),
        pytest.param(lambda: stream(generated()), id="stream-of-async-generator"),
        pytest.param(Source, id="async-iterable"),
    ],
)
async def test_items_become_the_body(make):
    driver = Driver(lambda request: make())
    await driver.run()
    assert driver.wire.body == b"a1c"


async def test_a_plain_iterable_runs_in_a_thread():
    driver = Driver(lambda request: stream(iter(["a", 1, b"c"])))
    driver.open()
    while driver.exchange.state is not State.ENDED:
        await asyncio.sleep(0)
    assert driver.wire.body == b"a1c"
    assert driver.wire.said[-1] == COMPLETE


async def test_head_asks_no_producer():
    ran = []

    async def produce(response):
        ran.append("callback")

    async def items():
        ran.append("generator")
        yield b""

    for producer in (produce, items(), Source(), ["a"]):
        driver = Driver(lambda request, producer=producer: stream(producer))
        assert (await driver.run(method="HEAD"))[-1] == COMPLETE
    assert ran == []


async def test_head_ends_a_handler_that_writes_for_ever(caplog):
    async def handler(request):
        response = await request.respond()
        await response.flush()
        await response.write("")
        while True:
            await response.write("a")

    said = await Driver(handler).run(method="HEAD")
    assert said == [("start", 200, None, False), ("end", b""), COMPLETE]
    assert not caplog.records


@pytest.mark.parametrize("status", [204, 304])
async def test_a_status_without_content_takes_none(status, caplog):
    async def handler(request):
        response = await request.respond(status)
        await response.write("a")

    said = await Driver(handler).run()
    assert said == [("start", status, None, False), ("end", b""), COMPLETE]
    assert f"a response with status {status} has no content" in caplog.text


async def test_head_of_a_stream_with_a_length_is_not_too_short():
    async def handler(request):
        return stream(generated(), headers={"content-length": "3"})

    assert await Driver(handler).run(method="HEAD") == [
        ("start", 200, 3, False),
        ("end", b""),
        COMPLETE,
    ]


# Content-Length.


async def test_a_stream_of_known_length():
    async def handler(request):
        response = await request.respond(headers={"Content-Length": "3"})
        await response.send("ab")
        await response.send("c")

    assert await Driver(handler).run() == [("start", 200, 3, False), ("end", b"abc"), COMPLETE]


async def test_a_stream_that_is_too_short_is_cut(caplog):
    async def handler(request):
        response = await request.respond(headers={"Content-Length": "3"})
        await response.send("ab")
        await response.flush()

    assert (await Driver(handler).run())[1:] == [
        ("data", b"ab"),
        ("data", b""),
        ("cut", "gently"),
        FAILED,
    ]
    assert "1 bytes short of its content-length" in caplog.text


async def test_a_stream_that_is_too_long_is_refused_before_it_is_sent(caplog):
    async def handler(request):
        response = await request.respond(headers={"Content-Length": "3"})
        with pytest.raises(ResponseError, match="longer than its content-length by 2 bytes"):
            await response.send("abcde")
        await response.send("abc")

    assert (await Driver(handler).run())[-2:] == [("end", b"abc"), COMPLETE]


@pytest.mark.parametrize("length", ["x", "-1", "1.5", ""])
async def test_a_length_that_is_no_number(length, caplog):
    async def handler(request):
        await request.respond(headers={"content-length": length})

    assert (await Driver(handler).run())[0] == ("start", 500, 22, True)
    assert "is not a number of bytes" in caplog.text


async def test_a_304_may_carry_the_length_of_what_it_does_not_send():
    async def handler(request):
        await request.respond(304, {"content-length": "5"}, content_type=None)

    assert (await Driver(handler).run())[-2:] == [("end", b""), COMPLETE]


async def test_two_lengths_are_refused(caplog):
    async def handler(request):
        await request.respond(headers=[("content-length", "1"), ("Content-Length", "2")])

    assert (await Driver(handler).run())[0] == ("start", 500, 22, True)


async def test_a_response_that_could_not_begin_leaves_no_length_behind():
    async def handler(request):
        with pytest.raises(ResponseError, match="bad value"):
            await request.respond(headers={"content-length": "5", "a": "b\nc"})
        async with await request.respond() as response:
            await response.send("longer than five")

    assert (await Driver(handler).run())[-2:] == [("end", b"longer than five"), COMPLETE]


async def test_a_response_that_was_taken_back_takes_nothing(caplog):
    driver = Driver(lambda request: 1 / 0)

    async def handler(request):
        driver.old = await request.respond()
        driver.old.write("old")
        raise ZeroDivisionError

    driver = Driver(handler)

    @driver.app.exception(ZeroDivisionError)
    async def again(request, error):
        response = await request.respond(status=503)
        for use in (driver.old.write, driver.old.send):
            with pytest.raises(ResponseError, match="failed before it left"):
                use("old")
        with pytest.raises(ResponseError, match="failed before it left"):
            await driver.old.flush()
        await driver.old.eof()
        with pytest.raises(KeyError):
            async with driver.old:
                raise KeyError
        await response.send("new")

    assert (await driver.run())[1:] == [("start", 503, None, False), ("end", b"new"), COMPLETE]


# Failures.


async def test_a_failure_before_the_response_is_a_500(caplog):
    async def handler(request):
        raise ValueError("secret")

    said = await Driver(handler).run()
    assert said == [("start", 500, 22, True), ("end", b"Internal Server Error\n"), COMPLETE]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_a_failure_before_anything_left_is_a_500(caplog):
    async def handler(request):
        async def produce(response):
            response.write("a")
            raise ValueError("early enough")

        return stream(produce)

    said = await Driver(handler).run()
    assert said[1:] == [
        ("start", 500, 22, True),
        ("end", b"Internal Server Error\n"),
        COMPLETE,
    ]
    assert len(caplog.records) == 1


async def test_a_failure_after_the_head_sends_what_was_written_and_cuts(caplog):
    async def handler(request):
        async def produce(response):
            await response.flush()
            response.write("a")
            raise ValueError("too late")

        return stream(produce)

    said = await Driver(handler).run()
    assert said[1:] == [("data", b""), ("data", b"a"), ("cut", "gently"), FAILED]
    assert len(caplog.records) == 1
    assert "failed when its response could not be changed any more" in caplog.text


async def test_leaving_a_block_by_an_exception_cuts_even_if_it_is_caught():
    async def handler(request):
        response = await request.respond()
        try:
            async with response:
                await response.send("a")
                await response.flush()
                raise ValueError("caught by the handler")
        except ValueError:
            with pytest.raises(ExchangeEnded) as caught:
                response.write("b")
            assert caught.value.reason is EndReason.FAILED

    said = await Driver(handler).run()
    assert said[1:] == [("data", b"a"), ("data", b""), ("cut", "gently"), FAILED]


@pytest.mark.parametrize("caught", [False, True])
async def test_leaving_a_block_by_an_exception_before_anything_left_is_answered(caught):
    async def handler(request):
        try:
            async with await request.respond() as response:
                await response.send("a")
                raise ValueError("in the block")
        except ValueError:
            if not caught:
                raise
            return text("instead", 503)

    said = await Driver(handler).run()
    assert said[1:] == (
        [("start", 503, 7, True), ("end", b"instead"), COMPLETE] if caught else said[1:]
    )
    assert said[-3][1] == (503 if caught else 500)


async def test_leaving_a_block_by_an_exception_after_the_end_changes_nothing(caplog):
    async def handler(request):
        async with await request.respond() as response:
            await response.eof()
            raise ValueError("after the end")

    assert (await Driver(handler).run())[-2:] == [("end", b""), COMPLETE]
    assert len(caplog.records) == 1


async def test_a_generator_that_fails_is_closed_and_cuts(caplog):
    closed = []

    async def items():
        try:
            yield "a"
            await asyncio.sleep(0)
            raise ValueError("too late")
        finally:
            closed.append(asyncio.current_task())

    driver = Driver(lambda request: items())
    said = await driver.run()
    assert said[1:] == [("data", b"a"), ("data", b""), ("cut", "gently"), FAILED]
    assert len(closed) == 1


async def test_middleware_may_replace_a_body_by_text():
    driver = Driver(lambda request: text("a"))

    @driver.app.middleware("response")
    async def replace(request, response):
        response.body = "é"

    assert (await driver.run())[:2] == [("start", 200, 2, True), ("end", "é".encode())]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(None, "returned None and had not begun a response", id="none"),
        pytest.param(7, "the handler returned int; return text", id="number"),
        pytest.param(
            stream(print),  # type: ignore[arg-type]
            "stream() needs an async function",
            id="plain-callback",
        ),
        pytest.param(text("", headers={"a": "b\nc"}), "bad value of a", id="header"),
    ],
)
async def test_what_is_no_answer_is_a_500(answer, message, caplog, capsys):
    said = await Driver(lambda request: answer).run()
    assert said[-3:] == [
        ("start", 500, 22, True),
        ("end", b"Internal Server Error\n"),
        COMPLETE,
    ]
    assert message in caplog.text
    assert len(caplog.records) == 1


async def test_an_error_handler_that_fails_too_gives_a_plain_500(caplog):
    driver = Driver(lambda request: 1 / 0)

    @driver.app.exception(ZeroDivisionError)
    async def failing(request, error):
        raise ValueError("second")

    assert (await driver.run())[:2] == [
        ("start", 500, 21, True),
        ("end", b"Internal Server Error"),
    ]
    assert len(caplog.records) == 1


async def test_an_error_handler_may_stream(caplog):
    driver = Driver(lambda request: 1 / 0)

    @driver.app.exception(ZeroDivisionError)
    async def streaming(request, error):
        response = await request.respond(status=503)
        await response.send("sorry")

    assert await driver.run() == [("start", 503, None, False), ("end", b"sorry"), COMPLETE]


async def test_an_error_handler_whose_stream_fails_late_cuts(caplog):
    driver = Driver(lambda request: 1 / 0)

    @driver.app.exception(ZeroDivisionError)
    async def streaming(request, error):
        response = await request.respond(status=503)
        await response.flush()
        raise ValueError("again")

    assert (await driver.run())[-2:] == [("cut", "gently"), FAILED]
    assert len(caplog.records) == 1


async def test_two_responses(caplog):
    async def handler(request):
        await request.respond()
        with pytest.raises(ResponseError, match="the response has begun already"):
            await request.respond()
        await asyncio.sleep(0)
        return HTTPResponse("b")

    assert (await Driver(handler).run())[1:] == [
        ("data", b""),
        ("data", b""),
        ("cut", "gently"),
        FAILED,
    ]
    assert "the handler returned a response after it had begun one" in caplog.text


async def test_an_end_without_a_begin():
    async def handler(request):
        with pytest.raises(ResponseError, match="the response has not begun"):
            request._exchange.end()
        return text("a")

    assert (await Driver(handler).run())[-1] == COMPLETE


async def test_a_cancellation_that_nobody_asked_for_is_a_500(caplog):
    async def handler(request):
        other = asyncio.ensure_future(asyncio.Event().wait())
        asyncio.get_running_loop().call_soon(other.cancel)
        await other

    assert (await Driver(handler).run())[0] == ("start", 500, 22, True)
    assert "raised CancelledError though nobody cancelled it" in caplog.text


async def test_a_cancellation_from_outside_cuts(caplog):
    async def handler(request):
        await asyncio.Event().wait()

    driver = Driver(handler)
    exchange = driver.open()
    await settle()
    exchange._task.cancel()
    await settle()
    assert driver.wire.said == [("cut", "gently"), FAILED]
    assert not caplog.records


class Stop(BaseException):
    """Neither an Exception nor a cancellation, as SystemExit is."""


async def test_what_is_no_exception_goes_through_and_cuts():
    async def handler(request):
        await asyncio.sleep(0)
        raise Stop

    driver = Driver(handler)
    exchange = driver.open()
    with pytest.raises(Stop):
        await exchange._task
    assert driver.wire.said == [("cut", "gently"), FAILED]


async def test_a_cancellation_while_an_error_is_answered_cuts():
    gate = asyncio.Event()
    driver = Driver(lambda request: 1 / 0)

    @driver.app.exception(ZeroDivisionError)
    async def waiting(request, error):
        await gate.wait()

    exchange = driver.open()
    await settle()
    exchange._task.cancel()
    await settle()
    assert driver.wire.said == [("cut", "gently"), FAILED]


# The client leaves.


@pytest.mark.parametrize("reason", [EndReason.CLIENT_GONE, EndReason.DRAINING])
async def test_a_waiting_handler_is_cancelled_with_the_reason(reason):
    seen = []

    async def handler(request):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            seen.append((error.args, asyncio.current_task()))
            raise

    driver = Driver(handler)
    exchange = driver.open()
    await settle()
    exchange.lose(reason)
    exchange.lose(EndReason.TIMEOUT)
    await settle()
    assert seen == [((reason,), exchange._task)]
    assert driver.wire.said == [("cut", "hard"), ("ended", reason)]


async def test_a_handler_that_survives_the_cancellation_cannot_answer(caplog):
    async def handler(request):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            pass
        with pytest.raises(ClientGone):
            await request.respond()
        return text("nobody reads this")

    driver = Driver(handler)
    exchange = driver.open()
    await settle()
    exchange.lose(EndReason.CLIENT_GONE)
    await settle()
    assert driver.wire.said == [("cut", "hard"), ("ended", EndReason.CLIENT_GONE)]
    assert not caplog.records


async def test_a_handler_that_returns_nothing_after_its_client_left(caplog):
    async def handler(request):
        await request.respond()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    driver = Driver(handler)
    exchange = driver.open()
    await settle()
    exchange.lose(EndReason.CLIENT_GONE)
    await settle()
    assert driver.wire.said[-1] == ("ended", EndReason.CLIENT_GONE)
    assert not caplog.records


async def test_what_fails_while_it_unwinds_is_logged(caplog):
    async def handler(request):
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("in the cleanup")

    driver = Driver(handler)
    exchange = driver.open()
    await settle()
    exchange.lose(EndReason.CLIENT_GONE)
    await settle()
    assert [record.exc_info[1].args for record in caplog.records] == [("in the cleanup",)]


async def test_a_generator_is_closed_in_the_task_that_ran_it():
    tasks = []

    async def items():
        try:
            yield "a"
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            tasks.append(asyncio.current_task())

    driver = Driver(lambda request: items())
    exchange = driver.open()
    await settle()
    exchange.lose(EndReason.CLIENT_GONE)
    await settle()
    assert tasks == [exchange._task]


async def test_an_exchange_whose_body_is_still_collected_ends_at_once():
    driver = Driver(lambda request: text(""))
    exchange = driver.open(method="POST", length=5)
    exchange.receive(b"ab")
    exchange.lose(EndReason.CLIENT_GONE)
    assert driver.wire.said == [("cut", "hard"), ("ended", EndReason.CLIENT_GONE)]


# Back-pressure.


async def test_an_awaited_write_waits_for_the_wire():
    written = []

    async def handler(request):
        response = await request.respond()
        for number in range(3):
            await response.write(number)
            written.append(number)

    driver = Driver(handler)
    exchange = driver.open(paused=True)
    await settle()
    assert written == []
    exchange.resume_writing()
    await settle()
    assert written == [0, 1, 2]
    assert driver.wire.body == b"012"


async def test_the_wire_may_fill_while_it_runs():
    written = []

    async def handler(request):
        response = await request.respond()
        await asyncio.sleep(0)
        exchange.pause_writing()
        await response.write("b")
        written.append("b")

    driver = Driver(handler)
    exchange = driver.open()
    await settle()
    assert written == []
    exchange.resume_writing()
    await settle()
    assert written == ["b"]


async def test_the_wire_may_fill_and_empty_before_there_is_a_response():
    gate = asyncio.Event()

    async def handler(request):
        await gate.wait()
        response = await request.respond()
        await response.write("a")

    driver = Driver(handler)
    exchange = driver.open()
    exchange.pause_writing()
    exchange.resume_writing()
    gate.set()
    await settle()
    assert driver.wire.said[-1] == COMPLETE


async def test_what_nobody_awaits_is_capped(caplog):
    async def handler(request):
        response = await request.respond()
        await asyncio.sleep(0)
        while True:
            response.write(b"x" * 1000)

    driver = Driver(handler, config=Config(write_cap=10_000))
    driver.wire.stalled = True
    driver.open(paused=True)
    await settle()
    assert len(driver.wire.body) == 10_000
    assert driver.wire.said[-2:] == [("cut", "gently"), FAILED]
    assert "10000 bytes wait for a client that reads slowly and no write was awaited" in caplog.text


async def test_a_reader_that_is_behind_stops_the_wire():
    async def handler(request):
        return text(str(len(await request.stream.read_all(100))))

    driver = Driver(handler, streams=True, config=Config(request_buffer=4))
    exchange = driver.open(method="POST", length=10)
    exchange.receive(b"x" * 5)
    assert driver.wire.said == ["pause"]
    await settle()
    assert driver.wire.said == ["pause", "resume"]
    exchange.receive(b"x" * 5)
    exchange.receive_end()
    await settle()
    assert driver.wire.body == b"10"


async def test_reading_waits_while_the_response_is_above_its_mark():
    got = []

    async def handler(request):
        async def produce(response):
            while (chunk := await request.stream.get()) is not None:
                got.append(chunk)
                response.write(chunk.upper())

        return stream(produce)

    driver = Driver(handler, streams=True)
    exchange = driver.open(method="POST", body=True)
    await settle()
    exchange.receive(b"a")
    await settle()
    exchange.pause_writing()
    exchange.receive(b"b")
    exchange.receive(b"c")
    await settle()
    assert got == [b"a", b"b"], "the read that waited already goes on, the next one does not"
    exchange.receive_end()
    exchange.resume_writing()
    await settle()
    assert driver.wire.body == b"ABC"
    assert driver.wire.said[-1] == COMPLETE


async def test_a_stream_leaves_no_reference_cycle_behind():
    streams = []

    async def handler(request):
        streams.append(weakref.ref(request.stream))
        return text(str(len(await request.stream.read_all(100))))

    gc.collect()
    gc.disable()
    try:
        driver = Driver(handler, streams=True)
        exchange = driver.open(method="POST", body=True)
        exchange.receive(b"a")
        exchange.receive_end()
        await settle()
        assert driver.wire.said[-1] == COMPLETE
        assert streams[0]() is None
    finally:
        gc.enable()


# The request's body.


async def test_the_body_may_be_read_after_the_handler_returned():
    async def handler(request):
        async def produce(response):
            async for chunk in request.stream:
                await response.write(chunk)

        return stream(produce)

    driver = Driver(handler, streams=True)
    exchange = driver.open(method="POST", body=True)
    for chunk in (b"a", b"b"):
        await settle()
        exchange.receive(chunk)
    exchange.receive_end()
    await settle()
    assert driver.wire.body == b"ab"


async def test_a_client_is_told_to_go_on_before_the_head_that_waits():
    async def handler(request):
        response = await request.respond()
        async for chunk in request.stream:
            await response.write(chunk)

    driver = Driver(handler, streams=True)
    exchange = driver.open(method="POST", length=2, expect="100-continue")
    await settle()
    assert driver.wire.said == [
        ("start", 200, None, False),
        ("interim", 100),
        "resume",
        ("data", b""),
    ]
    exchange.receive(b"ab")
    exchange.receive_end()
    await settle()
    assert driver.wire.body == b"ab"


async def test_a_client_is_not_told_to_go_on_after_the_head():
    async def handler(request):
        response = await request.respond()
        await response.flush()
        await request.stream.get()

    driver = Driver(handler, streams=True)
    driver.open(method="POST", length=2, expect="100-continue")
    await settle()
    assert driver.wire.said == [("start", 200, None, False), ("data", b""), "resume"]
    driver.exchange.lose(EndReason.CLIENT_GONE)
    await settle()


async def test_get_gives_none_for_ever():
    got = []

    async def handler(request):
        got.extend([await request.stream.get() for _ in range(3)])
        got.append(await request.stream.read())
        return text("")

    driver = Driver(handler, streams=True)
    exchange = driver.open(method="POST", body=True)
    exchange.receive(b"a")
    exchange.receive_end()
    await settle()
    assert got == [b"a", None, None, None]


async def test_a_preloaded_body_can_be_read_as_a_stream_too():
    async def handler(request):
        assert request.body == b"ab"
        return text(await request.stream.read_exactly(2))

    driver = Driver(handler)
    exchange = driver.open(method="POST", length=2)
    exchange.receive(b"a")
    exchange.receive(b"b")
    exchange.receive_end()
    await settle()
    assert driver.wire.body == b"ab"


async def test_a_request_without_a_body_has_an_empty_stream():
    async def handler(request):
        return text(repr(await request.stream.get()))

    driver = Driver(handler, streams=True)
    await driver.run()
    assert driver.wire.body == b"None"


async def test_a_reader_may_give_up():
    async def handler(request):
        await request.stream.get()
        request.stream.cancel()
        await asyncio.sleep(0)
        return text("enough")

    driver = Driver(handler, streams=True)
    exchange = driver.open(method="POST", body=True)
    exchange.receive(b"a")
    await settle()
    exchange.receive(b"b")
    exchange.receive_end()
    assert driver.wire.body == b"enough"


async def answer_and_read(request):
    async with await request.respond(202):
        pass
    return await request.stream.read_all(100)


async def test_the_body_may_be_read_after_the_answer_is_out():
    got = []

    async def handler(request):
        got.append(await answer_and_read(request))

    driver = Driver(handler, streams=True)
    exchange = driver.open(method="POST", body=True)
    await settle()
    exchange.receive(b"ab")
    await settle()
    exchange.receive(b"c")
    exchange.receive_end()
    await settle()
    assert got == [b"abc"]
    assert driver.wire.said[-1] == COMPLETE


async def test_a_reader_behind_the_answer_learns_that_its_client_left():
    got = []

    async def handler(request):
        with pytest.raises(ClientGone):
            await answer_and_read(request)
        got.append("gone")

    driver = Driver(handler, streams=True)
    exchange = driver.open(method="POST", body=True)
    await settle()
    exchange.lose(EndReason.CLIENT_GONE)
    exchange.lose(EndReason.CLIENT_GONE)
    await settle()
    assert got == ["gone"]
    assert driver.wire.said[-1] == COMPLETE


async def test_a_last_write_that_waits_learns_that_its_client_left():
    got = []

    async def handler(request):
        response = await request.respond()
        with pytest.raises(ClientGone):
            await response.send(b"x", end_stream=True)
        got.append("gone")

    driver = Driver(handler)
    exchange = driver.open(paused=True)
    await settle()
    exchange.lose(EndReason.CLIENT_GONE)
    await settle()
    assert got == ["gone"]


async def test_a_handler_behind_its_answer_ends_with_the_server():
    seen = []

    async def handler(request):
        async with await request.respond():
            pass
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as error:
            seen.append(error.args)
            raise

    driver = Driver(handler)
    exchange = driver.open()
    await settle()
    exchange.lose(EndReason.DRAINING)
    await settle()
    assert seen == [(EndReason.DRAINING,)]
    assert driver.wire.said[-2:] == [("cut", "gently"), COMPLETE]


async def test_bytes_for_a_request_without_a_route_are_dropped():
    driver = Driver(lambda request: text(""))
    exchange = driver.open(method="POST", target="/nowhere", length=2)
    exchange.receive(b"ab")
    exchange.receive_end()
    exchange.receive_failed()
    await settle()
    assert driver.wire.said[0][:2] == ("start", 404)


async def test_a_truncated_body_is_an_error_that_nobody_logs(caplog):
    async def handler(request):
        with pytest.raises(TruncatedBody):
            await request.stream.read_all(100)
        raise TruncatedBody

    driver = Driver(handler, streams=True)
    exchange = driver.open(method="POST", length=5)
    exchange.receive(b"ab")
    exchange.receive_failed()
    await settle()
    assert driver.wire.said[0] == ("start", 400, 29, True)
    assert not caplog.records


async def test_a_truncated_body_under_a_response_cuts_without_a_traceback(caplog):
    caplog.set_level(logging.INFO)

    async def handler(request):
        async def produce(response):
            await response.flush()
            async for chunk in request.stream:
                await response.write(chunk)

        return stream(produce)

    driver = Driver(handler, streams=True)
    exchange = driver.open(method="POST", length=5)
    exchange.receive(b"ab")
    await settle()
    exchange.receive_failed()
    await settle()
    assert driver.wire.said[-2:] == [("cut", "gently"), ("ended", EndReason.CLIENT_GONE)]
    assert [(record.levelno, record.exc_info) for record in caplog.records] == [
        (logging.INFO, None)
    ]


@pytest.mark.parametrize(
    "response",
    [
        pytest.param(lambda: text("", content_type=None), id="none"),
        pytest.param(lambda: text("", headers={"Content-Type": "a/b"}), id="own"),
    ],
)
async def test_the_content_type_is_the_handler_s(response):
    assert [name.lower() for name, _ in fields(response())] == (
        ["content-type"] if response().headers else []
    )


async def test_the_client_s_address():
    driver = Driver(lambda request: text(f"{request.ip} {request.port}"))
    await driver.run()
    assert driver.wire.body == b"192.0.2.1 5"
