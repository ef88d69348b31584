"""Events and limits are the dataclasses that they look like."""

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from headrace_http_parser import (
    Data,
    EndOfMessage,
    Headers,
    Limits,
    RequestHead,
    ResponseHead,
    Upgrade,
)

VALUES = [
    RequestHead("GET", b"/", "1.1", Headers([("a", "b")]), 5, expect="100-continue"),
    ResponseHead(200, "OK", "1.1", Headers(), chunked=True, has_body=True),
    Data(b"x"),
    EndOfMessage(),
    EndOfMessage(Headers([("a", "b")])),
    Upgrade(b"x"),
    Limits(pipelined=3),
]


def twin(value: Any) -> Any:
    """What the decorator makes by itself of the same fields."""
    fields = [each for each in dataclasses.fields(value) if each.compare]
    given = [(each.name, each.type) for each in fields]
    name = type(value).__name__
    made = dataclasses.make_dataclass(name, given, frozen=isinstance(value, Limits))
    return made(*[getattr(value, each.name) for each in fields])


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_looks_like_a_dataclass(value: Any) -> None:
    other = twin(value)
    assert repr(value) == repr(other)
    assert type(value).__match_args__ == type(other).__match_args__
    assert (type(value).__hash__ is None) is (type(other).__hash__ is None)
    assert value != other


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_copy_is_equal(value: Any) -> None:
    for other in (copy.copy(value), pickle.loads(pickle.dumps(value)), dataclasses.replace(value)):
        assert other == value
        assert other is not value


def test_what_differs_in_a_field_is_not_equal() -> None:
    assert Data(b"x") != Data(b"y")
    assert Data(b"x") != Upgrade(b"x")
    assert Limits() != Limits(pipelined=3)
    assert hash(Limits(pipelined=3)) == hash(Limits(pipelined=3))
