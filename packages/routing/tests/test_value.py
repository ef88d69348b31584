"""Values: what a frozen dataclass does, they do."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from datetime import date
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from headrace_routing import (
    Converter,
    Found,
    ListenerDeclaration,
    MethodNotAllowed,
    NotFound,
    Options,
    Router,
)
from headrace_routing._converters import BUILT_IN
from headrace_routing._escape import SEGMENT_SAFE, encode_segment
from headrace_routing._pattern import Rest


def test_fields_by_place_and_by_name() -> None:
    assert MethodNotAllowed(("GET",)).allowed == MethodNotAllowed(allowed=("GET",)).allowed
    one = ListenerDeclaration(listener=print, event="e")
    assert (one.listener, one.event, one.blueprint) == (print, "e", None)


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((), {}),
        ((), {"event": "e"}),
        ((), {"listener": print, "event": "e", "other": 1}),
        ((print, "e"), {}),
    ],
)
def test_what_is_given_has_to_be_its_fields(args: Any, kwargs: Any) -> None:
    with pytest.raises(TypeError) as caught:
        ListenerDeclaration(*args, **kwargs)
    assert str(caught.value) == (
        "ListenerDeclaration() takes its fields once: listener, event, blueprint"
    )


def test_not_twice() -> None:
    rest = Rest("name")
    assert rest == Rest(name="name")
    make: Any = Rest
    with pytest.raises(TypeError, match=r"Rest\(\) takes its fields once: name"):
        make("name", name="name")
    with pytest.raises(TypeError, match=r"Rest\(\) takes its fields once: name"):
        make("name", "name")


def test_equal_by_class_and_fields() -> None:
    allowed = ("GET",)
    assert MethodNotAllowed(allowed) == MethodNotAllowed(("GET",))
    assert hash(MethodNotAllowed(allowed)) == hash(MethodNotAllowed(("GET",)))
    assert MethodNotAllowed(allowed) != MethodNotAllowed(("PUT",))
    assert MethodNotAllowed(allowed) != Options(allowed)
    assert NotFound() == NotFound()
    assert NotFound()


def test_repr() -> None:
    assert repr(MethodNotAllowed(("GET",))) == "MethodNotAllowed(allowed=('GET',))"
    assert repr(NotFound()) == "NotFound()"


def test_immutable_and_without_a_dict() -> None:
    value: Any = Options(("GET",))
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'allowed'"):
        value.allowed = ()
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'allowed'"):
        del value.allowed
    assert not hasattr(value, "__dict__")


def test_patterns_take_it_apart() -> None:
    match Options(("GET",)):
        case Options(allowed):
            assert allowed == ("GET",)


@pytest.mark.parametrize("value", [Options(("GET",)), NotFound()])
def test_copies(value: object) -> None:
    assert copy.deepcopy(value) == copy.copy(value) == value
    assert pickle.loads(pickle.dumps(value)) == value


def test_replace() -> None:
    one = ListenerDeclaration(listener=print, event="e")
    assert one.replace(event="f") == ListenerDeclaration(listener=print, event="f")
    with pytest.raises(TypeError):
        one.replace(other=1)


def test_a_converter_is_a_value() -> None:
    one = Converter("[a-c]", rank=3)
    assert one == Converter("[a-c]", str, str, 3, None, None)
    assert hash(one) == hash(Converter("[a-c]", rank=3))
    assert one != Converter("[a-c]")
    assert repr(Converter("x", len)) == (
        "Converter(regex='x', parse=<built-in function len>, format=<class 'str'>, rank=60, "
        "alphabet=None, width=None)"
    )
    assert pickle.loads(pickle.dumps(one)) == one
    with pytest.raises(FrozenInstanceError):
        one.rank = 4  # type: ignore[misc]


def test_a_match_is_a_value() -> None:
    router: Router[int] = Router()
    route = router.add("/<x>", 1)
    one = router.match("GET", "/a")
    assert one == router.match("GET", "/a")
    assert one != router.match("GET", "/b")
    assert one != 1
    assert repr(one) == f"Found(handler=1, params={{'x': 'a'}}, route={route!r})"
    assert Found.__match_args__ == ("handler", "params", "route")
    assert Found.__hash__ is None


def test_types_whose_module_is_loaded_later() -> None:
    assert BUILT_IN["ymd"].parse("2017-01-31") == date(2017, 1, 31)
    assert BUILT_IN["uuid"].parse("0" * 32) == UUID(int=0)


def test_what_is_not_escaped_is_what_quote_leaves_alone() -> None:
    for char in map(chr, range(0x250)):
        assert encode_segment(char) == quote(char, safe=SEGMENT_SAFE)
