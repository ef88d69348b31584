"""Programs written for the API of 2017, over real sockets: every byte that they put on the wire."""

import signal
from pathlib import Path

import pytest

PORTED = Path(__file__).parent / "ported"
PROGRAMS = sorted(path.stem for path in PORTED.glob("*.py"))


def get(path):
    return f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()


def post(path, *chunks, method="POST"):
    head = f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    body = "".join(f"{len(chunk):x}\r\n{chunk}\r\n" for chunk in (*chunks, ""))
    return f"{head}Transfer-Encoding: chunked\r\n\r\n{body}".encode()


def streamed(kind, *chunks):
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\n"
    body = "".join(f"{len(chunk):x}\r\n{chunk}\r\n" for chunk in (*chunks, ""))
    return f"{head}transfer-encoding: chunked\r\nconnection: close\r\n\r\n{body}".encode()


def whole(body, status="200 OK", *fields):
    head = "".join(f"{field}\r\n" for field in ("content-type: text/plain; charset=utf-8", *fields))
    size = len(body)
    return (
        f"HTTP/1.1 {status}\r\n{head}content-length: {size}\r\nconnection: close\r\n\r\n{body}"
    ).encode()


def test_csv_written_without_await(serve, program):
    running = serve(program("csv_rows").app)
    assert running.ask(get("/")) == streamed("text/csv", "foo,bar")


def test_rows_of_a_cursor_in_a_transaction(serve, program, postgres_dsn, monkeypatch):
    monkeypatch.setenv("DSN", postgres_dsn)
    running = serve(program("database").app)
    for _ in range(3):  # the transaction ends each time, or the pool would run dry
        assert running.ask(get("/")) == streamed("text/plain; charset=utf-8", "012345678910")


def test_duplex_answers_each_chunk_before_the_next_is_sent(serve, program):
    running = serve(program("uploads").app)
    with running.connect() as client:
        client.send(
            b"POST /shout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n"
        )
        head = client.read_to(b"\r\n\r\n")
        assert b"\r\ntransfer-encoding: chunked\r\n" in head
        assert client.read_to(b"FIRST\r\n") == b"5\r\nFIRST\r\n"
        client.send(b"6\r\nsecond\r\n")
        assert client.read_to(b"SECOND\r\n") == b"6\r\nSECOND\r\n"
        client.send(b"0\r\n\r\n")
        assert client.read_to(b"0\r\n\r\n") == b"0\r\n\r\n"
        # The connection is good for another one.
        client.send(get("/health"))
        assert client.read_all().endswith(b"\r\n\r\nfine")


REFUSED = "Method GET not allowed; allowed: OPTIONS, POST\n"

UPLOADS = {
    "duplex": (
        post("/shout", "all at", " once"),
        streamed("text/plain; charset=utf-8", "ALL AT ONCE"),
    ),
    "duplex, no body": (
        b"POST /shout HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        streamed("text/plain; charset=utf-8"),
    ),
    "duplex, HTTP/1.0": (
        b"POST /shout HTTP/1.0\r\nContent-Length: 3\r\n\r\nold",
        b"HTTP/1.1 200 OK\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\r\n"
        b"OLD",
    ),
    "blueprint": (post("/backwards", "abc", "def"), whole("fedcba")),
    "blueprint, no body": (post("/backwards"), whole("")),
    "composition": (post("/length", "12345", "67"), whole("7")),
    "composition, other method": (
        get("/length"),
        whole(REFUSED, "405 Method Not Allowed", "allow: OPTIONS, POST"),
    ),
    "stream route, other method": (
        get("/shout"),
        whole(REFUSED, "405 Method Not Allowed", "allow: OPTIONS, POST"),
    ),
    "plain route beside them": (get("/health"), whole("fine")),
}


@pytest.mark.parametrize(("request_", "response"), UPLOADS.values(), ids=UPLOADS)
def test_uploads(serve, program, request_, response):
    assert serve(program("uploads").app).ask(request_) == response


VIEWS = {
    "sync": (get("/items/lamp"), whole("read lamp")),
    "another sync": (post("/items/lamp", method="DELETE"), whole("removed lamp")),
    "async, preloaded": (
        post("/items/lamp", "on", "off", method="PUT"),
        whole("wrote lamp: onoff"),
    ),
    "stream": (post("/items/lamp", "x"), whole("added to lamp: x")),
}


@pytest.mark.parametrize(("request_", "response"), VIEWS.values(), ids=VIEWS)
def test_method_views(serve, program, request_, response):
    assert serve(program("method_views").app).ask(request_) == response


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda s: s.name)
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_runs_and_stops_on_a_signal(spawn, request, name, number):
    environment = {"PORT": "0"}
    if name == "database":
        environment["DSN"] = request.getfixturevalue("postgres_dsn")
    process = spawn(str(PORTED / f"{name}.py"), **environment)
    assert process.ask(get("/nowhere")).startswith(b"HTTP/1.1 404 Not Found\r\n")
    assert process.end(number) == 0
    assert "Traceback" not in process.log
