from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from headrace import Blueprint, BlueprintGroup, Config, ConfigError, Headrace, _server
from headrace.views import CompositionView, HTTPMethodView
from headrace.views import stream as streams
from headrace_routing import (
    BuildError,
    ConflictError,
    Found,
    FrozenError,
    HandlerError,
    MethodNotAllowed,
    NoSuchRouteError,
    NotFound,
    PatternError,
    RoutingError,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from headrace._endpoint import Endpoint


def plain(request: Any, **params: Any) -> None:
    """A handler that cannot wait."""


async def handler(request: Any, **params: Any) -> None:
    """A handler that can."""


async def generator(request: Any) -> AsyncIterator[str]:
    yield "a"


class View(HTTPMethodView):
    def get(self, request: Any) -> None: ...

    @streams
    async def post(self, request: Any) -> None: ...


class Careless(HTTPMethodView):
    @streams
    def put(self, request: Any) -> None: ...


@pytest.fixture
def app() -> Headrace:
    return Headrace("test")


def endpoint(app: Headrace, method: str, path: str) -> Endpoint:
    found = app.router().match(method, path)
    assert isinstance(found, Found)
    return found.handler


def matches(app: Headrace, method: str, path: str) -> str:
    return type(app.router().match(method, path)).__name__


# The application itself


def test_defaults() -> None:
    app = Headrace()
    assert (app.name, app.is_request_stream, app.config) == ("headrace", False, Config())
    assert repr(app) == "<Headrace 'headrace'>"


def test_a_config_of_its_own() -> None:
    config = Config(port=1)
    assert Headrace("x", config=config).config is config


def test_ctx_belongs_to_one_application(app: Headrace) -> None:
    app.ctx.pool = "pool"
    assert not hasattr(Headrace().ctx, "pool")


# Routes


@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete", "head", "options"])
@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_decorator_per_method(app: Headrace, method: str, stream: bool) -> None:
    assert getattr(app, method)("/x", stream=stream)(handler) is handler
    found = endpoint(app, method.upper(), "/x")
    assert (found.handler, found.stream) == (handler, stream)


def test_route_answers_get(app: Headrace) -> None:
    app.route("/x")(plain)
    assert endpoint(app, "GET", "/x").handler is plain
    assert matches(app, "POST", "/x") == "MethodNotAllowed"


def test_route_with_methods(app: Headrace) -> None:
    app.route("/x", methods=["PUT", "post"])(plain)
    assert endpoint(app, "POST", "/x") is not None
    assert matches(app, "GET", "/x") == "MethodNotAllowed"


def test_stream_is_a_post_that_streams(app: Headrace) -> None:
    app.stream("/x")(handler)
    assert endpoint(app, "POST", "/x").stream


def test_head_is_answered_by_get(app: Headrace) -> None:
    app.get("/x")(plain)
    assert endpoint(app, "HEAD", "/x").handler is plain


def test_an_async_generator_is_a_handler(app: Headrace) -> None:
    app.get("/x", stream=True)(generator)
    assert endpoint(app, "GET", "/x").handler is generator


def test_a_limit_of_the_route(app: Headrace) -> None:
    app.post("/x", max_body=5)(plain)
    assert endpoint(app, "POST", "/x").settings.max_body == 5


def test_every_route_streams_in_an_application_of_2017() -> None:
    app = Headrace("test", is_request_stream=True)
    app.get("/get")(plain)
    app.post("/post")(handler)
    assert endpoint(app, "GET", "/get").stream
    assert endpoint(app, "POST", "/post").stream


def test_add_route_with_a_class_view(app: Headrace) -> None:
    app.add_route(View.as_view(), "/v")
    assert not endpoint(app, "GET", "/v").stream
    assert endpoint(app, "POST", "/v").stream


def test_add_route_with_a_composition(app: Headrace) -> None:
    view = CompositionView()
    view.add(["GET"], plain)
    view.add(["POST", "PUT"], handler, stream=True)
    app.add_route(view, "/c")
    assert endpoint(app, "GET", "/c").handler is plain
    assert endpoint(app, "PUT", "/c").stream


# What is refused, at the line that is wrong


@pytest.mark.parametrize(
    ("register", "error", "message"),
    [
        pytest.param(
            lambda app: app.get("/there/")(plain),
            ConflictError,
            "two routes claim the same requests\n"
            "  existing: GET,POST /there (handler)\n"
            "  added:    GET /there/ (plain)",
            id="duplicate",
        ),
        pytest.param(
            lambda app: app.put("/other", name="there")(plain),
            ConflictError,
            "the name 'there' is taken\n"
            "  existing: PUT /named (there)\n"
            "  added:    PUT /other (there)",
            id="duplicate-name",
        ),
        pytest.param(
            lambda app: app.get("books")(plain),
            PatternError,
            "expected '/' at the start of a path\n  books\n  ^",
            id="no-slash",
        ),
        pytest.param(
            lambda app: app.get("/books/<id")(plain),
            PatternError,
            "expected '>' to close the parameter\n  /books/<id\n            ^",
            id="open-parameter",
        ),
        pytest.param(
            lambda app: app.get("/<x:integer>")(plain),
            PatternError,
            "expected a type (alpha, ext, float, int, number, path, slug, str, string, uuid, ymd) "
            "or a regex such as (integer)\n  /<x:integer>\n      ^",
            id="unknown-type",
        ),
        pytest.param(
            lambda app: app.route("/x", methods=["GET IT"])(plain),
            HandlerError,
            "'GET IT' is not a method (route /x)",
            id="no-method",
        ),
        pytest.param(
            lambda app: app.stream("/x")(plain),
            ConfigError,
            "route POST /x: plain streams the request's body, so it has to be an 'async def'",
            id="sync-on-stream",
        ),
        pytest.param(
            lambda app: app.add_route(Careless.as_view(), "/x"),
            ConfigError,
            "route PUT /x: Careless.put streams the request's body, so it has to be an 'async def'",
            id="sync-on-stream-in-view",
        ),
        pytest.param(
            lambda app: app.post("/x", max_body="1 MiB")(plain),
            ConfigError,
            "route POST /x: max_body must be int, not str ('1 MiB')",
            id="limit-as-text",
        ),
        pytest.param(
            lambda app: app.post("/x", timeout=5, maximum=3)(plain),
            ConfigError,
            "route POST /x: no setting 'maximum'; there are: body_timeout, handler_timeout, "
            "max_body, min_rate, min_write_rate, on_disconnect, timeout, write_timeout",
            id="unknown-setting",
        ),
        pytest.param(
            lambda app: app.listener("startup")(plain),
            ConfigError,
            "there is no event 'startup' to listen to; known: before_server_start, "
            "after_server_start, before_server_stop, after_server_stop",
            id="unknown-event",
        ),
        pytest.param(
            lambda app: app.middleware("both")(plain),
            HandlerError,
            "middleware attaches to 'request' or 'response', not 'both'",
            id="unknown-side",
        ),
        pytest.param(
            lambda app: app.blueprint("bp"),
            ConfigError,
            "app.blueprint() takes a Blueprint or a group, not 'bp'",
            id="no-blueprint",
        ),
    ],
)
def test_refused(app: Headrace, register: Any, error: type[Exception], message: str) -> None:
    app.route("/there", methods=["GET", "POST"])(handler)
    app.put("/named", name="there")(plain)
    before = app.declarations()
    with pytest.raises(error) as caught:
        register(app)
    assert str(caught.value) == message
    assert app.declarations() == before


@pytest.mark.parametrize("thing", [None, "name", 5], ids=["None", "str", "int"])
def test_a_handler_that_cannot_be_called(app: Headrace, thing: Any) -> None:
    with pytest.raises(HandlerError, match=f"handler is not callable: {thing!r}"):
        app.add_route(thing, "/x")
    assert app.declarations() == []


def test_what_was_refused_can_be_registered_when_it_is_right(app: Headrace) -> None:
    with pytest.raises(ConfigError):
        app.stream("/x")(plain)
    app.stream("/x")(handler)
    assert endpoint(app, "POST", "/x").stream


# Blueprints


@pytest.fixture
def bp() -> Blueprint:
    return Blueprint("bp", url_prefix="/bp")


def test_a_blueprint_that_was_filled_before(app: Headrace, bp: Blueprint) -> None:
    bp.stream("/x")(handler)
    app.blueprint(bp)
    assert endpoint(app, "POST", "/bp/x").stream


def test_a_blueprint_that_is_filled_afterwards(app: Headrace, bp: Blueprint) -> None:
    app.blueprint(bp)
    bp.get("/x")(plain)
    assert endpoint(app, "GET", "/bp/x").handler is plain


@pytest.mark.parametrize(
    ("register", "error", "message"),
    [
        pytest.param(
            lambda bp: bp.stream("/x")(plain),
            ConfigError,
            "route POST /bp/x: plain streams the request's body, so it has to be an 'async def'",
            id="sync-on-stream",
        ),
        pytest.param(
            lambda bp: bp.get("/there")(plain),
            ConflictError,
            "two routes claim the same requests\n"
            "  existing: GET /bp/there (handler)\n"
            "  added:    GET /bp/there (bp.plain)",
            id="duplicate",
        ),
    ],
)
@pytest.mark.parametrize("late", [False, True], ids=["before", "afterwards"])
def test_refused_in_a_blueprint(
    app: Headrace, bp: Blueprint, late: bool, register: Any, error: type[Exception], message: str
) -> None:
    app.get("/bp/there")(handler)
    if late:
        app.blueprint(bp)
        register(bp)
        with pytest.raises(error) as caught:
            app.router()
    else:
        register(bp)
        with pytest.raises(error) as caught:
            app.blueprint(bp)
    assert str(caught.value) == message


def test_a_listener_of_a_blueprint_is_checked(app: Headrace, bp: Blueprint) -> None:
    bp.listener("startup")(plain)
    with pytest.raises(ConfigError, match=r"^there is no event 'startup' to listen to; known: "):
        app.blueprint(bp)


def test_a_blueprint_that_was_refused_leaves_no_declaration(app: Headrace, bp: Blueprint) -> None:
    bp.stream("/x")(plain)
    with pytest.raises(ConfigError):
        app.blueprint(bp)
    assert app.declarations() == []


def test_settings_replace_the_blueprints_own(app: Headrace, bp: Blueprint) -> None:
    bp.get("/x")(plain)
    app.blueprint(bp, url_prefix="/other")
    assert matches(app, "GET", "/other/x") == "Found"
    assert matches(app, "GET", "/bp/x") == "NotFound"
    assert bp.url_prefix == "/bp"


def test_a_blueprint_under_two_prefixes(app: Headrace, bp: Blueprint) -> None:
    bp.get("/x")(plain)
    app.blueprint(bp)
    app.blueprint(bp, url_prefix="/other")
    assert [matches(app, "GET", path) for path in ("/bp/x", "/other/x")] == ["Found", "Found"]


def test_a_blueprint_with_settings_that_is_filled_afterwards(app: Headrace, bp: Blueprint) -> None:
    app.blueprint(bp, url_prefix="/other")
    bp.get("/x")(plain)
    assert matches(app, "GET", "/other/x") == "Found"


def test_hooks_of_a_blueprint_that_is_registered_twice(app: Headrace, bp: Blueprint) -> None:
    def own(request: Any) -> None: ...

    bp.on_request(own)
    bp.get("/x")(plain)
    app.blueprint(bp)
    app.blueprint(bp, url_prefix="/other")
    assert endpoint(app, "GET", "/bp/x").hooks.before == (own,)
    assert endpoint(app, "GET", "/other/x").hooks.before == (own,)


def test_hooks_of_two_blueprints_of_one_name(app: Headrace, bp: Blueprint) -> None:
    def own(request: Any) -> None: ...

    other = Blueprint(bp.name, url_prefix="/other")
    bp.on_request(own)
    bp.get("/x")(plain)
    other.get("/x")(plain)
    app.blueprint(bp)
    app.blueprint(other)
    assert endpoint(app, "GET", "/bp/x").hooks.before == (own,)
    assert endpoint(app, "GET", "/other/x").hooks.before == ()


def test_a_listener_that_is_declared_afterwards_is_checked(app: Headrace, bp: Blueprint) -> None:
    app.blueprint(bp)
    bp.listener("startup")(plain)
    bp.listener("before_server_start")(plain)
    with pytest.raises(ConfigError, match=r"^there is no event 'startup' to listen to; known: "):
        app.dispatch()


def test_an_unknown_setting_of_a_blueprint(app: Headrace, bp: Blueprint) -> None:
    with pytest.raises(TypeError, match="prefix"):
        app.blueprint(bp, prefix="/x")


def test_a_group(app: Headrace, bp: Blueprint) -> None:
    bp.get("/x")(plain)
    app.blueprint(BlueprintGroup(bp, url_prefix="/group"))
    assert endpoint(app, "GET", "/group/bp/x").handler is plain


def test_a_group_inside_settings(app: Headrace, bp: Blueprint) -> None:
    bp.get("/x")(plain)
    app.blueprint(BlueprintGroup(bp, url_prefix="/group"), url_prefix="/outer", version=2)
    assert matches(app, "GET", "/v2/outer/group/bp/x") == "Found"


def test_a_member_that_joins_a_group_afterwards(app: Headrace, bp: Blueprint) -> None:
    group = BlueprintGroup(url_prefix="/group")
    app.blueprint(group)
    group.append(bp)
    bp.get("/x")(plain)
    assert matches(app, "GET", "/group/bp/x") == "Found"


def test_declarations_of_the_app_come_first(app: Headrace, bp: Blueprint) -> None:
    bp.get("/x")(plain)
    app.blueprint(bp)
    app.get("/y")(plain)
    assert [declaration.blueprint for declaration in app.declarations()] == [None, "bp#0"]


def test_middleware_of_a_blueprint_is_for_its_routes(app: Headrace, bp: Blueprint) -> None:
    def own(request: Any) -> None: ...
    def everywhere(request: Any) -> None: ...

    app.on_request(everywhere)
    app.get("/x")(plain)
    bp.on_request(own)
    bp.get("/x")(plain)
    bp.get("/y")(plain)
    app.blueprint(bp)
    assert endpoint(app, "GET", "/x").hooks.before == (everywhere,)
    assert endpoint(app, "GET", "/bp/x").hooks.before == (everywhere, own)


def test_routes_of_a_blueprint_share_their_hooks(app: Headrace, bp: Blueprint) -> None:
    bp.get("/x")(plain)
    bp.get("/y")(plain)
    app.blueprint(bp)
    router = app.router()
    one, two = (router.match("GET", path) for path in ("/bp/x", "/bp/y"))
    assert isinstance(one, Found)
    assert isinstance(two, Found)
    assert one.handler.hooks is two.handler.hooks


# The router


def test_the_router_is_frozen(app: Headrace) -> None:
    with pytest.raises(FrozenError):
        app.router().add("/x", endpoint_of_nothing())


def endpoint_of_nothing() -> Any:
    return None


def test_the_router_does_not_grow_with_the_app(app: Headrace) -> None:
    router = app.router()
    app.get("/x")(plain)
    assert isinstance(router.match("GET", "/x"), NotFound)
    assert matches(app, "GET", "/x") == "Found"


def test_the_router_tells_which_methods_there_are(app: Headrace) -> None:
    app.post("/x")(plain)
    assert app.router().match("GET", "/x") == MethodNotAllowed(("OPTIONS", "POST"))


def test_dispatch_has_the_apps_config_or_a_given_one(app: Headrace) -> None:
    given = Config(port=5)
    assert app.dispatch().config is app.config
    assert app.dispatch(given).config is given


# URLs


@pytest.mark.parametrize(
    ("name", "params", "url"),
    [
        pytest.param("plain", {"id": 5}, "/books/5", id="function-name"),
        pytest.param("plain", {"id": 5, "q": "a b"}, "/books/5?q=a%20b", id="query"),
        pytest.param("own", {}, "/own", id="given-name"),
        pytest.param("bp.handler", {}, "/bp/x", id="blueprint"),
    ],
)
def test_url_for(app: Headrace, bp: Blueprint, name: str, params: dict[str, Any], url: str) -> None:
    app.get("/books/<id:int>")(plain)
    app.get("/own", name="own")(handler)
    bp.get("/x")(handler)
    app.blueprint(bp)
    assert app.url_for(name, **params) in (url, url.replace("%20", "+"))


def test_url_for_what_a_blueprint_declared_afterwards(app: Headrace, bp: Blueprint) -> None:
    app.blueprint(bp)
    bp.get("/late")(plain)
    assert app.url_for("bp.plain") == "/bp/late"
    app.get("/later")(handler)
    assert app.url_for("handler") == "/later"


def test_url_for_takes_a_parameter_called_name(app: Headrace) -> None:
    app.get("/<name>")(plain)
    assert app.url_for("plain", name="n") == "/n"


@pytest.mark.parametrize(
    ("name", "params", "error"),
    [
        pytest.param("nothing", {}, NoSuchRouteError, id="no-such-route"),
        pytest.param("plain", {}, BuildError, id="missing"),
        pytest.param("plain", {"id": "x"}, BuildError, id="wrong-type"),
    ],
)
def test_url_for_what_cannot_be_built(
    app: Headrace, name: str, params: dict[str, Any], error: type[RoutingError]
) -> None:
    app.get("/books/<id:int>")(plain)
    with pytest.raises(error):
        app.url_for(name, **params)


# run()

Served = list[tuple[Headrace, Config]]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    """What would have been served."""
    calls: Served = []
    monkeypatch.setattr(_server, "serve", lambda app, config: calls.append((app, config)))
    return calls


@pytest.mark.parametrize(
    ("arguments", "settings", "config"),
    [
        pytest.param((), {}, Config(port=7, debug=True), id="the-apps"),
        pytest.param(("::", 1), {}, Config(host="::", port=1, debug=True), id="positional"),
        pytest.param((), {"host": "::"}, Config(host="::", port=7, debug=True), id="host"),
        pytest.param((), {"port": 0}, Config(port=0, debug=True), id="port-zero"),
        pytest.param((), {"debug": False, "max_body": 1}, Config(port=7, max_body=1), id="others"),
    ],
)
def test_run_serves_with_the_settings(
    served: Served, arguments: tuple[Any, ...], settings: dict[str, Any], config: Config
) -> None:
    app = Headrace("test", config=Config(port=7, debug=True))
    app.run(*arguments, **settings)
    assert served == [(app, config)]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"port": "80"}, r"^port must be int, not str \('80'\)$"),
        ({"workers": 2}, r"^there is no setting 'workers'; there are: access_log, "),
    ],
)
def test_run_refuses_before_it_serves(
    app: Headrace, served: Served, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        app.run(**settings)
    assert served == []


def test_a_refused_blueprint_leaves_no_routes_behind():
    app = Headrace("app")
    blueprint = Blueprint("b")
    blueprint.add_route(lambda request: None, "/a")
    blueprint.add_route(lambda request: None, "/b", max_body=-1)
    with pytest.raises(ConfigError, match="route GET /b: max_body"):
        app.blueprint(blueprint)
    better = Blueprint("b")
    better.add_route(lambda request: None, "/a")
    app.blueprint(better)
    assert [route.path for route in app.router().routes] == ["/a"]


def test_settings_are_a_config() -> None:
    with pytest.raises(ConfigError, match=r"^config= takes a headrace.Config, not dict$"):
        Headrace("app", config={"port": 1})  # type: ignore[arg-type]


def test_settings_are_not_changed_in_place() -> None:
    with pytest.raises(AttributeError, match="cannot assign to field 'port'"):
        Headrace("app").config.port = 1  # type: ignore[misc]
