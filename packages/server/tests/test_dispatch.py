from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, cast

import pytest

from headrace import Blueprint, Config, Headrace, HTTPResponse, ResponseStream, stream, text
from headrace._dispatch import Dispatch
from headrace._hooks import Hooks
from headrace.exceptions import (
    BadRequest,
    HeadraceException,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    ResponseError,
    ServerError,
)
from headrace.response import StreamingResponse, checked
from headrace_http_parser import Headers, RequestHead
from headrace_routing import Router

if TYPE_CHECKING:
    from headrace._exchange import Exchange

pytestmark = pytest.mark.anyio

Ask = Callable[..., Any]
NO_EXCHANGE = cast("Exchange", None)


@pytest.fixture
def app() -> Headrace:
    return Headrace("test")


def head(method: str = "GET", target: bytes = b"/", **fields: str) -> RequestHead:
    return RequestHead(method, target, "1.1", Headers(fields.items()))


async def call(app: Headrace, *line: Any) -> Any:
    """What the application answers, or raises."""
    dispatch = app.dispatch()
    answer = dispatch.call(dispatch.request(head(*line), NO_EXCHANGE))
    return checked(await answer if isawaitable(answer) else answer)


async def answer(app: Headrace, error: Exception, *line: Any, **settings: Any) -> Any:
    """What the application makes of an exception."""
    dispatch = app.dispatch(Config(**settings))
    return await dispatch.answer(dispatch.request(head(*line), NO_EXCHANGE), error)


def in_hand() -> ResponseStream:
    return ResponseStream(NO_EXCHANGE, 200, None, None)


# Finding the endpoint


def test_a_request_knows_its_route_and_its_parameters(app: Headrace) -> None:
    @app.get("/books/<number:int>")
    def book(request: Any, number: int) -> None: ...

    request = app.dispatch().request(head("GET", b"/books/5?q"), NO_EXCHANGE)
    assert request.app is app
    assert request.endpoint is not None
    assert request.endpoint.handler is book
    assert request.match_info == {"number": 5}
    assert request.refused is None


def test_a_route_of_a_host(app: Headrace) -> None:
    app.get("/", host="a.example")(lambda request: text("a"))
    dispatch = app.dispatch()
    there = dispatch.request(head(host="a.example:80"), NO_EXCHANGE)
    elsewhere = dispatch.request(head(host="b.example"), NO_EXCHANGE)
    absolute = dispatch.request(head(target=b"http://a.example/", host="b.example"), NO_EXCHANGE)
    assert there.endpoint is not None
    assert absolute.endpoint is there.endpoint
    assert isinstance(elsewhere.refused, NotFound)


@pytest.mark.parametrize(
    ("method", "target", "kind", "message"),
    [
        pytest.param("GET", b"/no", NotFound, "Requested URL /no not found", id="path"),
        pytest.param("GET", b"/no?q=1", NotFound, "Requested URL /no not found", id="query"),
        pytest.param(
            "PUT",
            b"/",
            MethodNotAllowed,
            "Method PUT not allowed; allowed: GET, HEAD, OPTIONS",
            id="method",
        ),
        pytest.param(
            "get",
            b"/",
            MethodNotAllowed,
            "Method get not allowed; allowed: GET, HEAD, OPTIONS",
            id="method-in-lower-case",
        ),
    ],
)
async def test_refused(
    app: Headrace, method: str, target: bytes, kind: type[HeadraceException], message: str
) -> None:
    app.get("/")(lambda request: text("x"))
    request = app.dispatch().request(head(method, target), NO_EXCHANGE)
    assert request.endpoint is None
    assert type(request.refused) is kind
    assert request.refused.message == message
    with pytest.raises(kind):
        await call(app, method, target)


PATHS = [
    b"/",
    b"/a",
    b"/a/",
    b"/a/b",
    b"/b/",
    b"/b",
    b"/c",
    b"/c/",
    b"/%61",
    b"/d%20e",
    b"/a?b=c",
    b"//a",
]


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "OPTIONS", "get"])
@pytest.mark.parametrize("target", [*PATHS, b"http://a/a", b"*"])
def test_what_cannot_vary_is_found_as_the_router_does(
    app: Headrace, method: str, target: bytes
) -> None:
    for path in ("/", "/a", "/b/", "/d%20e"):
        app.get(path, name=f"get {path}")(lambda request: text("x"))
    app.post("/a", name="post")(lambda request: text("x"))
    app.put("/<name>", name="put")(lambda request, name: text("x"))
    app.get("/c", name="strict", strict_slashes=True)(lambda request: text("x"))
    dispatch = app.dispatch()
    found = dispatch.request(head(method, target), NO_EXCHANGE)
    assert dispatch._fixed["/a"].keys() == {"GET", "POST"}
    dispatch._fixed = {}
    asked = dispatch.request(head(method, target), NO_EXCHANGE)
    assert found.endpoint is asked.endpoint
    assert found.match_info == asked.match_info
    assert type(found.refused) is type(asked.refused)


def test_nothing_is_fixed_where_hosts_matter(app: Headrace) -> None:
    app.get("/", name="one")(lambda request: text("x"))
    app.get("/", host="b.example", name="other")(lambda request: text("x"))
    dispatch = app.dispatch()
    one, other = (
        dispatch.request(head(Host=host), NO_EXCHANGE).endpoint
        for host in ("a.example", "b.example")
    )
    assert one is not None and other is not None and one is not other


def test_a_broken_escape_where_the_router_tells_it(app: Headrace) -> None:
    router: Router[Any] = Router(bad_path="bad_request")
    dispatch = Dispatch(app, app.config, router, Hooks())
    refused = dispatch.request(head("GET", b"/%zz"), NO_EXCHANGE).refused
    assert type(refused) is BadRequest
    assert refused.message == "Requested URL /%zz has a broken escape"


async def test_options_is_answered_where_other_methods_have_handlers(app: Headrace) -> None:
    app.route("/", methods=["GET", "POST"])(lambda request: text("x"))
    response = await call(app, "OPTIONS")
    assert (response.status, response.body, response.content_type) == (204, b"", None)
    assert response.headers.pairs() == [("allow", "GET, HEAD, OPTIONS, POST")]


async def test_options_of_the_whole_server(app: Headrace) -> None:
    app.route("/a", methods=["GET"])(lambda request: text("x"))
    app.route("/b", methods=["DELETE"])(lambda request: text("x"))
    response = await call(app, "OPTIONS", b"*")
    assert (response.status, response.body) == (204, b"")
    assert response.headers.pairs() == [("allow", "DELETE, GET, HEAD, OPTIONS")]


async def test_an_own_options_handler_wins(app: Headrace) -> None:
    app.get("/")(lambda request: text("x"))
    app.options("/")(lambda request: text("own"))
    assert (await call(app, "OPTIONS")).body == b"own"


async def test_what_the_exchange_refused_is_raised(app: Headrace) -> None:
    called: list[Any] = []
    app.post("/")(called.append)
    dispatch = app.dispatch()
    request = dispatch.request(head("POST"), NO_EXCHANGE)
    request.refused = PayloadTooLarge(5)
    with pytest.raises(PayloadTooLarge):
        await dispatch.call(request)
    assert called == []


# Handlers

RESPONSE = text("x")
STREAM = stream([])


async def coroutine(request: Any) -> HTTPResponse:
    await asyncio.sleep(0)
    return RESPONSE


@pytest.mark.parametrize(
    ("handler", "response"),
    [
        pytest.param(lambda request: RESPONSE, RESPONSE, id="function"),
        pytest.param(coroutine, RESPONSE, id="coroutine"),
        pytest.param(lambda request: coroutine(request), RESPONSE, id="gives-coroutine"),
        pytest.param(lambda request: STREAM, STREAM, id="stream"),
        pytest.param(lambda request: in_hand(), None, id="response-in-hand"),
        pytest.param(lambda request: None, None, id="None"),
    ],
)
@pytest.mark.parametrize("after", [False, True], ids=["alone", "response-middleware"])
async def test_handlers(app: Headrace, handler: Any, response: Any, after: bool) -> None:
    if after:
        app.on_response(lambda request, response: None)
    app.get("/")(handler)
    assert await call(app) is response


async def test_parameters_are_passed_by_name(app: Headrace) -> None:
    app.get("/<a>/<b:int>")(lambda request, b, a: text(f"{a!r} {b!r}"))
    assert (await call(app, "GET", b"/x/5")).body == b"'x' 5"


async def test_an_async_generator_is_streamed(app: Headrace) -> None:
    @app.get("/")
    async def handler(request: Any) -> AsyncIterator[str]:
        yield "a"

    response = await call(app)
    assert isinstance(response, StreamingResponse)
    assert [item async for item in cast("Any", response.producer)] == ["a"]


async def test_what_a_handler_raises_is_passed_on(app: Headrace) -> None:
    def fails(request: Any) -> None:
        raise LookupError("x")

    app.get("/")(fails)
    with pytest.raises(LookupError):
        await call(app)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("text", "str"),
        (b"", "bytes"),
        ({}, "dict"),
        (0, "int"),
        ((RESPONSE, 404), "tuple"),
        (iter("a"), "str_ascii_iterator"),
    ],
    ids=["str", "bytes", "dict", "int", "tuple", "iterator"],
)
def test_no_answer(value: object, kind: str) -> None:
    with pytest.raises(ResponseError) as caught:
        checked(value)
    assert str(caught.value) == (
        f"the handler returned {kind}; return text(…), json(…), stream(…) or another response"
    )


# Middleware


async def test_the_order_around_a_handler(app: Headrace) -> None:
    calls: list[str] = []

    def before(name: str) -> Any:
        return lambda request: calls.append(name)

    def after(name: str) -> Any:
        return lambda request, response: calls.append(name)

    def handler(request: Any) -> HTTPResponse:
        calls.append("handler")
        return RESPONSE

    for name in ("outer", "inner"):
        app.on_request(before(f"{name} request"))
        app.on_response(after(f"{name} response"))
    app.get("/")(handler)
    await call(app)
    assert calls == [
        "outer request",
        "inner request",
        "handler",
        "inner response",
        "outer response",
    ]


async def test_async_middleware_is_awaited(app: Headrace) -> None:
    async def before(request: Any) -> None:
        await asyncio.sleep(0)
        request.ctx.value = "v"

    async def after(request: Any, response: Any) -> None:
        await asyncio.sleep(0)
        response.headers["x-value"] = request.ctx.value

    app.on_request(before)
    app.on_response(after)
    app.get("/")(lambda request: text("x"))
    assert (await call(app)).headers.pairs() == [("x-value", "v")]


async def test_request_middleware_that_answers(app: Headrace) -> None:
    calls: list[str] = []
    app.on_request(lambda request: text("stop", 401))
    app.on_request(lambda request: calls.append("second"))
    app.on_response(lambda request, response: calls.append("response"))
    app.get("/")(lambda request: calls.append("handler"))
    response = await call(app)
    assert (response.status, calls) == (401, ["response"])


async def test_response_middleware_that_replaces(app: Headrace) -> None:
    seen: list[int] = []

    async def replaces(request: Any, response: Any) -> HTTPResponse:
        return text("other", response.status + 1)

    app.on_response(lambda request, response: seen.append(response.status))
    app.on_response(replaces)
    app.get("/")(lambda request: text("x"))
    response = await call(app)
    assert (response.body, seen) == (b"other", [201])


async def test_response_middleware_sees_a_stream_before_it_starts(app: Headrace) -> None:
    def tags(request: Any, response: Any) -> None:
        response.headers["x-tag"] = "t"

    app.on_response(tags)
    app.get("/")(lambda request: stream([]))
    assert (await call(app)).headers["x-tag"] == "t"


@pytest.mark.parametrize("method", ["GET", "PUT"], ids=["not-found", "method-not-allowed"])
async def test_the_apps_middleware_runs_where_no_route_does(app: Headrace, method: str) -> None:
    app.on_request(lambda request: text("maintenance", 503))
    app.post("/here")(lambda request: text("x"))
    path = b"/nowhere" if method == "GET" else b"/here"
    assert (await call(app, method, path)).status == 503


async def test_a_blueprints_middleware_runs_for_its_routes_only(app: Headrace) -> None:
    bp = Blueprint("bp", url_prefix="/bp")
    bp.on_request(lambda request: text("bp"))
    bp.get("/")(lambda request: text("x"))
    app.get("/")(lambda request: text("x"))
    app.blueprint(bp)
    assert (await call(app, "GET", b"/")).body == b"x"
    assert (await call(app, "GET", b"/bp/")).body == b"bp"
    with pytest.raises(NotFound):
        await call(app, "GET", b"/bp/none")


# Errors


async def test_an_exception_with_a_status_is_answered_with_it(
    app: Headrace, caplog: pytest.LogCaptureFixture
) -> None:
    response = await answer(app, HeadraceException("slow down", 429, {"retry-after": "5"}))
    assert (response.status, response.body) == (429, b"slow down\n")
    assert response.headers.pairs() == [("retry-after", "5")]
    assert caplog.records == []


@pytest.mark.parametrize(
    ("error", "body"),
    [
        pytest.param(LookupError("secret"), b"Internal Server Error\n", id="any"),
        pytest.param(ServerError("database down"), b"database down\n", id="ServerError"),
    ],
)
async def test_a_failure_of_the_server_is_logged_with_its_traceback(
    app: Headrace, caplog: pytest.LogCaptureFixture, error: Exception, body: bytes
) -> None:
    response = await answer(app, error, "GET", b"/a?b")
    assert (response.status, response.body) == (500, body)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("headrace", logging.ERROR)
    assert record.getMessage() == "GET /a failed"
    assert record.exc_info is not None
    assert record.exc_info[1] is error


async def test_debug_shows_the_traceback(app: Headrace) -> None:
    response = await answer(app, LookupError("detail"), debug=True)
    assert b"LookupError: detail" in response.body


@pytest.mark.parametrize("kind", ["function", "coroutine"])
async def test_an_error_handler_answers(
    app: Headrace, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    def shows(request: Any, error: Exception) -> HTTPResponse:
        return text(f"{request.path} {error}", 418)

    async def waits(request: Any, error: Exception) -> HTTPResponse:
        return shows(request, error)

    app.exception(LookupError)(shows if kind == "function" else waits)
    response = await answer(app, KeyError(1), "GET", b"/a")
    assert (response.status, response.body) == (418, b"/a 1")
    assert caplog.records == []


async def test_an_error_handler_for_what_no_route_takes(app: Headrace) -> None:
    app.exception(NotFound)(lambda request, error: text("nothing here", 404))
    assert (await answer(app, NotFound(), "GET", b"/none")).body == b"nothing here"


async def test_a_blueprints_error_handler(app: Headrace) -> None:
    bp = Blueprint("bp", url_prefix="/bp")
    bp.exception(KeyError)(lambda request, error: text("bp", 400))
    bp.get("/")(lambda request: text("x"))
    app.get("/")(lambda request: text("x"))
    app.blueprint(bp)
    assert (await answer(app, KeyError(), "GET", b"/bp/")).status == 400
    assert (await answer(app, KeyError(), "GET", b"/")).status == 500


@pytest.mark.parametrize("given", [None, in_hand()], ids=["None", "response-in-hand"])
async def test_an_error_handler_that_took_the_response_in_hand(app: Headrace, given: Any) -> None:
    app.exception(KeyError)(lambda request, error: given)
    assert await answer(app, KeyError()) is None


async def test_an_error_handler_that_gives_no_answer(app: Headrace) -> None:
    app.exception(KeyError)(lambda request, error: "sorry")
    with pytest.raises(ResponseError, match=r"^the handler returned str; "):
        await answer(app, KeyError())


@pytest.mark.parametrize("handled", [False, True], ids=["default", "error-handler"])
async def test_response_middleware_sees_errors_too(app: Headrace, handled: bool) -> None:
    def tags(request: Any, response: Any) -> None:
        response.headers["x-tag"] = "t"

    app.on_response(tags)
    if handled:
        app.exception(KeyError)(lambda request, error: text("handled"))
    assert (await answer(app, KeyError())).headers["x-tag"] == "t"


async def test_response_middleware_that_gives_no_response(app: Headrace) -> None:
    app.on_response(lambda request, response: "oops")
    app.get("/")(lambda request: text("x"))
    with pytest.raises(ResponseError, match=r"^the handler returned str; "):
        await call(app)


async def test_response_middleware_that_takes_the_response_in_hand(app: Headrace) -> None:
    app.on_response(lambda request, response: in_hand())
    app.get("/")(lambda request: text("x"))
    assert await call(app) is None
