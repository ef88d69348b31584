"""Both spellings of a streamed body, rule by rule, as bytes on the wire."""

import asyncio
import socket
import threading

import pytest

from headrace import Headrace
from headrace.exceptions import BadRequest, ResponseError, WriteOverflow
from headrace.response import stream, text

TEXT = "text/plain; charset=utf-8"


@pytest.fixture
def app():
    return Headrace("vocabulary")


def get(path="/", method="GET"):
    return f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()


def post(body, path="/", method="POST"):
    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: "
    return f"{head}{len(body)}\r\n\r\n{body}".encode()


def streamed(*chunks, kind=TEXT, end=True):
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n"
    body = b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in map(as_bytes, chunks))
    head += "transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    return head.encode() + body + (b"0\r\n\r\n" if end else b"")


def as_bytes(data):
    return data if isinstance(data, bytes) else data.encode()


def whole(body, status="200 OK", kind=TEXT):
    head = f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n"
    return f"{head}connection: close\r\n\r\n{body}".encode()


class Odd:
    def __str__(self):
        return "odd"


# What write takes, and what it makes of it.

WRITTEN = {
    "text": (["a"], ["a"]),
    "text beyond ASCII": (["é€"], ["é€".encode()]),
    "bytes": ([b"\x00\xff"], [b"\x00\xff"]),
    "bytearray": ([bytearray(b"ab")], ["ab"]),
    "memoryview": ([memoryview(b"ab")[1:]], ["b"]),
    "zero": ([0], ["0"]),
    "integers": ([1, 22, -3], ["122-3"]),
    "float": ([1.5], ["1.5"]),
    "None": ([None], ["None"]),
    "False": ([False], ["False"]),
    "any object": ([Odd()], ["odd"]),
    "list": ([[1, 2]], ["[1, 2]"]),
    "empty text is a no-op": (["a", "", "b"], ["ab"]),
    "empty bytes are a no-op": (["a", b"", "b"], ["ab"]),
    "nothing but empty": (["", b"", bytearray()], []),
    "nothing": ([], []),
    "a thousand": (["x"] * 1000, ["x" * 1000]),
}


@pytest.mark.parametrize(("written", "chunks"), WRITTEN.values(), ids=WRITTEN)
@pytest.mark.parametrize("awaited", [False, True], ids=["un-awaited", "awaited"])
def test_write(serve, app, written, chunks, awaited):
    @app.get("/")
    async def handler(request):
        async def fill(response):
            for each in written:
                waits = response.write(each)
                if awaited:
                    await waits

        return stream(fill)

    assert serve(app).ask(get()) == streamed(*chunks)


def test_an_empty_write_between_turns_does_not_end_the_body(serve, app):
    @app.get("/")
    async def handler(request):
        async def fill(response):
            for each in ("a", "", "b"):
                response.write(each)
                await response.flush()

        return stream(fill)

    assert serve(app).ask(get()) == streamed("a", "b")


def test_writes_of_one_turn_are_one_chunk_and_a_turn_separates(serve, app):
    @app.get("/")
    async def handler(request):
        async def fill(response):
            response.write("one ")
            await response.write("chunk")
            for _ in range(3):
                await asyncio.sleep(0)
            response.write("another")

        return stream(fill)

    assert serve(app).ask(get()) == streamed("one chunk", "another")


def test_flush_separates_chunks(serve, app):
    @app.get("/")
    async def handler(request):
        response = await request.respond()
        response.write("a")
        response.write("b")
        await response.flush()
        response.write("c")

    assert serve(app).ask(get()) == streamed("ab", "c")


def test_what_a_writer_changes_later_is_not_sent(serve, app):
    @app.get("/")
    async def handler(request):
        response = await request.respond()
        data = bytearray(b"before")
        response.write(data)
        data[:] = b"after!"

    assert serve(app).ask(get()) == streamed("before")


def test_unawaited_writes_are_capped_with_a_clear_error(serve, app, log):
    @app.get("/")
    async def handler(request):
        async def fill(response):
            for _ in range(4096):
                response.write(b"x" * 65536)

        return stream(fill)

    received = serve(app, write_cap=1 << 20).ask(get())
    assert not received.endswith(b"0\r\n\r\n")
    (error,) = log.tracebacks()
    assert isinstance(error, WriteOverflow)
    assert "await response.write" in str(error)


# What send takes.


def test_send_takes_text_and_bytes(serve, app):
    @app.get("/")
    async def handler(request):
        response = await request.respond(content_type="text/csv")
        await response.send("a")
        await response.send(b"b")
        await response.send(memoryview(b"c"))
        await response.send("")
        await response.send("d", True)

    assert serve(app).ask(get()) == streamed("abcd", kind="text/csv")


@pytest.mark.parametrize("data", [0, None, 1.5, ["a"]], ids=repr)
def test_send_refuses_anything_else(serve, app, log, data):
    @app.get("/")
    async def handler(request):
        response = await request.respond()
        await response.send(data)

    received = serve(app).ask(get())
    assert received == whole("Internal Server Error\n", "500 Internal Server Error")
    (error,) = log.tracebacks()
    assert isinstance(error, TypeError)
    assert type(data).__name__ in str(error)


# How a response begins and ends.


def test_respond_with_everything(serve, app):
    @app.get("/")
    async def handler(request):
        response = await request.respond(
            status=202, headers={"X-One": "1"}, content_type="text/csv"
        )
        await response.write("a")
        await response.eof()
        await response.eof()

    assert serve(app).ask(get()) == (
        b"HTTP/1.1 202 Accepted\r\ncontent-type: text/csv\r\nX-One: 1\r\n"
        b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n1\r\na\r\n0\r\n\r\n"
    )


def test_stream_with_everything(serve, app):
    @app.get("/")
    async def handler(request):
        async def fill(response):
            response.write("a")

        return stream(fill, 202, {"X-One": "1"}, "text/csv")

    assert serve(app).ask(get()) == (
        b"HTTP/1.1 202 Accepted\r\ncontent-type: text/csv\r\nX-One: 1\r\n"
        b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n1\r\na\r\n0\r\n\r\n"
    )


async def by_return(response):
    await response.write("a")


async def by_eof(response):
    await response.write("a")
    await response.eof()


async def by_with(response):
    async with response:
        await response.write("a")


async def by_with_as(response):
    async with response as out:
        await out.send("a")


async def by_send(response):
    await response.send("a", end_stream=True)


async def by_all(response):
    async with response:
        await response.send("a", end_stream=True)
        await response.eof()


ENDINGS = [by_return, by_eof, by_with, by_with_as, by_send, by_all]
by_name = pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__)


@by_name
@pytest.mark.parametrize("returned", [False, True], ids=["returns None", "returns the response"])
def test_endings_of_respond(serve, app, end, returned):
    @app.get("/")
    async def handler(request):
        response = await request.respond()
        await end(response)
        return response if returned else None

    assert serve(app).ask(get()) == streamed("a")


@by_name
def test_endings_of_stream(serve, app, end):
    @app.get("/")
    async def handler(request):
        return stream(end)

    assert serve(app).ask(get()) == streamed("a")


def test_the_end_is_sent_by_eof_not_by_the_return(serve, app):
    @app.get("/")
    async def handler(request):
        response = await request.respond()
        await response.write("a")
        await response.eof()
        await request.app.ctx.go.wait()

    @app.listener("before_server_start")
    def prepare(app):
        app.ctx.go = asyncio.Event()

    running = serve(app)
    with running.connect() as client:
        client.send(get())
        assert client.read_to(b"0\r\n\r\n")
        running.call(app.ctx.go.set)
        assert client.read_all() == b""


def test_a_known_length_is_sent_as_such(serve, app):
    @app.get("/")
    async def handler(request):
        response = await request.respond(headers={"Content-Length": "3"})
        response.write("a")
        await response.flush()
        response.write("bc")

    assert serve(app).ask(get()) == (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\n"
        b"content-length: 3\r\nconnection: close\r\n\r\nabc"
    )


def test_an_old_client_gets_the_body_bare(serve, app):
    @app.get("/")
    async def handler(request):
        return stream(by_return)

    assert serve(app).ask(b"GET / HTTP/1.0\r\n\r\n") == (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\r\na"
    )


# Misuse: loud, and never a body that looks whole.


async def writes_after_the_end(request):
    response = await request.respond()
    await response.eof()
    await response.write("late")


async def begins_twice(request):
    response = await request.respond()
    await response.write("first")
    await response.flush()
    await request.respond()


async def returns_another(request):
    response = await request.respond()
    await response.write("first")
    await response.flush()
    return text("second")


async def returns_a_stream_besides(request):
    response = await request.respond()
    await response.write("first")
    await response.flush()
    return stream(by_return)


async def overruns_its_length(request):
    response = await request.respond(headers={"content-length": "5"})
    await response.write("first")
    await response.flush()
    await response.write("!")


MISUSES = [begins_twice, returns_another, returns_a_stream_besides]


@pytest.mark.parametrize("handler", MISUSES, ids=lambda handler: handler.__name__)
def test_a_second_response_cuts_the_first(serve, app, log, handler):
    app.add_route(handler, "/")
    assert serve(app).ask(get()) == streamed("first", end=False)
    assert [type(error) for error in log.tracebacks()] == [ResponseError]


@pytest.mark.parametrize("handler", [begins_twice, returns_another], ids=lambda h: h.__name__)
def test_a_second_response_cuts_a_connection_that_would_be_kept(serve, app, handler):
    app.add_route(handler, "/")
    with serve(app).connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read_all().endswith(b"\r\n\r\n5\r\nfirst\r\n")


def test_a_second_response_before_the_first_has_left_is_a_500(serve, app, log):
    @app.get("/")
    async def handler(request):
        await request.respond()
        return text("second")

    assert serve(app).ask(get()).startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert [type(error) for error in log.tracebacks()] == [ResponseError]


def test_a_write_after_the_end_raises_and_leaves_the_response_whole(serve, app, log):
    app.add_route(writes_after_the_end, "/")
    assert serve(app).ask(get()) == streamed()
    assert [type(error) for error in log.tracebacks()] == [ResponseError]


def test_a_body_beyond_its_length_raises_and_sends_no_more(serve, app, log):
    app.add_route(overruns_its_length, "/")
    received = serve(app).ask(get())
    assert received.endswith(b"content-length: 5\r\nconnection: close\r\n\r\nfirst")
    assert [type(error) for error in log.tracebacks()] == [ResponseError]


@pytest.mark.parametrize("answer", [None, "text", 7, b"x", {"a": 1}], ids=repr)
def test_what_is_no_response_is_a_500(serve, app, log, answer):
    @app.get("/")
    async def handler(request):
        return answer

    assert serve(app).ask(get()).startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    (error,) = log.tracebacks()
    assert isinstance(error, ResponseError)
    assert type(answer).__name__.removesuffix("Type") in str(error)


# What a stream can be made of.


async def numbers():
    for number in range(3):
        yield number


class Countdown:
    """An async iterable that is no generator."""

    def __aiter__(self):
        return numbers()


def test_a_stream_of_an_async_generator(serve, app):
    @app.get("/")
    async def handler(request):
        return stream(numbers(), content_type="text/csv")

    assert serve(app).ask(get()) == streamed("012", kind="text/csv")


def test_a_stream_of_an_async_iterable(serve, app):
    @app.get("/")
    async def handler(request):
        return stream(Countdown())

    assert serve(app).ask(get()) == streamed("012")


@pytest.mark.parametrize("path", ["/", "/besides"])
def test_a_handler_that_is_an_async_generator(serve, app, path):
    @app.get("/")
    async def handler(request):
        yield request.method
        yield ""
        yield 0

    @app.get("/besides", stream=True)
    async def streaming(request):
        yield request.method
        yield 0

    assert serve(app).ask(get(path)) == streamed("GET0")


def test_an_async_generator_is_closed_when_the_client_is_gone(serve, app):
    closed = threading.Event()

    @app.get("/")
    async def handler(request):
        try:
            yield "a"
            await asyncio.Event().wait()
        finally:
            closed.set()

    with serve(app, half_close_grace=0.1).connect() as client:
        client.send(get())
        client.read_to(b"\r\na\r\n")
    assert closed.wait(20)


@pytest.mark.parametrize("make", [list, tuple, iter], ids=lambda make: make.__name__)
def test_a_stream_of_an_iterable(serve, app, make):
    @app.get("/")
    async def handler(request):
        return stream(make(["a", "", b"b", 0]))

    received = serve(app).ask(get())
    # Which items share a chunk is up to the thread; their order and sum are not.
    assert b"".join(received.partition(b"\r\n\r\n")[2].split(b"\r\n")[1::2]) == b"ab0"
    assert received.endswith(b"\r\n0\r\n\r\n")


def test_an_iterable_runs_in_a_thread_of_its_own(serve, app):
    seen = {}

    @app.get("/")
    async def handler(request):
        seen["loop"] = threading.get_ident()

        def items():
            seen["items"] = threading.get_ident()
            yield "a"

        return stream(items())

    assert serve(app).ask(get()) == streamed("a")
    assert seen["items"] != seen["loop"]


@pytest.mark.parametrize("bad", [None, 7, "text", b"bytes"], ids=repr)
def test_stream_refuses_what_is_no_producer(bad):
    with pytest.raises(ValueError, match=r"stream\(\) takes an async function") as caught:
        stream(bad)
    assert type(bad).__name__ in str(caught.value)


# How a request's body is read.


def reading(app, read, **settings):
    @app.post("/", stream=True, **settings)
    async def handler(request):
        return text(repr(await read(request.stream)))

    return app


async def with_get(body):
    return [await body.get() for _ in range(4)]


async def with_read(body):
    return [await body.read() for _ in range(4)]


async def with_read_n(body):
    return [await body.read(2) for _ in range(4)]


async def with_for(body):
    return [chunk async for chunk in body]


async def with_mixture(body):
    first = await body.read_exactly(1)
    rest = [chunk async for chunk in body]
    return [first, *rest, await body.get(), await body.read(), await body.read(5)]


READS = {
    "get": (with_get, [b"abcde", None, None, None]),
    "read": (with_read, [b"abcde", None, None, None]),
    "read of a size": (with_read_n, [b"ab", b"cd", b"e", b""]),
    "async for": (with_for, [b"abcde"]),
    "all of them": (with_mixture, [b"a", b"bcde", None, None, b""]),
}


@pytest.mark.parametrize(("read", "expected"), READS.values(), ids=READS)
def test_reading_while_it_arrives(serve, app, read, expected):
    assert serve(reading(app, read)).ask(post("abcde")) == whole(repr(expected))


@pytest.mark.parametrize(("read", "expected"), READS.values(), ids=READS)
def test_reading_a_body_that_was_preloaded(serve, app, read, expected):
    @app.post("/")
    async def handler(request):
        return text(repr(await read(request.stream)) + repr(request.body))

    expected_body = repr(expected) + "b'abcde'"
    assert serve(app).ask(post("abcde")) == whole(expected_body)


@pytest.mark.parametrize("streams", [False, True], ids=["preloaded", "streaming"])
def test_a_request_without_a_body_has_an_empty_one(serve, app, streams):
    @app.get("/", stream=streams)
    async def handler(request):
        return text(repr([request.body, await request.stream.get(), await request.stream.get()]))

    assert serve(app).ask(get()) == whole("[b'', None, None]")


def test_chunks_are_read_as_they_arrive_and_the_end_is_for_ever(serve, app):
    @app.stream("/")
    async def handler(request):
        response = await request.respond()
        for _ in range(4):
            await response.write(f"<{await request.stream.get()!r}>")
            await response.flush()

    with serve(app).connect() as client:
        client.send(
            b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n"
        )
        assert client.read_to(b">\r\n").endswith(b"\r\n6\r\n<b'a'>\r\n")
        client.send(b"2\r\nbc\r\n")
        assert client.read_to(b">\r\n") == b"7\r\n<b'bc'>\r\n"
        client.send(b"0\r\n\r\n")
        assert client.read_all() == b"6\r\n<None>\r\n6\r\n<None>\r\n0\r\n\r\n"


def test_the_callback_reads_after_the_handler_has_returned(serve, app):
    order = []

    @app.stream("/")
    async def handler(request):
        async def fill(response):
            order.append("callback begins")
            async for chunk in request.stream:
                response.write(chunk)

        order.append("handler returns")
        return stream(fill)

    assert serve(app).ask(post("abc")) == streamed("abc")
    assert order == ["handler returns", "callback begins"]


def test_a_client_that_waits_is_told_to_go_on_by_the_first_read(serve, app):
    @app.stream("/")
    async def handler(request):
        return text((await request.stream.get()).decode())

    with serve(app).connect() as client:
        client.send(
            b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n"
            b"Expect: 100-continue\r\n\r\n"
        )
        assert client.read_to(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert client.ask(b"ok") == whole("ok")


def test_a_truncated_body_is_an_error_not_an_end(serve, app):
    seen = []

    @app.stream("/")
    async def handler(request):
        try:
            async for chunk in request.stream:
                seen.append(chunk)
        except BadRequest as error:
            seen.append(type(error).__name__)
            raise

    with serve(app).connect() as client:
        client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
        client.socket.shutdown(socket.SHUT_WR)
        assert client.read_all().startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert seen == [b"ab", "TruncatedBody"]


# How a route says that it streams.


async def chunks_of(request):
    return text("+".join([chunk.decode() async for chunk in request.stream]) + f" {request.body}")


def streams_with_post(app):
    app.post("/", stream=True)(chunks_of)


def streams_with_put(app):
    app.put("/", stream=True)(chunks_of)


def streams_with_patch(app):
    app.patch("/", stream=True)(chunks_of)


def streams_with_delete(app):
    app.delete("/", stream=True)(chunks_of)


def streams_with_route(app):
    app.route("/", methods=["POST", "PUT"], stream=True)(chunks_of)


def streams_with_add_route(app):
    app.add_route(chunks_of, "/", methods=["POST"], stream=True)


def streams_with_stream(app):
    app.stream("/")(chunks_of)


def streams_with_stream_of_put(app):
    app.stream("/", methods=["PUT"])(chunks_of)


def streams_by_default(app):
    app.is_request_stream = True
    app.post("/")(chunks_of)


STREAMS = {
    "post": (streams_with_post, "POST"),
    "put": (streams_with_put, "PUT"),
    "patch": (streams_with_patch, "PATCH"),
    "delete": (streams_with_delete, "DELETE"),
    "route": (streams_with_route, "PUT"),
    "add_route": (streams_with_add_route, "POST"),
    "stream": (streams_with_stream, "POST"),
    "stream with methods": (streams_with_stream_of_put, "PUT"),
    "is_request_stream": (streams_by_default, "POST"),
}


@pytest.mark.parametrize(("declare", "method"), STREAMS.values(), ids=STREAMS)
def test_a_streaming_route_runs_before_its_body_is_complete(serve, app, declare, method):
    declare(app)
    assert serve(app).ask(post("abc", method=method)) == whole("abc b''")


@pytest.mark.parametrize("size", [0, 1, 16], ids=lambda size: f"{size} bytes")
def test_a_plain_route_has_its_body_preloaded_within_the_limit(serve, app, size):
    @app.post("/", max_body=16)
    def handler(request):
        return text(request.body.decode())

    assert serve(app).ask(post("x" * size)) == whole("x" * size)
