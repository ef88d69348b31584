"""Handlers that answer several methods: a class with a method each, or a composition.

Whatever can be registered is turned into entries by ``expand``, the one place that knows the
kinds of handlers. A view function is an ordinary handler, so it may also be called directly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar

from ._errors import HandlerError

F = TypeVar("F", bound=Callable[..., Any])
Handler = Callable[..., Any]

HTTP_METHODS = ("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE")


class Entry(NamedTuple):
    """What one registration comes down to."""

    methods: tuple[str, ...]
    handler: Handler
    stream: bool


class AddsRoutes(Protocol):
    """Where a view can be attached."""

    def add_route(self, handler: Any, uri: str, **options: Any) -> Any:
        """Register a handler or view."""


def stream(handler: F) -> F:
    """Mark a handler, or a method of a view, as one that reads its request as a stream."""
    handler.is_stream = True  # type: ignore[attr-defined]
    return handler


class HTTPMethodView:
    """A handler class with a method per HTTP method: ``get``, ``post``, … sync or async.

    Register ``as_view()``. A fresh instance serves each request. ``decorators`` are applied to
    the view function, first to last. A HEAD request goes to ``get`` where there is no ``head``.
    Subclassing with ``attach=`` and ``uri=`` registers at once::

        class Item(HTTPMethodView, attach=app, uri="/items/<id:int>"):
            async def get(self, request, id): ...

            @stream
            async def put(self, request, id): ...
    """

    decorators: ClassVar[Iterable[Callable[[Handler], Handler]]] = ()

    def __init_subclass__(
        cls, attach: AddsRoutes | None = None, uri: str = "", **options: Any
    ) -> None:
        """Attach the class at once when asked to; ``options`` go to ``add_route``."""
        super().__init_subclass__()
        if attach is not None:
            cls.attach(attach, uri, **options)
        elif uri or options:
            raise HandlerError(f"view {cls.__qualname__} has options but nothing to attach to")

    @classmethod
    def attach(cls, to: AddsRoutes, uri: str, **options: Any) -> None:
        """Register the view with an app or blueprint."""
        to.add_route(cls.as_view(), uri, **options)

    @classmethod
    def as_view(cls, *args: Any, **kwargs: Any) -> Handler:
        """A handler that makes an instance with these arguments and lets it answer.

        Raises HandlerError if the class has no method of HTTP.
        """
        if not view_methods(cls):
            raise HandlerError(f"view {cls.__qualname__} has no methods")

        def view(request: Any, *positional: Any, **params: Any) -> Any:
            return cls(*args, **kwargs).dispatch_request(request, *positional, **params)

        view.__name__ = cls.__name__
        view.__qualname__ = cls.__qualname__
        view.__doc__ = cls.__doc__
        view.__module__ = cls.__module__
        handler: Handler = view
        for decorate in cls.decorators:
            handler = decorate(handler)
        # On the outermost function too, where registration looks for it.
        handler.view_class = cls  # type: ignore[attr-defined]
        return handler

    def dispatch_request(self, request: Any, *args: Any, **params: Any) -> Any:
        """Call the method that ``request.method`` names and return what it returns.

        Registration makes sure that there is one; AttributeError otherwise.
        """
        name = request.method.lower()
        if name == "head" and not hasattr(self, name):
            name = "get"
        return getattr(self, name)(request, *args, **params)


class CompositionView:
    """A handler put together from functions, one or more methods each.

    ``add`` says which; the stream flag is per method. Registering the view registers each
    function under its methods; calling the view picks by ``request.method``.
    """

    def __init__(self) -> None:
        self.handlers: dict[str, Handler] = {}
        self.entries: list[Entry] = []

    def add(self, methods: Iterable[str], handler: Handler, stream: bool = False) -> None:
        """Let a function answer these methods.

        Raises HandlerError if it is not callable, if there are no methods, or if one of them
        has a function already.
        """
        upper = tuple(sorted({method.upper() for method in methods}))
        if not callable(handler):
            raise HandlerError(f"handler is not callable: {handler!r}")
        if not upper:
            raise HandlerError(f"no methods for {handler!r} in a composition view")
        for method in upper:
            if method in self.handlers:
                raise HandlerError(f"method {method} is in the composition view already")
        self.handlers.update(dict.fromkeys(upper, handler))
        self.entries.append(Entry(upper, handler, stream or is_stream(handler)))

    def __call__(self, request: Any, *args: Any, **params: Any) -> Any:
        """Call the function for ``request.method``; KeyError if there is none."""
        method = request.method
        if method == "HEAD" and method not in self.handlers:
            method = "GET"
        return self.handlers[method](request, *args, **params)


def is_stream(handler: object) -> bool:
    """Whether ``stream`` marked it."""
    return bool(getattr(handler, "is_stream", False))


def view_methods(view: type) -> Mapping[str, bool]:
    """A view class's methods in upper case, with their stream flags."""
    found = {}
    for method in HTTP_METHODS:
        function = getattr(view, method.lower(), None)
        if callable(function):
            found[method] = is_stream(function)
    return found


def expand(handler: Any, methods: Iterable[str] = ("GET",), stream: bool = False) -> list[Entry]:
    """What has to be registered for a handler or view.

    A function gives one entry with these methods. Views bring their own methods, and ``stream``
    then adds to their flags: a class view gives one entry per flag that occurs, a composition
    one per ``add``. Raises HandlerError for what cannot be called and for views without methods.
    """
    if isinstance(handler, CompositionView):
        if not handler.entries:
            raise HandlerError("composition view has no methods")
        return [Entry(e.methods, e.handler, e.stream or stream) for e in handler.entries]
    view = getattr(handler, "view_class", None)
    if isinstance(view, type) and issubclass(view, HTTPMethodView):
        flags = view_methods(view)
        entries = []
        for flag in (False, True):
            chosen = tuple(m for m, marked in flags.items() if (marked or stream) is flag)
            if chosen:
                entries.append(Entry(chosen, handler, flag))
        return entries
    if isinstance(handler, type) and issubclass(handler, HTTPMethodView):
        raise HandlerError(f"view {handler.__qualname__} is a class: register its as_view()")
    if not callable(handler):
        raise HandlerError(f"handler is not callable: {handler!r}")
    given = (methods,) if isinstance(methods, str) else methods
    upper = tuple(sorted({method.upper() for method in given}))
    if not upper:
        raise HandlerError(f"no methods for {handler!r}")
    return [Entry(upper, handler, stream or is_stream(handler))]
