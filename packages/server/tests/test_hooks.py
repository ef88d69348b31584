from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import Any, cast

import pytest

from headrace import ConfigError, Headrace
from headrace._hooks import EVENTS, Hooks, check_listener, hooks_for, run_listeners
from headrace.exceptions import BadRequest, HeadraceException, TruncatedBody
from headrace_routing import (
    Declaration,
    ExceptionDeclaration,
    ListenerDeclaration,
    MiddlewareDeclaration,
    RouteDeclaration,
)

pytestmark = pytest.mark.anyio

Function = Callable[..., Any]


def named(name: str) -> Any:
    """A function to tell apart by its name."""

    def function(*args: Any) -> Any: ...

    function.__name__ = name
    return function


def names(functions: Any) -> list[str]:
    return [function.__name__ for function in functions]


def middleware(name: str, attach_to: str = "request", **settings: Any) -> MiddlewareDeclaration:
    return MiddlewareDeclaration(middleware=named(name), attach_to=attach_to, **settings)


# Middleware


def test_nothing_declared() -> None:
    assert hooks_for(None, []) == Hooks((), (), {})


def test_routes_and_listeners_are_passed_over() -> None:
    declared: list[Declaration] = [
        RouteDeclaration(path="/", handler=named("route")),
        ListenerDeclaration(listener=named("listener"), event=EVENTS[0]),
    ]
    assert hooks_for(None, declared) == Hooks()


@pytest.mark.parametrize(
    ("attach_to", "before", "after"),
    [("request", ["a", "b"], []), ("response", [], ["b", "a"])],
)
def test_order_of_declaration(attach_to: str, before: list[str], after: list[str]) -> None:
    hooks = hooks_for(None, [middleware("a", attach_to), middleware("b", attach_to)])
    assert (names(hooks.before), names(hooks.after)) == (before, after)


@pytest.mark.parametrize(
    ("attach_to", "side", "order"),
    [
        ("request", "before", ["high", "a", "b", "low"]),
        ("response", "after", ["low", "b", "a", "high"]),
    ],
)
def test_order_of_priority(attach_to: str, side: str, order: list[str]) -> None:
    declared = [
        middleware("low", attach_to, priority=-1),
        middleware("a", attach_to),
        middleware("high", attach_to, priority=5),
        middleware("b", attach_to),
    ]
    assert names(getattr(hooks_for(None, declared), side)) == order


@pytest.mark.parametrize(
    ("blueprint", "order"),
    [(None, ["app"]), ("one", ["app", "one"]), ("two", ["app", "two"]), ("three", ["app"])],
)
def test_a_blueprint_has_the_apps_hooks_and_its_own(
    blueprint: str | None, order: list[str]
) -> None:
    declared = [
        middleware("app"),
        middleware("one", blueprint="one"),
        middleware("two", blueprint="two"),
    ]
    assert names(hooks_for(blueprint, declared).before) == order


# Error handlers


def handles(name: str, *kinds: type[BaseException], **settings: Any) -> ExceptionDeclaration:
    return ExceptionDeclaration(handler=named(name), exceptions=kinds, **settings)


def handler_of(hooks: Hooks, error: Exception) -> str | None:
    found = hooks.error_handler(error)
    return None if found is None else cast("Any", found).__name__


@pytest.mark.parametrize(
    ("error", "name"),
    [
        pytest.param(TruncatedBody(), "bad", id="parent"),
        pytest.param(BadRequest(), "bad", id="itself"),
        pytest.param(HeadraceException(), "any", id="catch-all"),
        pytest.param(KeyError(), "lookup", id="one-of-several"),
        pytest.param(IndexError(), "lookup", id="other-of-several"),
    ],
)
def test_the_most_derived_class_wins(error: Exception, name: str) -> None:
    declared = [
        handles("any", Exception),
        handles("bad", BadRequest),
        handles("lookup", KeyError, IndexError),
    ]
    assert handler_of(hooks_for(None, declared), error) == name


def test_no_handler() -> None:
    assert handler_of(hooks_for(None, [handles("key", KeyError)]), ValueError()) is None


def test_the_last_handler_of_a_class_wins() -> None:
    declared = [handles("first", KeyError), handles("second", KeyError)]
    assert handler_of(hooks_for(None, declared), KeyError()) == "second"


@pytest.mark.parametrize(("blueprint", "name"), [(None, "app"), ("one", "own"), ("two", "app")])
def test_an_own_handler_wins_over_the_apps(blueprint: str | None, name: str) -> None:
    declared = [handles("own", KeyError, blueprint="one"), handles("app", KeyError)]
    assert handler_of(hooks_for(blueprint, declared), KeyError()) == name


# Listeners


@pytest.mark.parametrize("event", EVENTS)
def test_events(event: str) -> None:
    check_listener(ListenerDeclaration(listener=named("x"), event=event))
    assert event.split("_")[1:] in (["server", "start"], ["server", "stop"])


@pytest.mark.parametrize("event", ["before_start", "", "Before_Server_Start"])
def test_no_such_event(event: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_listener(ListenerDeclaration(listener=named("x"), event=event))
    assert str(caught.value) == (
        f"there is no event {event!r} to listen to; known: before_server_start, "
        "after_server_start, before_server_stop, after_server_stop"
    )


async def run(event: str, *listeners: Function) -> None:
    declared = [ListenerDeclaration(listener=each, event=event) for each in listeners]
    await run_listeners(event, declared, APP, "the loop")


APP = Headrace("test")


@pytest.mark.parametrize(
    ("event", "order"),
    [
        ("before_server_start", [1, 2]),
        ("after_server_start", [1, 2]),
        ("before_server_stop", [2, 1]),
        ("after_server_stop", [2, 1]),
    ],
)
async def test_order_of_listeners(event: str, order: list[int]) -> None:
    called: list[int] = []
    await run(event, lambda app: called.append(1), lambda app: called.append(2))
    assert called == order


async def test_only_the_events_own_listeners_run() -> None:
    called: list[str] = []
    declared: list[Declaration] = [
        ListenerDeclaration(listener=lambda app: called.append("stop"), event=EVENTS[3]),
        ListenerDeclaration(listener=lambda app: called.append("start"), event=EVENTS[0]),
        middleware("m"),
    ]
    await run_listeners(EVENTS[0], declared, APP, None)
    assert called == ["start"]


async def test_a_listener_gets_the_loop_if_it_takes_two() -> None:
    called: list[Any] = []

    def old(app: Any, loop: Any) -> None:
        called.append((app, loop))

    def new(app: Any) -> None:
        called.append((app,))

    def with_default(app: Any, pool_size: int = 5) -> None:
        called.append((app, pool_size))

    await run("after_server_start", old, new, with_default)
    assert called == [(APP, "the loop"), (APP,), (APP, 5)]


@pytest.mark.parametrize(
    "listener",
    [lambda app, pool=5: None, lambda app, *rest: None, lambda app, **rest: None],
    ids=["default", "args", "kwargs"],
)
async def test_a_listener_that_needs_no_loop_gets_none(listener: Function) -> None:
    called: list[Any] = []

    @functools.wraps(listener)
    def notes(*args: Any) -> None:
        called.append(args)

    await run("after_server_start", notes)
    assert called == [(APP,)]


async def test_an_async_listener_is_awaited_before_the_next() -> None:
    called: list[str] = []

    async def slow(app: Any) -> None:
        await asyncio.sleep(0)
        called.append("slow")

    await run("before_server_start", slow, lambda app: called.append("next"))
    assert called == ["slow", "next"]


async def test_a_listener_that_raises_stops_the_start() -> None:
    called: list[str] = []

    def fails(app: Any) -> None:
        raise LookupError("no database")

    with pytest.raises(LookupError, match=r"^no database$"):
        await run("before_server_start", fails, lambda app: called.append("next"))
    assert called == []


def test_hooks_are_frozen_and_share_nothing() -> None:
    assert Hooks().errors is not Hooks().errors
    assert not hasattr(Hooks(), "__dict__")
