"""Fields after a chunked body, for those clients that can send or show them."""

import base64
import hashlib

import pytest

BODY = "a body with a digest"
DIGEST = f"sha-256=:{base64.b64encode(hashlib.sha256(BODY.encode()).digest()).decode()}:"
DOWNLOADING = ["curl", "http.client", "httpx", "aiohttp", "fetch", "chromium"]


@pytest.mark.parametrize("client", ["http.client", "node"], indirect=True)
def test_trailers_of_a_request(client, server):
    told = client.send_trailers(server.url + "/trailers", b"body", {"x-sum": "7"})
    assert told == {"body": "body", "trailers": {"x-sum": "7"}}


@pytest.mark.parametrize("client", ["node"], indirect=True)
def test_trailers_of_a_response_in_node(client, server):
    told = client.read_trailers(server.url + "/trailing")
    assert told["text"] == BODY
    assert told["trailers"] == {"x-lines": "1", "content-digest": DIGEST}
    announced = {name.strip().lower() for name in told["headers"]["trailer"].split(",")}
    assert announced == {"x-lines", "content-digest"}


@pytest.mark.parametrize("client", ["curl"], indirect=True)
def test_trailers_of_a_response_in_curl(client, server):
    told = client.run("-H", "TE: trailers", "-i", server.url + "/trailing").decode()
    assert told.endswith(f"{BODY}x-lines: 1\r\ncontent-digest: {DIGEST}\r\n")


@pytest.mark.parametrize("client", DOWNLOADING, indirect=True)
def test_a_client_that_does_not_ask_for_trailers_is_not_disturbed(client, server):
    digest = hashlib.sha256(BODY.encode()).hexdigest()
    assert client.download(server.url + "/trailing") == (len(BODY), digest)
