"""Any router against a naive one that tries every route and sorts what fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_routing import ConflictError, Found, MethodNotAllowed, Router

if TYPE_CHECKING:
    from collections.abc import Callable

# A kind of segment: how it is written, what texts it takes, and its place in the precedence.
LITERALS = ["a", "b", "1"]
KINDS: dict[str, tuple[Callable[[str], bool], tuple[object, ...]]] = {
    **{text: (text.__eq__, (0,)) for text in LITERALS},
    "a<{}>": (lambda text: text[:1] == "a" and len(text) > 1, (1, -1, 90)),
    "<{}>b": (lambda text: text[-1:] == "b" and len(text) > 1, (1, -1, 90, "")),
    "<{}:int>": (str.isdigit, (2, 30)),
    "<{}:alpha>": (str.isalpha, (2, 50)),
    "<{}>": (bool, (2, 90)),
}
PATH = "<{}:path>"
# What of its segment is the value of a parameter.
CUT = {
    "a<{}>": slice(1, None),
    "<{}>b": slice(0, -1),
    "<{}:int>": slice(None),
    "<{}:alpha>": slice(None),
    "<{}>": slice(None),
    PATH: slice(None),
}
METHODS = ["GET", "PUT", "HEAD"]


@dataclass
class Naive:
    """One route, as the reference sees it."""

    number: int
    kinds: list[str]
    slash: bool
    strict: bool
    methods: list[str]

    def name(self, index: int) -> str:
        """Of a parameter: every other route calls its own the other way round."""
        return f"p{index if self.number % 2 else len(self.kinds) - index}"

    @property
    def pattern(self) -> str:
        names = (kind.format(self.name(index)) for index, kind in enumerate(self.kinds))
        return "".join(f"/{name}" for name in names) + "/" * (self.slash or not self.kinds)

    def params(self, path: str) -> dict[str, Any]:
        """The parameters for a path that fits."""
        segments = path[1:].split("/")
        if PATH in self.kinds:
            at = self.kinds.index(PATH)
            after = len(self.kinds) - at - 1
            slash = bool(after) and not segments[-1]
            end = len(segments) - after - slash
            segments[at:end] = ["/".join(segments[at:end])]
        texts = dict(enumerate(segments))
        return {
            self.name(index): int(texts[index]) if ":int" in kind else texts[index][CUT[kind]]
            for index, kind in enumerate(self.kinds)
            if "<" in kind
        }

    def rank(self, segments: list[str], slash: bool) -> list[tuple[Any, ...]] | None:
        """Its precedence for a path, segment by segment; None if it does not fit."""
        if PATH in self.kinds:
            at = self.kinds.index(PATH)
            after = len(self.kinds) - at - 1
            end = len(segments) - after
            if at >= end:
                return None
            text = "/".join(segments[at:end]) + "/" * (slash and not after)
            if not text:
                return None
            if not after:
                slash = self.slash
            head = self.part(self.kinds[:at], segments[:at])
            tail = self.part(self.kinds[at + 1 :], segments[end:])
            rank = None if head is None or tail is None else [*head, (3, -after), *tail]
        else:
            rank = self.part(self.kinds, segments)
        return rank if slash == self.slash or not self.strict or not self.kinds else None

    @staticmethod
    def part(kinds: list[str], segments: list[str]) -> list[tuple[Any, ...]] | None:
        if len(kinds) != len(segments):
            return None
        pairs = list(zip(kinds, segments, strict=True))
        if not all(KINDS[kind][0](segment) for kind, segment in pairs):
            return None
        return [KINDS[kind][1] for kind in kinds]


def reference(routes: list[Naive], method: str, path: str) -> Any:
    segments = path[1:].split("/")
    slash = not segments[-1]
    if slash:
        segments.pop()
    fits = [(rank, r) for r in routes if (rank := r.rank(segments, slash)) is not None]
    fits.sort(key=lambda fit: (fit[0], method not in fit[1].methods))
    for _, route in fits:
        own = [r for rank, r in fits if r.kinds == route.kinds]
        if method in route.methods:
            return route.number, route.params(path)
        explicit = any("HEAD" in other.methods for other in own)
        if method == "HEAD" and "GET" in route.methods and not explicit:
            return route.number, route.params(path)
    if not fits:
        return "NotFound"
    allowed = {m for _, r in fits for m in r.methods}
    if "GET" in allowed:
        allowed.add("HEAD")
    return ("MethodNotAllowed", *sorted({*allowed, "OPTIONS"}))


@st.composite
def shapes(draw: st.DrawFn) -> list[Naive]:
    routes = []
    for number in range(draw(st.integers(1, 8))):
        kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), max_size=4))
        if draw(st.integers(0, 3)) == 0:
            kinds.insert(draw(st.integers(0, len(kinds))), PATH)
        slash = draw(st.booleans()) and kinds[-1:] != [PATH] and bool(kinds)
        methods = draw(st.lists(st.sampled_from(METHODS), min_size=1, unique=True))
        routes.append(Naive(number, kinds, slash, draw(st.booleans()), methods))
    return routes


PATHS = st.lists(st.sampled_from(["a", "b", "1", "ab", "a1", "1b", "?", ""]), max_size=6)


@given(shapes(), st.lists(PATHS, min_size=1, max_size=8), st.randoms())
def test_against_the_reference(shapes: list[Naive], paths: list[list[str]], random: Any) -> None:
    router, other = Router[int](), Router[int]()
    kept: list[Naive] = []
    for one in shapes:
        try:
            router.add(one.pattern, one.number, methods=one.methods, strict_slashes=one.strict)
        except ConflictError:
            continue
        kept.append(one)
    for one in random.sample(kept, len(kept)):
        other.add(one.pattern, one.number, methods=one.methods, strict_slashes=one.strict)
    for path in ("/" + "/".join(segments) for segments in paths):
        for method in [*METHODS, "POST"]:
            expected = reference(kept, method, path)
            for subject in (router, other):
                got = subject.match(method, path)
                found: Any = type(got).__name__
                if isinstance(got, Found):
                    found = (got.handler, got.params)
                elif isinstance(got, MethodNotAllowed):
                    found = (found, *got.allowed)
                assert found == expected, (method, path)


def test_the_reference_itself() -> None:
    routes = [Naive(0, ["a", PATH], False, False, ["GET"]), Naive(1, ["a"], False, True, ["PUT"])]
    assert [r.pattern for r in routes] == ["/a/<p1:path>", "/a"]
    assert reference(routes, "HEAD", "/a/b") == (0, {"p1": "b"})
    assert reference(routes, "PUT", "/a/") == "NotFound"
    assert reference(routes, "GET", "/a") == ("MethodNotAllowed", "OPTIONS", "PUT")


@pytest.mark.parametrize("strict", [True, False])
def test_a_conflict_is_real(strict: bool) -> None:
    """Two routes that are not refused never answer the same request by chance of order."""
    router = Router[str](strict_slashes=strict)
    router.add("/<a>", "1")
    with pytest.raises(ConflictError):
        router.add("/<b>", "2")
