"""Blueprints and groups: what reaches an app, and in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from headrace_routing import (
    Blueprint,
    BlueprintGroup,
    CompositionView,
    ConflictError,
    Declaration,
    Declarations,
    ExceptionDeclaration,
    Found,
    HandlerError,
    ListenerDeclaration,
    MiddlewareDeclaration,
    PatternError,
    RouteDeclaration,
    Router,
)

VERBS = ["get", "post", "put", "patch", "delete", "head", "options"]


def handler(request: Any) -> None:
    """Serve as any function that is declared."""


def routes(declarations: Iterable[Declaration]) -> list[RouteDeclaration]:
    return [one for one in declarations if isinstance(one, RouteDeclaration)]


def applied(*sources: Blueprint | BlueprintGroup) -> Router[Any]:
    router = Router[Any]()
    for source in sources:
        for one in routes(source.declarations()):
            one.add_to(router, one.handler)
    return router


def brief(one: Declaration) -> tuple[Any, ...]:
    if isinstance(one, RouteDeclaration):
        return ("route", one.path, one.blueprint)
    if isinstance(one, MiddlewareDeclaration):
        return (one.attach_to, one.middleware, one.blueprint)
    if isinstance(one, ExceptionDeclaration):
        return ("exception", one.handler, one.blueprint)
    return (one.event, one.listener, one.blueprint)


@pytest.mark.parametrize("verb", VERBS)
def test_verbs(verb: str) -> None:
    bp = Blueprint("b")
    decorate = getattr(bp, verb)("/x", "a.com", True, True, version=1, name="n", timeout=3)
    assert decorate(handler) is handler
    assert bp.declared == [
        RouteDeclaration(
            path="/x",
            handler=handler,
            methods=(verb.upper(),),
            name="n",
            default_name="handler",
            hosts=("a.com",),
            strict_slashes=True,
            version=1,
            stream=True,
            meta={"timeout": 3},
        )
    ]


def test_route_and_stream() -> None:
    bp = Blueprint("b")
    assert bp.route("/r")(handler) is handler
    assert bp.route("/r", ("PUT", "POST"), version_prefix="/w")(handler) is handler
    assert bp.stream("/s")(handler) is handler
    assert bp.stream("/s", ["PUT"], max_body=5)(handler) is handler
    assert bp.add_route(handler, "/a", stream=True) is handler
    assert [(d.path, d.methods, d.stream, dict(d.meta)) for d in routes(bp.declared)] == [
        ("/r", ("GET",), False, {}),
        ("/r", ("POST", "PUT"), False, {}),
        ("/s", ("POST",), True, {}),
        ("/s", ("PUT",), True, {"max_body": 5}),
        ("/a", ("GET",), True, {}),
    ]


def test_bad_declarations() -> None:
    bp = Blueprint("b", url_prefix="/p")
    with pytest.raises(PatternError, match="expected '/' at the start of a path"):
        bp.route("x")(handler)
    with pytest.raises(HandlerError, match="^route /[a-z]*: handler is not callable: 5$"):
        bp.add_route(5, "/x")
    with pytest.raises(HandlerError, match="composition view has no methods"):
        bp.add_route(CompositionView(), "/x")
    assert bp.declared == []


def test_an_app_may_act_at_once() -> None:
    class App(Declarations):
        def __init__(self) -> None:
            super().__init__()
            self.router = Router[Callable[..., Any]]()

        def declare(self, declaration: Declaration) -> None:
            assert isinstance(declaration, RouteDeclaration)
            declaration.add_to(self.router, declaration.handler)

    app = App()
    app.stream("/up", max_body=5)(handler)
    found = app.router.match("POST", "/up")
    assert isinstance(found, Found)
    assert (found.route.stream, dict(found.route.meta)) == (True, {"max_body": 5})
    assert app.router.url_for("handler") == "/up"


def test_hooks() -> None:
    bp = Blueprint("b")
    for decorate in (
        bp.middleware,
        bp.middleware("response"),
        bp.middleware("request", priority=5),
        bp.on_request,
        bp.on_request(priority=2),
        bp.on_response,
        bp.on_response(),
        bp.exception(ValueError, KeyError),
        bp.exception([OSError, TypeError], EOFError),
        bp.listener("before_server_start"),
    ):
        assert decorate(handler) is handler
    assert bp.middleware(handler, "response", priority=1) is handler
    assert bp.declared == [
        MiddlewareDeclaration(middleware=handler),
        MiddlewareDeclaration(middleware=handler, attach_to="response"),
        MiddlewareDeclaration(middleware=handler, priority=5),
        MiddlewareDeclaration(middleware=handler),
        MiddlewareDeclaration(middleware=handler, priority=2),
        MiddlewareDeclaration(middleware=handler, attach_to="response"),
        MiddlewareDeclaration(middleware=handler, attach_to="response"),
        ExceptionDeclaration(handler=handler, exceptions=(ValueError, KeyError)),
        ExceptionDeclaration(handler=handler, exceptions=(OSError, TypeError, EOFError)),
        ListenerDeclaration(listener=handler, event="before_server_start"),
        MiddlewareDeclaration(middleware=handler, attach_to="response", priority=1),
    ]


BAD_HOOKS: list[Any] = [
    (
        lambda bp: bp.middleware("both")(handler),
        "middleware attaches to 'request' or 'response', not 'both'",
    ),
    (lambda bp: bp.exception(), "no exceptions to handle"),
    (lambda bp: bp.exception(int), "<class 'int'> is not an exception class"),
    (lambda bp: bp.exception(404), "404 is not an exception class"),
    (lambda bp: bp.exception([5]), "5 is not an exception class"),
    (lambda bp: bp.exception(ValueError)(5), "exception handler is not callable: 5"),
    (lambda bp: bp.middleware("request")(5), "middleware is not callable: 5"),
    (lambda bp: bp.on_response()(5), "middleware is not callable: 5"),
    (lambda bp: bp.listener("start")(5), "listener is not callable: 5"),
    (lambda bp: bp.listener(int), "a listener needs an event in parentheses, not <class 'int'>"),
    (
        lambda bp: bp.get(int),
        "a route's decorator needs a path in parentheses, not <class 'int'>",
    ),
    (lambda bp: bp.add_route(5, "/x"), "route /x: handler is not callable: 5"),
]


@pytest.mark.parametrize(("act", "message"), BAD_HOOKS, ids=[m for _, m in BAD_HOOKS])
def test_bad_hooks(act: Callable[[Blueprint], object], message: str) -> None:
    bp = Blueprint("b")
    with pytest.raises(HandlerError) as caught:
        act(bp)
    assert str(caught.value) == message
    assert bp.declared == []


PREFIXES = [
    (None, "/x", "/x"),
    ("", "/x", "/x"),
    ("/", "/x", "/x"),
    ("/p", "/x", "/p/x"),
    ("/p/", "/", "/p/"),
    ("p", "/x", "/p/x"),
    ("/p", "", "/p"),
    ("/<t:int>", "/x", "/<t:int>/x"),
]


@pytest.mark.parametrize(("prefix", "uri", "path"), PREFIXES)
def test_prefixes(prefix: str | None, uri: str, path: str) -> None:
    bp = Blueprint("b", url_prefix=prefix)
    bp.get(uri)(handler)
    (one,) = routes(bp.declarations())
    assert one.path == path


def test_what_is_set_inside_wins() -> None:
    bp = Blueprint("b", "/b", host="b.com", version=2, strict_slashes=True, version_prefix="/bv")
    bp.get("/plain")(handler)
    bp.get("/own", "r.com", False, version=3, version_prefix="/rv", name="own")(handler)
    outer = BlueprintGroup(
        bp,
        url_prefix="/o",
        host=["o.com"],
        version=1,
        strict_slashes=False,
        version_prefix="/ov",
        name_prefix="o",
    )
    plain, own = routes(outer.declarations())
    assert (plain.path, plain.hosts, plain.version, plain.version_prefix) == (
        "/o/b/plain",
        ("b.com",),
        2,
        "/bv",
    )
    assert (plain.strict_slashes, plain.name, plain.default_name) == (True, None, "o.b.handler")
    assert (own.path, own.hosts, own.version, own.version_prefix) == (
        "/o/b/own",
        ("r.com",),
        3,
        "/rv",
    )
    assert (own.strict_slashes, own.name, own.blueprint) == (False, "o.b.own", "o.b")
    router = applied(outer)
    assert router.url_for("o.b.own") == "/rv3/o/b/own"
    assert [route.path for route in router.routes] == ["/bv2/o/b/plain", "/rv3/o/b/own"]


def test_what_is_not_set_comes_from_outside() -> None:
    bp = Blueprint("b", name_prefix="my")
    bp.get("/x")(handler)
    inner = Blueprint.group(bp, url_prefix="/i")
    outer = BlueprintGroup(
        inner, url_prefix="/o", host="o.com", version=1, strict_slashes=True, version_prefix="/w"
    )
    (one,) = routes(outer.declarations())
    assert (one.path, one.hosts, one.version, one.version_prefix, one.strict_slashes) == (
        "/o/i/x",
        ("o.com",),
        1,
        "/w",
        True,
    )
    assert one.default_name == "my.b.handler"


def test_order() -> None:
    def make(name: str) -> Blueprint:
        bp = Blueprint(name, url_prefix=f"/{name}")
        bp.get("/x")(handler)
        bp.listener(f"start {name}")(handler)
        bp.exception(ValueError)(handler)
        bp.middleware("response")(handler)
        bp.middleware("request")(handler)
        return bp

    def group_middleware(request: Any) -> None: ...

    inner = BlueprintGroup(make("one"), make("two"))
    inner.exception(KeyError)(group_middleware)
    inner.listener("start inner")(handler)
    outer = Blueprint.group(make("zero"), inner)
    outer.middleware(group_middleware)
    outer.listener("start outer")(handler)

    def own(name: str) -> list[tuple[Any, ...]]:
        return [
            ("response", handler, name),
            ("request", handler, name),
            ("exception", handler, name),
            (f"start {name}", handler, name),
            ("route", f"/{name}/x", name),
        ]

    expected = [("start outer", handler, None), ("request", group_middleware, "zero")]
    expected += own("zero")
    expected += [("start inner", handler, None)]
    for name in ("one", "two"):
        expected += [("request", group_middleware, name)]
        expected += own(name)[:2]
        expected += [("exception", group_middleware, name)]
        expected += own(name)[2:]
    assert list(map(brief, outer.declarations())) == expected
    assert list(map(brief, outer.declarations())) == expected


def test_a_blueprint_is_lazy_and_serves_several_apps() -> None:
    bp = Blueprint("b", url_prefix="/b")
    group = BlueprintGroup(bp, url_prefix="/g")
    bp.get("/x")(handler)
    bp.url_prefix = "/c"
    assert applied(bp).url_for("b.handler") == "/c/x"
    assert applied(group).url_for("b.handler") == "/g/c/x"


def test_one_blueprint_twice_in_an_app_needs_two_names() -> None:
    bp = Blueprint("b", url_prefix="/b")
    bp.get("/x", name="x")(handler)
    with pytest.raises(ConflictError, match=r"the name 'b\.x' is taken"):
        applied(bp, BlueprintGroup(bp, url_prefix="/g"))
    router = applied(bp, BlueprintGroup(bp, url_prefix="/g", name_prefix="g"))
    assert (router.url_for("b.x"), router.url_for("g.b.x")) == ("/b/x", "/g/b/x")


def test_copy() -> None:
    bp = Blueprint("b", "/b", "b.com", 1, True, "/v", "p")
    bp.get("/x")(handler)
    same, other = bp.copy(), bp.copy("c", url_prefix="/c", version=2, host=None)
    bp.get("/y")(handler)
    other.get("/z")(handler)
    assert same.scope == bp.scope
    assert [d.path for d in routes(bp.declarations())] == ["/b/x", "/b/y"]
    assert [d.path for d in routes(same.declarations())] == ["/b/x"]
    assert [(d.path, d.version, d.hosts, d.default_name) for d in routes(other.declarations())] == [
        ("/c/x", 2, (), "p.c.handler"),
        ("/c/z", 2, (), "p.c.handler"),
    ]
    with pytest.raises(TypeError):
        bp.copy(colour="red")


def test_groups_take_blueprints_and_groups_only() -> None:
    group = BlueprintGroup()
    with pytest.raises(HandlerError, match="5 is neither a blueprint nor a group"):
        group.append(5)  # type: ignore[arg-type]
    outer = BlueprintGroup(BlueprintGroup(), group)
    for inside in (group, outer):
        with pytest.raises(HandlerError, match="a group cannot contain itself"):
            inside.append(outer)
    assert list(outer.declarations()) == []


def test_reprs() -> None:
    bp = Blueprint("b")
    bp.get("/x")(handler)
    assert repr(bp) == "<Blueprint 'b': 1 declarations>"
    assert repr(BlueprintGroup(bp)) == "<BlueprintGroup of <Blueprint 'b': 1 declarations>>"
    assert repr(BlueprintGroup()) == "<BlueprintGroup of nothing>"
