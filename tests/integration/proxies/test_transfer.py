"""Large bodies in both directions through a proxy, hashed on the other side."""

import json

import pytest
from tests.peers import pattern_digest

SIZE = (4 << 20) + 12345


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "counted"])
def test_an_upload(proxy, client, chunked):
    status, text = client.upload(proxy.url + "/sum", SIZE, chunked=chunked)
    assert status == 200
    assert json.loads(text) == {"size": SIZE, "sha256": pattern_digest(SIZE)}


@pytest.mark.parametrize("path", ["/pattern/", "/counted/"])
def test_a_download(proxy, client, path):
    assert client.download(f"{proxy.url}{path}{SIZE}") == (SIZE, pattern_digest(SIZE))


@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "counted"])
def test_an_upload_that_is_too_large_is_told_while_it_is_sent(proxy, curl, chunked):
    # After an answer Caddy reads on for 256 KiB only, then resets the connection.
    size = 128 << 10 if proxy.name == "Caddy" else SIZE
    status, text = curl.upload(proxy.url + "/small", size, chunked=chunked)
    assert status == 413
    assert "1000 bytes" in text
