"""A server whose handlers keep a diary, and each proxy in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.peers import (
    Aside,
    CurlClient,
    Diary,
    HttpClient,
    Node,
    NodeHttp,
    NotInstalled,
    Proxy,
    exchanges,
)

Through = Callable[[int], Proxy]


@pytest.fixture(scope="session")
def aside() -> Iterator[Aside]:
    """A loop for origins that no application could be."""
    with Aside() as aside:
        yield aside


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def server(serve: Callable[..., Any], diary: Diary) -> Any:
    """A server that would forgive a silent client for long: what ends, ends for another reason."""
    return serve(exchanges(diary), half_close_grace=60.0)


@pytest.fixture(params=["nginx", "HAProxy", "Caddy"])
def through(
    request: pytest.FixtureRequest, tmp_path: Path, missing: Callable[[str], None]
) -> Iterator[Through]:
    """Put the proxy in front of a port."""
    started: list[Proxy] = []

    def start(upstream: int) -> Proxy:
        try:
            started.append(Proxy(request.param, tmp_path, upstream))
        except NotInstalled as error:
            missing(str(error))
            raise
        return started[-1]

    yield start
    for proxy in started:
        proxy.stop()


@pytest.fixture
def proxy(through: Through, server: Any) -> Proxy:
    """The proxy in front of the server."""
    return through(server.port)


@pytest.fixture
def client() -> HttpClient:
    return HttpClient()


@pytest.fixture
def curl(missing: Callable[[str], None]) -> CurlClient:
    try:
        return CurlClient()
    except NotInstalled as error:
        missing(str(error))
        raise


@pytest.fixture
def node(missing: Callable[[str], None]) -> Iterator[NodeHttp]:
    try:
        node = Node()
    except NotInstalled as error:
        missing(str(error))
        raise
    with node:
        yield NodeHttp(node)
