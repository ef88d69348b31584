"""Interim responses and heads in pieces: which clients get past them to the final response."""

import hashlib

import pytest
from tests.peers import Origin

CLIENTS = ["curl", "http.client", "httpx", "aiohttp", "fetch", "chromium"]
HINTED = [name for name in CLIENTS if name != "http.client"]  # it takes a 103 for the answer

HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n"
    b"connection: close\r\n\r\nhello"
)


def of(data):
    return len(data), hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("client", HINTED, indirect=True)
def test_early_hints_are_passed_over(client, server):
    assert client.download(server.url + "/hints") == of(b"hinted")


@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_a_status_line_may_come_byte_by_byte(client, aside):
    """The first bytes of any head may go out early, to see whether a client is still there."""
    pieces = [HEAD[at : at + 1] for at in range(9)] + [HEAD[9:]]
    with Origin(aside, pieces) as origin:
        assert client.download(origin.url) == of(b"hello")
