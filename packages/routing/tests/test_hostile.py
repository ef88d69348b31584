"""Hostile paths and hosts: the answer is right, and the work is bounded.

Work is counted in calls of Python functions and of C functions that a match makes, which does
not depend on the machine.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headrace_routing import BadPath, Found, MethodNotAllowed, NotFound, Options, Router

SIZE = 64 * 1024


@pytest.fixture
def router() -> Router[str]:
    router = Router[str]()
    for path in (
        "/a/<x:int>",
        "/a/<x:float>",
        "/a/<x:slug>",
        "/a/<x>-<y>-<z:int>",
        "/a/<x:int>-<y:slug>",
        "/a/<x:[a-z]+(?:_[a-z]+)*>",
        r"/a/<x:.+\.txt>",
        "/a/<f:ext=tar.gz|gz>",
        "/p/<p:path>/edit",
        "/p/<p:path>/<n:int>/<m:int>",
    ):
        router.add(path, path)
    for host in ("*.example.com", "*.com", "*.a.b.c.d.e"):
        router.add("/h", host, host=host)
    return router


def work(router: Router[Any], path: str, host: str | None = None) -> tuple[Any, int]:
    count = 0

    def tick(frame: object, event: str, arg: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(tick)
    try:
        got = router.match("GET", path, host)
    finally:
        sys.setprofile(before)
    return got, count


SEGMENTS = [
    pytest.param("1" * SIZE + "X", "NotFound", id="digits"),
    pytest.param("-" * SIZE, "NotFound", id="dashes"),
    pytest.param("a-" * (SIZE // 2), "NotFound", id="slug cut short"),
    pytest.param("1-" * (SIZE // 2) + "1", "Found", id="many cuts"),
    pytest.param("a_" * (SIZE // 2), "NotFound", id="regex cut short"),
    pytest.param("." * SIZE, "NotFound", id="dots"),
    pytest.param("a.tar" * (SIZE // 5), "NotFound", id="extensions"),
    pytest.param("%41" * (SIZE // 3), "NotFound", id="escapes"),
    pytest.param("%41" * (SIZE // 3) + "%4", "NotFound", id="escape cut short"),
]


@pytest.mark.parametrize(("segment", "expected"), SEGMENTS)
def test_long_segments(router: Router[str], segment: str, expected: str) -> None:
    got, calls = work(router, f"/a/{segment}")
    _short_got, short_calls = work(router, f"/a/{segment[: SIZE // 64]}{segment[-2:]}")
    if expected == "Found":
        assert isinstance(got, Found)
    else:
        assert isinstance(got, NotFound)
    # Decoding goes escape by escape; nothing else is done per character in Python.
    assert calls <= 100 * max(short_calls, 1)
    if "%" not in segment:
        assert calls < 200


@pytest.mark.parametrize("count", [10_000, 20_000])
def test_many_segments(router: Router[str], count: int) -> None:
    got, calls = work(router, "/p" + "/x" * count + "/edit")
    assert isinstance(got, Found)
    assert got.params["p"] == "/".join("x" * count)
    assert calls < 60
    for path in ("/" * count, "/p" + "/" * count, "/a" * count, "/p" + "/1" * count):
        got, calls = work(router, path)
        assert isinstance(got, Found) is path.startswith("/p/1")
        assert calls < 80


ANYTHING = st.text() | st.text("/%ab1-.<>\udcff\0é", max_size=30).map(lambda text: f"/{text}")


@given(st.text(), ANYTHING, st.none() | st.text())
def test_a_match_never_raises(method: str, path: str, host: str | None) -> None:
    router = Router[str](bad_path="bad_request")
    for pattern in ("/", "/a", "/<x:int>", "/a/<x>", "/a/<x>-<y:float>", "/b/<p:path>", "/<f:ext>"):
        router.add(pattern, "h")
        router.add(pattern, "h", host="*.a", methods=["POST"])
    got = router.match(method, path, host)
    assert isinstance(got, Found | MethodNotAllowed | Options | NotFound | BadPath)


def test_a_long_host(router: Router[str]) -> None:
    got, calls = work(router, "/h", "a." * SIZE + "com")
    assert isinstance(got, NotFound)
    assert calls < 40
    got, _ = work(router, "/h", "a." * 100 + "com")
    assert isinstance(got, Found)


def test_work_does_not_grow_with_the_routes() -> None:
    counts = set()
    for size in (10, 100, 1000):
        router = Router[int]()
        for number in range(size):
            router.add(f"/r{number}/list", number)
            router.add(f"/r{number}/<owner>/<repo>/issues/<id:int>", number)
        paths = (f"/r{size - 1}/list", f"/r{size - 1}/o/r/issues/7", "/nope/x")
        counts.add(tuple(work(router, path)[1] for path in paths))
    assert len(counts) == 1


def test_deep_patterns_do_not_exhaust_the_stack() -> None:
    router = Router[str]()
    for depth in range(0, 128, 2):
        router.add("/a" * depth + f"/<x{depth}>" + "/a" * (127 - depth), str(depth))
    got = router.match("GET", "/a" * 128)
    assert isinstance(got, Found)
    assert got.handler == "126"
