"""The demo's page in a real browser, used as people use it: by labels, buttons and what shows."""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from tests.peers import CHROMIUM_FLAGS, NotInstalled, chromium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Locator, Page

PATIENCE = 20.0


@pytest.fixture(scope="module")
def browser(missing) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    try:
        found = chromium()
    except NotInstalled as error:
        missing(str(error))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, demo: Any, **settings: Any) -> Iterator[tuple[Page, list[str]]]:
    """Open the page; also give what the console complains about."""
    complaints: list[str] = []
    context = browser.new_context(**settings)
    context.set_default_timeout(PATIENCE * 1000)
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(demo.url)
    yield page, complaints
    context.close()


@pytest.fixture
def page(browser, demo) -> Iterator[Page]:
    with opened(browser, demo) as (page, complaints):
        yield page
    assert complaints == []


def panel(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def status(page: Page, name: str, pattern: str) -> str:
    """Wait for a status line; return what the groups of its pattern matched."""
    line = panel(page, name).get_by_role("status").filter(has_text=re.compile(pattern))
    found = re.search(pattern, line.inner_text())
    assert found is not None
    return found[1]


def figure(page: Page, name: str, label: str) -> Locator:
    """One of the numbers in a panel."""
    return panel(page, name).locator("dl > div").filter(has_text=label).locator("dd")


def begun(page: Page, name: str, label: str) -> None:
    """Wait until a number is more than nothing."""
    figure(page, name, label).filter(has_text=re.compile("[1-9]")).wait_for()


def button(where: Page | Locator, name: str) -> Locator:
    return where.get_by_role("button", name=name, exact=True)


def number(text: str) -> int:
    return int(text.replace(",", ""))


def newest(page: Page, state: str) -> list[str]:
    """Wait until the newest row of the server's table has this state; return its cells."""
    row = panel(page, "On the server").locator("tbody tr").first
    row.locator("td.state", has_text=state).wait_for()
    cells: list[str] = row.locator("td").all_inner_texts()
    return cells


def record(page: Page, element: str) -> Callable[[], list[str]]:
    """Note what an element shows from now on; call the result to learn it."""
    page.evaluate(
        """(element) => {
            window.seen = [];
            const watched = document.getElementById(element);
            const note = () => window.seen.push(watched.textContent);
            new MutationObserver(note).observe(watched, { childList: true });
        }""",
        element,
    )
    return lambda: page.evaluate("window.seen")


def test_a_csv_arrives_in_the_page(page, demo):
    seen = record(page, "csv-rows")
    button(page, "Stream").click()
    assert number(status(page, "Stream a CSV", r"Complete: ([\d,]+) rows")) == demo.rows
    assert number(figure(page, "Stream a CSV", "Rows here").inner_text()) == demo.rows
    grown = [number(shown) for shown in seen()]
    assert len(set(grown)) > 3
    assert grown == sorted(grown)
    size = len(demo.get("/birds.csv").content)
    assert figure(page, "Stream a CSV", "Bytes here").inner_text() == f"{size / 1e6:.1f} MB"
    assert (
        page.get_by_label("Latest rows").inner_text().splitlines()[-1].startswith(f"{demo.rows},")
    )


def test_cancelling_a_csv_stops_the_server_reading(page, demo):
    page.get_by_label("Read", exact=True).select_option("at 1 MB/s")
    button(page, "Stream").click()
    begun(page, "Stream a CSV", "Rows here")
    button(panel(page, "Stream a CSV"), "Cancel").click()
    here = number(status(page, "Stream a CSV", r"Cancelled after ([\d,]+) rows"))
    request, amount, _ = newest(page, "stopped")
    assert "CSV from SQLite" in request
    assert here <= number(amount.removesuffix(" rows")) < demo.rows
    assert button(page, "Stream").is_enabled()


def test_an_upload_is_hashed(page, tmp_path):
    data = os.urandom(8_000_000)
    (tmp_path / "noise").write_bytes(data)
    page.get_by_label("File", exact=True).set_input_files(tmp_path / "noise")
    button(page, "Upload").click()
    assert number(status(page, "Upload a file", r"Complete: ([\d,]+) bytes")) == len(data)
    assert page.locator("#upload-hash").inner_text() == hashlib.sha256(data).hexdigest()
    assert figure(page, "Upload a file", "Hashed by the server").inner_text() == "8.0 MB"
    assert page.get_by_role("progressbar", name="Sent").evaluate("bar => bar.value") == 1


def test_an_upload_wants_a_file(page):
    button(page, "Upload").click()
    assert page.locator("#upload-file:invalid").count() == 1
    assert button(page, "Upload").is_enabled()


def test_cancelling_an_upload_stops_it(page, tmp_path):
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(20_000_000_000)
    page.get_by_label("File", exact=True).set_input_files(tmp_path / "huge")
    button(page, "Upload").click()
    begun(page, "Upload a file", "Sent")
    button(panel(page, "Upload a file"), "Cancel").click()
    assert status(page, "Upload a file", r"Cancelled after (.* [MG]B)")
    assert "upload" in newest(page, "stopped")[0]


def test_the_echo_grows(page):
    seen = record(page, "echo-answer")
    page.get_by_label("Text").fill("straße\nzwei\ndrei")
    button(page, "Send").click()
    assert status(page, "Duplex echo", r"Complete: (\d+) characters") == "17"
    assert seen() == ["", "STRASSE\n", "STRASSE\nZWEI\n", "STRASSE\nZWEI\nDREI"]


def test_the_echo_can_be_cancelled(page):
    button(page, "Send").click()
    page.get_by_label("The answer").get_by_text("A HEADRACE").wait_for()
    button(panel(page, "Duplex echo"), "Cancel").click()
    assert number(status(page, "Duplex echo", r"Cancelled after (\d+) characters")) >= 39
    assert "echo" in newest(page, "stopped")[0]


def test_a_refusal_is_shown(browser, demo):
    with opened(browser, demo) as (page, complaints):
        page.route("**/echo*", lambda route: route.continue_(url=f"{demo.url}/echo?pause=99999"))
        button(page, "Send").click()
        assert "pause is a number" in status(page, "Duplex echo", r"the server answered 400: (.*)")
    assert len(complaints) == 1  # the browser's own, about the 400


def test_a_line_is_copied(browser, demo):
    permissions = ["clipboard-read", "clipboard-write"]
    with opened(browser, demo, permissions=permissions) as (page, complaints):
        for line in demo.printed_lines():
            page.get_by_role("button", name=f"Copy: {line}", exact=True).click()
            page.get_by_text("Copied").first.wait_for()
            assert page.evaluate("navigator.clipboard.readText()") == line
    assert complaints == []


def test_nothing_is_cut_off_on_a_phone(browser, demo):
    phone = {"width": 320, "height": 640}
    with opened(browser, demo, viewport=phone, color_scheme="dark") as (page, complaints):
        page.get_by_label("line by line, slowly").uncheck()
        button(page, "Send").click()
        newest(page, "done")
        assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert complaints == []


def test_a_server_that_goes_away_is_told(browser, running, tmp_path):
    with running(tmp_path) as demo, opened(browser, demo) as (page, _):
        assert page.get_by_role("alert").is_hidden()
        page.get_by_label("Read", exact=True).select_option("at 1 MB/s")
        button(page, "Stream").click()
        begun(page, "Stream a CSV", "Rows here")
        demo.process.kill()
        page.get_by_role("alert").wait_for()
        assert "does not answer" in page.get_by_role("alert").inner_text()
        page.get_by_label("Read", exact=True).select_option("as fast as it comes")
        here = number(status(page, "Stream a CSV", r"Failed after ([\d,]+) rows"))
        assert here == number(figure(page, "Stream a CSV", "Rows here").inner_text())
        broke = status(page, "Stream a CSV", r"Failed after .* rows: (.*)")
        assert broke == "the connection to the server broke, or there is none."
        page.get_by_label("File", exact=True).set_input_files(__file__)
        button(page, "Upload").click()
        assert status(page, "Upload a file", r"Failed after 0 B: the upload (was cut off)")
