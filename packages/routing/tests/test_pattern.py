"""What a pattern may be, and what is said about one that is not."""

from __future__ import annotations

import pytest

from headrace_routing import Converter, PatternError, Router

TYPES = "alpha, ext, float, int, number, path, slug, str, string, uuid, ymd"

BAD = [
    pytest.param("", 0, "expected '/' at the start of a path", id="empty"),
    pytest.param("users", 0, "expected '/' at the start of a path", id="no slash"),
    pytest.param("/a?b", 2, "expected a path without a query", id="query"),
    pytest.param("/a#b", 2, "expected a path without a fragment", id="fragment"),
    pytest.param("/a>b", 2, "expected '<' before '>'", id="closing alone"),
    pytest.param(
        "/u/{id}", 3, "expected a parameter as <name> or <name:type>, or a brace as %7B", id="{"
    ),
    pytest.param(
        "/u/id}", 5, "expected a parameter as <name> or <name:type>, or a brace as %7D", id="}"
    ),
    pytest.param("/a\nb", 2, "expected a printable character", id="newline"),
    pytest.param("/a%zz", 2, "expected two hexadecimal digits after '%'", id="escape"),
    pytest.param("/a%", 2, "expected two hexadecimal digits after '%'", id="escape at end"),
    pytest.param("/a/%ff", 3, "expected the escapes to be UTF-8", id="not utf-8"),
    pytest.param("/<id:int", 8, "expected '>' to close the parameter", id="open"),
    pytest.param("/<x:\\>", 6, "expected '>' to close the parameter", id="open, escaped"),
    pytest.param("/<>", 2, "expected a parameter name", id="no name"),
    pytest.param("/<1a>", 2, "expected a parameter name", id="digit first"),
    pytest.param("/<:int>", 2, "expected a parameter name", id="type only"),
    pytest.param("/<id:>", 5, "expected a type or a regex after ':'", id="no type"),
    pytest.param(
        "/<id:in>", 5, f"expected a type ({TYPES}) or a regex such as (in)", id="unknown type"
    ),
    pytest.param(
        "/<id=in:ext>", 5, f"expected a type ({TYPES}) or a regex such as (in)", id="unknown stem"
    ),
    pytest.param("/<f=int>", 7, "expected ':ext' after a name with '='", id="stem, no ext"),
    pytest.param("/<f=int:str>", 7, "expected ':ext' after a name with '='", id="stem, not ext"),
    pytest.param("/<f:ext=>", 8, "expected extensions such as jpg|tar.gz", id="no extensions"),
    pytest.param("/<f:ext=a||b>", 8, "expected extensions such as jpg|tar.gz", id="empty ext"),
    pytest.param(
        "/<a>/<a:int>", 6, "expected another name: there is a parameter 'a' already", id="twice"
    ),
    pytest.param(
        "/<ext>/<f:ext>", 8, "expected another name: there is a parameter 'ext' already", id="ext"
    ),
    pytest.param(
        "/<a:(?P<b>x)>/<b>",
        15,
        "expected another name: there is a parameter 'b' already",
        id="group",
    ),
    pytest.param(
        "/<a><b>", 4, "expected some text between two parameters of one segment", id="adjacent"
    ),
    pytest.param("/x<p:path>", 1, "expected a path parameter to be a segment of its own", id="xp"),
    pytest.param(
        "/<p:path>x", 9, "expected a path parameter to be a segment of its own", id="path, text"
    ),
    pytest.param(
        "/<p:path>/<q:path>", 10, "expected at most one parameter of type path", id="two paths"
    ),
    pytest.param(
        "/<p:path>/",
        10,
        "expected a segment: a path parameter takes a final slash itself",
        id="path, slash",
    ),
    pytest.param("/x/<a:[a-", 9, "expected '>' to close the parameter", id="open set"),
    pytest.param(
        "/x/<a:(b>", 6, "expected a regex: missing ), unterminated subpattern", id="regex"
    ),
    pytest.param("/x/<a:b+*>", 8, "expected a regex: multiple repeat", id="regex, inside"),
]


@pytest.mark.parametrize(("pattern", "position", "problem"), BAD)
def test_bad_pattern(pattern: str, position: int, problem: str) -> None:
    router = Router[str]()
    with pytest.raises(PatternError) as caught:
        router.add(pattern, "h")
    assert (caught.value.problem, caught.value.position) == (problem, position)
    assert caught.value.pattern == pattern
    assert router.routes == ()


def test_message_has_a_caret() -> None:
    with pytest.raises(PatternError) as caught:
        Router[str]().add("/users/<id:int", "h")
    assert str(caught.value) == (
        "expected '>' to close the parameter\n  /users/<id:int\n                ^"
    )


def test_the_caret_stands_below_what_cannot_be_printed() -> None:
    with pytest.raises(PatternError) as caught:
        Router[str]().add("/a\nb", "h")
    assert str(caught.value) == "expected a printable character\n  /a\ufffdb\n    ^"


TYPE_NAMES = [
    ("path", "expected another name for a type: 'path' is more than a type"),
    ("ext", "expected another name for a type: 'ext' is more than a type"),
    ("a-b", "expected letters, digits and '_' as a type's name"),
    ("1a", "expected letters, digits and '_' as a type's name"),
    ("", "expected letters, digits and '_' as a type's name"),
]


@pytest.mark.parametrize(("name", "problem"), TYPE_NAMES)
def test_bad_name_of_a_type(name: str, problem: str) -> None:
    with pytest.raises(PatternError) as caught:
        Router[str](converters={name: Converter("a")})
    assert str(caught.value) == f"{problem}\n  {name}\n  ^"


def test_segments_are_bounded() -> None:
    router = Router[str]()
    router.add("/a" * 128, "h")
    router.add("/b" * 128 + "/", "h")
    with pytest.raises(PatternError, match="expected at most 128 segments") as caught:
        router.add("/a" * 129, "h")
    assert caught.value.position == 257


def test_a_converter_has_to_be_linear() -> None:
    router = Router[str](converters={"bad": Converter("(a+)+")})
    with pytest.raises(PatternError) as caught:
        router.add("/<x:bad>", "h")
    assert caught.value.pattern == "(a+)+"


def test_names_in_order() -> None:
    route = Router[str]().add("/<a>/<b:int>-<c:(?P<d>x)>/<e:ext>/<f:path>/z", "h")
    assert route.names == ("a", "b", "c", "d", "e", "ext", "f")
