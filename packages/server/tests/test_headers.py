from __future__ import annotations

from typing import Any

import pytest

from headrace._headers import ResponseHeaders

PAIRS = [("Set-Cookie", "a=1"), ("X-Tag", "t"), ("set-cookie", "b=2")]


@pytest.fixture
def headers() -> ResponseHeaders:
    return ResponseHeaders(PAIRS)


@pytest.mark.parametrize(
    ("given", "pairs"),
    [
        pytest.param(None, [], id="nothing"),
        pytest.param({}, [], id="empty"),
        pytest.param({"A": "1", "b": "2"}, [("A", "1"), ("b", "2")], id="mapping"),
        pytest.param(PAIRS, PAIRS, id="pairs"),
        pytest.param(iter(PAIRS), PAIRS, id="iterator"),
        pytest.param(ResponseHeaders(PAIRS), PAIRS, id="headers"),
        pytest.param({"Content-Length": 5}, [("Content-Length", "5")], id="number"),
    ],
)
def test_made_of(given: Any, pairs: list[tuple[str, str]]) -> None:
    assert ResponseHeaders(given).pairs() == pairs


def test_a_copy_has_fields_of_its_own(headers: ResponseHeaders) -> None:
    copy = ResponseHeaders(headers.pairs())
    copy.add("x", "y")
    assert headers.pairs() == PAIRS


@pytest.mark.parametrize("name", ["x-tag", "X-TAG", "X-Tag"])
def test_names_ignore_case(headers: ResponseHeaders, name: str) -> None:
    assert headers[name] == "t"
    assert name in headers


def test_getting_gives_the_first(headers: ResponseHeaders) -> None:
    assert headers["SET-COOKIE"] == "a=1"


def test_getting_what_is_missing_names_it(headers: ResponseHeaders) -> None:
    with pytest.raises(KeyError, match="X-None"):
        headers["X-None"]


def test_get_has_a_default(headers: ResponseHeaders) -> None:
    assert headers.get("x-none") is None
    assert headers.get("x-none", "d") == "d"


def test_setting_replaces_every_field_of_the_name(headers: ResponseHeaders) -> None:
    headers["SET-Cookie"] = "c=3"
    assert headers.pairs() == [("X-Tag", "t"), ("SET-Cookie", "c=3")]


def test_setting_takes_a_number(headers: ResponseHeaders) -> None:
    value: Any = 7
    headers["retry-after"] = value
    assert headers["Retry-After"] == "7"


def test_add_repeats(headers: ResponseHeaders) -> None:
    number: Any = 3
    headers.add("Set-Cookie", number)
    assert headers.pairs() == [*PAIRS, ("Set-Cookie", "3")]


def test_deleting_removes_every_field_of_the_name(headers: ResponseHeaders) -> None:
    del headers["set-COOKIE"]
    assert headers.pairs() == [("X-Tag", "t")]


def test_deleting_what_is_missing_names_it(headers: ResponseHeaders) -> None:
    with pytest.raises(KeyError, match="X-None"):
        del headers["X-None"]
    assert headers.pairs() == PAIRS


@pytest.mark.parametrize(("name", "found"), [("SET-COOKIE", True), ("x-none", False)])
def test_discard_tells_whether_there_was_one(
    headers: ResponseHeaders, name: str, found: bool
) -> None:
    assert headers.discard(name) is found
    assert name not in headers


def test_iterating_gives_each_name_once(headers: ResponseHeaders) -> None:
    assert list(headers) == ["set-cookie", "x-tag"]
    assert len(headers) == 2


def test_setdefault_does_not_replace(headers: ResponseHeaders) -> None:
    assert headers.setdefault("x-TAG", "other") == "t"
    assert headers.setdefault("vary", "accept") == "accept"


def test_update_replaces(headers: ResponseHeaders) -> None:
    headers.update({"x-tag": "u"})
    assert headers["X-Tag"] == "u"
    assert len(headers) == 2


def test_repr_shows_the_fields() -> None:
    assert repr(ResponseHeaders({"a": "b"})) == "ResponseHeaders([('a', 'b')])"


def test_slots() -> None:
    assert not hasattr(ResponseHeaders(), "__dict__")
