"""A first look at everything on the wire: whole responses, byte for byte."""

from headrace import Headrace, text


def test_a_plain_response_is_these_bytes(serve):
    app = Headrace("basics")

    @app.get("/")
    async def index(request):
        return text("hello")

    running = serve(app)
    assert running.ask(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") == (
        b"HTTP/1.1 200 OK\r\n"
        b"content-type: text/plain; charset=utf-8\r\n"
        b"content-length: 5\r\n"
        b"connection: close\r\n"
        b"\r\n"
        b"hello"
    )
