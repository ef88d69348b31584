"""FIN from a client that left, or only stopped sending; with the kernel asked, and without."""

import asyncio
import socket
import time

import pytest

from headrace import EndReason, Headrace, _probe, text

HEAD = b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(params=["kernel", "second-probe"])
def state(request, monkeypatch):
    """Whether the kernel tells the state of a connection; without it a second probe fails."""
    if request.param == "second-probe":
        monkeypatch.setattr(_probe, "tcp_state", lambda transport: None)
    return request.param


@pytest.fixture
def app():
    app = Headrace("half-close")
    app.ctx.ended = {}
    app.ctx.go = asyncio.Event()
    app.on_end(lambda request, figures: app.ctx.ended.update({request.path: figures.reason}))

    @app.get("/thinking")
    async def thinking(request):
        await app.ctx.go.wait()
        return text("thought")

    @app.get("/silent")
    async def silent(request):
        response = await request.respond()
        await response.send("begun,")
        await app.ctx.go.wait()
        await response.send("done")

    return app


def ended(app, path):
    """Wait for the end of an exchange and return its reason."""
    until = time.monotonic() + 10
    while path not in app.ctx.ended and time.monotonic() < until:
        time.sleep(0.01)
    return app.ctx.ended.get(path)


@pytest.mark.parametrize("path", ["thinking", "silent"])
def test_a_client_that_closes(serve, app, state, path):
    running = serve(app)
    with running.connect() as client:
        client.send(HEAD % path.encode())
        if path == "silent":
            client.read_to(b"begun,\r\n")
        else:
            time.sleep(0.1)
    assert ended(app, f"/{path}") is EndReason.CLIENT_GONE


@pytest.mark.parametrize(
    ("path", "end"), [("thinking", b"\r\n\r\nthought"), ("silent", b"4\r\ndone\r\n0\r\n\r\n")]
)
def test_a_client_that_only_stops_sending(serve, app, state, path, end):
    running = serve(app)
    with running.connect() as client:
        client.send(HEAD % path.encode())
        client.socket.shutdown(socket.SHUT_WR)
        time.sleep(0.8)  # a few probes
        assert path not in app.ctx.ended
        running.call(app.ctx.go.set)
        answer = client.read_all()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(end)
    assert ended(app, f"/{path}") is EndReason.COMPLETE
