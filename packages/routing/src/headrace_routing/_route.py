"""A route, and what a match can be. All of them are values; a match never raises."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from ._errors import HandlerError
from ._value import Compared, Value, frozen, set_field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._pattern import Pattern

T = TypeVar("T")

# RFC 9110 §5.6.2
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class Route(Generic[T]):
    """One registration: a handler for some methods of one pattern.

    ``path`` is the whole pattern, version and prefixes included; ``methods`` are sorted.
    ``meta`` is whatever the caller hung on the route (limits, timeouts, policies): a read-only
    mapping that this package does not look into. ``names`` are the parameters' names in order.
    """

    __slots__ = (
        "default_name",
        "handler",
        "hosts",
        "meta",
        "methods",
        "name",
        "names",
        "path",
        "pattern",
        "stream",
        "strict_slashes",
        "version",
    )

    def __init__(
        self,
        pattern: Pattern,
        handler: T,
        methods: tuple[str, ...],
        *,
        name: str | None = None,
        default_name: str | None = None,
        hosts: tuple[str, ...] = (),
        strict_slashes: bool = False,
        version: str | float | None = None,
        stream: bool = False,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        self.pattern = pattern
        self.path = pattern.text
        self.names = pattern.names
        self.handler = handler
        self.methods = methods
        self.name = name
        self.default_name = default_name
        self.hosts = hosts
        self.strict_slashes = strict_slashes
        self.version = version
        self.stream = stream
        self.meta: Mapping[str, Any] = MappingProxyType(dict(meta or {}))

    @property
    def host(self) -> str | None:
        """The host pattern that the route is bound to, the first if there are several."""
        return self.hosts[0] if self.hosts else None

    @property
    def label(self) -> str | None:
        """The name that it was given, or else the one that it goes by if no other route does."""
        return self.name or self.default_name

    def __str__(self) -> str:
        text = f"{','.join(self.methods)} {self.path}"
        if self.hosts:
            text += f" on {','.join(self.hosts)}"
        return f"{text} ({self.label or handler_name(self.handler)})"

    def __repr__(self) -> str:
        return f"<Route {self}>"


def handler_name(handler: object) -> str:
    """How a handler is called in a listing."""
    name = getattr(handler, "__qualname__", None)
    return name if isinstance(name, str) else repr(handler)


def versioned(path: str, version: str | float, prefix: str) -> str:
    """The path below its version: ``/v1/users``. A leading ``v`` of the version is dropped."""
    return f"{prefix}{str(version).strip('/').removeprefix('v')}{path}"


def check_methods(methods: Iterable[str], where: object) -> tuple[str, ...]:
    """Sorted, in upper case, each once; raises HandlerError."""
    given = [methods] if isinstance(methods, str) else list(methods)
    for method in given:
        if TOKEN.fullmatch(method) is None:
            raise HandlerError(f"{method!r} is not a method (route {where})")
    if not given:
        raise HandlerError(f"no methods (route {where})")
    return tuple(sorted({method.upper() for method in given}))


@dataclass(slots=True, init=False, repr=False, eq=False)
class Found(Compared, Generic[T]):
    """The route that answers, and the values of its parameters by name.

    ``params`` is a fresh dict. For HEAD answered by a GET route, ``route`` is the GET route.
    A match fills it in by itself, since a call of ``__init__`` would take a tenth of its time.
    """

    _names = ("handler", "params", "route")

    handler: T
    params: dict[str, Any]
    route: Route[T]


@frozen()
class MethodNotAllowed(Value):
    """The path exists, not for this method. ``allowed`` is sorted: the Allow field's value."""

    allowed: tuple[str, ...]

    def __init__(self, allowed: tuple[str, ...]) -> None:
        set_field(self, "allowed", allowed)


@frozen()
class Options(Value):
    """An OPTIONS request that no route answers by itself; ``allowed`` as above."""

    allowed: tuple[str, ...]

    def __init__(self, allowed: tuple[str, ...]) -> None:
        set_field(self, "allowed", allowed)


@frozen()
class NotFound(Value):
    """No route has this path."""


@frozen()
class BadPath(Value):
    """The path has a broken escape, or escapes that are not UTF-8."""


NOT_FOUND = NotFound()
BAD_PATH = BadPath()

Match: TypeAlias = Found[T] | MethodNotAllowed | Options | NotFound | BadPath
"""What ``Router.match`` returns."""
