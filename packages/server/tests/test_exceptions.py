from __future__ import annotations

from typing import Any

import pytest

from headrace import EndReason, exceptions
from headrace.exceptions import (
    BadRequest,
    ClientGone,
    ConfigError,
    ExchangeEnded,
    HeadraceException,
    InvalidUsage,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    ResponseError,
    ServerError,
    TruncatedBody,
    WriteOverflow,
    abort,
    phrase,
)

TREE = [
    ("BadRequest", "HeadraceException", 400),
    ("TruncatedBody", "BadRequest", 400),
    ("Unauthorized", "HeadraceException", 401),
    ("Forbidden", "HeadraceException", 403),
    ("NotFound", "HeadraceException", 404),
    ("MethodNotAllowed", "HeadraceException", 405),
    ("RequestTimeout", "HeadraceException", 408),
    ("PayloadTooLarge", "HeadraceException", 413),
    ("ExpectationFailed", "HeadraceException", 417),
    ("ServerError", "HeadraceException", 500),
    ("WriteOverflow", "ServerError", 500),
    ("ResponseError", "ServerError", 500),
    ("ServiceUnavailable", "HeadraceException", 503),
    ("HandlerTimeout", "ServiceUnavailable", 503),
    ("ServerBusy", "ServiceUnavailable", 503),
    ("ExchangeEnded", "HeadraceException", 500),
    ("ClientGone", "ExchangeEnded", 500),
]


@pytest.mark.parametrize(("name", "parent", "status"), TREE, ids=[row[0] for row in TREE])
def test_tree(name: str, parent: str, status: int) -> None:
    kind = getattr(exceptions, name)
    assert kind.__bases__ == (getattr(exceptions, parent),)
    assert kind.status_code == status


def test_the_tree_is_complete() -> None:
    found = {
        name
        for name, value in vars(exceptions).items()
        if isinstance(value, type) and issubclass(value, Exception)
    }
    besides = {"HeadraceException", "ConfigError", "InvalidUsage", "ListenError"}
    assert found == {row[0] for row in TREE} | besides


@pytest.mark.parametrize("name", [row[0] for row in TREE])
def test_the_docstring_shows_the_tree(name: str) -> None:
    assert f"── {name} " in str(exceptions.__doc__)


def test_the_name_of_2017() -> None:
    assert InvalidUsage is BadRequest


def test_wrong_use_is_no_answer_to_a_client() -> None:
    assert issubclass(ConfigError, ValueError)
    assert not issubclass(ConfigError, HeadraceException)


@pytest.mark.parametrize(
    ("error", "message", "status"),
    [
        pytest.param(HeadraceException(), "Internal Server Error", 500, id="root"),
        pytest.param(NotFound(), "Not Found", 404, id="standard-phrase"),
        pytest.param(NotFound("no such book"), "no such book", 404, id="message"),
        pytest.param(NotFound(""), "", 404, id="empty-message"),
        pytest.param(HeadraceException("busy", 503), "busy", 503, id="status"),
        pytest.param(HeadraceException(status_code=418), "I'm a Teapot", 418, id="only-status"),
        pytest.param(HeadraceException(status_code=599), "", 599, id="unknown-status"),
        pytest.param(ServerError("oops", status_code=502), "oops", 502, id="override"),
        pytest.param(TruncatedBody(), "the request body ended early", 400, id="truncated"),
        pytest.param(
            PayloadTooLarge(10), "The request body is over the limit of 10 bytes", 413, id="large"
        ),
        pytest.param(
            WriteOverflow(8),
            "8 bytes wait for a client that reads slowly and no write was awaited; "
            "use 'await response.write(...)' or raise write_cap",
            500,
            id="overflow",
        ),
        pytest.param(ClientGone(), "the exchange has ended: client gone", 500, id="gone"),
        pytest.param(
            ExchangeEnded(EndReason.TIMEOUT), "the exchange has ended: timeout", 500, id="ended"
        ),
        pytest.param(ExchangeEnded(EndReason.STALLED, "slow"), "slow", 500, id="ended-message"),
    ],
)
def test_messages(error: HeadraceException, message: str, status: int) -> None:
    assert (error.message, str(error), error.status_code) == (message, message, status)


def test_what_is_for_the_log_alone() -> None:
    private = {row[0] for row in TREE if getattr(exceptions, row[0]).private}
    assert private == {"WriteOverflow", "ResponseError", "ExchangeEnded", "ClientGone"}
    assert not HeadraceException.private


def test_a_status_does_not_leak_into_the_class() -> None:
    HeadraceException(status_code=404)
    assert HeadraceException.status_code == 500


def test_a_status_of_an_own_class() -> None:
    class Gone(HeadraceException):
        status_code = 410

    assert (Gone().message, Gone().status_code) == ("Gone", 410)


def test_headers_are_a_copy() -> None:
    given = {"retry-after": "5"}
    error = HeadraceException(headers=given)
    error.headers["x"] = "y"
    assert given == {"retry-after": "5"}
    assert HeadraceException().headers == {}


def test_method_not_allowed_lists_the_methods_sorted() -> None:
    error = MethodNotAllowed("PUT", ["POST", "GET"])
    assert error.allowed == ("GET", "POST")
    assert error.headers == {"allow": "GET, POST"}
    assert str(error) == "Method PUT not allowed; allowed: GET, POST"


@pytest.mark.parametrize(
    ("error", "attribute", "value"),
    [
        pytest.param(PayloadTooLarge(3), "limit", 3, id="limit"),
        pytest.param(WriteOverflow(4), "cap", 4, id="cap"),
        pytest.param(ClientGone(), "reason", EndReason.CLIENT_GONE, id="client-gone"),
        pytest.param(
            ExchangeEnded(EndReason.DRAINING), "reason", EndReason.DRAINING, id="exchange-ended"
        ),
    ],
)
def test_data(error: HeadraceException, attribute: str, value: Any) -> None:
    assert getattr(error, attribute) == value


ABORT = [
    *[
        (status, name)
        for name, parent, status in TREE
        if parent == "HeadraceException"
        and name not in ("ExchangeEnded",)
        # Those that carry data cannot be made of a status alone.
        and name not in ("MethodNotAllowed", "PayloadTooLarge")
    ],
    (405, "HeadraceException"),
    (413, "HeadraceException"),
    (418, "HeadraceException"),
    (599, "HeadraceException"),
]


@pytest.mark.parametrize(("status", "name"), ABORT)
def test_abort_raises_the_class_of_the_status(status: int, name: str) -> None:
    with pytest.raises(HeadraceException) as caught:
        abort(status)
    assert type(caught.value) is getattr(exceptions, name)
    assert caught.value.status_code == status
    assert caught.value.message == phrase(status)


def test_abort_with_a_message() -> None:
    with pytest.raises(NotFound, match=r"^no such row$"):
        abort(404, "no such row")


def test_a_response_error_is_raised_with_words_of_its_own() -> None:
    assert str(ResponseError("begun twice")) == "begun twice"


@pytest.mark.parametrize(
    ("status", "words"), [(200, "OK"), (404, "Not Found"), (299, ""), (0, ""), (-1, "")]
)
def test_phrase(status: int, words: str) -> None:
    assert phrase(status) == words
