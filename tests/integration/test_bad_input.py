"""What a client or a developer does wrong, and what each of them gets to see of it.

Nothing that a client sends may be logged as a failure of the server; a handler's exception is
logged once, with its traceback.
"""

import contextlib
import random
import socket
import struct

import pytest

from headrace import Blueprint, Config, Headrace
from headrace.response import raw, stream, text
from headrace.views import CompositionView, HTTPMethodView
from headrace.views import stream as streaming

RESET = struct.pack("ii", 1, 0)
CLOSE = b"Connection: close\r\n"


@pytest.fixture
def app():
    app = Headrace("strict")

    @app.get("/")
    async def index(request):
        return text("index")

    @app.post("/plain", max_body=1000)
    async def plain(request):
        return text(str(len(request.body)))

    @app.post("/streaming", stream=True, max_body=1000)
    async def streaming(request):
        return text(str(sum([len(chunk) async for chunk in request.stream])))

    @app.get("/echo/<word>")
    async def echo(request, word):
        return text(word)

    return app


@pytest.fixture
def no_failures(log):
    """What the test's client does is not logged as a failure, also not when the server stops."""
    yield
    assert [record.getMessage() for record in log.failures] == []


pytestmark = pytest.mark.usefixtures("log")
of_the_client = pytest.mark.usefixtures("no_failures")


def status_of(response):
    return int(response.split(b" ", 2)[1])


def get(path="/", *fields, method="GET"):
    lines = [f"{method} {path} HTTP/1.1", "Host: a", *fields, "", ""]
    return "\r\n".join(lines).encode()


GOOD = get("/", "Connection: close")

# Malformed requests.

MALFORMED = {
    "no HTTP at all": b"hello\r\n\r\n",
    "binary": bytes(range(256)),
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    "no version number": b"GET / HTTP\r\nHost: a\r\n\r\n",
    "no Host": b"GET / HTTP/1.1\r\n\r\n",
    "two Hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "a space in the name": b"GET / HTTP/1.1\r\nHost: a\r\nX y: 1\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\nHost: a\r\nX : 1\r\n\r\n",
    "a folded line": b"GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n",
    "NUL in a value": b"GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
    "a bare CR": b"GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
    "a line without a colon": b"GET / HTTP/1.1\r\nHost: a\r\nnothing\r\n\r\n",
    "both framings": b"POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
    b"Content-Length: 4\r\n\r\nabcd",
    "a negative length": b"POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    "a length in words": b"POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: ten\r\n\r\n",
    "a plus sign": b"POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
    "a chunk size that is none": b"POST /plain HTTP/1.1\r\nHost: a\r\n"
    b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    "a chunk too long for its size": b"POST /plain HTTP/1.1\r\nHost: a\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
    "the same, streaming": b"POST /streaming HTTP/1.1\r\nHost: a\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
    "a huge chunk size": b"POST /streaming HTTP/1.1\r\nHost: a\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n",
}


@of_the_client
@pytest.mark.parametrize("request_", MALFORMED.values(), ids=MALFORMED)
def test_malformed_http_is_a_400_and_the_end(serve, app, request_):
    running = serve(app)
    received = running.ask(request_ + GOOD)  # what follows cannot be a request
    assert received.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\nconnection: close\r\n" in received
    assert received.count(b"HTTP/1.1 ") == 1
    assert status_of(running.ask(GOOD)) == 200


OVERSIZE = {
    "target": (get("/" + "a" * 9000), 414),
    "one field": (get("/", "X: " + "a" * 20000), 431),
    "all fields": (get("/", *[f"X{n}: {'a' * 1000}" for n in range(90)]), 431),
    "number of fields": (get("/", *[f"X{n}: a" for n in range(200)]), 431),
    "a version of the future": (b"GET / HTTP/3.7\r\nHost: a\r\n\r\n", 505),
    "no version at all": (b"GET /\r\nHost: a\r\n\r\n", 505),
    "a body without an end": (get("/plain", "Transfer-Encoding: gzip", method="POST"), 400),
    "a coding that is unknown": (
        get("/plain", "Transfer-Encoding: gzip, chunked", method="POST"),
        501,
    ),
}


@of_the_client
@pytest.mark.parametrize(("request_", "status"), OVERSIZE.values(), ids=OVERSIZE)
def test_a_head_beyond_the_limits(serve, app, request_, status):
    received = serve(app).ask(request_)
    assert status_of(received) == status
    assert b"\r\nconnection: close\r\n" in received


@of_the_client
def test_a_good_request_before_a_bad_one_is_answered(serve, app):
    received = serve(app).ask(get("/echo/first") + get("/echo/second") + b"nonsense\r\n\r\n")
    first, second, bad = received.split(b"HTTP/1.1 ")[1:]
    assert first.startswith(b"200 ") and first.endswith(b"\r\n\r\nfirst")
    assert second.startswith(b"200 ") and second.endswith(b"\r\n\r\nsecond")
    assert bad.startswith(b"400 ")


# Paths and methods.


@of_the_client
@pytest.mark.parametrize("path", ["/nowhere", "/echo", "/echo/a/b", "//", "/%zz"])
def test_an_unknown_path_is_a_404_and_the_connection_stays(serve, app, path):
    with serve(app).connect() as client:
        client.send(get(path, method="OPTIONS" if path == "*" else "GET"))
        head = client.read_to(b"\r\n\r\n")
        assert head.startswith((b"HTTP/1.1 404 ", b"HTTP/1.1 400 "))
        assert b"connection: close" not in head
        assert client.ask(GOOD).endswith(b"\r\n\r\nindex")


@of_the_client
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "TRACE", "FOO", "get"])
def test_another_method_is_a_405_with_allow(serve, app, method):
    received = serve(app).ask(get("/", "Connection: close", method=method))
    assert received.startswith(b"HTTP/1.1 405 Method Not Allowed\r\n")
    assert b"\r\nallow: GET, HEAD, OPTIONS\r\n" in received


@of_the_client
def test_a_404_does_not_show_markup_as_such(serve, app):
    received = serve(app, debug=True).ask(
        get("/<script>", "Accept: text/html", "Connection: close")
    )
    assert b"<script>" not in received or b"content-type: text/plain" in received


# Bodies over the limit.


def announced(path, size):
    return get(path, f"Content-Length: {size}", method="POST")


@of_the_client
@pytest.mark.parametrize("path", ["/plain", "/streaming"])
def test_a_body_announced_over_the_limit_is_refused_before_it_is_sent(serve, app, path):
    with serve(app).connect() as client:
        client.send(announced(path, 1 << 30))
        received = client.read_all()
    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"\r\nconnection: close\r\n" in received


@of_the_client
@pytest.mark.parametrize("path", ["/plain", "/streaming"])
def test_a_body_slightly_over_the_limit_does_not_cost_the_connection(serve, app, path):
    with serve(app).connect() as client:
        client.send(announced(path, 1001))
        assert client.read_to(b"1000 bytes\n").startswith(b"HTTP/1.1 413 ")
        client.send(bytes(1001))
        assert client.ask(GOOD).endswith(b"\r\n\r\nindex")


@of_the_client
@pytest.mark.parametrize("path", ["/plain", "/streaming"])
def test_a_chunked_body_that_grows_over_the_limit_is_refused(serve, app, path):
    head = get(path, "Transfer-Encoding: chunked", method="POST")
    with serve(app).connect() as client:
        client.send(head + b"3e8\r\n" + bytes(1000) + b"\r\n")
        client.send(b"1\r\nx\r\n")
        assert client.read_all().startswith(b"HTTP/1.1 413 ")


@of_the_client
@pytest.mark.parametrize("path", ["/plain", "/streaming"])
@pytest.mark.parametrize("coding", ["sized", "chunked"])
def test_a_413_reaches_a_client_that_is_still_sending(serve, app, path, coding):
    size = 4 << 20
    if coding == "sized":
        request = announced(path, size) + bytes(size)
    else:
        request = get(path, "Transfer-Encoding: chunked", method="POST")
        request += b"%x\r\n%s\r\n0\r\n\r\n" % (size, bytes(size))
    received = serve(app).ask(request)  # writes all of it before it reads anything
    assert received.startswith(b"HTTP/1.1 413 ")


@of_the_client
@pytest.mark.parametrize("path", ["/plain", "/streaming"])
def test_a_client_that_waits_is_refused_without_its_body(serve, app, path):
    head = get(path, "Content-Length: 1001", "Expect: 100-continue", method="POST")
    assert serve(app).ask(head).startswith(b"HTTP/1.1 413 ")


@of_the_client
def test_an_expectation_that_nobody_meets_is_a_417(serve, app):
    head = get("/plain", "Content-Length: 1", "Expect: magic", "Connection: close", method="POST")
    assert status_of(serve(app).ask(head)) == 417


# Bodies that end early, and clients that leave.


@of_the_client
@pytest.mark.parametrize("path", ["/plain", "/streaming"])
@pytest.mark.parametrize(
    "fields", ["Content-Length: 10\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n5\r\nabc"]
)
def test_a_truncated_body_is_a_400(serve, app, path, fields):
    with serve(app).connect() as client:
        client.send(f"POST {path} HTTP/1.1\r\nHost: a\r\n{fields}".encode())
        client.socket.shutdown(socket.SHUT_WR)
        assert client.read_all().startswith(b"HTTP/1.1 400 Bad Request\r\n")


PARTIAL = {
    "nothing": b"",
    "half a line": b"GET / HT",
    "half a head": b"GET / HTTP/1.1\r\nHost:",
    "half a body": announced("/plain", 10) + b"abc",
    "half a streamed body": announced("/streaming", 10) + b"abc",
    "half a chunk": get("/streaming", "Transfer-Encoding: chunked", method="POST") + b"5\r\nab",
    "a whole request": get("/"),
    "two requests": get("/") * 2,
}


@of_the_client
@pytest.mark.parametrize("reset", [False, True], ids=["closes", "resets"])
@pytest.mark.parametrize("data", PARTIAL.values(), ids=PARTIAL)
def test_a_client_that_leaves_is_no_failure(serve, app, data, reset):
    running = serve(app)
    with running.connect() as client:
        if reset:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.send(data)
    assert status_of(running.ask(GOOD)) == 200


# Handlers that fail.


class Secret(RuntimeError):
    pass


def failing(app):
    @app.get("/fails")
    async def fails(request):
        raise Secret("<b>the password is 'x'</b>")

    @app.get("/begins")
    async def begins(request):
        response = await request.respond()
        await response.write("part")
        await response.flush()
        raise Secret("<b>")

    @app.get("/streams")
    async def streams(request):
        async def fill(response):
            await response.write("part")
            await response.flush()
            raise Secret("<b>")

        return stream(fill)

    @app.get("/generates")
    async def generates(request):
        yield bytes(100_000)
        raise Secret("<b>")

    @app.get("/iterates")
    async def iterates(request):
        def items():
            yield bytes(300_000)
            raise Secret("<b>")

        return stream(items())

    @app.get("/with")
    async def within(request):
        async with await request.respond() as response:
            await response.write("part")
            await response.flush()
            raise Secret("<b>")

    @app.get("/sized")
    async def sized(request):
        response = await request.respond(headers={"content-length": "10"})
        await response.write("part")
        await response.flush()
        raise Secret("<b>")

    @app.get("/short")
    async def short(request):
        response = await request.respond(headers={"content-length": "10"})
        await response.write("part")
        await response.flush()

    return app


def test_a_failure_before_the_head_is_a_500_that_tells_nothing(serve, app, log):
    with serve(failing(app)).connect() as client:
        client.send(get("/fails", "Accept: text/html"))
        assert client.read_to(b"Error\n").split(b"\r\n")[:1] == [
            b"HTTP/1.1 500 Internal Server Error"
        ]
        assert client.received == b""
        assert client.ask(GOOD).endswith(b"\r\n\r\nindex")  # the connection is as good as before
    assert [type(error) for error in log.tracebacks()] == [Secret]


def test_production_shows_no_detail(serve, app):
    received = serve(failing(app)).ask(get("/fails", "Accept: text/html", "Connection: close"))
    assert received == (
        b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain; charset=utf-8\r\n"
        b"content-length: 22\r\nconnection: close\r\n\r\nInternal Server Error\n"
    )


def test_debug_mode_shows_a_page_with_escaped_markup(serve, app, log):
    running = serve(failing(app), debug=True)
    received = running.ask(get("/fails", "Accept: text/html,*/*", "Connection: close"))
    head, _, page = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"\r\ncontent-type: text/html; charset=utf-8\r\n" in head
    assert b"Secret" in page and b"test_bad_input" in page
    assert b"&lt;b&gt;the password" in page
    assert b"<b>" not in page
    assert len(log.tracebacks()) == 1


def test_debug_mode_shows_text_to_others(serve, app):
    received = serve(failing(app), debug=True).ask(get("/fails", "Connection: close"))
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"\r\ncontent-type: text/plain; charset=utf-8\r\n" in head
    assert body.startswith(b"Traceback") and b"Secret: <b>the password" in body


CUT = ["/begins", "/streams", "/generates", "/iterates", "/with", "/sized", "/short"]


@pytest.mark.parametrize("path", CUT)
def test_a_failure_after_the_head_is_a_cut_and_never_an_end(serve, app, log, path):
    running = serve(failing(app))
    with running.connect() as client:
        client.send(get(path))  # the connection would be kept
        received = client.read_all()
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    if b"content-length" in head:
        assert body == b"part"
    else:
        assert b"\r\ntransfer-encoding: chunked" in head
        assert not body.endswith(b"0\r\n\r\n")
        assert body.endswith((b"part\r\n", b"\0\r\n"))
    assert len(log.tracebacks()) == 1
    assert status_of(running.ask(GOOD)) == 200


@pytest.mark.parametrize("path", ["/begins", "/streams", "/generates", "/iterates", "/with"])
def test_a_failure_after_the_head_is_a_reset_for_an_old_client(serve, app, log, path):
    with serve(failing(app)).connect() as client:
        client.send(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        with pytest.raises(ConnectionResetError):
            client.read_all()
    assert len(log.tracebacks()) == 1


def test_a_producer_that_fails_before_anything_left_is_a_500(serve, app, log):
    @app.get("/early")
    async def early(request):
        async def fill(response):
            response.write("never seen")
            raise Secret

        return stream(fill)

    received = serve(app).ask(get("/early", "Connection: close"))
    assert received.startswith(b"HTTP/1.1 500 ")
    assert b"never seen" not in received
    assert len(log.tracebacks()) == 1


def test_a_field_that_cannot_be_sent_is_a_500_and_not_a_second_field(serve, app, log):
    @app.get("/split")
    async def split(request):
        return raw(b"", headers={"X-One": "1\r\nX-Two: 2"})

    received = serve(app).ask(get("/split", "Connection: close"))
    assert received.startswith(b"HTTP/1.1 500 ")
    assert b"X-Two" not in received
    assert len(log.tracebacks()) == 1


@pytest.mark.parametrize("answer", [None, "text", 7], ids=repr)
def test_what_is_no_response_is_a_500_without_detail(serve, answer):
    app = Headrace("careless")

    @app.get("/")
    async def handler(request):
        return answer

    body = serve(app).ask(GOOD).partition(b"\r\n\r\n")[2]
    assert body == b"Internal Server Error\n"


def test_a_second_response_is_a_500_without_detail(serve):
    app = Headrace("careless")

    @app.get("/")
    async def handler(request):
        await request.respond()
        return text("second")

    body = serve(app).ask(GOOD).partition(b"\r\n\r\n")[2]
    assert body == b"Internal Server Error\n"


# Mutations.

VALID = [
    get("/", "X-One: 1"),
    announced("/plain", 5) + b"hello",
    get("/streaming", "Transfer-Encoding: chunked", method="POST")
    + b"3\r\nabc\r\n0\r\nX: y\r\n\r\n",
    get("/echo/%C3%A9?a=b&c", "Expect: 100-continue", "Upgrade: h2c"),
    get("/echo/a") + get("/echo/b", "Connection: close"),
]


def mutated(source, data):
    data = bytearray(data)
    for _ in range(source.randint(1, 4)):
        at = source.randrange(len(data))
        match source.randrange(4):
            case 0:
                data[at] = source.randrange(256)
            case 1:
                del data[at]
            case 2:
                data.insert(at, source.choice(b"\r\n\0 :;\t,\xff0"))
            case 3:
                data[at:at] = data[at : at + source.randrange(20)]
    return bytes(data)


@of_the_client
@pytest.mark.parametrize("seed", range(10))
def test_mutated_requests_leave_the_server_answering(serve, app, seed):
    source = random.Random(seed)
    running = serve(app)
    for _ in range(10):
        with running.connect() as client:
            data = mutated(source, source.choice(VALID))
            with contextlib.suppress(ConnectionError):
                client.send(data)
                client.socket.shutdown(socket.SHUT_WR)
                received = client.read_all()
                assert received == b"" or received.startswith(b"HTTP/1.1 "), data
    assert running.ask(GOOD).endswith(b"\r\n\r\nindex")


# Wrong use of the API: told where it is made, with the route.


async def fine(request):
    return text("")


def plain(request):
    return text("")


class PlainView(HTTPMethodView):
    @streaming
    def put(self, request):
        return text("")


class NoView(HTTPMethodView):
    pass


def in_a_blueprint(app):
    bp = Blueprint("b", url_prefix="/shop")
    bp.add_route(plain, "/item", stream=True)
    app.blueprint(bp)


def twice_in_blueprints(app):
    for name in ("one", "two"):
        bp = Blueprint(name, url_prefix="/shop")
        bp.add_route(fine, "/item")
        app.blueprint(bp)


def composed(app):
    view = CompositionView()
    view.add(["POST"], plain, stream=True)
    app.add_route(view, "/item")


WRONG = {
    "a route twice": (lambda app: [app.get("/item")(fine), app.get("/item")(fine)], "/item"),
    "a route twice, other names": (
        lambda app: [app.get("/item/<a>")(fine), app.get("/item/<b>")(fine)],
        "/item/<a>",
    ),
    "a route twice, blueprints": (twice_in_blueprints, "/shop/item"),
    "no slash": (lambda app: app.get("item")(fine), "item"),
    "an open parameter": (lambda app: app.get("/item/<id")(fine), "/item/<id"),
    "an unknown type": (lambda app: app.get("/item/<id:colour>")(fine), "/item/<id:colour>"),
    "a bad regular expression": (lambda app: app.get("/item/<id:[0-9>")(fine), "/item/<id:"),
    "a parameter twice": (lambda app: app.get("/item/<a>/<a>")(fine), "/item/<a>/<a>"),
    "a bad method": (lambda app: app.route("/item", methods=["G T"])(fine), "/item"),
    "a sync handler that streams": (lambda app: app.stream("/item")(plain), "/item"),
    "a sync method that streams": (
        lambda app: app.add_route(PlainView.as_view(), "/item"),
        "/item",
    ),
    "a sync handler in a blueprint": (in_a_blueprint, "/shop/item"),
    "a sync handler in a composition": (composed, "/item"),
    "an unknown setting": (lambda app: app.get("/item", max_bodies=1)(fine), "/item"),
    "a limit that is negative": (lambda app: app.post("/item", max_body=-1)(fine), "/item"),
    "a limit that is text": (lambda app: app.post("/item", max_body="1k")(fine), "/item"),
    "a limit that is a bool": (lambda app: app.post("/item", max_body=True)(fine), "/item"),
}


@pytest.mark.parametrize(("declare", "route"), WRONG.values(), ids=WRONG)
def test_wrong_registration_names_the_route(declare, route):
    with pytest.raises(Exception, match=r"\S") as caught:
        declare(Headrace("wrong"))
    assert type(caught.value).__module__.startswith("headrace")
    assert route in str(caught.value)


SETTINGS = {
    "unknown": ({"prot": 1}, "prot"),
    "type": ({"port": "80"}, "port"),
    "range": ({"port": 70000}, "port"),
    "bool for a number": ({"max_body": True}, "max_body"),
    "choice": ({"loop": "trio"}, "loop"),
}


@pytest.mark.parametrize(("settings", "name"), SETTINGS.values(), ids=SETTINGS)
def test_a_wrong_setting_is_named_before_anything_starts(settings, name):
    with pytest.raises(ValueError, match=name):
        Headrace("wrong").run(**settings)


def test_an_unknown_field_of_the_configuration_is_refused():
    with pytest.raises(TypeError, match="prot"):
        Config(prot=1)
