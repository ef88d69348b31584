"""headrace-routing beside sanic-routing, Falcon's compiled router and Starlette, as ratios.

    pytest benchmarks/micro/bench_router.py

Needs pytest-benchmark, sanic-routing, falcon and starlette. Routes have the shapes of GitHub's
public API; there are 10, 100, 1,000 and 10,000 of them. "first", "middle" and "last" are places
in the order of registration, "spread" is ten routes from all over it. Each path of a round is a
new string with other values, so that nobody lives on a cache. Times are CPU time, the best of
all rounds; contenders take turns within a round, and each turn begins with ten calls that are not
timed, so that nobody pays for the processor's cache as the one before left it.

Work is the same as far as the peers go: from a method and a raw path to the handler and the
parameters in hand, or to knowing that there is none. They differ in this:

- headrace looks for a broken escape, takes ``<id:int>`` as ASCII digits only and no parameter as
  empty, comes with the route's metadata, and lists the allowed methods for a 405.
- sanic-routing decodes nothing by default, and raises for 404 and 405. Sanic puts a cache before
  it, which is left out, since it holds only paths that came before.
- Falcon and Starlette are given a decoded path, in which an encoded slash has become a real one;
  to decode is counted. Falcon answers 405 by a responder that is found like any other.
- Starlette is asked route by route, as its router does; its scope is made beforehand.
"""

from __future__ import annotations

import re
from time import process_time
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from falcon.routing import CompiledRouter
from sanic_routing import BaseRouter
from sanic_routing.exceptions import NoMethod, NotFound
from starlette.routing import Match, Route

from headrace_routing import Found, Router

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIZES = (10, 100, 1000, 10_000)
METHODS = ("GET", "POST")

NOUNS = (
    "issues", "pulls", "commits", "branches", "releases", "labels", "milestones", "hooks", "keys",
    "forks", "events", "gists", "teams", "projects", "packages", "deployments", "environments",
    "runners", "secrets", "variables",
)  # fmt: skip
FAMILY = (
    "/{noun}",
    "/{noun}/<id:int>",
    "/user/{noun}",
    "/users/<username>/{noun}",
    "/orgs/<org>/{noun}",
    "/repos/<owner>/<repo>/{noun}",
    "/repos/<owner>/<repo>/{noun}/<number:int>",
    "/repos/<owner>/<repo>/{noun}/<number:int>/comments",
    "/repos/<owner>/<repo>/{noun}/comments",
    "/repos/<owner>/<repo>/{noun}/comments/<id:int>",
)
VALUES = {"<id:int>": "{i}", "<number:int>": "{i}", "<owner>": "octo{i}", "<repo>": "hello-{i}"}

# One contender: what makes inputs of a method and paths, what runs on these against the clock, and
# what gives the parameters for one of them, or None, so that answers can be compared.
Run = tuple[
    "Callable[[str, list[str]], list[Any]]",
    "Callable[[str, list[Any]], None]",
    "Callable[[str, Any], dict[str, Any] | None]",
]


def patterns(size: int) -> list[str]:
    """The first so many routes: whole families, each about another thing."""
    found: list[str] = []
    for number in range(size // len(FAMILY)):
        more, which = divmod(number, len(NOUNS))
        noun = f"{NOUNS[which]}-{more}" if more else NOUNS[which]
        found += [pattern.format(noun=noun) for pattern in FAMILY]
    return found


def braces(pattern: str) -> str:
    return pattern.replace("<", "{").replace(">", "}")


def plain(_method: str, paths: list[str]) -> list[Any]:
    return paths


def handler() -> None: ...


def headrace(routes: list[str]) -> Run:
    router = Router[Any]()
    for pattern in routes:
        router.add(pattern, handler, methods=METHODS)
    router.freeze()
    match = router.match

    def run(method: str, paths: list[Any]) -> None:
        for path in paths:
            found = match(method, path)
            if type(found) is Found:
                _handler, _params = found.handler, found.params

    def params(method: str, path: str) -> dict[str, Any] | None:
        found = match(method, path)
        return found.params if isinstance(found, Found) else None

    return plain, run, params


class Sanic(BaseRouter):
    def get(self, path: str, method: str) -> Any:
        return self.resolve(path, method=method)


def sanic(routes: list[str]) -> Run:
    router = Sanic()
    for pattern in routes:
        router.add(pattern, handler, methods=METHODS)
    router.finalize()
    get = router.get

    def run(method: str, paths: list[Any]) -> None:
        for path in paths:
            try:
                _route, _handler, _params = get(path, method)
            except (NotFound, NoMethod):
                pass

    def params(method: str, path: str) -> dict[str, Any] | None:
        try:
            return get(path, method)[2]  # type: ignore[no-any-return]
        except (NotFound, NoMethod):
            return None

    return plain, run, params


class Resource:
    def on_get(self, request: Any, response: Any, **params: Any) -> None: ...

    on_post = on_get


def falcon(routes: list[str]) -> Run:
    router = CompiledRouter()
    for pattern in routes:
        router.add_route(braces(pattern), Resource())
    router.find("/")  # compiles
    find = router.find

    def run(method: str, paths: list[Any]) -> None:
        for path in paths:
            found = find(unquote(path) if "%" in path else path)
            if found is not None:
                _resource, methods, _params, _template = found
                _handler = methods.get(method)

    def params(method: str, path: str) -> dict[str, Any] | None:
        found = find(path)
        return found[2] if found is not None and method in METHODS else None

    return plain, run, params


async def endpoint(request: Any) -> Any: ...


def starlette(routes: list[str]) -> Run:
    table = [Route(braces(pattern), endpoint, methods=list(METHODS)) for pattern in routes]

    def make(method: str, paths: list[str]) -> list[Any]:
        return [{"type": "http", "path": path, "method": method} for path in paths]

    def run(method: str, scopes: list[Any]) -> None:
        for scope in scopes:
            if "%" in scope["path"]:
                scope["path"] = unquote(scope["path"])
            for route in table:
                match, child = route.matches(scope)
                if match is Match.FULL:
                    _handler, _params = child["endpoint"], child["path_params"]
                    break

    def params(_method: str, scope: Any) -> dict[str, Any] | None:
        for route in table:
            match, child = route.matches(scope)
            if match is Match.FULL:
                return child["path_params"]  # type: ignore[no-any-return]
        return None

    return make, run, params


CONTENDERS = {"headrace": headrace, "sanic": sanic, "falcon": falcon, "starlette": starlette}
PEERS = ("sanic", "falcon", "starlette")


def cases(routes: list[str]) -> dict[str, tuple[str, list[str]]]:
    """Name → method and patterns to ask for."""
    found: dict[str, tuple[str, list[str]]] = {}
    for kind, dynamic in (("static", False), ("dynamic", True)):
        some = [pattern for pattern in routes if ("<" in pattern) is dynamic]
        found[f"{kind}, first"] = "GET", some[:1]
        found[f"{kind}, middle"] = "GET", [some[len(some) // 2]]
        found[f"{kind}, last"] = "GET", some[-1:]
        found[f"{kind}, spread"] = "GET", [some[len(some) * n // 10] for n in range(10)]
    found["no such path"] = "GET", ["/none/<id:int>", "/repos/<owner>/<repo>/none/<id:int>"]
    found["not this method"] = "PUT", ["/repos/<owner>/<repo>/issues/<number:int>"]
    return found


def paths(patterns: list[str], count: int) -> list[str]:
    """So many new strings for these patterns, no two with the same values."""
    texts = []
    for number in range(count):
        pattern = patterns[number % len(patterns)]
        values = re.sub("<[^>]*>", lambda found: VALUES.get(found[0], "name-{i}"), pattern)
        texts.append(values.format(i=number + 1))
    return texts


def test_all_give_the_same_answers() -> None:
    routes = patterns(100)
    built = [build(routes) for build in CONTENDERS.values()]
    for case, (method, asked) in cases(routes).items():
        for path in paths(asked, 20):
            answers = [params(method, make(method, [path])[0]) for make, _run, params in built]
            assert answers == answers[:1] * len(built), path
            assert (answers[0] is None) is (case in ("no such path", "not this method")), path


@pytest.fixture(scope="module")
def best(request: pytest.FixtureRequest) -> Iterator[dict[tuple[int, str, str], float]]:
    """The best time per call by size, case and contender; tables are written at the end."""
    found: dict[tuple[int, str, str], float] = {}
    yield found
    with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
        report(found)


def report(best: dict[tuple[int, str, str], float]) -> None:
    print(f"\n\n{'routes':>7}  {'':16} {'headrace':>9}" + "".join(f"{p:>11}" for p in PEERS))
    for size, case in dict.fromkeys((size, case) for size, case, _ in best):
        ours = best[size, case, "headrace"]
        ratios = "".join(f"{best[size, case, peer] / ours:10.2f}x" for peer in PEERS)
        print(f"{size:7}  {case:16} {ours * 1e9:6.0f} ns{ratios}")
    print("\ntargets: sanic, falcon >= 1 on static and dynamic; starlette >= 10 at 1,000")
    if {SIZES[0], SIZES[-1]} <= {size for size, _, _ in best}:
        for kind in ("static", "dynamic"):
            few, many = (best[n, f"{kind}, spread", "headrace"] for n in (SIZES[0], SIZES[-1]))
            print(
                f"{kind}: {SIZES[-1]:,} routes cost {many / few:.2f} times as much as 10 (<= 1.5)"
            )


@pytest.mark.parametrize("size", SIZES)
def test_size(size: int, benchmark: Any, best: dict[tuple[int, str, str], float]) -> None:
    routes = patterns(size)
    built = {name: build(routes) for name, build in CONTENDERS.items()}
    # Starlette's time grows with the routes; a round of it is kept short.
    counts = {"starlette": max(10, 20_000 // size // 10 * 10 if size < 2000 else 0)}

    def one_round() -> None:
        for case, (method, asked) in cases(routes).items():
            for name, (make, run, _params) in built.items():
                count = min(100, counts.get(name, 100))
                inputs = make(method, paths(asked, count))
                run(method, make(method, paths(asked, 10)))
                start = process_time()
                run(method, inputs)
                taken = (process_time() - start) / count
                key = size, case, name
                best[key] = min(best.get(key, taken), taken)

    benchmark.pedantic(one_round, rounds=60 if size < 2000 else 12, warmup_rounds=1)
    assert all(best[size, case, name] > 0 for case in cases(routes) for name in built)
