"""The tree of segments: how it grows, and how it is searched.

Each node stands for the patterns that begin alike, names of parameters aside. A request goes
down segment by segment and tries at each node, in this order: the literal text; the segments
with parameters, sorted by their ``order``; a path parameter, the longest fixed ending first.
If nothing below fits, or nothing there takes the method, it comes back up and tries the next.
So precedence is decided at the leftmost segment that differs, and never by who came first.

A node is visited at most once per request: the work is bounded by the patterns that begin like
the path, not by the number of routes, and grows linearly with the path.

Most nodes leave no choice: a segment is one of their literals or it is their one parameter.
Such a node says so in ``direct``, ``only``, ``sole``, ``take`` and ``name``, which is all that
``Router.match`` looks at until it meets a choice and hands over to ``search``.

A final slash is an empty last segment, to be found like any other literal. Values are kept by
the names of the edges, which are unique on each way down; where a route calls one differently,
its ``Answer`` has both names.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._route import NOT_FOUND, Found, Match, MethodNotAllowed, Options
from ._segment import MISS

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._route import Route
    from ._segment import Segment

T = TypeVar("T")


class Answer(Generic[T]):
    """What a leaf has for a method. ``pairs`` are names of parameters: the route's, the tree's."""

    __slots__ = ("handler", "pairs", "renamed", "route")

    def __init__(self, route: Route[T], pairs: tuple[tuple[str, str], ...]) -> None:
        self.handler = route.handler
        self.route = route
        self.pairs = pairs
        self.renamed = any(own != given for own, given in pairs)

    def bind(self, values: dict[str, Any]) -> dict[str, Any]:
        """The route's parameters among the values that a search has left."""
        return {own: values[given] for own, given in self.pairs}


@lru_cache(64)
def refusals(
    methods: frozenset[str], auto_options: bool
) -> tuple[MethodNotAllowed, Options | None]:
    """What a leaf with these methods says to others; most leaves are alike."""
    allowed = tuple(sorted({*methods, "OPTIONS"} if auto_options else methods))
    return MethodNotAllowed(allowed), Options(allowed) if auto_options else None


class Leaf(Generic[T]):
    """The routes of one path, by method, and what a request with another method is told.

    ``answers`` adds HEAD from GET where that is on.
    """

    __slots__ = ("answers", "options", "refusal", "routes")

    def __init__(self) -> None:
        self.routes: dict[str, Route[T]] = {}
        self.answers: dict[str, Answer[T]] = {}

    def put(self, answer: Answer[T], *, auto_head: bool, auto_options: bool) -> None:
        """Enter the answer under its route's methods, which must be free."""
        for method in answer.route.methods:
            self.routes[method] = answer.route
            self.answers[method] = answer
        if auto_head and "HEAD" not in self.routes and "GET" in self.routes:
            self.answers["HEAD"] = self.answers["GET"]
        self.refusal, self.options = refusals(frozenset(self.answers), auto_options)

    def refuse(self, method: str) -> MethodNotAllowed | Options:
        """The match of a method that is not among ``answers``."""
        if method == "OPTIONS" and self.options is not None:
            return self.options
        return self.refusal


class Edge(Generic[T]):
    """The way from a node through a segment with parameters, and the names of its values."""

    __slots__ = ("child", "names", "segment")

    def __init__(self, segment: Segment, names: tuple[str, ...], child: Node[T]) -> None:
        self.segment = segment
        self.names = names
        self.child = child


class Tail(Generic[T]):
    """The way through a path parameter; ``length`` segments follow it."""

    __slots__ = ("child", "length", "name")

    def __init__(self, length: int, name: str) -> None:
        self.length = length
        self.name = name
        self.child: Node[T] = Node(0)


# What a node without such things has, so as not to have a container for each. Never written to.
NONE: dict[Any, Any] = {}


class Node(Generic[T]):
    """A place in the tree, ``depth`` segments below its root."""

    __slots__ = (
        "crossed",
        "depth",
        "direct",
        "edges",
        "keys",
        "leaf",
        "name",
        "only",
        "sole",
        "tails",
        "take",
    )

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.leaf: Leaf[T] | None = None
        # Literal texts: those that nothing else here can take, and those where there is a choice.
        self.direct: dict[str, Node[T]] = {}
        self.crossed: dict[str, Node[T]] = NONE
        # Ordered by precedence; ``keys`` finds an edge by the shape of its segment.
        self.edges: tuple[Edge[T], ...] = ()
        self.keys: dict[tuple[object, ...], Edge[T]] = NONE
        self.tails: tuple[Tail[T], ...] = ()
        # Behind the one parameter, if there is nothing else but literals; ``only`` if moreover
        # it is untyped and the one literal, if any, is the empty one of a final slash.
        self.only: Node[T] | None = None
        self.sole: Node[T] | None = None
        self.take: Callable[[str], Any] | None = None
        self.name = ""

    def literal(self, text: str) -> Node[T] | None:
        """The child for a literal segment."""
        return self.direct.get(text) or self.crossed.get(text)

    def tail(self, length: int) -> Tail[T] | None:
        """The tail with so many segments after the path parameter."""
        return next((tail for tail in self.tails if tail.length == length), None)

    def add_literal(self, text: str) -> Node[T]:
        """Grow by a literal segment."""
        child: Node[T] = Node(self.depth + 1)
        edges = self.edges
        taken = self.tails or len(edges) > 1 or (edges and edges[0].segment.match(text))
        if taken:
            self._cross(text, child)
        else:
            self.direct[text] = child
        if text:
            self.only = None
        return child

    def add_edge(self, segment: Segment, names: tuple[str, ...]) -> Edge[T]:
        """Grow by a segment with parameters."""
        edge: Edge[T] = Edge(segment, names, Node(self.depth + 1))
        self.edges = tuple(sorted((*self.edges, edge), key=lambda edge: edge.segment.order))
        self.keys = self.keys or {}
        self.keys[segment.key] = edge
        alone = len(self.edges) == 1 and not self.tails
        for text in [t for t in self.direct if not alone or segment.match(t) is not None]:
            self._cross(text, self.direct.pop(text))
        self.only = self.sole = None
        if alone and segment.is_single:
            self.sole, self.name, self.take = edge.child, names[0], segment.take
            if self.take is None and not self.crossed and self.direct.keys() <= {""}:
                self.only = edge.child
        return edge

    def add_tail(self, length: int, name: str) -> Tail[T]:
        """Grow by a path parameter and what follows it."""
        tail: Tail[T] = Tail(length, name)
        self.tails = tuple(sorted((*self.tails, tail), key=lambda tail: -tail.length))
        for text in list(self.direct):
            self._cross(text, self.direct.pop(text))
        self.only = self.sole = None
        return tail

    def _cross(self, text: str, child: Node[T]) -> None:
        self.crossed = self.crossed or {}
        self.crossed[text] = child


def search(
    node: Node[T],
    segments: list[str],
    index: int,
    method: str,
    values: dict[str, Any],
    missed: list[Leaf[T]],
) -> Answer[T] | None:
    """The first answer by precedence, from a node and the segment at ``index`` on.

    On success its parameters are in ``values``, among what was tried in vain: see
    ``Answer.bind``. ``missed`` collects the leaves that take the path but not the method.

    A choice calls ``search`` again, so as to be able to come back; where there is none to make,
    the loop just goes on. ``Router.match`` has the same loop in a shorter form.
    """
    end = len(segments)
    while index < end:
        segment = segments[index]
        child = node.direct.get(segment)
        if child is None:
            child = node.sole
            if child is None or segment in node.crossed:
                return _choose(node, segments, index, method, values, missed)
            take = node.take
            value = segment if take is None else take(segment)
            if value is MISS or not segment:
                return None
            values[node.name] = value
        node = child
        index += 1
    leaf = node.leaf
    if leaf is None:
        return None
    answer = leaf.answers.get(method)
    if answer is None:
        missed.append(leaf)
    return answer


def _choose(
    node: Node[T],
    segments: list[str],
    index: int,
    method: str,
    values: dict[str, Any],
    missed: list[Leaf[T]],
) -> Answer[T] | None:
    """Try one after the other what a node has for the segment at ``index``."""
    segment = segments[index]
    child = node.crossed.get(segment)
    if child is not None:
        answer = search(child, segments, index + 1, method, values, missed)
        if answer is not None:
            return answer
    for edge in node.edges:
        got = edge.segment.match(segment)
        if got is not None:
            # Lengths agree by construction.
            for name, value in zip(edge.names, got):  # noqa: B905
                values[name] = value
            answer = search(edge.child, segments, index + 1, method, values, missed)
            if answer is not None:
                return answer
    for tail in node.tails:
        stop = len(segments) - tail.length
        text = "/".join(segments[index:stop]) if stop > index else ""
        if text:
            values[tail.name] = text
            answer = search(tail.child, segments, stop, method, values, missed)
            if answer is not None:
                return answer
    return None


def found(answer: Answer[T], params: dict[str, Any]) -> Found[T]:
    """Make the value without a call of ``__init__``."""
    value: Found[T] = Found()
    value.handler = answer.handler
    value.params = params
    value.route = answer.route
    return value


def refuse(missed: list[Leaf[T]], method: str) -> MethodNotAllowed | Options:
    """The match of a path that several leaves take, all for other methods."""
    refusal = missed[0].refuse(method)
    if len(missed) == 1:
        return refusal
    return type(refusal)(tuple(sorted({m for leaf in missed for m in leaf.refusal.allowed})))


def search_all(
    nodes: list[Node[T]], segments: list[str], method: str, values: dict[str, Any]
) -> Match[T]:
    """The match below these nodes, each of which the path has led to."""
    missed: list[Leaf[T]] = []
    for node in nodes:
        answer = search(node, segments, node.depth, method, values, missed)
        if answer is not None:
            return found(answer, answer.bind(values))
    return refuse(missed, method) if missed else NOT_FOUND
