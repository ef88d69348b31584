"""Headless Chromium: fetch and EventSource in a page, driven by playwright."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ._client import PATIENCE, Broken, program

if TYPE_CHECKING:
    from playwright.async_api import Page

    from ._aside import Aside

SCRIPT = Path(__file__).with_name("fetch.mjs").read_text()
CHROMIUM_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]


def chromium() -> str:
    """Return the path of the browser.

    Raises:
        NotInstalled: there is none.
    """
    return program("chromium", "chromium-browser", "google-chrome")


class Browser:
    """A browser with one page that stay open for many tests: starting one takes a second."""

    def __init__(self, aside: Aside) -> None:
        self.aside = aside
        self._path = chromium()
        self._stack = contextlib.AsyncExitStack()
        aside.run(self._start())

    async def _start(self) -> None:
        from playwright.async_api import async_playwright

        playwright = await self._stack.enter_async_context(async_playwright())
        self._browser = await playwright.chromium.launch(
            executable_path=self._path, args=CHROMIUM_FLAGS
        )
        self._stack.push_async_callback(self._browser.close)
        self._page = await self._browser.new_page()
        self._page.set_default_timeout(PATIENCE * 1000)

    def close(self) -> None:
        self.aside.run(self._stack.aclose())

    async def open(self, url: str) -> Page:
        """Give the page, opened on this server, with the verbs of the script."""
        origin = f"http://{urlsplit(url).netloc}/"
        if self._page.url != origin:
            await self._page.goto(origin)
            await self._page.evaluate(SCRIPT)
        return self._page


class PageVisit:
    """A request that a page makes; ``leave`` evaluates what ends it."""

    def __init__(self, aside: Aside, page: Page, end: str) -> None:
        self._aside = aside
        self.page = page
        self._end = end

    def leave(self) -> float:
        left: float = self._aside.run(self._leave())
        return left

    async def _leave(self) -> float:
        left = time.monotonic()
        await self.page.evaluate(self._end)
        return left


class ChromiumClient:
    """fetch and EventSource. Over HTTP/1.1 a page can neither upload a stream nor read trailers."""

    def __init__(self, browser: Browser) -> None:
        self._aside = browser.aside
        self._browser = browser

    def upload(self, url: str, size: int, *, chunked: bool) -> tuple[int, str]:
        assert not chunked
        status, text = self._ask("([url, size]) => peer.upload(url, size, false)", url, size)
        return status, text

    def download(self, url: str) -> tuple[int, str]:
        size, digest = self._ask("([url]) => peer.download(url)", url)
        return size, digest

    def _ask(self, script: str, url: str, *arguments: object) -> Any:
        from playwright.async_api import Error

        async def ask() -> Any:
            page = await self._browser.open(url)
            try:
                return await page.evaluate(script, [url, *arguments])
            except Error as error:
                raise Broken(error.message) from error

        return self._aside.run(ask())

    def begin(self, url: str) -> PageVisit:
        start = """([url]) => {
            window.controller = new AbortController();
            peer.download(url, controller.signal).catch(() => {});
        }"""
        return self._begin(url, start, "controller.abort()")

    def begin_events(self, url: str) -> PageVisit:
        """Listen with EventSource in the background; ``events`` tells what came."""
        start = """([url]) => {
            window.seen = [];
            window.source = new EventSource(url);
            source.onmessage = (event) => seen.push([event.lastEventId, event.data]);
            source.onerror = () => seen.push(["error", String(source.readyState)]);
        }"""
        return self._begin(url, start, "source.close()")

    def step(self, visit: PageVisit, url: str, word: str) -> None:
        """POST a word from the page."""
        script = "([url, body]) => fetch(url, { method: 'POST', body }).then(() => null)"
        self._aside.run(visit.page.evaluate(script, [url, word]))

    def _begin(self, url: str, start: str, end: str) -> PageVisit:
        async def begin() -> PageVisit:
            page = await self._browser.open(url)
            await page.evaluate(start, [url])
            return PageVisit(self._aside, page, end)

        return self._aside.run(begin())

    def events(self, visit: PageVisit, count: int) -> list[list[str]]:
        """Wait until that many came, errors included; return identifiers and data."""

        async def wait() -> list[list[str]]:
            await visit.page.wait_for_function("(count) => seen.length >= count", arg=count)
            seen: list[list[str]] = await visit.page.evaluate("seen")
            return seen

        return self._aside.run(wait())
