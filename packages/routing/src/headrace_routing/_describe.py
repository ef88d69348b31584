"""A router's routes as data and as a table of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._route import Route, handler_name

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class RouteInfo:
    """One route, as builtins only, so that it can be written as JSON."""

    methods: tuple[str, ...]
    path: str
    name: str | None
    hosts: tuple[str, ...]
    stream: bool
    handler: str


class Description(tuple[RouteInfo, ...]):
    """The routes in order of registration; ``str()`` is a table with aligned columns."""

    __slots__ = ()

    def __str__(self) -> str:
        head = ("METHODS", "PATH", "NAME", "HOST", "STREAM", "HANDLER")
        rows = [head]
        for info in self:
            rows.append(
                (
                    ",".join(info.methods),
                    info.path,
                    info.name or "-",
                    ",".join(info.hosts) or "-",
                    "yes" if info.stream else "-",
                    info.handler,
                )
            )
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
        return "\n".join(lines)


def describe(routes: Iterable[Route[Any]]) -> Description:
    """Describe these routes."""
    return Description(
        RouteInfo(
            methods=route.methods,
            path=route.path,
            name=route.label,
            hosts=route.hosts,
            stream=route.stream,
            handler=handler_name(route.handler),
        )
        for route in routes
    )
