"""The public names are a decision: a change here is a change for users."""

from __future__ import annotations

from importlib import metadata

import headrace_routing

NAMES = [
    "__version__",
    "BadPath",
    "Blueprint",
    "BlueprintGroup",
    "BuildError",
    "CompositionView",
    "ConflictError",
    "Converter",
    "Declaration",
    "Declarations",
    "ExceptionDeclaration",
    "expand",
    "Found",
    "FrozenError",
    "HandlerError",
    "HTTPMethodView",
    "ListenerDeclaration",
    "Match",
    "MethodNotAllowed",
    "MiddlewareDeclaration",
    "NoSuchRouteError",
    "NotFound",
    "Options",
    "PatternError",
    "Route",
    "RouteDeclaration",
    "Router",
    "RoutingError",
    "stream",
]


def test_names() -> None:
    assert headrace_routing.__all__ == NAMES


def test_names_are_sorted() -> None:
    names = headrace_routing.__all__
    assert names == sorted(names, key=str.lower)


def test_names_exist_and_nothing_else_is_public() -> None:
    public = {name for name in vars(headrace_routing) if not name.startswith("_")}
    assert public | {"__version__"} == set(NAMES)


def test_version() -> None:
    assert headrace_routing.__version__ == metadata.version("headrace-routing")


def test_one_error_root() -> None:
    errors = [e for e in vars(headrace_routing).values() if isinstance(e, type)]
    errors = [e for e in errors if issubclass(e, Exception)]
    assert len(errors) == 7
    assert all(issubclass(e, headrace_routing.RoutingError) for e in errors)
