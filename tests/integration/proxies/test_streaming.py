"""Nothing is kept back on the way: each step is made after the one before has arrived."""

import pytest

LINES = [b"one\n", b"two\n", b"three\n"]


def test_each_event_arrives_when_it_is_sent(proxy, curl):
    lines = curl.lines(proxy.url + "/steps")
    for step in ("one", "two", "three"):
        curl.run("-d", step, proxy.url + "/step")
        assert lines.next() == f"data: {step}\n".encode()
        assert lines.next() == b"\n"
    lines.leave()


@pytest.mark.parametrize("through", ["nginx", "HAProxy"], indirect=True)
def test_both_directions_at_once(proxy, client):
    """Not through Caddy: it answers only after all of the request."""
    answers = client.converse(proxy.url + "/upper", LINES)
    assert answers == [b"ONE\n", b"TWO\n", b"THREE\n"]
