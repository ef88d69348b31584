"""A handler and what its route says about it, checked and prepared when it is registered."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from ._settings import RouteSettings
from .exceptions import ConfigError

if TYPE_CHECKING:
    from headrace_routing import RouteDeclaration

    from ._config import Config
    from ._hooks import Hooks

Handler: TypeAlias = Callable[..., Any]


class Endpoint:
    """What a route leads to.

    Attributes:
        handler: what answers.
        has_middleware: whether anything runs before or after it.
        hooks: what does, and its error handlers.
        settings: the route's limits.
        stream: whether the handler reads its body as it arrives.
        where: methods and path, for messages.

    Args:
        route: the declaration; its ``meta`` holds the route's own settings by name.
        hooks: what runs around the handler.
        config: the server's settings.
        stream: whether every route streams its request's body.

    Raises:
        ConfigError: the handler cannot serve the route, or a setting is wrong.
    """

    __slots__ = ("handler", "has_middleware", "hooks", "settings", "stream", "where")

    def __init__(
        self, route: RouteDeclaration, hooks: Hooks, config: Config, *, stream: bool = False
    ) -> None:
        self.where = f"{','.join(route.methods)} {route.path or '/'}"
        self.handler = route.handler
        self.stream = route.stream or stream
        self.hooks = hooks
        self.has_middleware = bool(hooks.before or hooks.after)
        try:
            self.settings = RouteSettings(config, stream=self.stream, own=route.meta)
        except ConfigError as error:
            raise ConfigError(f"route {self.where}: {error}") from None
        if route.stream:
            self._check_async(route.methods)

    def _check_async(self, methods: tuple[str, ...]) -> None:
        """A handler that reads its body waits for it, which a plain function cannot."""
        for function in functions_of(self.handler, methods):
            if not any(map(is_async, layers(function))):
                function = inspect.unwrap(function)
                name = getattr(function, "__qualname__", repr(function))
                raise ConfigError(
                    f"route {self.where}: {name} streams the request's body, so it has to be "
                    "an 'async def'"
                )

    def __repr__(self) -> str:
        return str(getattr(self.handler, "__qualname__", self.handler))


def functions_of(handler: Handler, methods: tuple[str, ...]) -> Iterator[Handler]:
    """Give the functions that calls of a handler reach, through views and partials."""
    view = getattr(handler, "view_class", None)
    found = [handler] if view is None else [getattr(view, method.lower()) for method in methods]
    for function in found:
        while isinstance(function, functools.partial):
            function = function.func
        if not inspect.isroutine(function) and not inspect.isclass(function):
            function = type(function).__call__
        yield function


def layers(function: Handler) -> Iterator[Handler]:
    """Give a function and what its decorators wrap, outermost first.

    One async layer is enough: an async decorator may call a plain function, and a plain one that
    hands on what an async function returned is awaited as well.
    """
    yield function
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
        yield function


def is_async(function: Handler) -> bool:
    """Whether a call gives something to wait for."""
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)
