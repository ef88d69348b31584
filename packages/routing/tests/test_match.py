"""Tables of (routes, method, path) and what comes of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from headrace_routing import BadPath, Converter, NotFound, Router

if TYPE_CHECKING:
    from collections.abc import Callable

GONE = "NotFound"
ID = "0a0b0c0d-1111-2222-3333-444455556666"

ONE = [
    # pattern, path, parameters or None
    ("/", "/", {}),
    ("/", "", None),
    ("/", "//", None),
    ("/", "*", None),
    ("/a", "/a", {}),
    ("/a", "/a/", {}),
    ("/a", "/a//", None),
    ("/a", "//a", None),
    ("/a", "/A", None),
    ("/a", "a", None),
    ("/a", "/%61", {}),
    ("/a", "/%2561", None),
    ("/a/", "/a", {}),
    ("/a//b", "/a//b", {}),
    ("/a//b", "/a/b", None),
    ("/a/b", "/a%2Fb", None),
    ("/a%2Fb", "/a%2fb", {}),
    ("/a%2Fb", "/a/b", None),
    ("/caf%C3%A9", "/café", {}),
    ("/café", "/caf%C3%A9", {}),
    ("/a b", "/a%20b", {}),
    ("/a:b@c", "/a:b@c", {}),
    ("/a:b@c", "/a%3Ab%40c", {}),
    ('/a"b', '/a"b', {}),
    ("/<x>", "/v", {"x": "v"}),
    ("/<x>", "/v/", {"x": "v"}),
    ("/<x>", "/", None),
    ("/<x>", "//", None),
    ("/<x>", "/a%2Fb", {"x": "a/b"}),
    ("/<x>", "/%C3%A9%00", {"x": "é\0"}),
    ("/<x>", "/%2541", {"x": "%41"}),
    ("/<x>", "/a+b", {"x": "a+b"}),
    ("/<x>", "/a\nb", {"x": "a\nb"}),
    ("/<x:str>", "/v", {"x": "v"}),
    ("/<x:string>", "/v", {"x": "v"}),
    ("/<x>/<y>", "/a", None),
    ("/<x>/<y>", "/a/b", {"x": "a", "y": "b"}),
    ("/<x>/<y>", "/a/b/c", None),
    ("/<x:int>", "/7", {"x": 7}),
    ("/<x:int>", "/-7", {"x": -7}),
    ("/<x:int>", "/007", {"x": 7}),
    ("/<x:int>", "/+7", None),
    ("/<x:int>", "/7_0", None),
    ("/<x:int>", "/%D9%A1", None),
    ("/<x:int>", "/7%0A", None),
    ("/<x:int>", "/" + "7" * 5000, None),
    ("/<x:float>", "/7", {"x": 7.0}),
    ("/<x:float>", "/-7.5", {"x": -7.5}),
    ("/<x:float>", "/7.", None),
    ("/<x:float>", "/.5", None),
    ("/<x:float>", "/1e5", None),
    ("/<x:float>", "/nan", None),
    ("/<x:float>", "/" + "9" * 400, None),
    ("/<x:number>", "/7.25", {"x": 7.25}),
    ("/<x:uuid>", f"/{ID}", {"x": UUID(ID)}),
    ("/<x:uuid>", f"/{ID.upper()}", {"x": UUID(ID)}),
    ("/<x:uuid>", f"/{ID.replace('-', '')}", None),
    ("/<x:ymd>", "/2024-02-29", {"x": date(2024, 2, 29)}),
    ("/<x:ymd>", "/2023-02-29", None),
    ("/<x:ymd>", "/20240229", None),
    ("/<x:alpha>", "/abC", {"x": "abC"}),
    ("/<x:alpha>", "/ab1", None),
    ("/<x:slug>", "/a-1-b", {"x": "a-1-b"}),
    ("/<x:slug>", "/a--b", None),
    ("/<x:slug>", "/A", None),
    ("/<x:path>", "/a/b", {"x": "a/b"}),
    ("/<x:path>", "/a/b/", {"x": "a/b/"}),
    ("/<x:path>", "/", None),
    ("/<x:path>", "//", {"x": "/"}),
    ("/<x:path>", "//a", {"x": "/a"}),
    ("/<x:path>", "/a%2Fb/c", {"x": "a/b/c"}),
    ("/f/<x:path>", "/f", None),
    ("/f/<x:path>", "/f/", None),
    ("/f/<x:path>", "/f/../etc", {"x": "../etc"}),
    ("/f/<x:path>/e", "/f/a/b/e", {"x": "a/b"}),
    ("/f/<x:path>/e", "/f/e", None),
    ("/f/<x:path>/e", "/f//e", None),
    ("/f/<x:path>/e", "/f/e/e/", {"x": "e"}),
    ("/f/<x:path>/<y>", "/f/a/b/c", {"x": "a/b", "y": "c"}),
    ("/<f:ext>", "/a.txt", {"f": "a", "ext": "txt"}),
    ("/<f:ext>", "/a.tar.gz", {"f": "a.tar", "ext": "gz"}),
    ("/<f:ext>", "/a", None),
    ("/<f:ext>", "/.txt", None),
    ("/<f:ext>", "/a.", None),
    ("/<f:ext>", "/a.t-t", None),
    ("/<f:ext=gz|tar.gz>", "/a.tar.gz", {"f": "a", "ext": "tar.gz"}),
    ("/<f:ext=gz|tar.gz>", "/a.zip", None),
    ("/<f=int:ext=json>", "/12.json", {"f": 12, "ext": "json"}),
    ("/<f=int:ext=json>", "/x.json", None),
    ("/<x:[a-z]{2}[0-9]+>", "/ab12", {"x": "ab12"}),
    ("/<x:[a-z]{2}[0-9]+>", "/ab", None),
    ("/<x:[a-z]*>", "/", None),
    ("/<x:[a-z]*>/b", "//b", None),
    (r"/<x:(?P<y>\d{4})-(?P<m>\d\d)>", "/2024-05", {"x": "2024-05", "y": "2024", "m": "05"}),
    (r"/<x:(?P<x>[a-z]+)\.jpg>", "/cat.jpg", {"x": "cat"}),
    ("/<x:a(?P<y>b)?>", "/a", {"x": "a", "y": None}),
    ("/v<x:int>", "/v12", {"x": 12}),
    ("/v<x:int>", "/v", None),
    ("/v<x:int>", "/12", None),
    ("/v<x:int>.json", "/v12.json", {"x": 12}),
    ("/v<x:int>.json", "/v12.xml", None),
    ("/v<x:int>.json", "/v.json", None),
    ("/<a>-<b:int>", "/x-y-5", {"a": "x-y", "b": 5}),
    ("/<a>-<b:int>", "/x-y", None),
    ("/<a>-<b:int>", "/-5", None),
    ("/<a>-<b:int>", "/x5", None),
    ("/<a:int>-<b:slug>", "/5-x-y", {"a": 5, "b": "x-y"}),
    ("/<a:int>-<b:slug>", "/-5-x-y", {"a": -5, "b": "x-y"}),
    ("/<a:int>-<b:slug>", "/5x", None),
    ("/<a:int>-<b:slug>", "/x-5", None),
    ("/<d:ymd>-<s>", "/2024-02-29-a-b", {"d": date(2024, 2, 29), "s": "a-b"}),
    ("/<d:ymd>-<s>", "/2024-02-29", None),
    ("/<u:uuid>.<e:alpha>", f"/{ID}.txt", {"u": UUID(ID), "e": "txt"}),
    ("/<a>..<b>", "/x...y", {"a": "x.", "b": "y"}),
    ("/<a:int>x<b:int>x<c>", "/1x2x3x4", {"a": 1, "b": 2, "c": "3x4"}),
    ("/<a>-<b>-<c>", "/1-2-3-4", {"a": "1-2", "b": "3", "c": "4"}),
    ("/<a>-<b>-<c>", "/1-2", None),
    ("/%3Ca<x>", "/%3Ca5", {"x": "5"}),
]


@pytest.mark.parametrize(
    ("pattern", "path", "params"), ONE, ids=[f"{a} {b[:40]}" for a, b, _ in ONE]
)
def test_one_route(
    pattern: str, path: str, params: dict[str, Any] | None, ask: Callable[..., Any]
) -> None:
    router = Router[str]()
    router.add(pattern, "h")
    expected = GONE if params is None else ("h", params)
    assert ask(router, "GET", path) == expected
    if params is not None:
        types = {name: type(value) for name, value in params.items()}
        assert {k: type(v) for k, v in ask(router, "GET", path)[1].items()} == types


STRICT = [
    ("/a", "/a", True),
    ("/a", "/a/", False),
    ("/a/", "/a/", True),
    ("/a/", "/a", False),
    ("/<x>", "/v/", False),
    ("/<x>/", "/v/", True),
    ("/<x>/", "/v", False),
    ("/<x:path>", "/v/", True),
    ("/<x:path>/e", "/v/e/", False),
    ("/", "/", True),
]


@pytest.mark.parametrize(("pattern", "path", "found"), STRICT)
@pytest.mark.parametrize("whole", [True, False], ids=["router", "route"])
def test_strict_slashes(pattern: str, path: str, found: bool, whole: bool) -> None:
    router = Router[str](strict_slashes=whole)
    route = router.add(pattern, "h", strict_slashes=None if whole else True)
    assert route.strict_slashes
    assert (router.match("GET", path) != NotFound()) is found


def test_a_route_may_be_lenient_in_a_strict_router() -> None:
    router = Router[str](strict_slashes=True)
    router.add("/a", "h", strict_slashes=False)
    assert router.match("GET", "/a/") != NotFound()


PRECEDENCE = [
    pytest.param(
        ["/u/me", "/u/v<n:int>", "/u/<n:int>", "/u/<n:float>", "/u/<n>", "/u/<n:path>"],
        {"/u/me": 0, "/u/v1": 1, "/u/1": 2, "/u/1.5": 3, "/u/x": 4, "/u/x/y": 5, "/u/me/": 0},
        id="static, mixed, narrow, wide, untyped, path",
    ),
    pytest.param(
        ["/<a:uuid>", "/<a:ymd>", "/<a:alpha>", "/<a:slug>", "/<a:[a-z_]+>", "/<a:ext>"],
        {f"/{ID}": 0, "/2024-01-01": 1, "/ab": 2, "/a-b": 3, "/a_b": 4, "/a_b.c": 5},
        id="types",
    ),
    pytest.param(
        ["/<a>/x", "/b/<c>", "/<d:path>"],
        {"/b/x": 1, "/a/x": 0, "/a/y": 2},
        id="the leftmost segment decides",
    ),
    pytest.param(
        ["/b/c/d", "/<a>/c/e", "/<a:path>/f"],
        {"/b/c/d": 0, "/b/c/e": 1, "/b/c/f": 2},
        id="it comes back up",
    ),
    pytest.param(
        ["/<p:path>", "/<p:path>/e", "/<p:path>/x/e", "/<p:path>/<q:int>"],
        {"/a/b": 0, "/a/e": 1, "/a/x/e": 2, "/x/e": 1, "/a/7": 3, "/e": 0},
        id="the longest ending",
    ),
    pytest.param(
        ["/<a>-long-<b>", "/<a>-<b>"],
        {"/1-long-2": 0, "/1-2": 1},
        id="more literal text",
    ),
]


@pytest.mark.parametrize(("patterns", "expected"), PRECEDENCE)
def test_precedence_whatever_the_order(patterns: list[str], expected: dict[str, int]) -> None:
    turned = [[*range(n, len(patterns)), *range(n)] for n in range(len(patterns))]
    for order in [*turned, *(turn[::-1] for turn in turned)]:
        router = Router[int]()
        for index in order:
            router.add(patterns[index], index)
        for path, winner in expected.items():
            got = router.match("GET", path)
            assert getattr(got, "handler", None) == winner, (path, order)


def methods_router(**options: Any) -> Router[str]:
    router = Router[str](**options)
    router.add("/a", "get")
    router.add("/a", "put", methods=["PUT", "delete"])
    router.add("/<x:alpha>", "any", methods=["PATCH"])
    router.add("/h/<x>", "head", methods=["HEAD"])
    router.add("/h/<x>", "get")
    router.add("/o", "options", methods="OPTIONS")
    return router


METHODS = [
    ("GET", "/a", ("get", {})),
    ("HEAD", "/a", ("get", {})),
    ("DELETE", "/a", ("put", {})),
    ("PATCH", "/a", ("any", {"x": "a"})),
    ("delete", "/a", ("MethodNotAllowed", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT")),
    ("POST", "/a/", ("MethodNotAllowed", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT")),
    ("OPTIONS", "/a", ("Options", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "PUT")),
    ("GET", "/b", ("MethodNotAllowed", "OPTIONS", "PATCH")),
    ("HEAD", "/h/1", ("head", {"x": "1"})),
    ("GET", "/h/1", ("get", {"x": "1"})),
    ("OPTIONS", "/o", ("options", {})),
    ("OPTIONS", "/1", GONE),
    ("GET", "/1", GONE),
]


@pytest.mark.parametrize(("method", "path", "expected"), METHODS)
def test_methods(method: str, path: str, expected: Any, ask: Callable[..., Any]) -> None:
    assert ask(methods_router(), method, path) == expected


def test_nothing_automatic(ask: Callable[..., Any]) -> None:
    router = methods_router(auto_head=False, auto_options=False)
    allowed = ("MethodNotAllowed", "DELETE", "GET", "PATCH", "PUT")
    assert ask(router, "HEAD", "/a") == allowed
    assert ask(router, "OPTIONS", "/a") == allowed
    assert ask(router, "OPTIONS", "/o") == ("options", {})


@pytest.mark.parametrize("path", ["/%", "/%zz", "/a/%f", "/%ff", "/%C3", "/%C3/%A9"])
def test_bad_escapes(path: str) -> None:
    lenient, strict = Router[str](), Router[str](bad_path="bad_request")
    for router in (lenient, strict):
        for host in (None, "a.com"):
            router.add("/<x>", "h", host=host)
            router.add("/<x>/<y>", "h", host=host)
    for host in (None, "a.com", "b.com"):
        assert lenient.match("GET", path, host) == NotFound()
        assert strict.match("GET", path, host) == BadPath()
        assert strict.match("GET", "no slash %zz", host) == NotFound()


def test_params_are_fresh() -> None:
    router = Router[str]()
    router.add("/a", "h")
    one, two = router.match("GET", "/a"), router.match("GET", "/a")
    assert getattr(one, "params", 1) is not getattr(two, "params", 1)


def test_own_converters(ask: Callable[..., Any]) -> None:
    hexadecimal = Converter("[0-9a-f]+", lambda text: int(text, 16), "{:x}".format, rank=35)
    router = Router[str](converters={"hex": hexadecimal, "int": Converter("[0-9]", int)})
    router.add("/<x:hex>", "hex")
    router.add("/<x>", "any")
    router.add("/digit/<x:int>", "digit")
    assert ask(router, "GET", "/ff") == ("hex", {"x": 255})
    assert ask(router, "GET", "/xx") == ("any", {"x": "xx"})
    assert ask(router, "GET", "/digit/12") == GONE
    assert Router[str]().match("GET", "/ff") == NotFound()
    with pytest.raises(Exception, match="expected a type"):
        Router[str]().add("/<x:hex>", "h")


NAMES = [
    pytest.param(
        ["/<a:int>/x", "/<b:int>/y"],
        {"/1/x": {"a": 1}, "/1/y": {"b": 1}},
        id="other",
    ),
    pytest.param(
        ["/<a>/<b>/x", "/<b>/<a>/y"],
        {"/1/2/x": {"a": "1", "b": "2"}, "/1/2/y": {"b": "1", "a": "2"}},
        id="swapped",
    ),
    pytest.param(
        ["/<a>", "/<b>/<a>", "/<c>/<a>/<b>/z"],
        {
            "/1": {"a": "1"},
            "/1/2": {"b": "1", "a": "2"},
            "/1/2/3/z": {"c": "1", "a": "2", "b": "3"},
        },
        id="one further up",
    ),
    pytest.param(
        ["/<a:path>/x", "/<b:path>/y", "/<b>/<a:path>/z/z"],
        {"/1/2/x": {"a": "1/2"}, "/1/2/y": {"b": "1/2"}, "/1/2/z/z": {"b": "1", "a": "2"}},
        id="path",
    ),
    pytest.param(
        ["/<y:(?P<y>a)b?>/1", "/<x:(?P<y>a)b?>/2"],
        {"/ab/1": {"y": "a"}, "/ab/2": {"x": "ab", "y": "a"}},
        id="regex with a group of its own name",
    ),
    pytest.param(
        ["/<a>-<b>/x", "/<b>-<a>/y"],
        {"/1-2/x": {"a": "1", "b": "2"}, "/1-2/y": {"b": "1", "a": "2"}},
        id="mixed",
    ),
]


@pytest.mark.parametrize(("patterns", "expected"), NAMES)
def test_names_of_parameters_are_the_routes_own(
    patterns: list[str], expected: dict[str, dict[str, Any]]
) -> None:
    for order in (patterns, patterns[::-1]):
        router = Router[str]()
        for pattern in order:
            router.add(pattern, pattern)
        for path, params in expected.items():
            assert getattr(router.match("GET", path), "params", None) == params, (path, order)


def test_what_was_tried_in_vain_leaves_no_parameters(ask: Callable[..., Any]) -> None:
    router = Router[str]()
    router.add("/<a:int>/<b:int>/<c:int>/x", "ints")
    router.add("/<a>/<d>/<e>/y", "any")
    assert ask(router, "GET", "/1/2/3/y") == ("any", {"a": "1", "d": "2", "e": "3"})


@pytest.mark.parametrize("other", [[], ["/<y>"]], ids=["alone", "with a choice"])
def test_a_value_may_be_none(other: list[str], ask: Callable[..., Any]) -> None:
    router = Router[str](converters={"null": Converter("null", lambda _text: None)})
    for pattern in ["/<x:null>", *other]:
        router.add(pattern, pattern)
    assert ask(router, "GET", "/null") == ("/<x:null>", {"x": None})


@pytest.mark.parametrize("known", ["float", "number"])
def test_a_type_with_two_names_has_one_place(known: str) -> None:
    between = Converter("[0-9]+", rank=40)
    router = Router[str](converters={"gauge": between})
    router.add(f"/<x:{known}>", "float")
    router.add("/<x:gauge>", "gauge")
    assert getattr(router.match("GET", "/5"), "handler", None) == "float"


def test_empty_segments_at_the_end() -> None:
    router = Router[str]()
    router.add("/a/", "one")
    router.add("/a//", "two")
    got = [getattr(router.match("GET", path), "handler", None) for path in ("/a", "/a/", "/a//")]
    assert got == ["one", "one", "two"]


@pytest.mark.parametrize(
    "patterns",
    [
        ["/u/<x>"],
        ["/u/<x>", "/u/me/y"],
        ["/u/me/y", "/u/<x>"],
        ["/u/<x>", "/u/<y:int>"],
        ["/u/<x>", "/u/<y:path>/z"],
        ["/u/<x>", "/u/<y:path>/z", "/u/me/y"],
    ],
)
@pytest.mark.parametrize("path", ["/u/", "/u//", "/u/me/x", "/u", "/u/a/"])
def test_whatever_else_there_is(patterns: list[str], path: str) -> None:
    router = Router[str]()
    for pattern in patterns:
        router.add(pattern, pattern)
    got = router.match("GET", path)
    assert getattr(got, "handler", None) == ("/u/<x>" if path == "/u/a/" else None)
