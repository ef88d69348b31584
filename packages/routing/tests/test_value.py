"""Values: what a frozen dataclass does, they do."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from headrace_routing import ListenerDeclaration, MethodNotAllowed, NotFound, Options
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
