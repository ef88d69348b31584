"""Views: what they register, and what calling them does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from headrace_routing import (
    Blueprint,
    CompositionView,
    HandlerError,
    HTTPMethodView,
    RouteDeclaration,
    expand,
    stream,
)
from headrace_routing._views import Entry

if TYPE_CHECKING:
    from collections.abc import Callable


def ask(method: str) -> SimpleNamespace:
    return SimpleNamespace(method=method)


def one(request: Any) -> str:
    return "one"


def two(request: Any, **params: Any) -> Any:
    return params or "two"


@stream
def marked(request: Any) -> str:
    return "marked"


class Item(HTTPMethodView):
    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix

    def get(self, request: Any, id: int) -> str:  # noqa: A002
        return f"{self.prefix}get {id}"

    @stream
    async def put(self, request: Any, id: int) -> str:  # noqa: A002
        return f"{self.prefix}put {id}"


class Plain(HTTPMethodView):
    def post(self, request: Any) -> str:
        return "post"

    def head(self, request: Any) -> str:
        return "head"


def composition() -> CompositionView:
    view = CompositionView()
    view.add(["get", "PATCH"], one)
    view.add(["POST"], two, stream=True)
    view.add(("PUT",), marked)
    return view


def test_expand_function() -> None:
    assert expand(one) == [Entry(("GET",), one, False)]
    assert expand(one, ["post", "GET", "POST"], True) == [Entry(("GET", "POST"), one, True)]
    assert expand(one, "PUT") == [Entry(("PUT",), one, False)]
    assert expand(marked) == [Entry(("GET",), marked, True)]


def test_expand_class_view() -> None:
    view = Item.as_view()
    assert expand(view, ["DELETE"]) == [Entry(("GET",), view, False), Entry(("PUT",), view, True)]
    assert expand(view, stream=True) == [Entry(("GET", "PUT"), view, True)]
    plain = Plain.as_view()
    assert expand(plain) == [Entry(("HEAD", "POST"), plain, False)]


def test_expand_other_peoples_view() -> None:
    def foreign(request: Any) -> None: ...

    foreign.view_class = dict  # type: ignore[attr-defined]
    assert expand(foreign, ["PUT"]) == [Entry(("PUT",), foreign, False)]


def test_expand_composition_view() -> None:
    assert expand(composition(), ["DELETE"]) == [
        Entry(("GET", "PATCH"), one, False),
        Entry(("POST",), two, True),
        Entry(("PUT",), marked, True),
    ]
    assert [entry.stream for entry in expand(composition(), stream=True)] == [True] * 3


class Empty(HTTPMethodView):
    get = None


def add_twice() -> None:
    view = composition()
    view.add(["OPTIONS", "post"], one)


REFUSED: list[Any] = [
    pytest.param(lambda: expand(42), "handler is not callable: 42", id="not callable"),
    pytest.param(lambda: expand(one, []), f"no methods for {one!r}", id="no methods"),
    pytest.param(
        lambda: expand(Item), "view Item is a class: register its as_view()", id="class itself"
    ),
    pytest.param(Empty.as_view, "view Empty has no methods", id="class without methods"),
    pytest.param(
        lambda: expand(CompositionView()),
        "composition view has no methods",
        id="composition without methods",
    ),
    pytest.param(
        lambda: CompositionView().add(["GET"], "h"),  # type: ignore[arg-type]
        "handler is not callable: 'h'",
        id="composition, not callable",
    ),
    pytest.param(
        lambda: CompositionView().add([], one),
        f"no methods for {one!r} in a composition view",
        id="composition, no methods",
    ),
    pytest.param(
        add_twice, "method POST is in the composition view already", id="composition, twice"
    ),
    pytest.param(
        lambda: type("Stray", (HTTPMethodView,), {}, uri="/"),
        "view Stray has options but nothing to attach to",
        id="uri without attach",
    ),
]


@pytest.mark.parametrize(("act", "message"), REFUSED)
def test_refused(act: Callable[[], object], message: str) -> None:
    with pytest.raises(HandlerError) as caught:
        act()
    assert str(caught.value) == message


def test_a_refused_add_leaves_the_composition_as_it_was() -> None:
    view = composition()
    with pytest.raises(HandlerError):
        view.add(["DELETE", "GET"], two)
    assert sorted(view.handlers) == ["GET", "PATCH", "POST", "PUT"]
    assert len(view.entries) == 3


def test_calling_a_class_view() -> None:
    view = Item.as_view("p:")
    assert view(ask("GET"), id=1) == "p:get 1"
    assert view(ask("HEAD"), 2) == "p:get 2"
    assert asyncio.run(view(ask("PUT"), id=3)) == "p:put 3"
    assert Plain.as_view()(ask("HEAD")) == "head"
    with pytest.raises(AttributeError):
        view(ask("DELETE"), id=1)
    assert (view.__name__, view.__module__) == ("Item", __name__)


def test_calling_a_composition_view() -> None:
    view = composition()
    assert view(ask("GET")) == view(ask("HEAD")) == "one"
    assert view(ask("POST"), x=1) == {"x": 1}
    with pytest.raises(KeyError):
        view(ask("DELETE"))


def test_decorators_apply_first_to_last() -> None:
    def note(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        def decorate(handler: Callable[..., Any]) -> Callable[..., Any]:
            return lambda request, **params: f"{text}({handler(request, **params)})"

        return decorate

    class Noted(Item):
        decorators = (note("a"), note("b"))

    view = Noted.as_view()
    assert view(ask("GET"), id=1) == "b(a(get 1))"
    assert expand(view) == [Entry(("GET",), view, False), Entry(("PUT",), view, True)]


@dataclass
class Target:
    calls: list[tuple[Any, ...]]

    def add_route(self, handler: Any, uri: str, **options: Any) -> None:
        self.calls.append((handler.__name__, uri, options))


def test_attach() -> None:
    target = Target([])
    Plain.attach(target, "/p", host="a.com")

    class Attached(HTTPMethodView, attach=target, uri="/q", name="n"):
        def get(self, request: Any) -> str:
            return "get"

    assert target.calls == [
        ("Plain", "/p", {"host": "a.com"}),
        ("Attached", "/q", {"name": "n"}),
    ]
    assert Attached.as_view()(ask("GET")) == "get"


def test_views_on_a_blueprint() -> None:
    bp = Blueprint("b")
    assert bp.add_route(composition(), "/c", name="c")
    Item.attach(bp, "/i/<id:int>")
    declared = [d for d in bp.declared if isinstance(d, RouteDeclaration)]
    assert [(d.path, d.methods, d.stream, d.name, d.default_name) for d in declared] == [
        ("/c", ("GET", "PATCH"), False, "c", "one"),
        ("/c", ("POST",), True, "c", "two"),
        ("/c", ("PUT",), True, "c", "marked"),
        ("/i/<id:int>", ("GET",), False, None, "Item"),
        ("/i/<id:int>", ("PUT",), True, None, "Item"),
    ]
