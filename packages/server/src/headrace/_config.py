"""One frozen dataclass: each setting's name, default, help and bounds stand here and nowhere else.

``app.run`` takes the fields as keyword arguments, the command line derives its options from them,
and the documentation its table.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from .exceptions import ConfigError

KIB = 1024
MIB = 1024 * KIB

T = TypeVar("T")


def setting(default: T, text: str, *, low: float | None = None, high: float | None = None) -> T:
    """Declare one setting; ``low`` and ``high`` bound a number, both inclusive."""
    return field(default=default, metadata={"help": text, "low": low, "high": high})


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """All settings of a server. Sizes are bytes, times are seconds.

    Raises:
        ConfigError: a value has the wrong type or lies outside its bounds.
    """

    host: str = setting("127.0.0.1", "Address to bind; 0.0.0.0 or :: for every interface.")
    port: int = setting(8000, "TCP port to bind; 0 picks a free one.", low=0, high=65535)
    backlog: int = setting(2048, "Connections the kernel may hold before accept.", low=1)
    loop: Literal["auto", "asyncio", "uvloop"] = setting(
        "auto", "Event loop; auto takes uvloop where it is installed."
    )
    debug: bool = setting(False, "Show errors to the client with their traceback.")
    access_log: bool = setting(False, "Log a line at the end of each exchange.")

    max_connections: int = setting(
        16_384, "Open connections; one more is answered 503 and closed. 0 means no limit.", low=0
    )
    keep_alive_requests: int = setting(
        10_000, "Requests that one connection may make; 0 means no limit.", low=0
    )
    pipelined_requests: int = setting(
        16, "Requests that are taken out of one read before they are answered.", low=1
    )
    max_request_line: int = setting(8 * KIB, "Longest request line; beyond it: 414.", low=1)
    max_header_bytes: int = setting(32 * KIB, "Longest header section; beyond it: 431.", low=1)
    max_header_count: int = setting(100, "Most header fields; beyond it: 431.", low=1)
    max_body: int = setting(
        16 * MIB,
        "Longest body that is preloaded for a handler that does not stream; 0 means no limit.",
        low=0,
    )
    max_stream_body: int = setting(0, "Longest body on a streaming route; 0 means no limit.", low=0)
    request_buffer: int = setting(
        256 * KIB, "Unread body bytes above which the client is made to wait.", low=1
    )
    response_buffer: int = setting(
        512 * KIB, "Unsent response bytes above which an awaited write waits.", low=1
    )
    write_cap: int = setting(
        8 * MIB, "Unsent response bytes at which a write that nobody awaits fails.", low=1
    )
    memory_budget: int = setting(
        256 * MIB,
        "Buffered bytes of all connections. From 7/8 of it on no body is read; at it new requests "
        "are answered 503. 0 means no limit.",
        low=0,
    )

    head_timeout: float = setting(
        10.0, "Time from a request's first byte to the end of its head; then 408.", low=0.001
    )
    keep_alive_timeout: float = setting(
        75.0, "Time an idle connection is kept for its next request.", low=0.001
    )
    body_timeout: float = setting(
        30.0,
        "Silence after which a request body is given up while there is room: 408. 0 means never.",
        low=0,
    )
    min_rate: int = setting(
        240,
        "Bytes per second, over each body_timeout, that a body has to bring while there is room, "
        "or 408. 0 means any.",
        low=0,
    )
    handler_timeout: float = setting(
        60.0,
        "Time from the end of a request to the head of its response: then 503. 0 means any.",
        low=0,
    )
    write_timeout: float = setting(
        30.0, "Time over which min_write_rate is judged; 0 means that nobody judges it.", low=0
    )
    min_write_rate: int = setting(
        240,
        "Bytes per second that a client has to take of a full buffer, or its connection is cut.",
        low=1,
    )
    timeout: float = setting(
        0.0, "Time for a whole exchange: then 408, 503, or a cut response. 0 means any.", low=0
    )
    on_disconnect: Literal["cancel", "finish"] = setting(
        "cancel",
        "Whether a handler is cancelled when its client is gone, or goes on unheard, for a "
        "handler_timeout at most.",
    )
    half_close_grace: float = setting(
        1.0,
        "Time a silent stream goes on after its client closed its sending side, where no probe "
        "can tell whether the client still reads.",
        low=0,
    )
    linger_timeout: float = setting(
        5.0, "Time to read the rest of a body that nobody wanted before closing.", low=0
    )
    linger_bytes: int = setting(
        16 * MIB, "Bytes to read of a body that nobody wanted before closing.", low=0
    )
    drain_timeout: float = setting(
        10.0, "Time that open exchanges have to end after a shutdown signal.", low=0
    )

    def __post_init__(self) -> None:
        hints = hints_of(type(self))  # type: ignore[arg-type]  # mypy asks the instance for a hash
        for each in dataclasses.fields(self):
            check(each, hints[each.name], getattr(self, each.name))


@cache  # 0.3 ms each time
def hints_of(config: type[Any]) -> dict[str, Any]:
    """Return the fields' resolved types."""
    return get_type_hints(config)


def check(each: dataclasses.Field[Any], kind: Any, value: Any) -> None:
    """Raise ConfigError unless the value fits the field."""
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            choices = ", ".join(map(repr, get_args(kind)))
            raise ConfigError(f"{each.name} must be one of {choices}, not {value!r}")
        return
    numbers = kind is float and type(value) is int
    if type(value) is not kind and not numbers:
        raise ConfigError(
            f"{each.name} must be {kind.__name__}, not {type(value).__name__} ({value!r})"
        )
    low, high = each.metadata["low"], each.metadata["high"]
    if low is not None and not value >= low:  # not a number is not within bounds either
        raise ConfigError(f"{each.name} must be at least {low}, not {value!r}")
    if high is not None and value > high:
        raise ConfigError(f"{each.name} must be at most {high}, not {value!r}")


def override(config: Config, **settings: Any) -> Config:
    """Return the configuration with some settings replaced.

    Raises:
        ConfigError: there is no setting of that name, or its value does not fit.
    """
    known = {each.name for each in dataclasses.fields(config)}
    for name in settings:
        if name not in known:
            listed = ", ".join(sorted(known))
            raise ConfigError(f"there is no setting {name!r}; there are: {listed}")
    return dataclasses.replace(config, **settings)
