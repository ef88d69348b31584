"""A client leaves amid its upload: the body's reader gets an error and no end."""

import pytest

CLIENTS = ["curl", "http.client", "httpx", "aiohttp", "fetch"]


@pytest.mark.parametrize("client", CLIENTS, indirect=True)
def test_the_reader_of_the_body_gets_an_error(client, server, diary, record_property):
    visit = client.begin_upload(server.url + "/sum")
    diary.wait("upload begun")
    left = visit.leave()
    ended, error = diary.wait("upload ended")
    record_property("milliseconds", round(1000 * (ended - left)))
    assert error in ("TruncatedBody", "CancelledError")  # by FIN, by RST
