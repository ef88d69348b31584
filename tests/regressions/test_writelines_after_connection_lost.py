"""A client that left made the next client's connection fail, on asyncio of CPython 3.12 and 3.13.0.

1. A handler writes large pieces to a client that closes or resets its connection.
2. asyncio's transport learns of it in ``send()``, and closes its socket at the end of the turn.
3. Until the protocol is told, the handler's next write reaches ``writelines()``, which does not
   look whether the connection is lost and registers the descriptor, closed by now, once more.
4. The next client is given the same descriptor number, and its connection is reset.
"""

import logging
import socket
import struct

import pytest

from headrace import Headrace
from headrace.response import stream, text

RESET = struct.pack("ii", 1, 0)


@pytest.fixture
def app():
    return Headrace("regression")


@pytest.mark.parametrize("reset", [False, True], ids=["closes", "resets"])
def test_a_client_that_leaves_amid_a_response_is_no_failure(serve, app, reset, caplog):
    @app.get("/")
    async def index(request):
        return text("index")

    @app.get("/endless")
    async def endless(request):
        async def fill(response):
            while True:
                await response.write(bytes(65536))

        return stream(fill)

    running = serve(app)
    with running.connect() as client:
        if reset:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        client.send(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
        client.read_to(b"\r\n\r\n")
    good = running.ask(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert good.endswith(b"\r\n\r\nindex")
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
