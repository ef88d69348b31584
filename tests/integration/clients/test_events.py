"""Events arrive one by one: the next is sent only after the one before was seen."""

import pytest


@pytest.mark.parametrize("client", ["curl"], indirect=True)
def test_each_event_is_shown_when_it_is_sent(client, server):
    lines = client.lines(server.url + "/steps")
    for step in ("one", "two", "three"):
        client.run("-d", step, server.url + "/step")
        assert lines.next() == f"data: {step}\n".encode()
        assert lines.next() == b"\n"
    lines.leave()


@pytest.mark.parametrize("client", ["chromium"], indirect=True)
def test_each_event_is_dispatched_when_it_is_sent(client, server):
    visit = client.begin_events(server.url + "/steps")
    for count, step in enumerate(("one", "two", "three"), 1):
        client.step(visit, server.url + "/step", step)
        assert client.events(visit, count)[-1] == ["", step]
    visit.leave()
