"""Host patterns: which hosts they take, who comes first, what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from headrace_routing import PatternError, Router

if TYPE_CHECKING:
    from collections.abc import Callable

TAKES = [
    ("a.com", "a.com", True),
    ("a.com", "A.Com", True),
    ("A.com.", "a.com", True),
    ("a.com", "a.com.", True),
    ("a.com", "a.com:80", True),
    ("a.com", "a.com:", True),
    ("a.com", "b.a.com", False),
    ("a.com", None, False),
    ("a.com", "", False),
    ("a.com:80", "a.com:80", True),
    ("a.com:80", "a.com:8", False),
    ("a.com:80", "a.com", False),
    ("a.com.:80", "a.com:80", True),
    ("*.a.com", "b.a.com", True),
    ("*.a.com", "c.b.a.com:9", True),
    ("*.a.com", "a.com", False),
    ("*.a.com", "xa.com", False),
    ("*.a.com:80", "b.a.com:80", True),
    ("*.a.com:80", "b.a.com", False),
    ("localhost", "localhost:8000", True),
    ("10.0.0.1", "10.0.0.1", True),
    ("[::1]", "[::1]", True),
    ("[::1]", "[::1]:80", True),
    ("[::1]:80", "[::1]:80", True),
    ("[::1]:80", "[::1]", False),
    ("a.com", "a.com" + ":" * 300, False),
]


@pytest.mark.parametrize(("pattern", "host", "takes"), TAKES)
def test_takes(pattern: str, host: str | None, takes: bool, ask: Callable[..., Any]) -> None:
    router = Router[str]()
    router.add("/a", "h", host=pattern)
    router.add("/a", "any")
    assert ask(router, "GET", "/a", host) == ("h" if takes else "any", {})


def test_a_path_without_a_slash(ask: Callable[..., Any]) -> None:
    router = Router[str]()
    router.add("/<x>", "h", host="a.com")
    assert ask(router, "GET", "a", "a.com") == ask(router, "GET", "", "a.com") == "NotFound"


ORDER = ["b.a.com:80", "b.a.com", "*.a.com:80", "*.a.com", "*.com:80", "*.com"]


def test_precedence_whatever_the_order(ask: Callable[..., Any]) -> None:
    every = [*ORDER, None]
    turned = [every[n:] + every[:n] for n in range(len(every))]
    for order in [*turned, *(turn[::-1] for turn in turned)]:
        router = Router[str]()
        for host in order:
            router.add("/a", str(host), host=host)
            router.add(f"/only/{host}".replace("*", "x"), "only", host=host)
        for host in ORDER:
            asked = host.replace("*", "z")
            assert ask(router, "GET", "/a", asked) == (host, {})
        assert ask(router, "GET", "/a", "other") == ("None", {})
        # What the more specific hosts do not have is looked for in the others.
        assert ask(router, "GET", "/only/x.com", "b.a.com:80") == ("only", {})
        assert ask(router, "GET", "/only/None", "b.a.com:80") == ("only", {})


def test_allow_is_the_union_over_the_hosts_that_match(ask: Callable[..., Any]) -> None:
    router = Router[str](auto_options=False)
    router.add("/a", "h", host="a.com", methods=["PUT"])
    router.add("/<x>", "h", host="*.com", methods=["POST"])
    router.add("/a", "h", methods=["PATCH"])
    router.add("/a", "h", host="b.com", methods=["DELETE"])
    assert ask(router, "GET", "/a", "a.com") == ("MethodNotAllowed", "PATCH", "POST", "PUT")


def test_several_hosts_are_one_route(ask: Callable[..., Any]) -> None:
    router = Router[str]()
    route = router.add("/a", "h", host=["a.com", "B.com", "b.com"])
    assert (route.host, route.hosts) == ("a.com", ("a.com", "b.com"))
    assert router.routes == (route,)
    assert ask(router, "GET", "/a", "a.com") == ask(router, "GET", "/a", "b.com") == ("h", {})


BAD = [
    ("", 0, "expected a label of a host name"),
    ("*", 0, "expected a label of a host name"),
    ("a..b", 2, "expected a label of a host name"),
    ("a.*.b", 2, "expected a label of a host name"),
    ("*.", 2, "expected a label of a host name"),
    ("a.com:", 5, "expected ':' and a port, or the end"),
    ("a.com:x", 5, "expected ':' and a port, or the end"),
    ("a.com:²", 5, "expected ':' and a port, or the end"),
    ("a.com/x", 5, "expected ':' and a port, or the end"),
    ("[::1", 0, "expected an address in brackets"),
    ("[::1]x", 5, "expected ':' and a port, or the end"),
    ("http://a", 4, "expected ':' and a port, or the end"),
]


@pytest.mark.parametrize(("host", "position", "problem"), BAD)
def test_bad_host(host: str, position: int, problem: str) -> None:
    router = Router[str]()
    with pytest.raises(PatternError) as caught:
        router.add("/a", "h", host=[host])
    assert (caught.value.problem, caught.value.position) == (problem, position)
    assert caught.value.pattern == host


def test_whether_a_host_is_needed_at_all():
    router = Router()
    router.add("/a", "h")
    assert not router.by_host
    router.add("/b", "h", host="*.a.com")
    assert router.by_host
