"""Real clients, by name, and a server whose handlers keep a diary."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.peers import (
    AiohttpClient,
    Aside,
    Browser,
    ChromiumClient,
    CurlClient,
    Diary,
    HttpClient,
    HttpxClient,
    Node,
    NodeFetch,
    NodeHttp,
    NotInstalled,
    exchanges,
)


@pytest.fixture(scope="session")
def aside() -> Iterator[Aside]:
    """A loop for clients that are coroutines."""
    with Aside() as aside:
        yield aside


@pytest.fixture(scope="session")
def browser(aside: Aside, missing: Callable[[str], None]) -> Iterator[Browser]:
    try:
        browser = Browser(aside)
    except NotInstalled as error:
        missing(str(error))
        raise
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def node(missing: Callable[[str], None]) -> Iterator[Node]:
    try:
        node = Node()
    except NotInstalled as error:
        missing(str(error))
        raise
    with node:
        yield node


@pytest.fixture
def client(request: pytest.FixtureRequest, missing: Callable[[str], None]) -> Any:
    """The client that the test's parameter names."""
    make: dict[str, Callable[[], Any]] = {
        "curl": CurlClient,
        "http.client": HttpClient,
        "httpx": lambda: HttpxClient(request.getfixturevalue("aside")),
        "aiohttp": lambda: AiohttpClient(request.getfixturevalue("aside")),
        "fetch": lambda: NodeFetch(request.getfixturevalue("node")),
        "node": lambda: NodeHttp(request.getfixturevalue("node")),
        "chromium": lambda: ChromiumClient(request.getfixturevalue("browser")),
    }
    try:
        return make[request.param]()
    except NotInstalled as error:
        missing(str(error))
        raise


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def server(serve: Callable[..., Any], diary: Diary) -> Any:
    """A server that would forgive a silent client for long: what ends, ends for another reason."""
    return serve(exchanges(diary), half_close_grace=60.0)
