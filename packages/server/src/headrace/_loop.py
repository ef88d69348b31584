"""The event loop: the only module that imports uvloop."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from .exceptions import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")


def loop_factory(
    kind: Literal["auto", "asyncio", "uvloop"],
) -> Callable[[], asyncio.AbstractEventLoop]:
    """Return what makes a new loop of that kind.

    Raises:
        ConfigError: uvloop was asked for by name and is not installed.
    """
    if kind != "asyncio":
        try:
            import uvloop
        except ImportError:
            if kind == "uvloop":
                raise ConfigError(
                    "loop='uvloop' needs uvloop, which is not installed: pip install uvloop"
                ) from None
        else:
            return uvloop.new_event_loop
    return asyncio.new_event_loop


def run(main: Coroutine[Any, Any, T], kind: Literal["auto", "asyncio", "uvloop"] = "auto") -> T:
    """Run a coroutine to its end on a new loop of that kind."""
    with asyncio.Runner(loop_factory=loop_factory(kind)) as runner:
        return runner.run(main)


def address(loop: asyncio.AbstractEventLoop, host: str) -> Any:
    """Return a host as ``create_server`` of this loop resolves it with the least effort.

    uvloop encodes a str as an internationalized name, for which 2 ms of modules are imported.
    """
    if host and host.isascii() and type(loop).__module__.partition(".")[0] == "uvloop":
        return [host.encode()]
    return host


def writes_at_once(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether each write to a transport of this loop is a system call of its own.

    uvloop before 0.23 keeps what is written until the end of the turn.
    """
    module = type(loop).__module__.partition(".")[0]
    if module != "uvloop":
        return module == "asyncio"
    major, minor = sys.modules["uvloop"].__version__.split(".")[:2]
    return (int(major), int(minor)) >= (0, 23)
