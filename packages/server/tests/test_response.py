from __future__ import annotations

import dataclasses
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import msgspec
import pytest

from headrace import (
    ConfigError,
    HTTPResponse,
    ResponseStream,
    empty,
    html,
    json,
    raw,
    redirect,
    stream,
    text,
)
from headrace._outflow import DONE, FIRST_BYTES
from headrace.exceptions import ResponseError
from headrace.response import BaseResponse, StreamingResponse, encoded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Iterator

    from headrace._exchange import Exchange
    from headrace._outflow import Outflow

pytestmark = pytest.mark.anyio

TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"


@pytest.mark.parametrize(
    ("response", "status", "body", "content_type"),
    [
        pytest.param(HTTPResponse(), 200, b"", TEXT, id="HTTPResponse"),
        pytest.param(HTTPResponse(b"\xff", 201), 201, b"\xff", TEXT, id="HTTPResponse-bytes"),
        pytest.param(HTTPResponse("é"), 200, b"\xc3\xa9", TEXT, id="HTTPResponse-str"),
        pytest.param(text("é"), 200, b"\xc3\xa9", TEXT, id="text"),
        pytest.param(text("x", 404), 404, b"x", TEXT, id="text-status"),
        pytest.param(text("a,b", content_type="text/csv"), 200, b"a,b", "text/csv", id="text-csv"),
        pytest.param(html("<p>é"), 200, b"<p>\xc3\xa9", HTML, id="html"),
        pytest.param(html(b"<p>", 500), 500, b"<p>", HTML, id="html-bytes"),
        pytest.param(raw(b"\x00"), 200, b"\x00", "application/octet-stream", id="raw"),
        pytest.param(raw(b"", content_type=None), 200, b"", None, id="raw-untyped"),
        pytest.param(empty(), 204, b"", None, id="empty"),
        pytest.param(empty(304), 304, b"", None, id="empty-status"),
        pytest.param(json({"a": [1, None]}), 200, b'{"a":[1,null]}', "application/json", id="json"),
        pytest.param(json(None, 202), 202, b"null", "application/json", id="json-null"),
        pytest.param(
            json([], content_type="application/problem+json"),
            200,
            b"[]",
            "application/problem+json",
            id="json-typed",
        ),
        pytest.param(redirect("/x"), 302, b"", HTML, id="redirect"),
        pytest.param(redirect("/x", status=308), 308, b"", HTML, id="redirect-status"),
    ],
)
def test_constructors(
    response: HTTPResponse, status: int, body: bytes, content_type: str | None
) -> None:
    found = (response.status, response.body, response.content_type)
    assert found == (status, body, content_type)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda headers: HTTPResponse("", headers=headers), id="HTTPResponse"),
        pytest.param(lambda headers: text("", headers=headers), id="text"),
        pytest.param(lambda headers: html("", headers=headers), id="html"),
        pytest.param(lambda headers: json("", headers=headers), id="json"),
        pytest.param(lambda headers: raw(b"", headers=headers), id="raw"),
        pytest.param(lambda headers: empty(headers=headers), id="empty"),
        pytest.param(lambda headers: stream([], headers=headers), id="stream"),
        pytest.param(lambda headers: redirect("/", headers), id="redirect"),
    ],
)
def test_headers_are_taken_over(make: Any) -> None:
    given = {"X-Tag": "t"}
    response = make(given)
    assert response.headers["x-tag"] == "t"
    response.headers["x-other"] = "o"
    assert given == {"X-Tag": "t"}


@pytest.mark.parametrize("body", [bytearray(b"a"), memoryview(b"a")], ids=["array", "view"])
def test_a_body_is_taken_over(body: Any) -> None:
    assert type(raw(body).body) is bytes
    assert raw(body).body == b"a"


@pytest.mark.parametrize(
    ("body", "kind"), [(None, "NoneType"), (5, "int"), ({}, "dict"), ([b"a"], "list")]
)
def test_a_body_of_another_type(body: Any, kind: str) -> None:
    with pytest.raises(TypeError, match=f"^a body is str or bytes, not {kind}; only write"):
        text(body)


@dataclasses.dataclass
class Point:
    x: int
    at: date


def test_json_takes_what_msgspec_encodes() -> None:
    assert json(Point(1, date(2024, 2, 29))).body == b'{"x":1,"at":"2024-02-29"}'


def test_json_passes_options_on() -> None:
    assert json({"b": 1, "a": 1j}, enc_hook=str, order="sorted").body == b'{"a":"1j","b":1}'


@pytest.mark.parametrize("body", [object(), {"a": {1j}}], ids=["object", "nested"])
def test_json_refuses_what_it_cannot_express(body: object) -> None:
    with pytest.raises(TypeError):
        json(body)


def test_json_as_bytes_that_msgspec_made() -> None:
    assert json(msgspec.Raw(b'{"ready":true}')).body == b'{"ready":true}'


@pytest.mark.parametrize(
    ("to", "location"),
    [
        pytest.param("/a/b?c=d&e#f", "/a/b?c=d&e#f", id="relative"),
        pytest.param("http://u@h:1/p;q", "http://u@h:1/p;q", id="absolute"),
        pytest.param("http://[::1]/", "http://[::1]/", id="ipv6"),
        pytest.param("/a b", "/a%20b", id="space"),
        pytest.param("/ü", "/%C3%BC", id="not-ascii"),
        pytest.param("/a%20b", "/a%20b", id="encoded-already"),
        pytest.param("/a\r\nset-cookie: x", "/a%0D%0Aset-cookie:%20x", id="header-injection"),
        pytest.param('/"<>\\^`{|}', "/%22%3C%3E%5C%5E%60%7B%7C%7D", id="not-in-a-url"),
    ],
)
def test_redirect_quotes(to: str, location: str) -> None:
    assert redirect(to).headers.pairs() == [("Location", location)]


def test_redirect_replaces_a_location_among_the_headers() -> None:
    assert redirect("/new", {"location": "/old"}).headers.pairs() == [("Location", "/new")]


# What is sent, and how.


class Text(str):
    __slots__ = ()


class Blob(bytes):
    pass


@pytest.mark.parametrize("coerce", [True, False], ids=["write", "send"])
@pytest.mark.parametrize(
    ("data", "sent"),
    [
        pytest.param(b"a", b"a", id="bytes"),
        pytest.param(b"", b"", id="empty"),
        pytest.param(Blob(b"a"), b"a", id="bytes-subclass"),
        pytest.param("é", b"\xc3\xa9", id="str"),
        pytest.param("", b"", id="empty-str"),
        pytest.param(Text("a"), b"a", id="str-subclass"),
        pytest.param(bytearray(b"a"), b"a", id="bytearray"),
        pytest.param(memoryview(b"abc")[1:], b"bc", id="memoryview"),
        pytest.param(memoryview(b"abcd")[::2], b"ac", id="strided"),
        pytest.param(memoryview(b"\x01\x00\x02\x00").cast("H"), b"\x01\x00\x02\x00", id="shorts"),
    ],
)
def test_encoded(data: object, coerce: bool, sent: bytes) -> None:
    found = encoded(data, coerce=coerce)
    assert isinstance(found, bytes)
    assert found == sent


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        pytest.param(0, b"0", id="zero"),
        pytest.param(1.5, b"1.5", id="float"),
        pytest.param(None, b"None", id="None"),
        pytest.param(False, b"False", id="bool"),
        pytest.param(["é"], b"['\xc3\xa9']", id="list"),
    ],
)
def test_write_takes_anything(data: object, sent: bytes) -> None:
    assert encoded(data, coerce=True) == sent


@pytest.mark.parametrize(
    ("data", "kind"), [(0, "int"), (None, "NoneType"), (["a"], "list")], ids=["int", "None", "list"]
)
def test_send_refuses_what_is_neither_text_nor_bytes(data: object, kind: str) -> None:
    with pytest.raises(TypeError) as caught:
        encoded(data, coerce=False)
    assert str(caught.value) == f"a body is str or bytes, not {kind}; only write() takes anything"


@pytest.mark.parametrize("view", [False, True], ids=["bytearray", "memoryview"])
def test_what_its_owner_could_change_is_copied(view: bool) -> None:
    owner = bytearray(b"before")
    found = encoded(memoryview(owner) if view else owner, coerce=True)
    owner[:] = b"after!"
    assert found == b"before"


def test_bytes_are_not_copied() -> None:
    data = b"a long body"
    assert encoded(data, coerce=True) is data


# stream()


async def write_nothing(response: ResponseStream) -> None:
    """A producer."""


async def items() -> AsyncIterator[str]:
    yield "a"


def rows() -> Iterator[str]:
    yield "a"


class Callback:
    async def __call__(self, response: ResponseStream) -> None: ...


@pytest.mark.parametrize(
    "producer",
    [
        pytest.param(write_nothing, id="coroutine-function"),
        pytest.param(Callback(), id="callable-object"),
        pytest.param(items(), id="async-generator"),
        pytest.param(rows(), id="generator"),
        pytest.param(["a", "b"], id="list"),
        pytest.param((), id="empty-tuple"),
    ],
)
def test_stream_keeps_its_producer_for_later(producer: Any) -> None:
    response = stream(producer)
    assert isinstance(response, StreamingResponse)
    assert response.producer is producer


def test_stream_has_the_defaults_of_2017() -> None:
    response = stream(write_nothing)
    found = (response.status, response.headers.pairs(), response.content_type)
    assert found == (200, [], TEXT)


def test_stream_takes_what_a_response_takes() -> None:
    response = stream(write_nothing, 206, {"X-Tag": "t"}, "text/csv")
    assert (response.status, response.content_type) == (206, "text/csv")
    assert response.headers["x-tag"] == "t"


@pytest.mark.parametrize(
    ("producer", "kind"),
    [
        pytest.param("text", "str", id="str"),
        pytest.param(b"bytes", "bytes", id="bytes"),
        pytest.param(None, "NoneType", id="None"),
        pytest.param(5, "int", id="int"),
        pytest.param(bytearray(b"x"), "bytearray", id="bytearray"),
        pytest.param(memoryview(b"x"), "memoryview", id="memoryview"),
    ],
)
def test_stream_refuses(producer: Any, kind: str) -> None:
    with pytest.raises(ConfigError) as caught:
        stream(producer)
    assert str(caught.value) == (
        "stream() takes an async function of the response, an async iterable or an iterable, "
        f"not {kind}"
    )


def test_stream_refuses_a_coroutine_that_was_called_already() -> None:
    called: Any = write_nothing(cast("ResponseStream", None))
    with pytest.raises(ConfigError, match=r"not coroutine$"):
        stream(called)
    called.close()


# The stream that a handler writes


class FakeExchange:
    """Notes what is asked of it, in order."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    def write(self, data: bytes) -> Awaitable[None]:
        self.asked.append(data)

        async def taken() -> None:
            self.asked.append("waited")

        return taken()

    def flush(self) -> None:
        self.asked.append("flush")

    def end(self, trailers: Any = ()) -> None:
        self.asked.append(("end", *trailers) if trailers else "end")

    def break_off(self) -> None:
        self.asked.append("break off")


@pytest.fixture
def exchange() -> FakeExchange:
    return FakeExchange()


@pytest.fixture
def response(exchange: FakeExchange) -> ResponseStream:
    return ResponseStream(cast("Exchange", exchange), 200, None, TEXT)


@pytest.mark.parametrize(
    ("data", "sent"),
    [(b"a", b"a"), ("a", b"a"), (0, b"0"), (bytearray(b"a"), b"a"), (b"", b"")],
    ids=["bytes", "str", "int", "bytearray", "empty"],
)
async def test_write_enqueues_before_it_is_awaited(
    response: ResponseStream, exchange: FakeExchange, data: object, sent: bytes
) -> None:
    waits = response.write(data)
    assert exchange.asked == [sent]
    await waits
    assert exchange.asked == [sent, "waited"]


async def test_send_enqueues_before_it_is_awaited(
    response: ResponseStream, exchange: FakeExchange
) -> None:
    waits = response.send("a")
    assert exchange.asked == [b"a"]
    await waits


async def test_send_ends_the_stream_after_its_data(
    response: ResponseStream, exchange: FakeExchange
) -> None:
    await response.send("a", end_stream=True)
    assert exchange.asked == [b"a", "end", "waited"]


async def test_send_can_end_without_data(response: ResponseStream, exchange: FakeExchange) -> None:
    await response.send(end_stream=True)
    assert exchange.asked == [b"", "end", "waited"]


def test_send_refuses_before_it_enqueues(response: ResponseStream, exchange: FakeExchange) -> None:
    data: Any = 1
    with pytest.raises(TypeError):
        response.send(data, end_stream=True)
    assert exchange.asked == []


async def test_flush_sends_and_then_waits(response: ResponseStream, exchange: FakeExchange) -> None:
    await response.flush()
    assert exchange.asked == ["flush", b"", "waited"]


async def test_eof_ends(response: ResponseStream, exchange: FakeExchange) -> None:
    await response.eof()
    assert exchange.asked == ["end"]


async def test_leaving_the_block_ends(response: ResponseStream, exchange: FakeExchange) -> None:
    async with response as entered:
        assert entered is response
        assert exchange.asked == []
    assert exchange.asked == ["end"]


class FakeOutflow:
    """Takes small pieces up to a number of them, and first ones while it is idle."""

    def __init__(self, limit: int, *, idle: bool = False) -> None:
        self.limit = limit
        self.idle = idle
        self.pieces: list[bytes] = []

    def first(self, data: bytes) -> Awaitable[None]:
        self.pieces.append(data)
        return DONE


@pytest.fixture
def outflow(response: ResponseStream) -> FakeOutflow:
    fake = FakeOutflow(2)
    response.carry(cast("Outflow", fake))
    return fake


@pytest.mark.parametrize("method", ["write", "send"])
async def test_small_bytes_are_appended_up_to_a_limit(
    response: ResponseStream, exchange: FakeExchange, outflow: FakeOutflow, method: str
) -> None:
    write = getattr(response, method)
    assert write(b"x" * 256) is write(b"b") is DONE
    await write(b"c")
    assert (outflow.pieces, exchange.asked) == ([b"x" * 256, b"b"], [b"c", "waited"])


@pytest.mark.parametrize("method", ["write", "send"])
@pytest.mark.parametrize(
    ("data", "sent"),
    [("a", b"a"), (bytearray(b"a"), b"a"), (memoryview(b"a"), b"a"), (b"x" * 257, b"x" * 257)],
    ids=["str", "bytearray", "memoryview", "large"],
)
async def test_nothing_else_is_appended(
    response: ResponseStream,
    exchange: FakeExchange,
    outflow: FakeOutflow,
    method: str,
    data: Any,
    sent: bytes,
) -> None:
    await getattr(response, method)(data)
    assert (outflow.pieces, exchange.asked) == ([], [sent, "waited"])


async def test_what_ends_the_stream_is_not_appended(
    response: ResponseStream, exchange: FakeExchange, outflow: FakeOutflow
) -> None:
    await response.send(b"a", end_stream=True)
    assert (outflow.pieces, exchange.asked) == ([], [b"a", "end", "waited"])


@pytest.mark.parametrize("method", ["write", "send"])
@pytest.mark.parametrize(
    ("data", "first"),
    [
        (b"a", True),
        (b"x" * (FIRST_BYTES - 1), True),
        (b"x" * FIRST_BYTES, False),
        (b"", False),
        (bytearray(b"a"), False),
        ("a", False),
    ],
    ids=["one", "most", "more", "none", "bytearray", "str"],
)
async def test_an_idle_response_takes_some_bytes_as_the_first(
    response: ResponseStream, exchange: FakeExchange, method: str, data: Any, first: bool
) -> None:
    outflow = FakeOutflow(0, idle=True)
    response.carry(cast("Outflow", outflow))
    await getattr(response, method)(data)
    assert outflow.pieces == ([data] if first else [])
    sent = data.encode() if isinstance(data, str) else data
    assert exchange.asked == ([] if first else [sent, "waited"])


async def test_what_ends_the_stream_is_not_the_first_of_anything(
    response: ResponseStream, exchange: FakeExchange
) -> None:
    outflow = FakeOutflow(0, idle=True)
    response.carry(cast("Outflow", outflow))
    await response.send(b"a", end_stream=True)
    assert (outflow.pieces, exchange.asked) == ([], [b"a", "end", "waited"])


async def test_a_response_that_was_taken_back_refuses_small_bytes(
    response: ResponseStream, outflow: FakeOutflow
) -> None:
    response.retract()
    with pytest.raises(ResponseError, match="another one was begun"):
        response.send(b"a")
    assert outflow.pieces == []


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
async def test_leaving_the_block_by_an_exception_cuts(
    response: ResponseStream, exchange: FakeExchange, error: type[BaseException]
) -> None:
    with pytest.raises(error):
        async with response:
            raise error
    assert exchange.asked == ["break off"]


@pytest.mark.parametrize("kind", [BaseResponse, HTTPResponse, StreamingResponse, ResponseStream])
def test_slots(kind: type[BaseResponse]) -> None:
    assert not hasattr(kind.__new__(kind), "__dict__")


def _numbers():
    yield 1


async def _letters():
    yield "a"


@pytest.mark.parametrize(
    ("function", "name"),
    [
        pytest.param(_numbers, "_numbers", id="plain"),
        pytest.param(_letters, "_letters", id="async"),
    ],
)
def test_stream_takes_a_generator_and_not_its_function(function, name):
    with pytest.raises(ConfigError) as caught:
        stream(function)
    assert str(caught.value) == f"stream() takes the generator, not its function: stream({name}(…))"


def test_headers_are_replaced_by_what_is_assigned() -> None:
    response = text("x", headers={"a": "1"})
    assert response.has_headers
    response.headers = {"b": "2"}
    assert response.headers.pairs() == [("b", "2")]
    assert not text("x").has_headers
