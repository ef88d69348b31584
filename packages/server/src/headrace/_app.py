"""The application: what is declared on it, and how it becomes something that answers requests."""

from __future__ import annotations

import inspect
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from headrace_routing import (
    Blueprint,
    BlueprintGroup,
    Declaration,
    Declarations,
    ListenerDeclaration,
    NoSuchRouteError,
    RouteDeclaration,
    Router,
)

from ._config import Config, override
from ._dispatch import Dispatch
from ._endpoint import Endpoint
from ._hooks import Hooks, check_listener, hooks_for
from .exceptions import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._hooks import EndHook


class Headrace(Declarations):
    """An application: routes, middleware, error handlers, listeners and settings.

    Args:
        name: of the application; only for people to read.
        is_request_stream: makes every route stream its request's body, as in code of 2017.
        config: settings; single ones can be given to :meth:`run`. What is the application's own
            belongs into ``ctx``.

    Attributes:
        ctx: a place for what the application keeps, such as a connection pool.
    """

    def __init__(
        self,
        name: str = "headrace",
        *,
        is_request_stream: bool = False,
        config: Config | None = None,
    ) -> None:
        super().__init__()
        if config is not None and not isinstance(config, Config):
            raise ConfigError(f"config= takes a headrace.Config, not {type(config).__name__}")
        self.name = name
        self.is_request_stream = is_request_stream
        self.config = config or Config()
        self.ctx = SimpleNamespace()
        self._end_hooks: list[EndHook] = []
        self._blueprints: list[tuple[Blueprint | BlueprintGroup, dict[str, Any]]] = []
        self._known: Router[Endpoint] = Router(bad_path="bad_request")

    def __repr__(self) -> str:
        return f"<Headrace {self.name!r}>"

    def declare(self, declaration: Declaration) -> None:
        """Take one declaration, checked at once so that the error points at the line.

        Raises:
            ConfigError: a handler or setting does not fit; the message names the route.
            RoutingError: a bad pattern, or a route that exists already.
        """
        self._check(declaration)
        super().declare(declaration)

    def blueprint(self, blueprint: Blueprint | BlueprintGroup, **settings: Any) -> None:
        """Register a blueprint or a group.

        Args:
            blueprint: what it declares later, before the server starts, counts too.
            settings: replace a blueprint's own, such as ``url_prefix``; those of a group stand
                around the group's.

        Raises:
            ConfigError, RoutingError: as for a route of the app itself.
        """
        if not isinstance(blueprint, Blueprint | BlueprintGroup):
            raise ConfigError(f"app.blueprint() takes a Blueprint or a group, not {blueprint!r}")
        self._blueprints.append((blueprint, settings))
        try:
            self._learn()
        except Exception:
            self._blueprints.pop()
            raise

    def _learn(self) -> None:
        """Bring what is known of all routes up to date."""
        self._known = self.router()
        self._known.thaw()

    def _check(self, declaration: Declaration) -> None:
        if isinstance(declaration, RouteDeclaration):
            declaration.add_to(self._known, self._endpoint(declaration, Hooks(), self.config))
        elif isinstance(declaration, ListenerDeclaration):
            check_listener(declaration)

    def on_end(self, hook: EndHook) -> EndHook:
        """Have a function called at the end of each exchange; usable as a decorator.

        Args:
            hook: called with the request and its :class:`Figures` when nothing of the exchange
                runs any more. It must not block; what it raises is logged.

        Raises:
            ConfigError: it is an ``async def``, which nobody would await.
        """
        if inspect.iscoroutinefunction(hook):
            raise ConfigError(f"an end hook is a plain function; {hook.__qualname__} is async")
        self._end_hooks.append(hook)
        return hook

    def url_for(self, name: str, /, **params: Any) -> str:
        """Build the URL of a named route, see ``headrace_routing.Router.url_for``."""
        try:
            return self._known.url_for(name, **params)
        except NoSuchRouteError:
            # A blueprint that was filled after it was registered may have it.
            self._learn()
            return self._known.url_for(name, **params)

    def declarations(self) -> list[Declaration]:
        """Return everything declared, the app's own first, then blueprint by blueprint.

        A blueprint's declarations name it and the place of its registration, so that one which is
        registered twice, or two of the same name, keep their hooks apart.
        """
        found = list(self.declared)
        for place, (blueprint, settings) in enumerate(self._blueprints):
            found += [
                each
                if each.blueprint is None
                else each.replace(blueprint=f"{each.blueprint}#{place}")
                for each in outfitted(blueprint, settings).declarations()
            ]
        return found

    def _endpoint(self, route: RouteDeclaration, hooks: Hooks, config: Config) -> Endpoint:
        return Endpoint(route, hooks, config, stream=self.is_request_stream)

    def router(self, config: Config | None = None) -> Router[Endpoint]:
        """Return a frozen router over everything declared so far."""
        declared = self.declarations()
        router = self._known.anew()
        hooks: dict[str | None, Hooks] = {}
        for each in declared:
            if isinstance(each, RouteDeclaration):
                if each.blueprint not in hooks:
                    hooks[each.blueprint] = hooks_for(each.blueprint, declared)
                hook = hooks[each.blueprint]
                each.add_to(router, self._endpoint(each, hook, config or self.config))
            elif isinstance(each, ListenerDeclaration):
                check_listener(each)
        router.freeze()
        return router

    def dispatch(
        self, config: Config | None = None, clock: Callable[[], float] = time.monotonic
    ) -> Dispatch:
        """Return what answers requests, from everything declared so far."""
        config = config or self.config
        hooks = hooks_for(None, self.declarations())
        end_hooks = tuple(self._end_hooks)
        return Dispatch(self, config, self.router(config), hooks, end_hooks, clock)

    def run(self, host: str | None = None, port: int | None = None, **settings: Any) -> None:
        """Serve until a signal to stop, see :class:`Config` for the settings.

        Raises:
            ConfigError: there is no such setting, or a value does not fit.
            ListenError: the address cannot be bound.
        """
        from ._server import serve

        if host is not None:
            settings["host"] = host
        if port is not None:
            settings["port"] = port
        serve(self, override(self.config, **settings))


def outfitted(
    blueprint: Blueprint | BlueprintGroup, settings: dict[str, Any]
) -> Blueprint | BlueprintGroup:
    """Return the blueprint or group as it stands now, with these settings."""
    if not settings:
        return blueprint
    if isinstance(blueprint, BlueprintGroup):
        return BlueprintGroup(blueprint, **settings)
    return blueprint.copy(**settings)
