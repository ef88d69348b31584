"""A route's path pattern, read into segments: ``/users/<id:int>/files/<rest:path>``.

::

    pattern   = 1*( "/" segment )
    segment   = *( literal / "<" name [ ":" spec ] ">" )
    spec      = type / "path" / "ext" [ "=" extension *( "|" extension ) ] / regex

A name may be given as ``name=type`` before ``ext``: ``<id=int:ext=json|xml>``. Literal text
may be written percent-encoded or plain. Everything that is not of this grammar is a
PatternError that points at the character.

Rules for an editor: positions are indices into the text as the user wrote it; all errors about
that text are raised here and nowhere later.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, TypeAlias

from ._converters import ANY, BUILT_IN
from ._errors import PatternError
from ._escape import BROKEN_ESCAPE, decode
from ._segment import Field, Segment, any_field, ext_field, regex_field, typed_field
from ._value import Value, frozen, set_field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._converters import Converter

# The walk through the tree recurses once per segment of a pattern, so patterns are bounded;
# request paths are not limited by this.
MAX_SEGMENTS = 128

# What ``admitted`` finds for the built-in types, none of which has a fork.
LONGEST = sys.maxsize

NAME = re.compile(r"[^\W\d]\w*")
TYPE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LITERAL = re.compile("[^/<]*")
EXTENSIONS = r"[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*(?:\|[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)*)*"
FORBIDDEN = {
    "?": "a path without a query",
    "#": "a path without a fragment",
    ">": "'<' before '>'",
    "{": "a parameter as <name> or <name:type>, or a brace as %7B",
    "}": "a parameter as <name> or <name:type>, or a brace as %7D",
}


@frozen()
class Rest(Value):
    """A ``<name:path>`` segment: one or more segments of the request, slashes included."""

    name: str

    @property
    def outputs(self) -> tuple[str]:
        """The one name, as a segment has them."""
        return (self.name,)


Part: TypeAlias = str | Segment | Rest


@frozen()
class Pattern(Value):
    """A pattern that has been read.

    ``segments`` are decoded literal texts, Segment objects and at most one Rest. ``slash``
    says whether the pattern ends in a slash; the root path is no segment and a slash.
    """

    text: str
    segments: tuple[Part, ...]
    slash: bool
    names: tuple[str, ...]

    def __init__(
        self, text: str, segments: tuple[Part, ...], slash: bool, names: tuple[str, ...]
    ) -> None:
        set_field(self, "text", text)
        set_field(self, "segments", segments)
        set_field(self, "slash", slash)
        set_field(self, "names", names)

    @property
    def is_static(self) -> bool:
        """Whether there is no parameter in it."""
        return not self.names


def admitted(source: str, text: str, at: int) -> tuple[re.Pattern[str], int]:
    """Compile a regex, and tell the longest text for it; see ``_regex``."""
    from ._regex import compile_regex  # 2 ms, for programs that have a regex of their own only

    return compile_regex(source, text, at)


class Patterns:
    """Reads patterns with the types of one router.

    Raises PatternError for a converter under a name that no pattern could use. Segments and
    parameters that are spelled alike are one object, however many patterns have
    them: ``<id:int>`` costs its regex and its functions once. A pattern is read once.
    """

    __slots__ = ("converters", "fields", "known", "segments", "sources")

    def __init__(self, converters: Mapping[str, Converter]) -> None:
        for kind in converters:
            if TYPE.fullmatch(kind) is None:
                raise PatternError("expected letters, digits and '_' as a type's name", kind, 0)
            if kind in ("path", "ext"):
                problem = f"expected another name for a type: {kind!r} is more than a type"
                raise PatternError(problem, kind, 0)
        self.converters = converters
        self.fields: dict[str, Field | Rest] = {}
        self.segments: dict[str, Segment] = {}
        self.known: dict[str, Pattern] = {}
        # A converter with several names is one type, and has one place in the order.
        self.sources: dict[Converter, str] = {}
        for kind in sorted(converters):
            self.sources.setdefault(converters[kind], kind)

    def parse(self, text: str) -> Pattern:
        """Read a pattern; raises PatternError."""
        known = self.known.get(text)
        if known is None:
            known = self.known[text] = _Parser(text, self).run()
        return known


class _Parser:
    """One pass over the text. ``position`` is where reading goes on."""

    __slots__ = ("_known", "_names", "_position", "_text")

    def __init__(self, text: str, known: Patterns) -> None:
        self._text = text
        self._known = known
        self._position = 0
        self._names: list[str] = []

    def run(self) -> Pattern:
        text = self._text
        if not text.startswith("/"):
            raise PatternError("expected '/' at the start of a path", text, 0)
        segments: list[Part] = []
        rest_at: int | None = None
        while self._position < len(text):
            start = self._position = self._position + 1
            if len(segments) == MAX_SEGMENTS and start < len(text):
                raise PatternError(f"expected at most {MAX_SEGMENTS} segments", text, start)
            segment = self._segment()
            if isinstance(segment, Rest):
                if rest_at is not None:
                    raise PatternError("expected at most one parameter of type path", text, start)
                rest_at = len(segments)
            segments.append(segment)
        slash = segments[-1] == ""
        if slash:
            segments.pop()
            if rest_at is not None and rest_at == len(segments) - 1:
                problem = "expected a segment: a path parameter takes a final slash itself"
                raise PatternError(problem, text, len(text))
        return Pattern(text, tuple(segments), slash, tuple(self._names))

    def _segment(self) -> Part:
        """Read up to the next slash or the end."""
        start = self._position
        literals = [self._literal()]
        fields: list[Field] = []
        while self._peek() == "<":
            opened = self._position
            if fields and not literals[-1]:
                problem = "expected some text between two parameters of one segment"
                raise PatternError(problem, self._text, opened)
            field = self._parameter()
            if isinstance(field, Rest):
                if opened != start or self._peek() not in ("", "/"):
                    at = start if opened != start else self._position
                    raise PatternError(
                        "expected a path parameter to be a segment of its own", self._text, at
                    )
                return field
            fields.append(field)
            literals.append(self._literal())
        if not fields:
            return literals[0]
        text = self._text[start : self._position]
        known = self._known.segments.get(text)
        if known is None:
            known = self._known.segments[text] = Segment(tuple(literals), tuple(fields))
        return known

    def _peek(self) -> str:
        return self._text[self._position : self._position + 1]

    def _literal(self) -> str:
        start, text = self._position, self._text
        literal = LITERAL.match(text, start)[0]  # type: ignore[index]
        self._position = start + len(literal)
        if literal.isidentifier():
            return literal
        for position, char in enumerate(literal, start):
            if char in FORBIDDEN:
                raise PatternError(f"expected {FORBIDDEN[char]}", text, position)
            if not char.isprintable():
                raise PatternError("expected a printable character", text, position)
        broken = BROKEN_ESCAPE.search(literal)
        if broken is not None:
            problem = "expected two hexadecimal digits after '%'"
            raise PatternError(problem, text, start + broken.start())
        try:
            return decode(literal) if "%" in literal else literal
        except UnicodeDecodeError:
            problem = "expected the escapes to be UTF-8"
            raise PatternError(problem, text, start + literal.index("%")) from None

    def _closing(self) -> int:
        """Where the ``>`` of the parameter stands; those inside its regex come in pairs."""
        depth = 0
        position = self._position
        while position < len(self._text):
            char = self._text[position]
            if char == "\\":
                position += 1
            elif char == "<":
                depth += 1
            elif char == ">":
                depth -= 1
                if not depth:
                    return position
            position += 1
        raise PatternError("expected '>' to close the parameter", self._text, len(self._text))

    def _parameter(self) -> Field | Rest:
        """Read ``<name:spec>``."""
        text = self._text
        opened = self._position
        closing = self._closing()
        self._position = closing + 1
        spelled = text[opened : closing + 1]
        field = self._known.fields.get(spelled)
        if field is None:
            field = self._known.fields[spelled] = self._new_parameter(opened, closing)
        for given in (field.name,) if isinstance(field, Rest) else field.names:
            if given in self._names:
                problem = f"expected another name: there is a parameter {given!r} already"
                raise PatternError(problem, text, opened + 1)
            self._names.append(given)
        return field

    def _new_parameter(self, opened: int, closing: int) -> Field | Rest:
        text = self._text
        name, colon, spec = text[opened + 1 : closing].partition(":")
        name, equals, stem = name.partition("=")
        if NAME.fullmatch(name) is None:
            raise PatternError("expected a parameter name", text, opened + 1)
        spec_at = opened + 1 + len(name) + len(equals) + len(stem) + 1
        if colon and not spec:
            raise PatternError("expected a type or a regex after ':'", text, spec_at)
        if spec == "ext" or spec.startswith("ext="):
            return self._file(name, opened + 1, stem if equals else "str", spec, spec_at)
        if equals:
            problem = "expected ':ext' after a name with '='"
            raise PatternError(problem, text, spec_at - 1)
        return self._field(name, spec or "str", spec_at)

    def _field(self, name: str, spec: str, at: int) -> Field | Rest:
        if spec == "path":
            return Rest(name)
        if TYPE.fullmatch(spec) is None:
            return regex_field(name, *admitted(spec, self._text, at))
        return self._typed(name, spec, at)

    def _typed(self, name: str, kind: str, at: int) -> Field:
        converter = self._known.converters.get(kind)
        if converter is None:
            known = ", ".join(sorted({*self._known.converters, "ext", "path"}))
            problem = f"expected a type ({known}) or a regex such as ({kind})"
            raise PatternError(problem, self._text, at)
        # One name for each type: a converter itself would be hashed field by field, route by route.
        source = self._known.sources[converter]
        if converter is ANY:
            return any_field(name, source, converter)
        if BUILT_IN.get(kind) is converter:
            longest = LONGEST
        else:
            longest = admitted(converter.regex, converter.regex, 0)[1]
        return typed_field(name, kind, source, converter, longest)

    def _file(self, name: str, name_at: int, stem: str, spec: str, at: int) -> Field:
        listed = spec[4:]
        if spec != "ext" and re.fullmatch(EXTENSIONS, listed) is None:
            problem = "expected extensions such as jpg|tar.gz"
            raise PatternError(problem, self._text, at + 4)
        field = self._typed(name, stem, name_at + len(name) + 1)
        return ext_field(field, tuple(listed.split("|")) if listed else ())
