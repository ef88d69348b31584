"""Trailers through those proxies that pass them on; the body in any case."""

import pytest

BODY = "a body with a digest"


@pytest.mark.parametrize("through", ["HAProxy"], indirect=True)
def test_trailers_of_a_request(proxy, client):
    told = client.send_trailers(proxy.url + "/trailers", b"body", {"x-sum": "7"})
    assert told == {"body": "body", "trailers": {"x-sum": "7"}}


@pytest.mark.parametrize("through", ["nginx", "Caddy"], indirect=True)
def test_a_proxy_that_drops_the_trailers_of_a_request_passes_its_body(proxy, client):
    told = client.send_trailers(proxy.url + "/trailers", b"body", {"x-sum": "7"})
    assert told["body"] == "body"


@pytest.mark.parametrize("through", ["HAProxy", "Caddy"], indirect=True)
def test_trailers_of_a_response(proxy, node):
    told = node.read_trailers(proxy.url + "/trailing")
    assert told["text"] == BODY
    assert sorted(told["trailers"]) == ["content-digest", "x-lines"]


@pytest.mark.parametrize("through", ["nginx"], indirect=True)
def test_a_proxy_that_does_not_ask_for_trailers_gets_none(proxy, node):
    told = node.read_trailers(proxy.url + "/trailing")
    assert told["text"] == BODY
    assert told["trailers"] == {}
