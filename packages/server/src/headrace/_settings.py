"""What one route allows and how long it waits: the server's settings, some replaced by its own.

A route's setting is the field of :class:`Config` of the same name, checked as that one is. Worked
out once per route when the server starts, so that a request carries no look-up for it.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from ._config import Config, check, hints_of
from .exceptions import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

NEVER: Final = float("inf")

ROUTE_SETTINGS: Final = (
    "body_timeout",
    "handler_timeout",
    "max_body",
    "min_rate",
    "min_write_rate",
    "on_disconnect",
    "timeout",
    "write_timeout",
)
"""Settings that a route may have of its own."""

_FIELDS: Final = {each.name: each for each in dataclasses.fields(Config)}
_KINDS: Final = hints_of(Config)


class RouteSettings:
    """The settings of one route, see :class:`Config`.

    Args:
        config: the server's settings.
        stream: whether the route streams its request's body.
        own: the route's own settings by name.

    Raises:
        ConfigError: there is no such setting, or a value does not fit.

    Attributes:
        soonest: the least time in seconds after which one of the deadlines can pass.
    """

    __slots__ = (*ROUTE_SETTINGS, "soonest")

    on_disconnect: str
    max_body: int
    body_timeout: float
    min_rate: int
    handler_timeout: float
    write_timeout: float
    min_write_rate: int
    timeout: float

    def __init__(
        self, config: Config, *, stream: bool = False, own: Mapping[str, Any] | None = None
    ) -> None:
        own = own or {}
        for name in sorted(own.keys() - set(ROUTE_SETTINGS)):
            raise ConfigError(f"no setting {name!r}; there are: {', '.join(ROUTE_SETTINGS)}")
        for name in ROUTE_SETTINGS:
            value = own.get(name)
            if value is None:
                value = getattr(config, name)
                if name == "max_body" and stream:
                    value = config.max_stream_body
            else:
                check(_FIELDS[name], _KINDS[name], value)
            setattr(self, name, value)
        limits = (self.timeout, self.handler_timeout, self.body_timeout)
        self.soonest = min([limit for limit in limits if limit], default=NEVER)
