"""Immutable values that cost little to declare.

A frozen, slotted dataclass compiles its methods when its module is imported, 0.3 to 1.2 ms each,
and the import is most of a start. These methods are compiled with their module. In return, making
a value takes 1 to 2 us longer; what is made often has an ``__init__`` of its own.
"""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

DROPPED = ("__dict__", "__weakref__")

set_field = object.__setattr__


@dataclass_transform(frozen_default=True)
def frozen(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]:
    """Make slots of a class's annotations, and keep their defaults; the class derives from Value.

    Each annotation is a field. With ``kw_only``, the fields are given by name only.
    """

    def slotted(declared: type[T]) -> type[T]:
        names = tuple(declared.__annotations__)
        namespace = {k: v for k, v in vars(declared).items() if k not in DROPPED}
        namespace.update(
            _defaults={each: namespace.pop(each) for each in names if each in namespace},
            _known=frozenset(names),
            _names=names,
            __slots__=names,
            __match_args__=() if kw_only else names,
        )
        # No metaclass, with which isinstance() would take longer.
        made: type[T] = type(declared.__name__, declared.__bases__, namespace)
        return made

    return slotted


class Compared:
    """Compares by class and fields, like a dataclass, and looks like one."""

    __slots__ = ()

    _names: ClassVar[tuple[str, ...]]

    def _values(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in type(self)._names])

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __repr__(self) -> str:
        shown = [f"{name}={getattr(self, name)!r}" for name in type(self)._names]
        return f"{type(self).__name__}({', '.join(shown)})"


class Value(Compared):
    """One that does not change, like a frozen dataclass."""

    __slots__ = ()

    _defaults: ClassVar[dict[str, Any]]
    _known: ClassVar[frozenset[str]]
    __match_args__: ClassVar[tuple[str, ...]]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kind = type(self)
        values = kind._defaults | kwargs
        if args:
            given = dict(zip(kind.__match_args__, args, strict=False))
            twice = len(given) < len(args) or not given.keys().isdisjoint(kwargs)
            values |= given
        else:
            twice = False
        if twice or values.keys() != kind._known:
            raise TypeError(f"{kind.__name__}() takes its fields once: {', '.join(kind._names)}")
        for name, value in values.items():
            set_field(self, name, value)

    def replace(self, **changes: Any) -> Self:
        """The same with other values of these fields."""
        kept = {name: getattr(self, name) for name in type(self)._names}
        return type(self)(**{**kept, **changes})

    __replace__ = replace

    def __hash__(self) -> int:
        return hash(self._values())

    def __setattr__(self, name: str, value: object) -> None:
        raise FrozenInstanceError(f"cannot assign to field {name!r}")

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        for name, value in state[1].items():
            set_field(self, name, value)
