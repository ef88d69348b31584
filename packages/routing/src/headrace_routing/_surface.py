"""The decorators that apps and blueprints have in common.

An app inherits ``Declarations`` and may override ``declare`` to act at once; a blueprint
collects. All decorators return the function unchanged. Keyword arguments that are not known
here become the route's ``meta``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from ._declarations import (
    Declaration,
    ExceptionDeclaration,
    Hosts,
    ListenerDeclaration,
    MiddlewareDeclaration,
    Version,
    declare_routes,
)
from ._errors import HandlerError

F = TypeVar("F", bound=Callable[..., Any])


class Collector:
    """Takes declarations, one by one, in order."""

    def __init__(self) -> None:
        self.declared: list[Declaration] = []

    def declare(self, declaration: Declaration) -> None:
        """Take one declaration. Override it to act on it at once."""
        self.declared.append(declaration)


class RouteDeclarations(Collector):
    """Declares routes. Each comes to ``declare``, which collects them in ``declared``."""

    def add_route(
        self,
        handler: Any,
        uri: str,
        methods: Iterable[str] = ("GET",),
        host: Hosts = None,
        strict_slashes: bool | None = None,
        version: Version = None,
        name: str | None = None,
        stream: bool = False,
        version_prefix: str | None = None,
        **meta: Any,
    ) -> Any:
        """Declare a function, a view from ``as_view()`` or a CompositionView; returns it.

        Views bring their own methods and stream flags. Raises HandlerError for a handler that
        is not callable and for a view without methods.
        """
        for declaration in declare_routes(
            handler,
            uri,
            methods,
            host=host,
            strict_slashes=strict_slashes,
            version=version,
            name=name,
            stream=stream,
            version_prefix=version_prefix,
            meta=meta,
        ):
            self.declare(declaration)
        return handler

    def route(
        self,
        uri: str,
        methods: Iterable[str] = ("GET",),
        host: Hosts = None,
        strict_slashes: bool | None = None,
        stream: bool = False,
        version: Version = None,
        name: str | None = None,
        version_prefix: str | None = None,
        **meta: Any,
    ) -> Callable[[F], F]:
        """Declare the decorated function as the handler of these methods.

        Raises HandlerError if it stands on a function without a path.
        """
        if not isinstance(uri, str):
            raise HandlerError(f"a route's decorator needs a path in parentheses, not {uri!r}")

        def decorate(handler: F) -> F:
            self.add_route(
                handler,
                uri,
                methods=methods,
                host=host,
                strict_slashes=strict_slashes,
                version=version,
                name=name,
                stream=stream,
                version_prefix=version_prefix,
                **meta,
            )
            return handler

        return decorate

    def stream(
        self,
        uri: str,
        methods: Iterable[str] = ("POST",),
        host: Hosts = None,
        strict_slashes: bool | None = None,
        **meta: Any,
    ) -> Callable[[F], F]:
        """``route`` with ``stream=True``: the handler reads its request as it arrives."""
        return self.route(uri, methods, host, strict_slashes, stream=True, **meta)

    def get(
        self,
        uri: str,
        host: Hosts = None,
        strict_slashes: bool | None = None,
        stream: bool = False,
        **meta: Any,
    ) -> Callable[[F], F]:
        """``route`` for GET."""
        return self.route(uri, ("GET",), host, strict_slashes, stream, **meta)

    def post(
        self,
        uri: str,
        host: Hosts = None,
        strict_slashes: bool | None = None,
        stream: bool = False,
        **meta: Any,
    ) -> Callable[[F], F]:
        """``route`` for POST."""
        return self.route(uri, ("POST",), host, strict_slashes, stream, **meta)

    def put(
        self,
        uri: str,
        host: Hosts = None,
        strict_slashes: bool | None = None,
        stream: bool = False,
        **meta: Any,
    ) -> Callable[[F], F]:
        """``route`` for PUT."""
        return self.route(uri, ("PUT",), host, strict_slashes, stream, **meta)

    def patch(
        self,
        uri: str,
        host: Hosts = None,
        strict_slashes: bool | None = None,
        stream: bool = False,
        **meta: Any,
    ) -> Callable[[F], F]:
        """``route`` for PATCH."""
        return self.route(uri, ("PATCH",), host, strict_slashes, stream, **meta)

    def delete(
        self,
        uri: str,
        host: Hosts = None,
        strict_slashes: bool | None = None,
        stream: bool = False,
        **meta: Any,
    ) -> Callable[[F], F]:
        """``route`` for DELETE."""
        return self.route(uri, ("DELETE",), host, strict_slashes, stream, **meta)

    def head(
        self,
        uri: str,
        host: Hosts = None,
        strict_slashes: bool | None = None,
        stream: bool = False,
        **meta: Any,
    ) -> Callable[[F], F]:
        """``route`` for HEAD."""
        return self.route(uri, ("HEAD",), host, strict_slashes, stream, **meta)

    def options(
        self,
        uri: str,
        host: Hosts = None,
        strict_slashes: bool | None = None,
        stream: bool = False,
        **meta: Any,
    ) -> Callable[[F], F]:
        """``route`` for OPTIONS."""
        return self.route(uri, ("OPTIONS",), host, strict_slashes, stream, **meta)


class HookDeclarations(Collector):
    """Declares middleware, exception handlers and listeners."""

    def middleware(
        self,
        middleware_or_attach_to: Callable[..., Any] | str = "request",
        attach_to: str = "request",
        *,
        priority: int = 0,
    ) -> Any:
        """Declare middleware: ``@bp.middleware``, ``@bp.middleware("response")``, or a call.

        Raises HandlerError if it attaches to anything but "request" or "response".
        """
        if callable(middleware_or_attach_to):
            return self._middleware(middleware_or_attach_to, attach_to, priority)
        side = middleware_or_attach_to

        def decorate(middleware: F) -> F:
            return self._middleware(middleware, side, priority)

        return decorate

    def _middleware(self, middleware: F, attach_to: str, priority: int) -> F:
        if attach_to not in ("request", "response"):
            problem = f"middleware attaches to 'request' or 'response', not {attach_to!r}"
            raise HandlerError(problem)
        check_callable("middleware", middleware)
        self.declare(
            MiddlewareDeclaration(middleware=middleware, attach_to=attach_to, priority=priority)
        )
        return middleware

    def on_request(self, middleware: F | None = None, *, priority: int = 0) -> Any:
        """``middleware("request")``, with or without parentheses."""
        return self.middleware(middleware or "request", "request", priority=priority)

    def on_response(self, middleware: F | None = None, *, priority: int = 0) -> Any:
        """``middleware("response")``, with or without parentheses."""
        return self.middleware(middleware or "response", "response", priority=priority)

    def exception(
        self, *exceptions: type[BaseException] | Iterable[type[BaseException]]
    ) -> Callable[[F], F]:
        """Declare the decorated function as the answer to these exceptions.

        Raises HandlerError if there is none, or one that is not an exception class.
        """
        flat: list[type[BaseException]] = []
        for item in exceptions:
            if isinstance(item, type) or not isinstance(item, Iterable):
                flat.append(item)
            else:
                flat += item
        for one in flat:
            if not (isinstance(one, type) and issubclass(one, BaseException)):
                raise HandlerError(f"{one!r} is not an exception class")
        if not flat:
            raise HandlerError("no exceptions to handle")

        def decorate(handler: F) -> F:
            check_callable("exception handler", handler)
            self.declare(ExceptionDeclaration(handler=handler, exceptions=tuple(flat)))
            return handler

        return decorate

    def listener(self, event: str) -> Callable[[F], F]:
        """Declare the decorated function as a listener of this event of the server's life.

        Raises HandlerError if it stands on a function without an event.
        """
        if not isinstance(event, str):
            raise HandlerError(f"a listener needs an event in parentheses, not {event!r}")

        def decorate(listener: F) -> F:
            check_callable("listener", listener)
            self.declare(ListenerDeclaration(listener=listener, event=event))
            return listener

        return decorate


def check_callable(what: str, function: object) -> None:
    """Raise HandlerError for what cannot be called."""
    if not callable(function):
        raise HandlerError(f"{what} is not callable: {function!r}")


class Declarations(RouteDeclarations, HookDeclarations):
    """Everything that an app or a blueprint can declare."""
