"""Routes, response helpers, middleware, listeners and the request, as seen from the wire."""

import asyncio
import json as json_module
from datetime import date

import pytest

from headrace import Blueprint, Config, Headrace, HeadraceException, Server
from headrace.exceptions import Forbidden, NotFound, ServerError, abort
from headrace.response import HTTPResponse, empty, html, json, raw, redirect, stream, text


@pytest.fixture
def app():
    return Headrace("application")


def get(path="/", *fields, method="GET"):
    lines = [f"{method} {path} HTTP/1.1", "Host: a", "Connection: close", *fields, "", ""]
    return "\r\n".join(lines).encode()


def post(body, *fields, path="/", method="POST"):
    return get(path, *fields, f"Content-Length: {len(body)}", method=method) + body


def whole(body, status="200 OK", *fields):
    head = "".join(f"{field}\r\n" for field in ("content-type: text/plain; charset=utf-8", *fields))
    size = len(body)
    return (
        f"HTTP/1.1 {status}\r\n{head}content-length: {size}\r\nconnection: close\r\n\r\n{body}"
    ).encode()


# Response helpers.

HELPERS = {
    "text": (
        lambda: text("né"),
        "200 OK|content-type: text/plain; charset=utf-8|content-length: 3|né",
    ),
    "text with everything": (
        lambda: text("a", 201, {"X-One": "1"}, "text/csv"),
        "201 Created|content-type: text/csv|X-One: 1|content-length: 1|a",
    ),
    "text, empty": (
        lambda: text(""),
        "200 OK|content-type: text/plain; charset=utf-8|content-length: 0|",
    ),
    "json": (
        lambda: json({"a": [1, 2.5, None, True, "é"], "d": date(2020, 1, 2)}),
        "200 OK|content-type: application/json|content-length: 45|"
        '{"a":[1,2.5,null,true,"é"],"d":"2020-01-02"}',
    ),
    "json with everything": (
        lambda: json([], 404, {"X-One": "1"}, "application/problem+json"),
        "404 Not Found|content-type: application/problem+json|X-One: 1|content-length: 2|[]",
    ),
    "html": (
        lambda: html("<p>né"),
        "200 OK|content-type: text/html; charset=utf-8|content-length: 6|<p>né",
    ),
    "html of bytes": (
        lambda: html(b"<p>"),
        "200 OK|content-type: text/html; charset=utf-8|content-length: 3|<p>",
    ),
    "raw": (
        lambda: raw(b"\x00\x7f"),
        "200 OK|content-type: application/octet-stream|content-length: 2|\x00\x7f",
    ),
    "empty": (lambda: empty(), "204 No Content|"),
    "empty 200": (lambda: empty(200), "200 OK|content-length: 0|"),
    "empty 304": (lambda: empty(304, {"ETag": '"x"'}), '304 Not Modified|ETag: "x"|'),
    "redirect": (
        lambda: redirect("/a b?x=é"),
        "302 Found|content-type: text/html; charset=utf-8|"
        "Location: /a%20b?x=%C3%A9|content-length: 0|",
    ),
    "redirect for good": (
        lambda: redirect("https://example.org/", status=308),
        "308 Permanent Redirect|content-type: text/html; charset=utf-8|"
        "Location: https://example.org/|content-length: 0|",
    ),
    "own content type wins": (
        lambda: text("a", headers={"Content-Type": "text/csv"}),
        "200 OK|Content-Type: text/csv|content-length: 1|a",
    ),
    "no content type": (
        lambda: HTTPResponse("a", content_type=None),
        "200 OK|content-length: 1|a",
    ),
    "a field twice": (
        lambda: text("a", headers=[("Link", "<1>"), ("Link", "<2>")]),
        "200 OK|content-type: text/plain; charset=utf-8|Link: <1>|Link: <2>|content-length: 1|a",
    ),
}


@pytest.mark.parametrize(("make", "expected"), HELPERS.values(), ids=HELPERS)
def test_a_helper_is_these_bytes(serve, app, make, expected):
    @app.get("/")
    def handler(request):
        return make()

    *head, body = expected.split("|")
    lines = "".join(f"{line}\r\n" for line in (*head, "connection: close", ""))
    assert serve(app).ask(get()) == b"HTTP/1.1 " + (lines + body).encode()


# Methods.

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@pytest.mark.parametrize("method", METHODS)
def test_a_decorator_per_method(serve, app, method):
    @getattr(app, method.lower())("/")
    async def handler(request):
        return text(f"it was {request.method}")

    assert serve(app).ask(get(method=method)) == whole(f"it was {method}")


def test_a_route_for_several_methods(serve, app):
    @app.route("/", methods=["GET", "post"])
    async def handler(request):
        return text(f"it was {request.method}")

    running = serve(app)
    assert running.ask(get(method="GET")) == whole("it was GET")
    assert running.ask(get(method="POST")) == whole("it was POST")
    assert b"\r\nallow: GET, HEAD, OPTIONS, POST\r\n" in running.ask(get(method="PUT"))


HEADS = {
    "finished": (lambda: text("hello"), b"content-length: 5\r\n"),
    "streamed": (lambda: stream(["hello"]), b""),
}


@pytest.mark.parametrize(("make", "framing"), HEADS.values(), ids=HEADS)
def test_head_of_a_get_route_is_its_head_alone(serve, app, make, framing):
    @app.get("/")
    async def handler(request):
        return make()

    running = serve(app)
    expected = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\n" + framing
    assert running.ask(get(method="HEAD")) == expected + b"connection: close\r\n\r\n"
    with running.connect() as client:  # nothing of the body stands before the next response
        client.send(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + get("/nowhere"))
        client.read_to(b"\r\n\r\n")
        assert client.read_all().startswith(b"HTTP/1.1 404 Not Found\r\n")


def test_head_of_a_response_that_is_written(serve, app):
    @app.get("/")
    async def handler(request):
        response = await request.respond()
        await response.write("hello")
        await response.send("again")
        await response.flush()
        await response.eof()

    received = serve(app).ask(get(method="HEAD"))
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"\r\n\r\n")
    assert received.count(b"\r\n\r\n") == 1


def test_an_own_head_handler_comes_first(serve, app):
    @app.get("/")
    async def handler(request):
        return text("hello")

    @app.head("/")
    async def other(request):
        return text("", headers={"X-Own": "yes"})

    assert b"\r\nX-Own: yes\r\n" in serve(app).ask(get(method="HEAD"))


def test_options_of_a_known_path(serve, app):
    @app.route("/", methods=["GET", "PUT"])
    async def handler(request):
        return text("hello")

    running = serve(app)
    assert running.ask(get(method="OPTIONS")) == (
        b"HTTP/1.1 204 No Content\r\nallow: GET, HEAD, OPTIONS, PUT\r\nconnection: close\r\n\r\n"
    )
    assert running.ask(get("/nowhere", method="OPTIONS")).startswith(b"HTTP/1.1 404 ")


# Paths.

PATHS = {
    "text": ("/users/<name>", "/users/ann", "{'name': 'ann'}"),
    "decoded": ("/users/<name>", "/users/%C3%A9%2Fx", "{'name': 'é/x'}"),
    "integer": ("/users/<id:int>", "/users/42", "{'id': 42}"),
    "two": ("/a/<b>/c/<d:int>", "/a/x/c/7", "{'b': 'x', 'd': 7}"),
    "final slash": ("/users", "/users/", "{}"),
    "query": ("/users", "/users?name=ann", "{}"),
    "absolute form": ("/users", "http://a/users?x", "{}"),
}


@pytest.mark.parametrize(("pattern", "path", "params"), PATHS.values(), ids=PATHS)
def test_a_path_gives_its_parameters_by_name(serve, app, pattern, path, params):
    @app.get(pattern)
    async def handler(request, **found):
        assert found == request.match_info
        return text(ascii(found))

    expected = params.encode("unicode-escape").decode()
    assert serve(app).ask(get(path)) == whole(expected)


def test_a_blueprint_with_a_prefix_takes_definitions_after_it_was_registered(serve, app):
    bp = Blueprint("shop", url_prefix="/shop")
    app.blueprint(bp)

    @bp.get("/<item>")
    async def item(request, item):
        return text(f"{item} of the shop")

    @bp.post("/", stream=True)
    async def order(request):
        return text(f"{await request.stream.get()!r}")

    running = serve(app)
    assert running.ask(get("/shop/lamp")) == whole("lamp of the shop")
    assert running.ask(post(b"x", path="/shop/")) == whole("b'x'")
    assert running.ask(get("/lamp")).startswith(b"HTTP/1.1 404 ")


def test_a_prefix_can_be_given_where_a_blueprint_is_registered(serve, app):
    bp = Blueprint("shop", url_prefix="/shop")

    @bp.get("/item")
    async def item(request):
        return text("item")

    app.blueprint(bp, url_prefix="/market")
    running = serve(app)
    assert running.ask(get("/market/item")) == whole("item")
    assert running.ask(get("/shop/item")).startswith(b"HTTP/1.1 404 ")


# The request.

SEEN = {
    "method": (get(), lambda r: r.method, "GET"),
    "path": (get("/a%20b?c=d"), lambda r: r.path, "/a%20b"),
    "query_string": (get("/?a=1&b"), lambda r: r.query_string, "a=1&b"),
    "args, first": (get("/?a=1&a=2"), lambda r: r.args.get("a"), "1"),
    "args, all": (get("/?a=1&a=%C3%A9"), lambda r: r.args["a"], ["1", "é"]),
    "args, blank": (get("/?a&b="), lambda r: dict(r.args), {"a": [""], "b": [""]}),
    "args, none": (get(), lambda r: dict(r.args), {}),
    "args, default": (get(), lambda r: r.args.get("a", 7), 7),
    "args, getlist": (get("/?a=1&a=2"), lambda r: r.args.getlist("a"), ["1", "2"]),
    "body": (post(b"\x00\xff"), lambda r: list(r.body), [0, 255]),
    "json": (post(b'{"a": [1, null]}'), lambda r: r.json, {"a": [1, None]}),
    "text": (post("é".encode()), lambda r: r.text, "é"),
    "text, charset": (
        post(b"\xe9", "Content-Type: text/plain; charset=latin-1"),
        lambda r: r.text,
        "é",
    ),
    "form": (
        post(b"a=1&a=2&b=%20", "Content-Type: application/x-www-form-urlencoded"),
        lambda r: dict(r.form),
        {"a": ["1", "2"], "b": [" "]},
    ),
    "form of another type": (post(b"a=1"), lambda r: dict(r.form), {}),
    "headers": (get("/", "X-Thing: One"), lambda r: r.headers.get("x-thing"), "One"),
    "headers, any case": (get("/", "x-thing: One"), lambda r: r.headers["X-THING"], "One"),
    "headers, absent": (get(), lambda r: r.headers.get("x-thing"), None),
    "ip": (get(), lambda r: r.ip, "127.0.0.1"),
    "port": (get(), lambda r: 0 < r.port < 65536, True),
    "host": (get(), lambda r: r.host, "a"),
    "version": (get(), lambda r: r.version, "1.1"),
    "url": (get("/x?y"), lambda r: r.url, "http://a/x?y"),
}


@pytest.mark.parametrize(("request_", "look", "expected"), SEEN.values(), ids=SEEN)
def test_a_request_shows(serve, app, request_, look, expected):
    async def handler(request, rest=""):
        return json(look(request))

    app.add_route(handler, "/", methods=["GET", "POST"])
    app.add_route(handler, "/<rest>", methods=["GET"])
    received = serve(app).ask(request_)
    assert json_module.loads(received.partition(b"\r\n\r\n")[2]) == expected


CLIENT_ERRORS = {
    "json": (post(b"{"), lambda r: r.json),
    "text": (post(b"\xff"), lambda r: r.text),
    "charset": (post(b"a", "Content-Type: text/plain; charset=nonsense"), lambda r: r.text),
    "form": (post(b"\xff", "Content-Type: application/x-www-form-urlencoded"), lambda r: r.form),
}


@pytest.mark.parametrize(("request_", "look"), CLIENT_ERRORS.values(), ids=CLIENT_ERRORS)
def test_a_body_that_is_not_what_it_says_is_a_400(serve, app, log, request_, look):
    @app.post("/")
    async def handler(request):
        return text(str(look(request)))

    assert serve(app).ask(request_).startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert not log.failures


# Middleware.


def test_middleware_runs_around_a_handler_in_order(serve, app):
    order = []

    @app.middleware
    def first(request):
        order.append("first")
        request.ctx.name = "ann"

    @app.middleware("request")
    async def second(request):
        order.append("second")

    @app.middleware("response")
    async def outer(request, response):
        order.append("outer")
        response.headers["X-Name"] = request.ctx.name

    @app.on_response
    def inner(request, response):
        order.append("inner")

    @app.get("/")
    async def handler(request):
        order.append("handler")
        return text(request.ctx.name)

    assert serve(app).ask(get()) == whole("ann", "200 OK", "X-Name: ann")
    assert order == ["first", "second", "handler", "inner", "outer"]


def test_request_middleware_may_answer_itself(serve, app):
    @app.middleware("request")
    async def guard(request):
        if "x-key" not in request.headers:
            return text("no", 403)
        return None

    @app.get("/")
    async def handler(request):
        return text("yes")

    running = serve(app)
    assert running.ask(get()) == whole("no", "403 Forbidden")
    assert running.ask(get("/", "X-Key: 1")) == whole("yes")
    assert running.ask(get("/nowhere")) == whole("no", "403 Forbidden")


def test_response_middleware_may_replace_and_sees_errors_too(serve, app):
    @app.middleware("response")
    async def stamp(request, response):
        return text(f"was {response.status}", response.status)

    @app.get("/")
    async def handler(request):
        return text("yes")

    running = serve(app)
    assert running.ask(get()) == whole("was 200")
    assert running.ask(get("/nowhere")) == whole("was 404", "404 Not Found")


def test_middleware_of_a_blueprint_is_for_its_routes_alone(serve, app):
    bp = Blueprint("shop", url_prefix="/shop")

    @bp.middleware("response")
    async def stamp(request, response):
        response.headers["X-Shop"] = "yes"

    @bp.get("/")
    @app.get("/")
    async def handler(request):
        return text("hello")

    app.blueprint(bp)
    running = serve(app)
    assert running.ask(get("/shop/")) == whole("hello", "200 OK", "X-Shop: yes")
    assert running.ask(get("/")) == whole("hello")


def test_response_middleware_sees_a_stream_before_its_head_is_out(serve, app):
    @app.middleware("response")
    async def stamp(request, response):
        response.headers["X-Stamp"] = "1"

    @app.get("/")
    async def handler(request):
        return stream(["a"])

    assert b"\r\nX-Stamp: 1\r\n" in serve(app).ask(get())


# Exceptions.


def failing(error):
    async def handler(request):
        raise error

    return handler


class Missing(KeyError):
    pass


def test_an_exception_handler_answers_its_class_and_what_derives_from_it(serve, app, log):
    @app.exception(LookupError, NotFound)
    async def lookup(request, error):
        return text(f"{type(error).__name__} at {request.path}", 404)

    @app.exception(KeyError)
    def key(request, error):
        return text("narrower", 410)

    app.add_route(failing(IndexError()), "/index")
    app.add_route(failing(Missing()), "/key")
    running = serve(app)
    assert running.ask(get("/index")) == whole("IndexError at /index", "404 Not Found")
    assert running.ask(get("/key")) == whole("narrower", "410 Gone")
    assert running.ask(get("/x")) == whole("NotFound at /x", "404 Not Found")
    assert not log.failures  # they were answered: nothing failed


def test_an_exception_handler_of_a_blueprint_is_for_its_routes_alone(serve, app):
    bp = Blueprint("shop", url_prefix="/shop")

    @bp.exception(Forbidden)
    async def own(request, error):
        return text("the shop is closed", 403)

    bp.add_route(failing(Forbidden()), "/")
    app.add_route(failing(Forbidden("no entry")), "/")
    app.blueprint(bp)
    running = serve(app)
    assert running.ask(get("/shop/")) == whole("the shop is closed", "403 Forbidden")
    assert running.ask(get("/")) == whole("no entry\n", "403 Forbidden")


def test_an_exception_handler_that_fails_is_a_500(serve, app, log):
    @app.exception(KeyError)
    async def handler(request, error):
        raise ValueError("secret")

    app.add_route(failing(KeyError("x")), "/")
    received = serve(app).ask(get())
    assert received.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"secret" not in received
    assert [type(error) for error in log.tracebacks()] == [ValueError]


RAISED = {
    "status of the class": (Forbidden(), "403 Forbidden", "Forbidden\n"),
    "own message": (NotFound("no such lamp"), "404 Not Found", "no such lamp\n"),
    "own status": (HeadraceException("too hot", 418), "418 I'm a Teapot", "too hot\n"),
    "a 500 of one's own": (
        ServerError("we are sorry"),
        "500 Internal Server Error",
        "we are sorry\n",
    ),
}


@pytest.mark.parametrize(("error", "status", "body"), RAISED.values(), ids=RAISED)
def test_an_exception_with_a_status_is_answered_with_it(serve, app, error, status, body):
    app.add_route(failing(error), "/")
    assert serve(app).ask(get()) == whole(body, status)


def test_an_exception_brings_its_headers(serve, app):
    app.add_route(failing(HeadraceException("wait", 429, {"Retry-After": "7"})), "/")
    received = serve(app).ask(get())
    assert received == whole("wait\n", "429 Too Many Requests", "retry-after: 7").replace(
        b"retry-after", b"Retry-After"
    )


def test_abort_answers_with_its_status(serve, app, log):
    @app.get("/")
    def handler(request):
        abort(401, "who are you?")

    assert serve(app).ask(get()) == whole("who are you?\n", "401 Unauthorized")
    assert not log.failures


# Listeners.

EVENTS = ["before_server_start", "after_server_start", "before_server_stop", "after_server_stop"]


def test_listeners_run_around_the_server_with_app_and_loop_or_app_alone(serve, app):
    calls = []

    def listen(event):
        @app.listener(event)
        def with_loop(app, loop):
            calls.append((event, app.name, hasattr(loop, "run_forever")))

        @app.listener(event)
        async def alone(app):
            calls.append((event, app.name))

    for event in EVENTS:
        listen(event)

    @app.get("/")
    async def handler(request):
        calls.append("request")
        return text("")

    running = serve(app)
    running.ask(get())
    running.stop()
    name = "application"
    assert calls == [
        ("before_server_start", name, True),
        ("before_server_start", name),
        ("after_server_start", name, True),
        ("after_server_start", name),
        "request",
        ("before_server_stop", name),
        ("before_server_stop", name, True),
        ("after_server_stop", name),
        ("after_server_stop", name, True),
    ]


def test_a_blueprint_has_listeners_and_a_start_listener_may_declare_routes(serve, app):
    bp = Blueprint("late")

    @bp.listener("before_server_start")
    async def declare(app):
        @app.get("/late")
        async def late(request):
            return text("in time")

    app.blueprint(bp)
    assert serve(app).ask(get("/late")) == whole("in time")


def test_a_start_listener_that_fails_keeps_the_server_from_starting(app):
    @app.listener("before_server_start")
    async def fail(app):
        raise RuntimeError("no database")

    async def start():
        async with Server(app, Config(port=0)):
            raise AssertionError("it started")

    with pytest.raises(RuntimeError, match="no database"):
        asyncio.run(start())


def test_a_start_listener_that_fails_closes_the_port(app):
    @app.listener("after_server_start")
    async def fail(app):
        raise RuntimeError("no database")

    async def start():
        server = Server(app, Config(port=0))
        try:
            with pytest.raises(RuntimeError, match="no database"):
                await server.start()
            assert server._listener is None or not server._listener.is_serving()
        finally:
            if server._listener is not None:
                server._listener.close()

    asyncio.run(start())
