"""Regexes from users, admitted only if no text can make them slow.

Python's engine backtracks: ``(a+)+b`` takes exponential time on ``aaaa…``. A regex cannot go
that way if, at each point, the next character alone tells which way to go. So the source is
read into a tree, and for each repetition and alternative it is asked whether the characters
that continue it and those that may follow it have one in common: a *fork*.

- No fork at all: linear time.
- One fork, and not inside something repeated: at worst the square of the length, so the text
  is limited to ``MAX_FORKED`` characters; ``.+\\.txt`` is of this kind.
- Anything else is refused, as are look-around, back references and inline flags, whose cost
  this cannot tell.

Rule for an editor: when in doubt, a set of characters is too large, never too small.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn, TypeAlias

from ._errors import PatternError

MAX_FORKED = 512

# Character classes are compared on these: all of Latin, and one each of what \w, \d and \s
# also match. An atom that names another character counts as matching everything.
SAMPLE = "".join(map(chr, range(0x180))) + "\u0661\u2028\u4e00"
EVERYTHING = frozenset(SAMPLE)
NOTHING: frozenset[str] = frozenset()

QUANTIFIER = re.compile(r"(?:([*+?])|\{([0-9]*)(,?)([0-9]*)\})[?+]?")
GROUP = re.compile(r"\((?:\?:|\?P<[^>]*>|(?!\?))")
SINGLE = re.compile(r"\\[^ABZbgxuUN0-9]|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[\](){}|*+?^$]", re.DOTALL)
ANCHOR = re.compile(r"[\^$]|\\[AZ]")


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set; an anchor is the empty set and takes none."""

    first: frozenset[str]
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Alternatives, each a sequence."""

    branches: tuple[tuple[Node, ...], ...]
    first: frozenset[str]
    nullable: bool


@dataclass(frozen=True, slots=True)
class Repeat:
    """``low`` to ``high`` times the same; ``high`` None is no limit."""

    body: Chars | Group
    low: int
    high: int | None
    first: frozenset[str]
    nullable: bool


Node: TypeAlias = Chars | Group | Repeat


@lru_cache(maxsize=256)
def compile_regex(source: str, pattern: str, at: int) -> tuple[re.Pattern[str], int]:
    """Compile the regex at ``at`` of the pattern, and say how long a text it may be tried on.

    Raises PatternError.
    """
    try:
        compiled = re.compile(source)
    except (re.error, RecursionError, OverflowError) as error:
        position = getattr(error, "pos", None) or 0
        problem = f"expected a regex: {getattr(error, 'msg', error)}"
        raise PatternError(problem, pattern, at + position) from None
    tree = _Reader(source, pattern, at).run()
    forks = _forks(tree, NOTHING, repeated=False)
    if forks > 1:
        problem = "expected a regex whose next step each character decides, see Converter"
        raise PatternError(problem, pattern, at)
    return compiled, MAX_FORKED if forks else sys.maxsize


class _Reader:
    """Recursive descent over a source that ``re`` has accepted."""

    __slots__ = ("_at", "_pattern", "_position", "_source")

    def __init__(self, source: str, pattern: str, at: int) -> None:
        self._source = source
        self._pattern = pattern
        self._at = at
        self._position = 0

    def run(self) -> Group:
        return self._alternatives()

    def _refuse(self) -> NoReturn:
        problem = "expected a regex of characters, sets, groups, '|' and repetitions"
        raise PatternError(problem, self._pattern, self._at + self._position)

    def _alternatives(self) -> Group:
        branches = [self._sequence()]
        while self._source.startswith("|", self._position):
            self._position += 1
            branches.append(self._sequence())
        first = NOTHING.union(*map(_first, branches))
        return Group(tuple(branches), first, any(map(_nullable, branches)))

    def _sequence(self) -> tuple[Node, ...]:
        nodes: list[Node] = []
        while self._position < len(self._source) and self._source[self._position] not in "|)":
            nodes.append(self._repetition(self._atom()))
        return tuple(nodes)

    def _atom(self) -> Chars | Group:
        source, position = self._source, self._position
        if group := GROUP.match(source, position):
            self._position = group.end()
            inside = self._alternatives()
            self._position += 1
            return inside
        if anchor := ANCHOR.match(source, position):
            self._position = anchor.end()
            return Chars(NOTHING, nullable=True)
        single = SINGLE.match(source, position)
        if single is None:
            self._refuse()
        self._position = single.end()
        return Chars(_sample(single[0]))

    def _repetition(self, body: Chars | Group) -> Node:
        found = QUANTIFIER.match(self._source, self._position)
        if found is None:
            return body
        self._position = found.end()
        sign, low, comma, high = found.groups()
        if sign:
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}[sign]
        else:
            least = int(low or 0)
            most = int(high) if high else None if comma else least
        return Repeat(body, least, most, body.first, body.nullable or not least)


@lru_cache(maxsize=256)
def _sample(atom: str) -> frozenset[str]:
    if not atom.isascii() or re.search(r"\\[uUNx]", atom):
        return EVERYTHING
    matches = re.compile(atom, re.DOTALL).fullmatch
    return frozenset(char for char in SAMPLE if matches(char))


def _first(sequence: tuple[Node, ...]) -> frozenset[str]:
    first = NOTHING
    for node in sequence:
        first |= node.first
        if not node.nullable:
            break
    return first


def _nullable(sequence: tuple[Node, ...]) -> bool:
    return all(node.nullable for node in sequence)


def _forks(node: Node, follow: frozenset[str], *, repeated: bool) -> int:
    """How many forks there are, where ``follow`` may come next. Two mean: refuse."""
    if isinstance(node, Chars):
        return 0
    if isinstance(node, Repeat):
        again = node.high is None or node.high > 1
        inside = _forks(
            node.body, follow | node.first if again else follow, repeated=repeated or again
        )
        if again and node.body.nullable:
            return 2
        own = node.low != node.high and not node.first.isdisjoint(follow)
        return inside + own * (2 if repeated else 1)
    forks = 0
    seen = NOTHING
    for branch in node.branches:
        first = _first(branch) | (follow if _nullable(branch) else NOTHING)
        # Alternatives that begin alike cost their number at most, unless they are repeated.
        forks += 2 * (repeated and not first.isdisjoint(seen))
        seen |= first
        after = follow
        for child in reversed(branch):
            forks += _forks(child, after, repeated=repeated)
            after = child.first | after if child.nullable else child.first
    return forks
