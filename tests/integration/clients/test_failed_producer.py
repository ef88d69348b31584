"""A producer that fails after its head is out: every client tells that the body is not whole."""

import pytest
from tests.peers import Broken

CLIENTS = ["curl", "http.client", "httpx", "aiohttp", "fetch", "chromium"]


@pytest.mark.parametrize("framing", ["chunked", "counted"])
@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_a_body_that_breaks_off_is_an_error(client, server, framing):
    with pytest.raises(Broken):
        client.download(f"{server.url}/fails/{framing}")
    assert client.download(f"{server.url}/pattern/10")[0] == 10


@pytest.mark.parametrize("client", ["chromium"], indirect=True)
def test_events_that_break_off_are_an_error_and_asked_for_again(client, server):
    visit = client.begin_events(server.url + "/fails/events")
    assert client.events(visit, 1) == [["1", "one"]]
    client.step(visit, server.url + "/step", "fail")
    seen = client.events(visit, 2)
    visit.leave()
    assert seen[1] == ["error", "0"]  # 0 is CONNECTING
