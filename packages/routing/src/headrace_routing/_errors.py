"""Everything this package raises.

::

    RoutingError
    ├── PatternError       a path, host, regex or type that cannot be read; carries the position
    ├── ConflictError      two routes claim one request, or one name; carries both
    ├── HandlerError       a handler or view that cannot be called, or has nothing to call
    ├── FrozenError        a route added after ``Router.freeze``
    ├── NoSuchRouteError   ``url_for`` with a name that no route has, or that several share
    └── BuildError         ``url_for`` with values that the route's pattern would not read back

All of them are raised while an application is put together or a URL is built. Matching a
request raises none of them: what did not match is a value.
"""

from __future__ import annotations

from typing import Any


class RoutingError(Exception):
    """Root of this package's errors."""


class PatternError(RoutingError):
    """A pattern that cannot be read.

    ``pattern`` is the text as given, ``position`` the index of the character in doubt (its
    length when the end came too early), ``problem`` a sentence saying what was expected.
    """

    def __init__(self, problem: str, pattern: str, position: int) -> None:
        self.problem = problem
        self.pattern = pattern
        self.position = position
        super().__init__(problem, pattern, position)

    def __str__(self) -> str:
        # One character each, so that the caret stands below the one that is meant.
        shown = "".join(char if char.isprintable() else "\ufffd" for char in self.pattern)
        return f"{self.problem}\n  {shown}\n  {' ' * self.position}^"


class ConflictError(RoutingError):
    """Two routes that cannot both be registered; ``existing`` and ``added`` are the routes."""

    def __init__(self, problem: str, existing: Any, added: Any) -> None:
        self.problem = problem
        self.existing = existing
        self.added = added
        super().__init__(problem, existing, added)

    def __str__(self) -> str:
        return f"{self.problem}\n  existing: {self.existing}\n  added:    {self.added}"


class HandlerError(RoutingError):
    """A handler that is not callable, a method given twice, a view or route without methods."""


class FrozenError(RoutingError):
    """The router is frozen; ``thaw`` it first, on purpose."""


class NoSuchRouteError(RoutingError):
    """No route, or more than one, goes by this ``name``."""

    def __init__(self, problem: str, name: str) -> None:
        self.name = name
        super().__init__(problem)


class BuildError(RoutingError):
    """A URL cannot be built from these values; ``route`` is the route."""

    def __init__(self, problem: str, route: Any) -> None:
        self.problem = problem
        self.route = route
        super().__init__(problem, route)

    def __str__(self) -> str:
        return f"{self.problem} (route {self.route})"
