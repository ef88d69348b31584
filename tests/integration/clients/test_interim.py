"""Interim responses that nobody asked for: which clients get past them to the final one."""

import hashlib

import pytest

HINTED = ["curl", "httpx", "aiohttp", "fetch", "chromium"]  # http.client takes it for the answer


@pytest.mark.parametrize("client", HINTED, indirect=True)
def test_early_hints_are_passed_over(client, server):
    assert client.download(server.url + "/hints") == (6, hashlib.sha256(b"hinted").hexdigest())
