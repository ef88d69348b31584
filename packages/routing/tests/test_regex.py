"""Which regexes are admitted, and on how long a text."""

from __future__ import annotations

import sys

import pytest

from headrace_routing import Converter, Found, NotFound, PatternError, Router
from headrace_routing._converters import ANY, BUILT_IN
from headrace_routing._pattern import LONGEST
from headrace_routing._regex import MAX_FORKED, compile_regex

NO_LIMIT = sys.maxsize

ADMITTED = [
    ("[a-z]+", NO_LIMIT),
    ("[a-z]+(?:-[a-z]+)*", NO_LIMIT),
    (r"-?[0-9]+(?:\.[0-9]+)?", NO_LIMIT),
    ("(?P<y>[0-9]{4})-(?P<m>[0-9]{2,})", NO_LIMIT),
    ("(ab|cd)*", NO_LIMIT),
    ("(a|b)*?c", NO_LIMIT),
    ("^a$", NO_LIMIT),
    (r"\Aa+\Z", NO_LIMIT),
    ("[]a]+b", NO_LIMIT),
    ("a||b", NO_LIMIT),
    ("(?:[0-9a-f]{8}-){3}", NO_LIMIT),
    ("(?:a?b)+", NO_LIMIT),
    (r".+\.txt", MAX_FORKED),
    (r"\d*\d*x", MAX_FORKED),
    ("a{,3}a", MAX_FORKED),
    ("é+x", MAX_FORKED),
    (r"[\x41]+b", MAX_FORKED),
]

STEP = "expected a regex whose next step each character decides, see Converter"
PLAIN = "expected a regex of characters, sets, groups, '|' and repetitions"

REFUSED = [
    ("(a+)+", 0, STEP),
    ("(?:a|aa)+", 0, STEP),
    ("(ab|ac)*", 0, STEP),
    ("(a*)*", 0, STEP),
    ("(a|)+", 0, STEP),
    ("(a?){5}", 0, STEP),
    ("x*(y*)*", 0, STEP),
    (r"\d*\d*\d*x", 0, STEP),
    ("(?:a+b?)+", 0, STEP),
    ("(?i)a", 0, PLAIN),
    ("b(?=a)b", 1, PLAIN),
    (r"(a)\1", 3, PLAIN),
    (r"a\b", 1, PLAIN),
    (r"\x41", 0, PLAIN),
    ("a{", 1, PLAIN),
    ("}", 0, PLAIN),
    ("(a", 0, "expected a regex: missing ), unterminated subpattern"),
]


@pytest.mark.parametrize(("source", "longest"), ADMITTED, ids=[s for s, _ in ADMITTED])
def test_admitted(source: str, longest: int) -> None:
    compiled, found = compile_regex(source, source, 0)
    assert (compiled.pattern, found) == (source, longest)


@pytest.mark.parametrize(("source", "position", "problem"), REFUSED, ids=[s for s, *_ in REFUSED])
def test_refused(source: str, position: int, problem: str) -> None:
    with pytest.raises(PatternError) as caught:
        compile_regex(source, f"/<x:{source}>", 4)
    assert (caught.value.problem, caught.value.position) == (problem, position + 4)


def test_too_large_a_repetition_is_refused() -> None:
    with pytest.raises(PatternError, match="expected a regex: the repetition number is too large"):
        compile_regex("a{99999999999}", "a{99999999999}", 0)


def test_limit_of_a_forked_regex() -> None:
    router = Router[str]()
    router.add(r"/<x:.+\.txt>", "h")
    at, beyond = "a" * (MAX_FORKED - 4) + ".txt", "a" * (MAX_FORKED - 3) + ".txt"
    assert type(router.match("GET", f"/{at}")).__name__ == "Found"
    assert type(router.match("GET", f"/{beyond}")).__name__ == "NotFound"


@pytest.mark.parametrize("name", [name for name in BUILT_IN if BUILT_IN[name] is not ANY])
def test_the_built_in_types_would_be_admitted(name: str) -> None:
    regex = BUILT_IN[name].regex
    assert compile_regex(regex, regex, 0)[1] == LONGEST


def test_a_type_of_the_same_name_is_looked_at() -> None:
    router: Router[int] = Router(converters={"int": Converter(r".+[0-9]")})
    router.add("/<x:int>", 1)
    assert isinstance(router.match("GET", f"/{'a' * (MAX_FORKED - 1)}1"), Found)
    assert isinstance(router.match("GET", f"/{'a' * MAX_FORKED}1"), NotFound)
    router = Router(converters={"int": Converter("(a+)+b")})
    with pytest.raises(PatternError, match="expected a regex whose next step"):
        router.add("/<x:int>", 1)
