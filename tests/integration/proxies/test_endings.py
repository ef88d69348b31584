"""What ends early on one side of a proxy ends early, and not well, on the other."""

import contextlib

import pytest
from tests.peers import Broken

OPEN_ENDED = ["/idle", "/silent", "/endless", "/endless-thread"]


@pytest.mark.parametrize("framing", ["chunked", "counted"])
def test_a_producer_that_fails_is_seen_to_fail(proxy, client, framing):
    if proxy.name == "Caddy" and framing == "chunked":
        # Caddy 2.6 logs "aborting with incomplete response" and ends the body well all the same.
        with contextlib.suppress(Broken):
            client.download(f"{proxy.url}/fails/{framing}")
        assert "incomplete response" in proxy.log()
    else:
        with pytest.raises(Broken):
            client.download(f"{proxy.url}/fails/{framing}")
    assert client.download(f"{proxy.url}/pattern/10")[0] == 10


@pytest.mark.parametrize("path", OPEN_ENDED)
def test_the_handler_ends_when_the_client_leaves(proxy, client, diary, path, record_property):
    visit = client.begin(proxy.url + path)
    diary.wait("begun")
    left = visit.leave()
    ended, reason = diary.wait("ended")
    record_property("milliseconds", round(1000 * (ended - left)))
    assert reason.name == "CLIENT_GONE"


def test_the_reader_of_a_body_gets_an_error_when_the_client_leaves(
    proxy, client, diary, record_property
):
    visit = client.begin_upload(proxy.url + "/sum")
    diary.wait("upload begun")
    left = visit.leave()
    ended, error = diary.wait("upload ended")
    record_property("milliseconds", round(1000 * (ended - left)))
    assert error in ("TruncatedBody", "CancelledError")  # by FIN, by RST
