"""All routes of one host: the tree of their segments, and a dict of the paths that have none.

Rule for an editor: what ``clash`` looks for is what ``put`` enters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._escape import encode_segment
from ._pattern import Rest
from ._tree import Answer, Leaf, Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ._pattern import Part
    from ._route import Route

T = TypeVar("T")


class Table(Generic[T]):
    """The routes of one host. ``static`` finds a leaf by the path as it is usually written."""

    __slots__ = ("root", "static")

    def __init__(self) -> None:
        self.static: dict[str, Leaf[T]] = {}
        self.root: Node[T] = Node(0)

    def clash(self, route: Route[T]) -> Route[T] | None:
        """A route that has one of this route's requests already."""
        for parts in endings(route):
            node = self._find(parts)
            leaf = None if node is None else node.leaf
            for method in route.methods if leaf is not None else ():
                if method in leaf.routes:  # type: ignore[union-attr]
                    return leaf.routes[method]  # type: ignore[union-attr]
        return None

    def put(self, route: Route[T], *, auto_head: bool, auto_options: bool) -> None:
        """Enter a route that does not clash."""
        node: Node[T] | None = None
        for parts in endings(route):
            # With a final slash it is one step further, but behind a tail, whose length is another.
            if node is None or any(isinstance(part, Rest) for part in parts):
                node, names = self._grow(parts)
                pairs = tuple((own, given) for own, given in names if own is not None)
                answer = Answer(route, pairs)
            else:
                node = node.literal("") or node.add_literal("")
            if node.leaf is None:
                node.leaf = Leaf()
            node.leaf.put(answer, auto_head=auto_head, auto_options=auto_options)
            if route.pattern.is_static:
                self.static[static_path(parts)] = node.leaf

    def _find(self, parts: tuple[Part, ...]) -> Node[T] | None:
        node: Node[T] | None = self.root
        for index, part in enumerate(parts):
            if node is None:
                return None
            if isinstance(part, str):
                node = node.literal(part)
            elif isinstance(part, Rest):
                tail = node.tail(len(parts) - index - 1)
                node = None if tail is None else tail.child
            else:
                edge = node.keys.get(part.key)
                node = None if edge is None else edge.child
        return node

    def _grow(self, parts: tuple[Part, ...]) -> tuple[Node[T], list[tuple[str | None, str]]]:
        """The node of a pattern, made if need be, and its names: the route's, the tree's."""
        node = self.root
        names: list[tuple[str | None, str]] = []
        for index, part in enumerate(parts):
            if isinstance(part, str):
                node = node.literal(part) or node.add_literal(part)
                continue
            if isinstance(part, Rest):
                length = len(parts) - index - 1
                tail = node.tail(length) or node.add_tail(length, *fresh(part.outputs, names))
                names.append((part.name, tail.name))
                node = tail.child
            else:
                edge = node.keys.get(part.key) or node.add_edge(part, fresh(part.outputs, names))
                names += zip(part.outputs, edge.names, strict=True)
                node = edge.child
        return node, names


def fresh(outputs: tuple[str | None, ...], above: list[tuple[str | None, str]]) -> tuple[str, ...]:
    """Names for the values of an edge: its own as far as no edge above it has them."""
    taken = {given for _, given in above}
    # No parameter is called like that, and the number is another on each edge of one way.
    return tuple(
        name if name is not None and name not in taken else f"{len(taken)}.{number}"
        for number, name in enumerate(outputs)
    )


def endings(route: Route[Any]) -> Iterator[tuple[Part, ...]]:
    """The sequences of segments that a route claims, without and with a final slash.

    A final path parameter takes the slash into its value and the root path is nothing but the
    slash, so there is only one ending for these.
    """
    parts = route.pattern.segments
    slash = route.pattern.slash
    lenient = parts != () and not route.strict_slashes and not isinstance(parts[-1], Rest)
    if not slash or (lenient and parts[-1] != ""):
        yield parts
    if slash or lenient:
        yield (*parts, "")


def static_path(parts: Iterable[Part]) -> str:
    """The canonical raw path of segments without parameters."""
    return "".join(f"/{encode_segment(part)}" for part in parts if isinstance(part, str))
