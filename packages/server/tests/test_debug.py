from __future__ import annotations

from typing import Any, cast

import pytest

from headrace import Headrace, Request
from headrace._debug import error_response
from headrace.exceptions import HeadraceException, NotFound, ResponseError, ServerError
from headrace_http_parser import Headers, RequestHead

TEXT = "text/plain; charset=utf-8"


def request(accept: str | None = None, path: bytes = b"/a") -> Request:
    headers = Headers([] if accept is None else [("accept", accept)])
    return Request(Headrace(), RequestHead("GET", path, "1.1", headers), cast("Any", None))


def raised(error: Exception) -> Exception:
    """The error as it is after it was raised, with a traceback."""
    try:
        raise error
    except Exception as caught:
        return caught


@pytest.mark.parametrize("debug", [False, True], ids=["production", "debug"])
@pytest.mark.parametrize("accept", [None, "text/html"])
@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        pytest.param(NotFound(), 404, b"Not Found\n", id="phrase"),
        pytest.param(NotFound("<nö>"), 404, b"<n\xc3\xb6>\n", id="message"),
        pytest.param(HeadraceException("x", 499), 499, b"x\n", id="unknown-status"),
    ],
)
def test_a_refusal_looks_the_same_everywhere(
    error: HeadraceException, status: int, body: bytes, accept: str | None, debug: bool
) -> None:
    response = error_response(request(accept), raised(error), debug=debug)
    assert (response.status, response.body, response.content_type) == (status, body, TEXT)


@pytest.mark.parametrize(
    ("error", "status", "body"),
    [
        pytest.param(LookupError("secret"), 500, b"Internal Server Error\n", id="any"),
        pytest.param(ServerError("down"), 500, b"down\n", id="with-message"),
        pytest.param(ResponseError("begun twice"), 500, b"Internal Server Error\n", id="private"),
        pytest.param(HeadraceException(status_code=503), 503, b"Service Unavailable\n", id="503"),
    ],
)
def test_production_shows_no_detail(error: Exception, status: int, body: bytes) -> None:
    response = error_response(request("text/html"), raised(error), debug=False)
    assert (response.status, response.body, response.content_type) == (status, body, TEXT)


@pytest.mark.parametrize("debug", [False, True], ids=["production", "debug"])
@pytest.mark.parametrize("accept", [None, "text/html"])
def test_headers_of_the_exception_are_sent(debug: bool, accept: str | None) -> None:
    error = HeadraceException("x", 503, {"retry-after": "5"})
    response = error_response(request(accept), raised(error), debug=debug)
    assert response.headers.pairs() == [("retry-after", "5")]


@pytest.mark.parametrize("accept", [None, "", "*/*", "application/json"])
def test_debug_gives_a_traceback_as_text(accept: str | None) -> None:
    response = error_response(request(accept), raised(LookupError("detail")), debug=True)
    body = response.body.decode()
    assert (response.status, response.content_type) == (500, TEXT)
    assert body.startswith("Traceback (most recent call last):\n")
    assert "raise error" in body
    assert body.endswith("LookupError: detail\n")


@pytest.mark.parametrize("accept", ["text/html", "text/html,application/xhtml+xml;q=0.9"])
def test_debug_gives_a_page_to_a_browser(accept: str) -> None:
    response = error_response(request(accept), raised(LookupError("detail")), debug=True)
    page = response.body.decode()
    assert (response.status, response.content_type) == (500, "text/html; charset=utf-8")
    for part in (
        "<title>500 Internal Server Error</title>",
        "<h1>500 Internal Server Error</h1>",
        "<code>GET /a</code>",
        "<p>LookupError: detail</p>",
        "<pre>Traceback (most recent call last):\n",
        "pre { background",
    ):
        assert part in page


def test_the_page_escapes_what_a_client_sent() -> None:
    error = raised(LookupError("<script>{}%s</script>"))
    page = error_response(request("text/html", b"/<b>{x}"), error, debug=True).body.decode()
    assert "<script>" not in page
    assert "<b>" not in page
    assert "LookupError: &lt;script&gt;{}%s&lt;/script&gt;" in page
    assert "GET /&lt;b&gt;{x}" in page


def test_the_page_shows_the_status_of_the_exception() -> None:
    error = raised(HeadraceException("pool empty", 503))
    response = error_response(request("text/html"), error, debug=True)
    assert response.status == 503
    assert b"<h1>503 Service Unavailable</h1>" in response.body
