"""Large bodies in both directions, hashed on the other side."""

import json

import pytest
from tests.peers import pattern_digest

SIZE = (4 << 20) + 12345  # no multiple of any buffer's size

CLIENTS = ["curl", "http.client", "httpx", "aiohttp", "fetch", "chromium"]
CHUNKED = CLIENTS[:-1]  # over HTTP/1.1 a page cannot send a stream


@pytest.mark.parametrize("client", CHUNKED, indirect=True)
def test_a_chunked_upload(client, server):
    status, text = client.upload(server.url + "/sum", SIZE, chunked=True)
    assert status == 200
    assert json.loads(text) == {"size": SIZE, "sha256": pattern_digest(SIZE)}


@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_a_counted_upload(client, server):
    status, text = client.upload(server.url + "/sum", SIZE, chunked=False)
    assert status == 200
    assert json.loads(text) == {"size": SIZE, "sha256": pattern_digest(SIZE)}


@pytest.mark.parametrize("path", ["/pattern/", "/counted/"])
@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_a_download(client, server, path):
    told = client.download(f"{server.url}{path}{SIZE}")
    assert told == (SIZE, pattern_digest(SIZE))


@pytest.mark.parametrize("client", CHUNKED, indirect=True)
def test_a_chunked_upload_that_is_too_large_is_told_while_it_is_sent(client, server):
    status, text = client.upload(server.url + "/small", SIZE, chunked=True)
    assert status == 413
    assert "1000 bytes" in text


@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_a_counted_upload_that_is_too_large_is_told_while_it_is_sent(client, server):
    status, text = client.upload(server.url + "/small", SIZE, chunked=False)
    assert status == 413
    assert "1000 bytes" in text
