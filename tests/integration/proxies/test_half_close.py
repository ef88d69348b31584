"""A client that sends FIN and reads on, behind the one proxy that bears with it.

nginx, Caddy and, with ``option abortonclose``, HAProxy take FIN for the end of a client: behind
them there is no half-closed client. See test_endings.py for what the server makes of that.
"""

import socket
import time

import pytest
from tests.peers import pattern

SIZE = 3 << 20
PAUSE = 0.3

pytestmark = pytest.mark.parametrize("through", ["HAProxy that goes on"], indirect=True)


@pytest.fixture
def ask(proxy, connect):
    """Send a request and FIN; return the client."""

    def ask(path):
        client = connect(proxy.port)
        client.send(f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
        client.socket.shutdown(socket.SHUT_WR)
        return client

    return ask


def test_a_long_response_comes_whole(ask):
    with ask(f"/counted/{SIZE}") as client:
        assert client.read_all().partition(b"\r\n\r\n")[2] == pattern(SIZE)


def test_a_late_response_comes_whole(ask, proxy, curl):
    with ask("/late") as client:
        time.sleep(PAUSE)
        curl.run("-d", "word", proxy.url + "/step")
        assert client.read_all().endswith(b"\r\n\r\nlate: word")


def test_a_stream_goes_on(ask, proxy, curl):
    with ask("/steps") as client:
        for word in ("one", "two"):
            time.sleep(PAUSE)
            curl.run("-d", word, proxy.url + "/step")
            client.read_to(f"data: {word}\n\n".encode())
        curl.run("-d", "", proxy.url + "/step")
        assert client.read_all().endswith(b"0\r\n\r\n")
