from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from headrace import Config, ConfigError
from headrace._endpoint import Endpoint, functions_of
from headrace._hooks import Hooks
from headrace.views import HTTPMethodView
from headrace_routing import RouteDeclaration

Make = Callable[..., Endpoint]


def plain(request: Any) -> None:
    """A handler that cannot wait."""


async def coroutine(request: Any) -> None:
    """A handler that can."""


async def generator(request: Any) -> AsyncIterator[str]:
    yield "a"


class Plain:
    def __call__(self, request: Any) -> None: ...

    def method(self, request: Any) -> None: ...


class Async:
    async def __call__(self, request: Any) -> None: ...

    async def method(self, request: Any) -> None: ...


class View(HTTPMethodView):
    def get(self, request: Any) -> None: ...

    async def post(self, request: Any) -> None: ...


def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def outer(*args: Any) -> Any:
        return function(*args)

    return outer


def awaiting(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    async def outer(*args: Any) -> Any:
        return function(*args)

    return outer


@pytest.fixture
def make() -> Make:
    def make(
        handler: Any = coroutine, methods: tuple[str, ...] = ("POST",), **settings: Any
    ) -> Endpoint:
        route = RouteDeclaration(path="/x", handler=handler, methods=methods, **settings)
        return Endpoint(route, Hooks(), Config(max_body=16, max_stream_body=99))

    return make


def test_what_it_keeps(make: Make) -> None:
    endpoint = make(coroutine, stream=True, meta={"max_body": 5})
    found = (endpoint.handler, endpoint.stream, endpoint.settings.max_body, endpoint.where)
    assert found == (coroutine, True, 5, "POST /x")


def test_where_names_every_method() -> None:
    route = RouteDeclaration(path="", handler=plain, methods=("GET", "POST"))
    assert Endpoint(route, Hooks(), Config()).where == "GET,POST /"


# Handlers

ASYNC = [
    pytest.param(coroutine, id="coroutine"),
    pytest.param(generator, id="async-generator"),
    pytest.param(functools.partial(functools.partial(coroutine)), id="partial"),
    pytest.param(decorated(decorated(coroutine)), id="decorated"),
    pytest.param(functools.partial(decorated(coroutine)), id="partial-of-decorated"),
    pytest.param(awaiting(plain), id="async-decorator"),
    pytest.param(decorated(awaiting(plain)), id="decorated-async-decorator"),
    pytest.param(Async(), id="callable-object"),
    pytest.param(Async().method, id="method"),
]
SYNC = [
    pytest.param(plain, "plain", id="function"),
    pytest.param(functools.partial(plain), "plain", id="partial"),
    pytest.param(decorated(plain), "plain", id="decorated"),
    pytest.param(Plain(), "Plain.__call__", id="callable-object"),
    pytest.param(Plain().method, "Plain.method", id="method"),
    pytest.param(Plain, "Plain", id="class"),
    pytest.param(len, "len", id="built-in"),
]


@pytest.mark.parametrize("handler", ASYNC)
def test_a_streaming_route_takes_what_can_wait(make: Make, handler: Any) -> None:
    assert make(handler, stream=True).handler is handler


@pytest.mark.parametrize(("handler", "name"), SYNC)
def test_a_streaming_route_refuses_what_cannot_wait(make: Make, handler: Any, name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(handler, stream=True)
    assert str(caught.value) == (
        f"route POST /x: {name} streams the request's body, so it has to be an 'async def'"
    )


@pytest.mark.parametrize("handler", [*ASYNC, *(pytest.param(p.values[0], id=p.id) for p in SYNC)])
def test_another_route_takes_all(make: Make, handler: Any) -> None:
    assert make(handler, stream=False).handler is handler


def test_a_handler_without_a_name_is_shown(make: Make) -> None:
    class Nameless:
        async def __call__(self) -> None: ...

    handler: Any = functools.partial(type("Odd", (), {"__call__": Nameless()})())
    with pytest.raises(ConfigError, match=r"^route POST /x: <.*Nameless object at .*> streams"):
        make(handler, stream=True)


def test_a_view_is_judged_by_the_methods_of_the_route(make: Make) -> None:
    view = View.as_view()
    assert make(view, ("POST",), stream=True).stream
    with pytest.raises(ConfigError, match=r"^route GET,POST /x: View\.get streams"):
        make(view, ("GET", "POST"), stream=True)


def test_functions_of_a_view() -> None:
    assert list(functions_of(View.as_view(), ("POST", "GET"))) == [View.post, View.get]


# Settings of the route

LIMITS = [
    pytest.param({}, False, 16, id="plain"),
    pytest.param({}, True, 99, id="stream"),
    pytest.param({"max_body": 5}, False, 5, id="own"),
    pytest.param({"max_body": 5}, True, 5, id="own-stream"),
    pytest.param({"max_body": 0}, False, 0, id="no-limit"),
    pytest.param({"max_body": None}, False, 16, id="None"),
]


@pytest.mark.parametrize(("meta", "stream", "limit"), LIMITS)
def test_body_limit(make: Make, meta: dict[str, Any], stream: bool, limit: int) -> None:
    assert make(stream=stream, meta=meta).settings.max_body == limit


@pytest.mark.parametrize(
    ("meta", "message"),
    [
        ({"max_body": -1}, "max_body must be at least 0, not -1"),
        ({"max_body": "1"}, "max_body must be int, not str ('1')"),
        ({"max_body": True}, "max_body must be int, not bool (True)"),
        ({"timeout": "1"}, "timeout must be float, not str ('1')"),
        ({"on_disconnect": "no"}, "on_disconnect must be one of 'cancel', 'finish', not 'no'"),
        (
            {"maxbody": 1, "cache": 2, "max_body": 3},
            "no setting 'cache'; there are: body_timeout, handler_timeout, max_body, min_rate, "
            "min_write_rate, on_disconnect, timeout, write_timeout",
        ),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_refused_settings(make: Make, meta: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make(meta=meta)
    assert str(caught.value) == f"route POST /x: {message}"


def test_every_route_may_stream() -> None:
    route = RouteDeclaration(path="/", handler=plain, methods=("POST",))
    endpoint = Endpoint(route, Hooks(), Config(max_stream_body=9), stream=True)
    assert (endpoint.stream, endpoint.settings.max_body) == (True, 9)


def test_slots(make: Make) -> None:
    assert not hasattr(make(), "__dict__")


@pytest.mark.parametrize(
    ("handler", "shown"),
    [(plain, "plain"), (View.as_view(), "View"), (functools.partial(plain), "functools.partial(")],
    ids=["function", "view", "partial"],
)
def test_repr_is_the_handlers_name(make: Make, handler: Any, shown: str) -> None:
    assert repr(make(handler)).startswith(shown)
