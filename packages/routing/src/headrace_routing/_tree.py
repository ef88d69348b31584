"""The tree of segments that finds a route for a path.

Each node stands for the patterns that begin alike, names of parameters aside. A request goes
down segment by segment and tries at each node, in this order: the literal text; the segments
with parameters, sorted by their ``order``; a path parameter, the longest fixed ending first.
If nothing below fits, or nothing there takes the method, it comes back up and tries the next.
So precedence is decided at the leftmost segment that differs, and never by who came first.

A node is visited at most once per request: the work is bounded by the patterns that begin like
the path, not by the number of routes, and grows linearly with the path.

A leaf has up to two endings, without and with a final slash; a lenient route claims both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._escape import encode_segment
from ._pattern import Pattern, Rest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ._route import Route
    from ._segment import Segment, Values

T = TypeVar("T")


class Leaf(Generic[T]):
    """The routes of one path, by method. ``answers`` adds HEAD from GET where that is on."""

    __slots__ = ("answers", "routes")

    def __init__(self) -> None:
        self.routes: dict[str, Route[T]] = {}
        self.answers: dict[str, Route[T]] = {}

    def put(self, route: Route[T], auto_head: bool) -> None:
        """Enter the route under its methods, which must be free."""
        for method in route.methods:
            self.routes[method] = route
        self.answers = dict(self.routes)
        if auto_head and "GET" in self.routes:
            self.answers.setdefault("HEAD", self.routes["GET"])


class Node(Generic[T]):
    """A place in the tree."""

    __slots__ = ("edges", "forks", "keys", "leaves", "sole", "static", "tails")

    def __init__(self) -> None:
        self.static: dict[str, Node[T]] = {}
        # Ordered by the segment's precedence; ``keys`` finds one by its shape.
        self.edges: list[tuple[Segment, Node[T]]] = []
        self.keys: dict[tuple[object, ...], Node[T]] = {}
        # After a path parameter: how many segments follow it, and their tree. Longest first.
        self.tails: list[tuple[int, Node[T]]] = []
        self.leaves: list[Leaf[T] | None] = [None, None]
        # For the walk: whether there is more than literal text, and the one edge if that is all.
        self.forks = False
        self.sole: tuple[Callable[[str], Values | None], Node[T]] | None = None

    def step(self, segment: str | Segment, *, grow: bool) -> Node[T] | None:
        """The child for a segment of a pattern."""
        if isinstance(segment, str):
            child = self.static.get(segment)
            if child is None and grow:
                child = self.static[segment] = Node()
            return child
        child = self.keys.get(segment.key)
        if child is None and grow:
            child = self.keys[segment.key] = Node()
            self.edges.append((segment, child))
            self.edges.sort(key=lambda edge: edge[0].order)
            self._prepare()
        return child

    def tail(self, length: int, *, grow: bool) -> Node[T] | None:
        """The tree of the segments that follow a path parameter."""
        for have, node in self.tails:
            if have == length:
                return node
        if not grow:
            return None
        node = Node()
        self.tails.append((length, node))
        self.tails.sort(key=lambda tail: -tail[0])
        self._prepare()
        return node

    def _prepare(self) -> None:
        self.forks = True
        only = len(self.edges) == 1 and not self.tails
        self.sole = (self.edges[0][0].match, self.edges[0][1]) if only else None


class Table(Generic[T]):
    """All routes of one host: the tree, and a shortcut for paths without parameters."""

    __slots__ = ("root", "static")

    def __init__(self) -> None:
        self.static: dict[str, Leaf[T]] = {}
        self.root: Node[T] = Node()

    def _descend(self, pattern: Pattern, *, grow: bool) -> Node[T] | None:
        node: Node[T] | None = self.root
        for index, segment in enumerate(pattern.segments):
            if node is None:
                return None
            if isinstance(segment, Rest):
                node = node.tail(len(pattern.segments) - index - 1, grow=grow)
            else:
                node = node.step(segment, grow=grow)
        return node

    def clash(self, route: Route[T]) -> Route[T] | None:
        """A route that has one of this route's requests already."""
        node = self._descend(route.pattern, grow=False)
        if node is None:
            return None
        for ending in endings(route):
            leaf = node.leaves[ending]
            for method in route.methods if leaf is not None else ():
                if method in leaf.routes:  # type: ignore[union-attr]
                    return leaf.routes[method]  # type: ignore[union-attr]
        return None

    def put(self, route: Route[T], auto_head: bool) -> None:
        """Enter a route that does not clash."""
        node = self._descend(route.pattern, grow=True)
        assert node is not None
        for ending in endings(route):
            leaf = node.leaves[ending]
            if leaf is None:
                leaf = node.leaves[ending] = Leaf()
            leaf.put(route, auto_head)
            if route.pattern.is_static:
                self.static[static_path(route.pattern, ending)] = leaf


def endings(route: Route[Any]) -> Iterator[int]:
    """Which endings a route claims: 0 without, 1 with a final slash.

    A final path parameter takes the slash into its value and the root path is nothing but the
    slash, so there is only one ending for these.
    """
    segments = route.pattern.segments
    yield int(route.pattern.slash)
    if segments and not route.strict_slashes and not isinstance(segments[-1], Rest):
        yield int(not route.pattern.slash)


def static_path(pattern: Pattern, ending: int) -> str:
    """The canonical raw path of a pattern without parameters."""
    path = "".join(f"/{encode_segment(s)}" for s in pattern.segments if isinstance(s, str))
    return path + "/" if ending else path


def walk(
    node: Node[T],
    segments: list[str],
    index: int,
    ending: int,
    method: str,
    values: list[Any],
    missed: list[Leaf[T]],
) -> Route[T] | None:
    """The first route by precedence that takes this path and method.

    On success ``values`` ends with its parameters in order; else the caller cuts off what was
    added. ``missed`` collects, in order, the leaves that take the path but not the method.

    A choice calls ``walk`` again, so as to be able to come back; where there is none to make,
    the loop just goes on, which is what most nodes of most applications allow.
    """
    end = len(segments)
    while index < end:
        segment = segments[index]
        index += 1
        child = node.static.get(segment)
        if child is not None:
            if node.forks:
                kept = len(values)
                route = walk(child, segments, index, ending, method, values, missed)
                if route is not None:
                    return route
                del values[kept:]
            else:
                node = child
                continue
        sole = node.sole
        if sole is None:
            return _walk_choices(node, segments, index, ending, method, values, missed)
        got = sole[0](segment)
        if got is None:
            return None
        values += got
        node = sole[1]
    leaf = node.leaves[ending]
    if leaf is None:
        return None
    route = leaf.answers.get(method)
    if route is None:
        missed.append(leaf)
    return route


def _walk_choices(
    node: Node[T],
    segments: list[str],
    index: int,
    ending: int,
    method: str,
    values: list[Any],
    missed: list[Leaf[T]],
) -> Route[T] | None:
    """Go through the parameters of a node; ``index`` is behind the segment they take."""
    kept = len(values)
    for edge, child in node.edges:
        got = edge.match(segments[index - 1])
        if got is not None:
            values += got
            route = walk(child, segments, index, ending, method, values, missed)
            if route is not None:
                return route
            del values[kept:]
    for length, tail in node.tails:
        stop = len(segments) - length
        if stop < index:
            continue
        text = "/".join(segments[index - 1 : stop])
        if length:
            after = ending
        else:
            # Nothing follows: the final slash is part of the value.
            text, after = text + "/" * ending, 0
        if text:
            values.append(text)
            route = walk(tail, segments, stop, after, method, values, missed)
            if route is not None:
                return route
            del values[kept:]
    return None
