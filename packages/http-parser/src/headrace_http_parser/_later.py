"""Patterns that are compiled when they are first used.

To compile all of the grammar takes 6 ms, half of it for what many programs never receive.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast

_METHODS = ("findall", "fullmatch", "match", "search")


class Compiled:
    """The methods of a pattern. Its instances were of the class below before.

    A class that has `__getattr__` makes each look-up of an attribute take 30 ns.
    """

    __slots__ = (*_METHODS, "pattern")


class Later(Compiled):
    """A pattern that nobody has used."""

    __slots__ = ()

    def __init__(self, pattern: str | bytes) -> None:
        self.pattern = pattern

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self.pattern)
        for each in _METHODS:
            setattr(self, each, getattr(compiled, each))
        self.__class__ = Compiled  # type: ignore[assignment]
        return getattr(compiled, name)


def later(pattern: AnyStr) -> re.Pattern[AnyStr]:
    """What `re.compile` returns, made when it is first used; has the four methods only."""
    return cast("re.Pattern[AnyStr]", Later(pattern))
