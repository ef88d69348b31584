"""What the server sends to see whether a client is still there: no client reads anything into it.

That is a zero before the next chunk's size and, before the head, the first bytes of any head.
"""

import hashlib
import json

import pytest
from tests.peers import Origin, pattern_digest

CHUNKED = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n"
    b"connection: close\r\n\r\n"
)
COUNTED = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n"
    b"connection: close\r\n\r\nhello"
)
ZEROS = [b"0"] * 8

CLIENTS = ["curl", "http.client", "httpx", "aiohttp", "fetch", "chromium"]

PART = 300 << 10  # more than the server buffers, and small enough for the kernel to take the rest
SIZE = 4 << 20  # more than the buffers between a client and a handler that does not read
PROBED = 0.3
"""Seconds before that handler reads, some probes long."""


def of(data):
    return len(data), hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_zeros_before_a_chunks_size(client, aside):
    pieces = [CHUNKED, *ZEROS, b"5\r\nhello\r\n", *ZEROS, b"6\r\n world\r\n", *ZEROS, b"0\r\n\r\n"]
    with Origin(aside, pieces) as origin:
        assert client.download(origin.url) == of(b"hello world")


@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_a_status_line_byte_by_byte(client, aside):
    pieces = [COUNTED[at : at + 1] for at in range(9)] + [COUNTED[9:]]
    with Origin(aside, pieces) as origin:
        assert client.download(origin.url) == of(b"hello")


@pytest.fixture
def hasty(monkeypatch):
    """A server that probes those who upload to nobody at once."""
    monkeypatch.setattr("headrace._probe.PATIENCE", 0.05)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_an_upload_that_is_probed_before_it_is_read(client, server):
    status, text = client.upload(f"{server.url}/sum/{PROBED}", SIZE, chunked=False)
    assert status == 200
    assert json.loads(text) == {"size": SIZE, "sha256": pattern_digest(SIZE)}


@pytest.mark.usefixtures("hasty")
def test_the_probe_of_an_upload_is_the_beginning_of_the_answer(server):
    with server.connect() as client:
        client.send(b"POST /held HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n" % PART)
        client.send(b"Connection: close\r\n\r\n" + bytes(PART))
        begun = client.socket.recv(9)
        step = b"POST /step HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx"
        assert server.ask(step).startswith(b"HTTP/1.1 204 ")
        answer = client.read_all()
    assert b"HTTP/1.1 ".startswith(begun)
    assert (begun + answer).startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n%d" % PART)
