"""Building URLs: what comes out is what the route reads back."""

from __future__ import annotations

import math
import string
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_routing import BuildError, ConflictError, Converter, Found, Router

ID = UUID("0a0b0c0d-1111-2222-3333-444455556666")

BUILT = [
    ("/", {}, "/"),
    ("/a", {}, "/a"),
    ("/a/", {}, "/a/"),
    ("/a//b", {}, "/a//b"),
    ("//a", {}, "//a"),
    ("/caf%C3%A9 x", {}, "/caf%C3%A9%20x"),
    ("/a%2Fb", {}, "/a%2Fb"),
    ("/./..", {}, "/./.."),
    ("/<x>", {"x": "a/b?c#d%e"}, "/a%2Fb%3Fc%23d%25e"),
    ("/<x>", {"x": "é"}, "/%C3%A9"),
    ("/<x>/", {"x": "a:b@c"}, "/a:b@c/"),
    ("/<x>", {"x": 5}, "/5"),
    ("/<x:int>", {"x": -5}, "/-5"),
    ("/<x:int>", {"x": "5"}, "/5"),
    ("/<x:float>", {"x": 1e-7}, "/0.0000001"),
    ("/<x:float>", {"x": 1e16}, "/10000000000000000"),
    ("/<x:float>", {"x": 3}, "/3.0"),
    ("/<x:uuid>", {"x": ID}, f"/{ID}"),
    ("/<x:ymd>", {"x": date(2024, 2, 29)}, "/2024-02-29"),
    ("/<x:path>", {"x": "a b/c/"}, "/a%20b/c/"),
    ("/<x:path>", {"x": "/evil.com"}, "/%2Fevil.com"),
    ("/<x:path>", {"x": "/"}, "/%2F"),
    ("/f/<x:path>", {"x": "/a"}, "/f//a"),
    ("/f/<x:path>/e/", {"x": "a"}, "/f/a/e/"),
    ("/<f:ext>", {"f": "a.b", "ext": "txt"}, "/a.b.txt"),
    ("/<f=int:ext=json>", {"f": 5, "ext": "json"}, "/5.json"),
    ("/<a>-<b:int>", {"a": "x-y", "b": 5}, "/x-y-5"),
    ("/<x:[a-z]+>", {"x": "ab"}, "/ab"),
    ("/<x:(?P<x>[a-z]+)>", {"x": "ab"}, "/ab"),
    ("/<x:(?P<y>[0-9]+)-b>", {"x": "1-b"}, "/1-b"),
    ("/<x:(?P<y>[0-9]+)-b>", {"x": "1-b", "y": "1"}, "/1-b"),
    ("/a", {"q": "x y", "r": [1, "&"], "s": (), "t": None, "u": ""}, "/a?q=x+y&r=1&r=%26&u="),
    ("/<x>", {"x": "1", "q": True}, "/1?q=True"),
    ("/a", {"_anchor": "top é/?"}, "/a#top%20%C3%A9/?"),
    ("/a", {"q": 1, "_anchor": "t"}, "/a?q=1#t"),
    ("/a", {"_external": True, "_host": "a.com:8"}, "http://a.com:8/a"),
    ("/a", {"_external": True, "_host": "a.com", "_scheme": "https"}, "https://a.com/a"),
    ("/a", {"_host": "a.com"}, "/a"),
]


@pytest.mark.parametrize(("pattern", "values", "url"), BUILT)
def test_built(pattern: str, values: dict[str, Any], url: str) -> None:
    router = Router[str]()
    router.add(pattern, "h", name="n")
    assert router.url_for("n", **values) == url


REFUSED = [
    ("/<x>/<y>", {}, "missing value for x, y"),
    ("/<x:path>", {}, "missing value for x"),
    ("/<f:ext>", {"f": "a"}, "missing value for ext"),
    ("/<x>", {"x": ""}, "x is empty"),
    ("/<x:path>", {"x": ""}, "x is empty"),
    ("/<x:int>", {"x": "a"}, "x='a' is not of type int"),
    ("/<x:int>", {"x": True}, "x=True is not of type int"),
    ("/<x:float>", {"x": math.inf}, "x=inf is not of type float"),
    ("/<x:float>", {"x": "a"}, "x='a' is not of type float"),
    ("/<x:float>", {"x": None}, "x=None is not of type float"),
    ("/<x:slug>", {"x": "A"}, "x='A' is not of type slug"),
    ("/<x:[a-z]+>", {"x": "A"}, "x='A' does not match [a-z]+"),
    ("/<x:(?P<y>[0-9]+)-b>", {"x": "1-b", "y": "2"}, "y='2' is not what '1-b' says"),
    (r"/<x:(?P<x>[a-z]+)\.jpg>", {"x": "cat"}, r"x='cat' does not match (?P<x>[a-z]+)\.jpg"),
    ("/<x:(?P<x>a+)b?>", {"x": "ab"}, "x='ab' is not what 'ab' says"),
    ("/<f:ext>", {"f": "a", "ext": "b.c"}, "'a.b.c' does not read back as 'a' with ext='b.c'"),
    ("/<f:ext=a>", {"f": "a", "ext": "b"}, "'a.b' does not read back as 'a' with ext='b'"),
    ("/<a>-<b>", {"a": "1", "b": "2-3"}, "'1-2-3' would not be cut into ['1', '2-3'] again"),
    ("/<x>", {"x": ".."}, "a segment would be '.' or '..', which clients remove"),
    ("/<x:path>", {"x": "a/./b"}, "a segment would be '.' or '..', which clients remove"),
    ("/<x>", {"x": "\ud800"}, "a value has a character that is not Unicode text"),
    ("/a", {"_external": True}, "an external URL needs a host"),
]


@pytest.mark.parametrize(("pattern", "values", "problem"), REFUSED)
def test_refused(pattern: str, values: dict[str, Any], problem: str) -> None:
    router = Router[str]()
    route = router.add(pattern, "h", name="n")
    with pytest.raises(BuildError) as caught:
        router.url_for("n", **values)
    assert (caught.value.problem, caught.value.route) == (problem, route)
    assert str(caught.value) == f"{problem} (route GET {pattern} (n))"


def test_host_of_the_route() -> None:
    router = Router[str]()
    router.add("/a", "h", name="exact", host=["a.com:8000", "b.com"])
    router.add("/a", "h", name="wild", host="*.a.com")
    assert router.url_for("exact", _external=True) == "http://a.com:8000/a"
    assert router.url_for("wild", _external=True, _host="x.a.com") == "http://x.a.com/a"
    with pytest.raises(BuildError, match="an external URL needs a host"):
        router.url_for("wild", _external=True)


def test_own_converter() -> None:
    hexadecimal = Converter("[0-9a-f]+", lambda text: int(text, 16), "{:x}".format)
    router = Router[str](converters={"hex": hexadecimal})
    router.add("/<x:hex>", "h", name="n")
    assert router.url_for("n", x=255) == "/ff"


TEXT = st.text(string.printable + "\0éß漢😀", min_size=1)
SLUG = st.from_regex("[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True)
SPECS: dict[str, st.SearchStrategy[Any]] = {
    "": TEXT,
    ":int": st.integers(),
    ":float": st.floats(allow_nan=False, allow_infinity=False),
    ":uuid": st.uuids(),
    ":ymd": st.dates(),
    ":alpha": st.text(string.ascii_letters, min_size=1),
    ":slug": SLUG,
    ":[a-c]+x?": st.from_regex("[a-c]+x?", fullmatch=True),
}


@st.composite
def patterns_with_values(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    pattern = ""
    values: dict[str, Any] = {}
    rest = draw(st.integers(0, 4))
    for index in range(draw(st.integers(1, 4))):
        pattern += "/" + draw(st.sampled_from(["", "x", "é-"]))
        if index == rest:
            pattern = pattern[: pattern.rindex("/") + 1] + "<rest:path>"
            values["rest"] = draw(TEXT)
            continue
        for field in range(draw(st.integers(0, 3))):
            spec = draw(st.sampled_from(sorted(SPECS)))
            name = f"p{index}_{field}"
            if field:
                pattern += draw(st.sampled_from(["-", ".", "::", "a", "1"]))
            pattern += f"<{name}{spec}>"
            values[name] = draw(SPECS[spec])
    if pattern.endswith("<rest:path>/"):
        pattern = pattern[:-1]
    elif not pattern.endswith(("<rest:path>", "/")):
        pattern += draw(st.sampled_from(["", "/"]))
    return pattern, values


@given(patterns_with_values(), st.booleans())
def test_match_undoes_url_for(drawn: tuple[str, dict[str, Any]], strict: bool) -> None:
    pattern, values = drawn
    router = Router[str](strict_slashes=strict)
    router.add(pattern, "h", name="n")
    try:
        url = router.url_for("n", **values)
    except BuildError as error:
        # Only for these two reasons may a well-typed value be refused.
        if "would not be cut" in error.problem or "which clients remove" in error.problem:
            return
        raise
    assert url.isascii()
    found = router.match("GET", url)
    assert isinstance(found, Found)
    assert found.params == values
    assert router.url_for("n", **found.params) == url


@st.composite
def several(draw: st.DrawFn) -> list[str]:
    part = st.sampled_from(["a", "1", "<{}>", "<{}:int>", "<{}:alpha>", "<{}>-<{}x:int>", "a<{}>"])
    found = []
    for _ in range(draw(st.integers(1, 6))):
        parts = draw(st.lists(part, min_size=1, max_size=3))
        if draw(st.booleans()):
            parts.append("<{}:path>")
        found.append("".join("/" + p.replace("{}", f"p{n}") for n, p in enumerate(parts)))
    return found


@given(several(), st.data())
def test_match_undoes_url_for_among_others(patterns: list[str], data: st.DataObject) -> None:
    router = Router[str]()
    for pattern in dict.fromkeys(patterns):
        try:
            router.add(pattern, pattern, name=pattern)
        except ConflictError:
            continue
    for route in router.routes:
        text = st.sampled_from(["a", "1", "a-1", "b", "a/b"])
        values: dict[str, Any] = {name: data.draw(text) for name in route.names}
        try:
            url = router.url_for(route.path, **values)
        except BuildError:
            continue
        found = router.match("GET", url)
        assert isinstance(found, Found)
        assert found.route is route
        assert {name: str(value) for name, value in found.params.items()} == values


def test_a_path_of_another_route_is_refused() -> None:
    router = Router[str]()
    router.add("/users/<name>", "any", name="user")
    router.add("/users/me", "me", name="me")
    router.add("/users/new", "new", methods=["POST"])
    router.add("/users/<name>", "hosted", name="hosted", host="a.com")
    assert router.url_for("user", name="you") == "/users/you"
    assert router.url_for("user", name="new") == "/users/new"
    assert router.url_for("hosted", name="me") == "/users/me"
    with pytest.raises(BuildError) as caught:
        router.url_for("user", name="me")
    assert str(caught.value) == (
        "/users/me belongs to another route, GET /users/me (me) (route GET /users/<name> (user))"
    )
