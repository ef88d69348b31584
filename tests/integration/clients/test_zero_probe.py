"""Zeros before a chunk's size, sent alone: no client reads anything into them.

They are how the server finds out whether a client that sent FIN still reads.
"""

import hashlib

import pytest
from tests.peers import Origin

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n"
    b"connection: close\r\n\r\n"
)
ZEROS = [b"0"] * 8
PIECES = [HEAD, *ZEROS, b"5\r\nhello\r\n", *ZEROS, b"6\r\n world\r\n", *ZEROS, b"0\r\n\r\n"]

CLIENTS = ["curl", "http.client", "httpx", "aiohttp", "fetch", "chromium"]


@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_leading_zeros_change_nothing(client, aside):
    with Origin(aside, PIECES) as origin:
        assert client.download(origin.url) == (11, hashlib.sha256(b"hello world").hexdigest())
