"""Which route ``url_for`` means by a name.

A given name belongs to one pattern: another route may share it only if it answers other
methods of the same path and hosts. A default name (a function's own) yields to a given one,
and two routes that share it merely make it useless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ._errors import ConflictError, NoSuchRouteError

if TYPE_CHECKING:
    from ._route import Route

T = TypeVar("T")


class Names(Generic[T]):
    """Routes by name."""

    __slots__ = ("_defaults", "_given")

    def __init__(self) -> None:
        self._given: dict[str, Route[T]] = {}
        self._defaults: dict[str, list[Route[T]]] = {}

    def check(self, route: Route[T]) -> None:
        """Raise ConflictError if the route's given name is another pattern's."""
        holder = None if route.name is None else self._given.get(route.name)
        if holder is not None and not same_place(holder, route):
            raise ConflictError(f"the name {route.name!r} is taken", holder, route)

    def put(self, route: Route[T]) -> None:
        """Enter a route that passed the check."""
        if route.name is not None:
            self._given.setdefault(route.name, route)
        elif route.default_name is not None:
            routes = self._defaults.setdefault(route.default_name, [])
            if not any(same_place(known, route) for known in routes):
                routes.append(route)

    def get(self, name: str) -> Route[T]:
        """The route of this name; raises NoSuchRouteError."""
        if name in self._given:
            return self._given[name]
        routes = self._defaults.get(name, [])
        if not routes:
            raise NoSuchRouteError(f"there is no route named {name!r}", name)
        if len(routes) > 1:
            paths = ", ".join(route.path for route in routes)
            problem = f"{len(routes)} routes go by {name!r}, give them names: {paths}"
            raise NoSuchRouteError(problem, name)
        return routes[0]


def same_place(one: Route[Any], other: Route[Any]) -> bool:
    """Whether two routes have the same path, to the letter, and the same hosts."""
    return (one.path, one.hosts) == (other.path, other.hosts)
