"""A client leaves in its own way: the handler learns of it, though nothing is read or written."""

import pytest

CLIENTS = ["curl", "http.client", "httpx", "aiohttp", "fetch", "chromium"]
OPEN_ENDED = ["/idle", "/silent", "/endless", "/endless-thread"]


@pytest.mark.parametrize("path", OPEN_ENDED)
@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_the_handler_ends_when_the_client_leaves(client, server, diary, path, record_property):
    visit = client.begin(server.url + path)
    diary.wait("begun")
    assert not diary.noted("ended")
    left = visit.leave()
    ended, reason = diary.wait("ended")
    record_property("milliseconds", round(1000 * (ended - left)))
    assert reason.name == "CLIENT_GONE"


@pytest.mark.parametrize("client", ["chromium"], indirect=True)
def test_the_handler_ends_when_the_page_closes_its_events(client, server, diary, record_property):
    visit = client.begin_events(server.url + "/idle-events")
    diary.wait("begun")
    assert client.events(visit, 1) == [["1", "one"]]
    left = visit.leave()
    ended, reason = diary.wait("ended")
    record_property("milliseconds", round(1000 * (ended - left)))
    assert reason.name == "CLIENT_GONE"
