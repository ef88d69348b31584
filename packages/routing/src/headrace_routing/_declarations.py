"""What an app or a blueprint says about routes, middleware, errors and events, kept as data.

A declaration is a frozen value. Whoever serves requests applies it; nothing here calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from ._errors import HandlerError, PatternError
from ._value import Value, frozen
from ._views import Handler, expand

if TYPE_CHECKING:
    from ._route import Route
    from ._router import Router

T = TypeVar("T")
Hosts: TypeAlias = str | Iterable[str] | None
Version: TypeAlias = str | float | None

NO_META: Mapping[str, Any] = MappingProxyType({})


@frozen(kw_only=True)
class RouteDeclaration(Value):
    """One route to be: the arguments of ``Router.add``, and the blueprint that it comes from."""

    path: str
    handler: Handler
    methods: tuple[str, ...] = ("GET",)
    name: str | None = None
    default_name: str | None = None
    hosts: tuple[str, ...] = ()
    strict_slashes: bool | None = None
    version: Version = None
    version_prefix: str | None = None
    stream: bool = False
    meta: Mapping[str, Any] = NO_META
    blueprint: str | None = None

    def add_to(self, router: Router[T], handler: T) -> Route[T]:
        """Register it, with ``handler`` as what the router gives back. Raises as ``add``."""
        return router.add(
            self.path,
            handler,
            methods=self.methods,
            name=self.name,
            default_name=self.default_name,
            host=self.hosts,
            strict_slashes=self.strict_slashes,
            version=self.version,
            version_prefix=self.version_prefix,
            stream=self.stream,
            meta=self.meta,
        )


@frozen(kw_only=True)
class MiddlewareDeclaration(Value):
    """A function to run around handlers: ``attach_to`` is "request" or "response".

    The one with the higher priority is nearer to the client; among equals the one declared
    first is. That makes request middleware run in this order and response middleware in the
    reverse one. With a ``blueprint`` it is meant for that blueprint's routes only.
    """

    middleware: Callable[..., Any]
    attach_to: str = "request"
    priority: int = 0
    blueprint: str | None = None


@frozen(kw_only=True)
class ExceptionDeclaration(Value):
    """A function that answers for these exceptions, raised in the blueprint's routes."""

    handler: Callable[..., Any]
    exceptions: tuple[type[BaseException], ...]
    blueprint: str | None = None


@frozen(kw_only=True)
class ListenerDeclaration(Value):
    """A function to call at an event of the server's life."""

    listener: Callable[..., Any]
    event: str
    blueprint: str | None = None


Declaration: TypeAlias = (
    RouteDeclaration | MiddlewareDeclaration | ExceptionDeclaration | ListenerDeclaration
)


def as_hosts(host: Hosts) -> tuple[str, ...]:
    """None, one host or several, as a tuple."""
    return (host,) if isinstance(host, str) else tuple(host or ())


def declare_routes(
    handler: Any,
    uri: str,
    methods: Iterable[str] = ("GET",),
    *,
    host: Hosts = None,
    strict_slashes: bool | None = None,
    stream: bool = False,
    version: Version = None,
    name: str | None = None,
    version_prefix: str | None = None,
    meta: Mapping[str, Any] = NO_META,
) -> list[RouteDeclaration]:
    """One declaration for each entry of a handler or view.

    ``uri`` may be empty, for the prefix alone. Raises PatternError if it begins with anything
    but a slash, since a prefix would hide that, and HandlerError as ``expand`` does, with the
    path in its message.
    """
    if uri and not uri.startswith("/"):
        raise PatternError("expected '/' at the start of a path", uri, 0)
    try:
        entries = expand(handler, methods, stream)
    except HandlerError as error:
        raise HandlerError(f"route {uri or '/'}: {error}") from None
    return [
        RouteDeclaration(
            path=uri,
            handler=entry.handler,
            methods=entry.methods,
            name=name,
            default_name=getattr(entry.handler, "__name__", None),
            hosts=as_hosts(host),
            strict_slashes=strict_slashes,
            version=version,
            version_prefix=version_prefix,
            stream=entry.stream,
            meta=MappingProxyType(dict(meta)),
        )
        for entry in entries
    ]
