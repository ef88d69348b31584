from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from headrace import Headrace, Request
from headrace import request as module
from headrace._drain import Draining
from headrace._stream import RequestStream
from headrace.exceptions import BadRequest
from headrace.request import RequestParameters, split_target
from headrace_http_parser import Headers, RequestHead
from headrace_streams import ByteReceiver, pipe

if TYPE_CHECKING:
    from headrace._exchange import Exchange

pytestmark = pytest.mark.anyio

Make = Callable[..., Request]

FORM = "application/x-www-form-urlencoded"


class FakeExchange:
    """What a request asks of its exchange."""

    def __init__(self) -> None:
        self.peer = ("192.0.2.1", 50000)
        self.intake: Any = None
        self.coupled: Any = None
        self.paused = False
        self.asked = 0
        self.begun: list[Any] = []
        self.draining = Draining()

    def ask_for_body(self) -> None:
        self.asked += 1

    def begin(self, *arguments: Any) -> str:
        self.begun.append(arguments)
        return "the response"


@pytest.fixture
def exchange() -> FakeExchange:
    return FakeExchange()


@pytest.fixture
def make(exchange: FakeExchange) -> Make:
    def make(
        target: bytes = b"/", body: bytes = b"", method: str = "GET", **fields: str
    ) -> Request:
        headers = Headers((name.replace("_", "-"), value) for name, value in fields.items())
        head = RequestHead(method, target, "1.1", headers)
        request = Request(Headrace("test"), head, cast("Exchange", exchange))
        request.body = body
        return request

    return make


# The target


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        pytest.param(b"/", "/", "", id="root"),
        pytest.param(b"/a/b", "/a/b", "", id="path"),
        pytest.param(b"/a?b=c", "/a", "b=c", id="query"),
        pytest.param(b"/a?b?c", "/a", "b?c", id="two-question-marks"),
        pytest.param(b"/a?", "/a", "", id="empty-query"),
        pytest.param(b"/%41%2F?%42", "/%41%2F", "%42", id="undecoded"),
        pytest.param(b"//a/b", "//a/b", "", id="two-slashes"),
        pytest.param(b"/a;b=c", "/a;b=c", "", id="semicolon"),
        pytest.param(b"/?u=http://h/", "/", "u=http://h/", id="url-in-query"),
        pytest.param(b"http://h/p?q", "/p", "q", id="absolute"),
        pytest.param(b"http://h", "/", "", id="absolute-without-path"),
        pytest.param(b"http://h?q", "/", "q", id="absolute-query-only"),
        pytest.param(b"HTTPS://u@h:1/p;q", "/p;q", "", id="absolute-everything"),
        pytest.param(b"http://[::1]:80/p", "/p", "", id="absolute-ipv6"),
        pytest.param(b"*", "*", "", id="asterisk"),
        pytest.param(b"h:443", "h:443", "", id="authority"),
    ],
)
def test_split_target(target: bytes, path: str, query: str) -> None:
    assert split_target(target.decode())[:2] == (path, query)


@pytest.mark.parametrize(
    ("target", "host"),
    [
        (b"http://h/p", "h"),
        (b"http://u@h:81", "h:81"),
        (b"http://[::1]:81?q", "[::1]:81"),
        (b"/p", "field"),
        (b"//h/p", "field"),
        (b"*", "field"),
    ],
)
def test_the_host_of_an_absolute_target_wins_over_the_field(
    make: Make, target: bytes, host: str
) -> None:
    request = make(target, host="field")
    assert request.host == host
    assert request.url.startswith(f"http://{host}")


# What the head says


def test_line(make: Make) -> None:
    request = make(b"/a?b=c", method="POST")
    found = (request.method, request.path, request.query_string, request.version)
    assert found == ("POST", "/a", "b=c", "1.1")


def test_repr(make: Make) -> None:
    assert repr(make(b"/a?b")) == "<Request GET /a>"


def test_headers_ignore_case(make: Make) -> None:
    assert make(x_tag="t").headers["X-Tag"] == "t"


def test_peer(make: Make) -> None:
    request = make()
    assert (request.ip, request.port) == ("192.0.2.1", 50000)


def test_no_peer(make: Make, exchange: FakeExchange) -> None:
    exchange.peer = ("", 0)
    request = make()
    assert (request.ip, request.port) == ("", 0)


@pytest.mark.parametrize(
    ("target", "url"),
    [(b"/a?b=c", "http://h:81/a?b=c"), (b"/a", "http://h:81/a"), (b"/a?", "http://h:81/a")],
    ids=["query", "no-query", "empty-query"],
)
def test_url(make: Make, target: bytes, url: str) -> None:
    assert make(target, host="h:81").url == url


def test_no_host(make: Make) -> None:
    assert make().host == ""


def test_what_is_set_later_is_empty_at_first(make: Make) -> None:
    request = make()
    assert (request.body, request.match_info) == (b"", {})
    assert request.endpoint is None
    assert request.refused is None


def test_ctx_is_one_namespace_per_request(make: Make) -> None:
    request = make()
    request.ctx.user = "u"
    assert request.ctx.user == "u"
    assert not hasattr(make().ctx, "user")


def test_draining_is_the_exchange_s(make: Make) -> None:
    request = make()
    assert request.draining is request._exchange.draining


# Fields


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        pytest.param(b"", {}, id="nothing"),
        pytest.param(b"?a=1&b=2&a=3", {"a": ["1", "3"], "b": ["2"]}, id="repeated"),
        pytest.param(b"?a=&b", {"a": [""], "b": [""]}, id="without-value"),
        pytest.param(b"?%C3%BC=a+b%26", {"ü": ["a b&"]}, id="decoded"),
        pytest.param(b"?a=%FF", {"a": ["\ufffd"]}, id="not-utf-8"),
        pytest.param(b"?a=%zz", {"a": ["%zz"]}, id="broken-escape"),
    ],
)
def test_args(make: Make, query: bytes, fields: dict[str, list[str]]) -> None:
    assert make(b"/" + query).args == fields


def test_args_are_parsed_once(make: Make) -> None:
    request = make(b"/?a=1")
    assert request.args is request.args


@pytest.mark.parametrize(
    ("content_type", "fields"),
    [
        pytest.param(FORM, {"a": ["1", ""]}, id="form"),
        pytest.param(f"{FORM.upper()} ; charset=utf-8", {"a": ["1", ""]}, id="parameter"),
        pytest.param("text/plain", {}, id="other-type"),
        pytest.param(f"{FORM}2", {}, id="longer-type"),
    ],
)
def test_form(make: Make, content_type: str, fields: dict[str, list[str]]) -> None:
    assert make(body=b"a=1&a=", content_type=content_type).form == fields


def test_form_without_a_type(make: Make) -> None:
    assert make(body=b"a=1").form == {}


def test_form_that_is_not_text(make: Make) -> None:
    with pytest.raises(BadRequest, match=r"^the body is not text in utf-8: "):
        assert make(body=b"\xff", content_type=FORM).form


@pytest.fixture
def parameters() -> RequestParameters:
    return RequestParameters({"a": ["1", "2"], "b": [""]})


@pytest.mark.parametrize(
    ("name", "first", "every"), [("a", "1", ["1", "2"]), ("b", "", [""]), ("c", None, None)]
)
def test_parameters(
    parameters: RequestParameters, name: str, first: str | None, every: list[str] | None
) -> None:
    assert parameters.get(name) == first
    assert parameters.getlist(name) == every


def test_parameters_have_defaults(parameters: RequestParameters) -> None:
    assert parameters.get("c", "d") == "d"
    assert parameters.getlist("c", []) == []


def test_parameters_index_lists(parameters: RequestParameters) -> None:
    assert parameters["a"] == ["1", "2"]
    with pytest.raises(KeyError, match="c"):
        parameters["c"]


# The whole body


@pytest.mark.parametrize(
    ("body", "value"),
    [(b'{"a": [1, null]}', {"a": [1, None]}), (b'"\xc3\xbc"', "ü"), (b" 1 ", 1), (b"null", None)],
    ids=["object", "text", "blanks", "null"],
)
def test_json(make: Make, body: bytes, value: object) -> None:
    assert make(body=body).json == value


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"{'a': 1}", b"1 2", b'"\xff"', b"NaN", b"9" * 5000, b"[" * 200000],
    ids=["empty", "cut", "python", "two", "not-utf-8", "nan", "huge-number", "deep"],
)
def test_json_that_is_none_is_the_clients_fault(make: Make, body: bytes) -> None:
    with pytest.raises(BadRequest, match=r"^the body is not valid JSON: ") as caught:
        assert make(body=body).json
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        pytest.param("", b"\xc3\xa9", "é", id="utf-8-by-default"),
        pytest.param("text/plain", b"\xc3\xa9", "é", id="no-charset"),
        pytest.param("text/plain; charset=", b"\xc3\xa9", "é", id="empty-charset"),
        pytest.param("text/plain; charset=latin-1", b"\xe9", "é", id="charset"),
        pytest.param('text/plain;Charset="ISO-8859-1"; x=y', b"\xe9", "é", id="quoted"),
        pytest.param("text/plain; charset=utf-16", b"\xff\xfe\xe9\x00", "é", id="utf-16"),
    ],
)
def test_text(make: Make, content_type: str, body: bytes, text: str) -> None:
    assert make(body=body, content_type=content_type).text == text


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        ("text/plain", "utf-8"),
        ("text/plain; charset=ascii", "ascii"),
        ("text/plain; charset=klingon", "klingon"),
        ("text/plain; charset=rot13", "rot13"),
        ("text/plain; charset=hex", "hex"),
        ("text/plain; charset=undefined", "undefined"),
    ],
)
def test_text_that_is_none_is_the_clients_fault(make: Make, content_type: str, name: str) -> None:
    with pytest.raises(BadRequest) as caught:
        assert make(body=b"\xff\xfe", content_type=content_type).text
    assert caught.value.message.startswith(f"the body is not text in {name}: ")


# The body as a stream


async def test_a_preloaded_body_can_be_read_as_a_stream(make: Make) -> None:
    stream = make(body=b"abc").stream
    assert [await stream.get() for _ in range(3)] == [b"abc", None, None]


async def test_a_preloaded_body_need_not_be_read(make: Make) -> None:
    stream = make(body=b"abc").stream
    assert not stream.at_end
    del stream  # a ResourceWarning would be an error


async def test_no_body_as_a_stream(make: Make) -> None:
    assert await make().stream.get() is None


async def test_a_preloaded_body_may_be_longer_than_a_pipe_holds(make: Make) -> None:
    body = bytes(5 << 20)
    assert await make(body=body).stream.read_all(len(body)) == body


async def test_a_collected_body_has_no_pipe_of_its_own(make: Make, exchange: FakeExchange) -> None:
    exchange.intake = SimpleNamespace(receiver=None)
    assert await make(body=b"abc").stream.get() == b"abc"


async def test_the_stream_of_a_streaming_route(make: Make) -> None:
    sender, receiver = pipe(receiver_type=RequestStream)
    request = make()
    request.receive_through(receiver)
    stream = request.stream
    sender.write(b"one")
    assert await stream.get() == b"one"
    sender.write(b"two")
    sender.close()
    assert [await stream.read(), await stream.read()] == [b"two", None]


async def test_the_stream_is_one_object(make: Make) -> None:
    request = make(body=b"abc")
    assert request.stream is request.stream
    assert isinstance(request.stream, RequestStream)
    request.stream.cancel()


async def test_every_shape_of_reading_is_there(make: Make) -> None:
    stream = make(body=b"line 1\nline 2\nrest").stream
    assert isinstance(stream, ByteReceiver)
    assert await stream.read_exactly(2) == b"li"
    assert await stream.read_until(b"\n") == b"ne 1"
    assert [chunk async for chunk in stream] == [b"line 2\nrest"]


async def test_the_first_read_asks_the_client_to_go_on(make: Make, exchange: FakeExchange) -> None:
    stream = make(body=b"abc").stream
    assert exchange.asked == 0
    await stream.read(1)
    await stream.get()
    await stream.get()
    assert exchange.asked == 1


async def test_reading_waits_for_a_response_above_its_mark(
    make: Make, exchange: FakeExchange
) -> None:
    below = asyncio.Event()
    exchange.coupled = SimpleNamespace(drained=below.wait)
    read = asyncio.create_task(make(body=b"abc").stream.get())
    for _ in range(3):
        await asyncio.sleep(0)
    assert not read.done()
    below.set()
    assert await read == b"abc"


@pytest.mark.parametrize("preload", [True, False])
async def test_reading_waits_whenever_its_exchange_holds_it(
    make: Make, exchange: FakeExchange, preload: bool
) -> None:
    request = make(body=b"abc")
    request.hold()  # nobody reads yet
    if not preload:
        sender, receiver = pipe(receiver_type=RequestStream)
        sender.write(b"abc")
        sender.close()
        request.receive_through(receiver)
    stream = request.stream
    assert await stream.read(1) == b"a"
    below = asyncio.Event()
    exchange.coupled, exchange.paused = SimpleNamespace(drained=below.wait), True
    request.hold()
    read = asyncio.create_task(stream.read(1))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not read.done()
    exchange.coupled, exchange.paused = None, False
    below.set()
    assert await read == b"b"
    exchange.coupled = SimpleNamespace(drained=None)  # nobody asks any more
    assert await stream.read() == b"c"
    assert exchange.asked == 1


async def test_reading_is_looked_at_while_the_wire_is_full(
    make: Make, exchange: FakeExchange
) -> None:
    """The response may begin later, and is above its mark from then on."""
    exchange.paused = True
    stream = make(body=b"abc").stream
    assert await stream.read(1) == b"a"
    below = asyncio.Event()
    exchange.coupled = SimpleNamespace(drained=below.wait)
    read = asyncio.create_task(stream.read(1))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not read.done()
    below.set()
    assert await read == b"b"


async def test_a_failed_source_fails_the_stream_after_what_came(make: Make) -> None:
    sender, receiver = pipe(receiver_type=RequestStream)
    request = make()
    request.receive_through(receiver)
    stream = request.stream
    sender.write(b"one")
    sender.fail(BadRequest("cut"))
    assert await stream.get() == b"one"
    for _ in range(2):
        with pytest.raises(BadRequest, match=r"^cut$"):
            await stream.get()


async def test_cancelling_the_stream_cancels_its_source(make: Make) -> None:
    sender, receiver = pipe(receiver_type=RequestStream)
    request = make()
    request.receive_through(receiver)
    request.stream.cancel(ValueError("enough"))
    with pytest.raises(Exception, match="enough"):
        await sender.write(b"more")


# The response


@pytest.mark.parametrize(
    ("arguments", "begun"),
    [
        pytest.param({}, (200, None, "text/plain; charset=utf-8", (), None), id="defaults"),
        pytest.param(
            {
                "status": 201,
                "headers": {"a": "b"},
                "content_type": None,
                "trailers": ["x-a"],
                "digest": "sha-256",
            },
            (201, {"a": "b"}, None, ["x-a"], "sha-256"),
            id="given",
        ),
    ],
)
async def test_respond_begins(
    make: Make, exchange: FakeExchange, arguments: dict[str, Any], begun: tuple[Any, ...]
) -> None:
    response: object = await make().respond(**arguments)
    assert response == "the response"
    assert exchange.begun == [begun]


def test_slots(make: Make) -> None:
    assert not hasattr(make(), "__dict__")
    assert not hasattr(RequestStream.__new__(RequestStream), "__dict__")


PLAIN = st.text(st.characters(codec="ascii", exclude_characters="%+"))


@given(PLAIN)
@example("a=1&&b&=c&a=2=3&&")
def test_fields_without_escapes_are_what_the_library_makes_of_them(query: str) -> None:
    assert module.parameters(query) == parse_qs(query, keep_blank_values=True)
