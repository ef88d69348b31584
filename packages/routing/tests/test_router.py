"""Registration: what a route carries, what is refused, and the listing."""

from __future__ import annotations

import pytest

from headrace_routing import (
    BadPath,
    ConflictError,
    Converter,
    Found,
    FrozenError,
    HandlerError,
    MethodNotAllowed,
    NoSuchRouteError,
    NotFound,
    Route,
    Router,
    RoutingError,
)


def test_a_route_carries_what_it_was_given() -> None:
    meta = {"max_body": 10}
    route: Route[str] = Router[str]().add(
        "/a/<x>",
        "h",
        methods=("put", "POST", "PUT"),
        name="n",
        default_name="d",
        host="a.com",
        strict_slashes=True,
        version=2,
        stream=True,
        meta=meta,
    )
    meta["max_body"] = 11
    assert (route.path, route.methods, route.name, route.host) == (
        "/v2/a/<x>",
        ("POST", "PUT"),
        "n",
        "a.com",
    )
    assert (route.stream, route.version, route.strict_slashes, route.handler) == (
        True,
        2,
        True,
        "h",
    )
    assert dict(route.meta) == {"max_body": 10}
    with pytest.raises(TypeError):
        route.meta["x"] = 1  # type: ignore[index]
    assert not hasattr(route, "__dict__")


def test_defaults() -> None:
    route = Router[str]().add("/", "h")
    assert (route.methods, route.name, route.host, route.hosts) == (("GET",), None, None, ())
    assert (route.stream, dict(route.meta), route.strict_slashes) == (False, {}, False)


VERSIONS = [
    (1, "/v", None, "/v1/a"),
    ("1.2", "/v", None, "/v1.2/a"),
    (1.5, "/api/v", None, "/api/v1.5/a"),
    ("v3", "/v", None, "/v3/a"),
    ("/4/", "/v", None, "/v4/a"),
    (1, "/v", "/<tenant>/r", "/<tenant>/r1/a"),
    (None, "/v", "/x", "/a"),
]


@pytest.mark.parametrize(("version", "prefix", "own", "path"), VERSIONS)
def test_versions(version: str | float | None, prefix: str, own: str | None, path: str) -> None:
    router = Router[str](version_prefix=prefix)
    assert router.add("/a", "h", version=version, version_prefix=own).path == path


CONFLICTS = [
    pytest.param("/a", {}, "/a", {}, True, id="same"),
    pytest.param("/a", {}, "/a/", {}, True, id="lenient slash"),
    pytest.param("/a", {"strict_slashes": True}, "/a/", {}, True, id="strict, then lenient"),
    pytest.param("/a", {}, "/a/", {"strict_slashes": True}, True, id="lenient, then strict"),
    pytest.param(
        "/a", {"strict_slashes": True}, "/a/", {"strict_slashes": True}, False, id="both strict"
    ),
    pytest.param("/a", {}, "/%61", {}, True, id="same when decoded"),
    pytest.param("/a", {}, "/a", {"methods": ["POST"]}, False, id="other method"),
    pytest.param("/a", {}, "/a", {"methods": ["HEAD"]}, False, id="explicit HEAD"),
    pytest.param("/a", {}, "/a", {"methods": ["POST", "get"]}, True, id="one method in common"),
    pytest.param("/a", {}, "/a", {"host": "a.com"}, False, id="other host"),
    pytest.param(
        "/a", {"host": "a.com"}, "/a", {"host": ["b.com", "A.com"]}, True, id="one host in common"
    ),
    pytest.param("/<a>", {}, "/<b>", {}, True, id="other name"),
    pytest.param("/<a>", {}, "/<b:str>", {}, True, id="type spelled out"),
    pytest.param("/<a:int>", {}, "/<b>", {}, False, id="other type"),
    pytest.param("/<a:float>", {}, "/<b:number>", {}, True, id="another name of the type"),
    pytest.param("/<a:int>-<b>", {}, "/<b:int>-<c>", {}, True, id="mixed"),
    pytest.param("/<a:int>-<b>", {}, "/<b:int>_<c>", {}, False, id="other literal"),
    pytest.param("/<a:[a-z]>", {}, "/<b:[a-z]>", {}, True, id="same regex"),
    pytest.param("/<a:ext=a|b>", {}, "/<b:ext=b|a>", {}, True, id="same extensions"),
    pytest.param("/<a:ext=a>", {}, "/<b:ext=b>", {}, False, id="other extensions"),
    pytest.param("/x/<a:path>", {}, "/x/<b:path>", {}, True, id="path"),
    pytest.param("/x/<a:path>/e", {}, "/x/<b:path>", {}, False, id="path, other ending"),
    pytest.param("/x/<a:path>/e", {}, "/x/<b:path>/f", {}, False, id="path, ending of its length"),
]


@pytest.mark.parametrize(("one", "options", "two", "others", "conflict"), CONFLICTS)
def test_conflicts(
    one: str, options: dict[str, object], two: str, others: dict[str, object], conflict: bool
) -> None:
    for patterns in (((one, options), (two, others)), ((two, others), (one, options))):
        router = Router[str]()
        (path, extra), (other_path, other_extra) = patterns
        first = router.add(path, "1", **extra)  # type: ignore[arg-type]
        if conflict:
            with pytest.raises(ConflictError, match="two routes claim the same requests") as caught:
                router.add(other_path, "2", **other_extra)  # type: ignore[arg-type]
            assert caught.value.existing is first
            assert (caught.value.added.path, caught.value.added.handler) == (other_path, "2")
            assert router.routes == (first,)
        else:
            router.add(other_path, "2", **other_extra)  # type: ignore[arg-type]
            assert len(router.routes) == 2


def test_conflict_names_both() -> None:
    router = Router[object]()
    router.add("/u/<id>", test_defaults, name="one", host="a.com")
    with pytest.raises(ConflictError) as caught:
        router.add("/u/<name>", test_versions, methods=["GET", "PUT"], host="a.com")
    assert str(caught.value) == (
        "two routes claim the same requests\n"
        "  existing: GET /u/<id> on a.com (one)\n"
        "  added:    GET,PUT /u/<name> on a.com (test_versions)"
    )


def test_a_refused_route_leaves_no_trace() -> None:
    router = Router[str]()
    router.add("/a", "h", name="taken", host="b.com")
    for path, name, host in (("/x", "taken", None), ("/a", "free", ["c.com", "b.com"])):
        with pytest.raises(ConflictError):
            router.add(path, "h", name=name, host=host)
    assert len(router.routes) == 1
    assert not isinstance(router.match("GET", "/x"), Found)
    assert not isinstance(router.match("GET", "/a", "c.com"), Found)
    with pytest.raises(NoSuchRouteError):
        router.url_for("free")


def test_names_clash() -> None:
    router = Router[str]()
    router.add("/a", "h", name="n")
    router.add("/a", "h", name="n", methods=["POST"])
    with pytest.raises(ConflictError) as caught:
        router.add("/b", "h", name="n")
    assert str(caught.value) == (
        "the name 'n' is taken\n  existing: GET /a (n)\n  added:    GET /b (n)"
    )


def test_default_names() -> None:
    router = Router[str]()
    router.add("/a", "h", default_name="n")
    router.add("/a", "h", default_name="n", methods=["POST"])
    assert router.url_for("n") == "/a"
    router.add("/b", "h", default_name="n")
    with pytest.raises(NoSuchRouteError) as caught:
        router.url_for("n")
    assert str(caught.value) == "2 routes go by 'n', give them names: /a, /b"
    assert caught.value.name == "n"
    router.add("/c", "h", name="n")
    assert router.url_for("n") == "/c"
    with pytest.raises(NoSuchRouteError, match="there is no route named 'm'"):
        router.url_for("m")


def test_methods_are_checked() -> None:
    router = Router[str]()
    with pytest.raises(HandlerError) as caught:
        router.add("/a", "h", methods=[])
    assert str(caught.value) == "no methods (route /a)"
    with pytest.raises(HandlerError) as caught:
        router.add("/a", "h", methods=["GET", "A B"])
    assert str(caught.value) == "'A B' is not a method (route /a)"


def test_freeze_and_thaw() -> None:
    router = Router[str]()
    router.add("/a", "a")
    assert not router.frozen
    router.freeze()
    router.freeze()
    assert router.frozen
    with pytest.raises(FrozenError) as caught:
        router.add("/b", "b")
    assert str(caught.value) == "cannot add /b: the router is frozen"
    assert isinstance(caught.value, RoutingError)
    router.thaw()
    router.add("/b", "b")
    router.freeze()
    assert router.frozen
    assert isinstance(router.match("GET", "/b"), Found)


def test_anew_is_empty_with_the_same_settings_and_patterns() -> None:
    router = Router[str](
        converters={"hex": Converter("[0-9a-f]+")},
        auto_head=False,
        auto_options=False,
        strict_slashes=True,
        version_prefix="/version",
        bad_path="bad_request",
    )
    first = router.add("/<a:hex>", "a", version=1)
    router.freeze()
    other = router.anew()
    assert not other.routes
    assert not other.frozen
    second = other.add("/<a:hex>", "b", version=1)
    assert second.pattern is first.pattern
    for each, handler in (router, "a"), (other, "b"):
        found = each.match("GET", "/version1/ff")
        assert isinstance(found, Found)
        assert found.handler == handler
        assert each.match("GET", "/version1/ff/") == NotFound()
        assert each.match("HEAD", "/version1/ff") == MethodNotAllowed(("GET",))
        assert each.match("OPTIONS", "/version1/ff") == MethodNotAllowed(("GET",))
        assert each.match("GET", "/%") == BadPath()


def test_describe() -> None:
    router = Router[object]()
    router.add("/", test_defaults, default_name="home")
    router.add("/up/<name>", "h", methods=["PUT", "POST"], stream=True, host=["a.com", "b.com"])
    listing = router.describe()
    assert [(i.methods, i.path, i.name, i.hosts, i.stream, i.handler) for i in listing] == [
        (("GET",), "/", "home", (), False, "test_defaults"),
        (("POST", "PUT"), "/up/<name>", None, ("a.com", "b.com"), True, "'h'"),
    ]
    assert str(listing) == (
        "METHODS   PATH        NAME  HOST         STREAM  HANDLER\n"
        "GET       /           home  -            -       test_defaults\n"
        "POST,PUT  /up/<name>  -     a.com,b.com  yes     'h'"
    )
    assert repr(router.routes[0]) == "<Route GET / (home)>"


def test_describe_nothing() -> None:
    assert str(Router[str]().describe()) == "METHODS  PATH  NAME  HOST  STREAM  HANDLER"
