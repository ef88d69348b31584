"""One segment of a pattern that holds parameters: ``<id:int>``, ``<a>-<b:int>``, ``<f:ext>``.

Strategy. A segment is literal texts around fields: ``literals[0] field[0] literals[1] …``. To
match, the text is first cut into one piece per field and each field then reads its piece. The
cut never backtracks, so it takes linear time whatever the input:

1. From the left, a field whose length is fixed, or whose type cannot contain the first
   character of the literal after it, ends where that says. ``<id:int>-<slug>``
2. At the first field where that is not so, the cutting goes on from the right: each field
   begins after the *last* place of the literal before it. ``<title>-<id:int>``

To build, the fields write their pieces, and the result is cut and read again: what does not
come back as it went in is refused instead of giving a URL that means something else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from ._converters import INT, Later
from ._value import Value, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ._converters import Converter

REGEX_RANK = 70
EXT_RANK = 80

Values = tuple[Any, ...]

# What ``take`` returns for a text that a field does not take; a value may well be None.
MISS: Final = object()


class Unwritable(Exception):
    """A field has no text for these values; the caller turns it into its BuildError."""


@frozen()
class Field(Value):
    """One ``<…>``: the names that it fills, how it reads its text, how it writes it.

    ``outputs`` has a name for each value that ``read`` gives, None for one that has no name.
    ``take`` reads without the tuple, where there is one value and the text is not just passed
    on. ``key`` is equal for fields that match the same texts, whatever their names.
    ``required`` are the names that writing needs; it takes the others as a check. ``rank`` and
    then ``source`` order fields that match in the same place.
    """

    outputs: tuple[str | None, ...]
    required: tuple[str, ...]
    key: tuple[object, ...]
    rank: int
    source: str
    read: Callable[[str], Values | None]
    write: Callable[[Mapping[str, Any]], str]
    take: Callable[[str], Any] | None = None
    alphabet: str | None = None
    width: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that it fills."""
        return tuple(name for name in self.outputs if name is not None)


def taker(converter: Converter, longest: int) -> Callable[[str], Any]:
    """A function that gives the value of a text, or MISS."""
    fullmatch = re.compile(converter.regex).fullmatch
    parse = converter.parse
    if isinstance(parse, Later):
        parse = parse.load()

    def take(text: str) -> Any:
        if not 0 < len(text) <= longest or fullmatch(text) is None:
            return MISS
        try:
            return parse(text)
        except ValueError:
            return MISS

    def take_int(text: str) -> Any:
        if text.isdigit() and text.isascii():
            try:
                return int(text)
            except ValueError:
                return MISS
        return take(text)

    return take_int if converter is INT else take


def typed_field(name: str, kind: str, source: str, converter: Converter, longest: int) -> Field:
    """A field of a named type; texts longer than ``longest`` are not of the type."""
    take = taker(converter, longest)

    def read(text: str) -> Values | None:
        value = take(text)
        return None if value is MISS else (value,)

    def write(params: Mapping[str, Any]) -> str:
        value = params[name]
        try:
            text = converter.format(value)
        except (TypeError, ValueError) as error:
            raise Unwritable(f"{name}={value!r} is not of type {kind}") from error
        if read(text) is None:
            raise Unwritable(f"{name}={value!r} is not of type {kind}")
        return text

    return Field(
        outputs=(name,),
        required=(name,),
        key=("type", source),
        rank=converter.rank,
        source=source,
        read=read,
        write=write,
        take=take,
        alphabet=converter.alphabet,
        width=converter.width,
    )


def any_field(name: str, source: str, converter: Converter) -> Field:
    """A field without a type: any text but none at all."""

    def read(text: str) -> Values | None:
        return (text,) if text else None

    def write(params: Mapping[str, Any]) -> str:
        text = str(params[name])
        if not text:
            raise Unwritable(f"{name} is empty")
        return text

    return Field((name,), (name,), ("type", source), converter.rank, "str", read, write)


def regex_field(name: str, regex: re.Pattern[str], longest: int) -> Field:
    """A field given as a regex, tried on texts up to ``longest``.

    Its named groups are parameters of their own. The text as a whole goes by ``name``, unless
    a group takes that name.
    """
    groups = tuple(regex.groupindex)
    outputs = (None if name in groups else name, *groups)

    def read(text: str) -> Values | None:
        found = regex.fullmatch(text) if 0 < len(text) <= longest else None
        if found is None:
            return None
        return (text, *map(found.__getitem__, groups))

    def write(params: Mapping[str, Any]) -> str:
        text = str(params[name])
        values = read(text)
        if values is None:
            raise Unwritable(f"{name}={params[name]!r} does not match {regex.pattern}")
        for group, value in zip(outputs, values, strict=True):
            if group is not None and params.get(group, value) != value:
                raise Unwritable(f"{group}={params[group]!r} is not what {text!r} says")
        return text

    def take(text: str) -> Any:
        return MISS if read(text) is None else text

    source = regex.pattern
    key = ("regex", source)
    return Field(outputs, (name,), key, REGEX_RANK, source, read, write, None if groups else take)


def ext_field(stem: Field, extensions: tuple[str, ...]) -> Field:
    """A file name: the stem, a dot, and an extension that goes by ``ext``.

    Without a list the extension is what follows the last dot, letters and digits; with one,
    the longest that fits.
    """
    suffixes = sorted((f".{e}" for e in extensions), key=len, reverse=True)

    def split(text: str) -> tuple[str, str]:
        for suffix in suffixes:
            if text.endswith(suffix):
                return text[: -len(suffix)], suffix[1:]
        head, _, ext = text.rpartition(".")
        return (head, ext) if not suffixes and ext.isascii() and ext.isalnum() else ("", "")

    def read(text: str) -> Values | None:
        head, ext = split(text)
        values = stem.read(head) if head else None
        return None if values is None else (*values, ext)

    def write(params: Mapping[str, Any]) -> str:
        head, ext = stem.write(params), str(params["ext"])
        text = f"{head}.{ext}"
        if split(text) != (head, ext):
            raise Unwritable(f"{text!r} does not read back as {head!r} with ext={ext!r}")
        return text

    source = f"{stem.source}:{'|'.join(sorted(extensions))}"
    names = (*stem.names, "ext")
    return Field(names, names, ("ext", stem.key, source), EXT_RANK, source, read, write)


class Segment:
    """A segment with at least one parameter.

    ``key`` is equal for segments of the same shape; ``order`` sorts the segments that stand at
    one place of the tree: more literal text first, then the narrower types.
    """

    __slots__ = (
        "_ends",
        "_fields",
        "_literals",
        "is_single",
        "key",
        "match",
        "order",
        "outputs",
        "required",
        "take",
    )

    match: Callable[[str], Values | None]
    """The values of a decoded segment, in the order of ``outputs``; None if it is another."""

    is_single: bool
    """Whether it is nothing but one field with one value."""

    take: Callable[[str], Any] | None
    """The value of a single one, or MISS; None if it takes any text as it is, but none at all."""

    def __init__(self, literals: tuple[str, ...], fields: tuple[Field, ...]) -> None:
        self._literals = literals
        self._fields = fields
        self._ends = _fixed_ends(literals, fields)
        self.outputs = tuple(name for field in fields for name in field.outputs)
        self.required = tuple(name for field in fields for name in field.required)
        self.key: tuple[object, ...] = (literals, tuple(field.key for field in fields))
        ranks = tuple(field.rank for field in fields)
        sources = tuple(field.source for field in fields)
        self.order = (-sum(map(len, literals)), ranks, literals, sources)
        whole = literals == ("", "")
        self.match = fields[0].read if whole else self._match
        self.is_single = whole and len(self.outputs) == 1
        self.take = fields[0].take if self.is_single else None

    def _match(self, text: str) -> Values | None:
        pieces = self._cut(text)
        if pieces is None:
            return None
        values: list[Any] = []
        for field, piece in zip(self._fields, pieces, strict=True):
            got = field.read(piece)
            if got is None:
                return None
            values += got
        return tuple(values)

    def _cut(self, text: str) -> list[str] | None:
        literals = self._literals
        first, last = literals[0], literals[-1]
        start, stop = len(first), len(text) - len(last)
        if start >= stop or not (text.startswith(first) and text.endswith(last)):
            return None
        left: list[str] = []
        for width in self._ends:
            literal = literals[len(left) + 1]
            if width is None:
                end = text.find(literal, start + 1, stop)
            else:
                end = start + width
            if end < 0 or not text.startswith(literal, end, stop):
                return None
            left.append(text[start:end])
            start = end + len(literal)
        right: list[str] = []
        for literal in literals[-2 : len(left) : -1]:
            begin = text.rfind(literal, start, stop)
            if begin < 0:
                return None
            right.append(text[begin + len(literal) : stop])
            stop = begin
        right.append(text[start:stop])
        return left + right[::-1]

    def build(self, params: Mapping[str, Any]) -> str:
        """The decoded text for these values; raises Unwritable if it would not read back."""
        pieces = [field.write(params) for field in self._fields]
        literals = self._literals
        text = literals[0] + "".join(p + t for p, t in zip(pieces, literals[1:], strict=True))
        if self._cut(text) != pieces:
            raise Unwritable(f"{text!r} would not be cut into {pieces!r} again")
        return text


def _fixed_ends(literals: tuple[str, ...], fields: tuple[Field, ...]) -> tuple[int | None, ...]:
    """How the leading fields end, as far as rule 1 goes: their width, or None to search."""
    ends: list[int | None] = []
    for field, literal in zip(fields[:-1], literals[1:-1], strict=True):
        if field.width is None and (field.alphabet is None or literal[0] in field.alphabet):
            break
        ends.append(field.width)
    return tuple(ends)
