"""Settings and figures are the frozen dataclasses that they look like."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest

from headrace import Config, EndReason, Figures
from headrace._hooks import Hooks

FIGURES = Figures(EndReason.COMPLETE, 200, 3, 4, 1.0, 4.0, 15.0)
VALUES = [Config(port=1), FIGURES, Hooks((print,), (), {})]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_looks_like_a_frozen_dataclass(value: Any) -> None:
    fields = dataclasses.fields(value)
    given = [(each.name, each.type) for each in fields]
    other = dataclasses.make_dataclass(type(value).__name__, given, frozen=True)
    twin = other(*[getattr(value, each.name) for each in fields])
    assert repr(value) == repr(twin)
    assert value != twin
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, fields[0].name, 1)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_copy_is_equal(value: Any) -> None:
    for other in (copy.copy(value), pickle.loads(pickle.dumps(value)), dataclasses.replace(value)):
        assert other == value
        assert other is not value


def test_equal_by_fields() -> None:
    assert Config(port=1) != Config()
    assert hash(Config(port=1)) == hash(Config(port=1))
    assert hash(FIGURES) == hash(copy.copy(FIGURES))
