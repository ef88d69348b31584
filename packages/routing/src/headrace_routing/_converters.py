"""Parameter types: how the text of a parameter becomes a value, and back.

A converter sees decoded text and never a whole path. ``rank`` orders types that stand at the
same place of the same path: a smaller rank is tried first, so that the narrower type wins
whatever the order of registration. ``alphabet`` and ``width`` let a segment with several
parameters be cut without guessing, see ``_segment``.

Regexes here must match in linear time: no two ways to match the same text.
"""

from __future__ import annotations

import math
import string
from importlib import import_module
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ._value import Value, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ANY_RANK = 90


@frozen()
class Converter(Value):
    """A parameter type.

    ``regex`` has to match the whole text, and must be one that cannot backtrack badly (see
    README); otherwise patterns that use it are refused. ``parse`` makes the value and may raise
    ValueError to say that the text is none after all, but nothing else. ``format`` is its
    inverse, for ``url_for``; what it returns must match ``regex`` again. ``alphabet`` lists the
    characters that a value may have after its first (None: any), ``width`` is the fixed length
    of the text, if it has one.
    """

    regex: str
    parse: Callable[[str], Any] = str
    format: Callable[[Any], str] = str
    rank: int = 60
    alphabet: str | None = None
    width: int | None = None


class Later:
    """A function of a module that is imported by the first pattern that has a use for it."""

    __slots__ = ("_module", "_name")

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def load(self) -> Callable[[str], Any]:
        """The function itself."""
        found: Callable[[str], Any] = attrgetter(self._name)(import_module(self._module))
        return found

    def __call__(self, text: str) -> Any:
        return self.load()(text)


def parse_float(text: str) -> float:
    """A finite float; text too large for one is a ValueError."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def format_float(value: object) -> str:
    """The shortest text without an exponent that reads back as the same float."""
    from decimal import Decimal  # with it comes a millisecond of imports

    number = float(value)  # type: ignore[arg-type]
    return format(Decimal(repr(number)), "f")


DIGITS = string.digits
LETTERS = string.ascii_letters
ANY = Converter(r"(?s:.+)", rank=ANY_RANK)
INT = Converter(r"-?[0-9]+", int, rank=30, alphabet=DIGITS)
FLOAT = Converter(
    r"-?[0-9]+(?:\.[0-9]+)?", parse_float, format_float, rank=40, alphabet=DIGITS + "."
)

BUILT_IN: Mapping[str, Converter] = MappingProxyType(
    {
        "uuid": Converter(
            r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
            Later("uuid", "UUID"),
            rank=10,
            alphabet=string.hexdigits + "-",
            width=36,
        ),
        "ymd": Converter(
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
            Later("datetime", "date.fromisoformat"),
            rank=20,
            alphabet=DIGITS + "-",
            width=10,
        ),
        "int": INT,
        "float": FLOAT,
        "number": FLOAT,
        "alpha": Converter(r"[A-Za-z]+", rank=50, alphabet=LETTERS),
        "slug": Converter(
            r"[a-z0-9]+(?:-[a-z0-9]+)*",
            rank=55,
            alphabet=string.ascii_lowercase + DIGITS + "-",
        ),
        "str": ANY,
        "string": ANY,
    }
)
