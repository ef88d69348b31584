"""What dataclasses have in common, compiled with this module.

A dataclass compiles methods of its own when its module is imported, 0.1 ms each, and the import is
most of a start. A class that derives from ``Value`` has that turned off.
"""

from __future__ import annotations

from typing import Any, ClassVar


class Value:
    """Compares and shows its fields, as a frozen dataclass does."""

    __slots__ = ()

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def _values(self) -> tuple[Any, ...]:
        return tuple([getattr(self, name) for name in self.__dataclass_fields__])

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values() == other._values()

    def __hash__(self) -> int:
        return hash(self._values())

    def __repr__(self) -> str:
        shown = [f"{name}={getattr(self, name)!r}" for name in self.__dataclass_fields__]
        return f"{type(self).__qualname__}({', '.join(shown)})"
