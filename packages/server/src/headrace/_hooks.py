"""Middleware, error handlers and listeners, put in the order in which they run.

Those of a blueprint serve that blueprint's routes only, so the sets are worked out once per
blueprint when the server starts, and a request carries no look-up for them.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from headrace_routing import (
    Declaration,
    ExceptionDeclaration,
    ListenerDeclaration,
    MiddlewareDeclaration,
)

from .exceptions import ConfigError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from ._app import Headrace
    from ._end import Figures
    from .request import Request
    from .response import BaseResponse

Answer: TypeAlias = "BaseResponse | None"
RequestMiddleware: TypeAlias = "Callable[[Request], Answer | Awaitable[Answer]]"
ResponseMiddleware: TypeAlias = "Callable[[Request, BaseResponse], Answer | Awaitable[Answer]]"
EndHook: TypeAlias = "Callable[[Request, Figures], object]"
ErrorHandler: TypeAlias = "Callable[[Request, Exception], Answer | Awaitable[Answer]]"

EVENTS = ("before_server_start", "after_server_start", "before_server_stop", "after_server_stop")


@dataclass(frozen=True, slots=True)
class Hooks:
    """What runs around the handlers of one blueprint, or around those of none.

    Attributes:
        before: request middleware, in order.
        after: response middleware, in order.
        errors: error handlers by exception class.
    """

    before: tuple[RequestMiddleware, ...] = ()
    after: tuple[ResponseMiddleware, ...] = ()
    errors: dict[type[BaseException], ErrorHandler] = field(default_factory=dict)

    def error_handler(self, error: Exception) -> ErrorHandler | None:
        """Return the handler of the most derived class that has one."""
        for kind in type(error).__mro__:
            handler = self.errors.get(kind)
            if handler is not None:
                return handler
        return None


def hooks_for(blueprint: str | None, declared: Iterable[Declaration]) -> Hooks:
    """Return what applies to a blueprint's routes: the app's hooks and its own.

    Request middleware runs by falling priority, then in order of declaration; response middleware
    in the reverse of that order. An own error handler wins over the app's.
    """
    middleware: list[MiddlewareDeclaration] = []
    errors: dict[type[BaseException], ErrorHandler] = {}
    own: dict[type[BaseException], ErrorHandler] = {}
    for each in declared:
        if each.blueprint not in (None, blueprint):
            continue
        if isinstance(each, MiddlewareDeclaration):
            middleware.append(each)
        elif isinstance(each, ExceptionDeclaration):
            target = errors if each.blueprint is None else own
            target.update(dict.fromkeys(each.exceptions, each.handler))
    middleware.sort(key=lambda each: -each.priority)
    return Hooks(
        before=tuple(m.middleware for m in middleware if m.attach_to == "request"),
        after=tuple(m.middleware for m in reversed(middleware) if m.attach_to == "response"),
        errors=errors | own,
    )


def check_listener(declaration: ListenerDeclaration) -> None:
    """Raise ConfigError if there is no such event."""
    if declaration.event not in EVENTS:
        listed = ", ".join(EVENTS)
        raise ConfigError(f"there is no event {declaration.event!r} to listen to; known: {listed}")


async def run_listeners(
    event: str, declared: Sequence[Declaration], app: Headrace, loop: Any
) -> None:
    """Call the listeners of one event, in order; those of a stop event in reverse order."""
    listeners = [
        each.listener
        for each in declared
        if isinstance(each, ListenerDeclaration) and each.event == event
    ]
    if event.endswith("stop"):
        listeners.reverse()
    for listener in listeners:
        result = listener(app, loop) if wants_loop(listener) else listener(app)
        if inspect.isawaitable(result):
            await result


def wants_loop(listener: Callable[..., Any]) -> bool:
    """Whether a listener is one of ``(app, loop)``, as in 2017, or one of ``(app)``."""
    positional = [
        each
        for each in inspect.signature(listener).parameters.values()
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    required = [each for each in positional if each.default is each.empty]
    return len(required) > 1 or any(each.name == "loop" for each in positional[1:2])
