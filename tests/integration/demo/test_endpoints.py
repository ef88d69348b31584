"""The demo as its users meet it: in a browser, with curl, and over PostgreSQL.

The server is a process of its own, started with the command that the README tells. What a test
wants to know of its inside it reads where a user would, in the page's table.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import html
import io
import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Locator, Page

DEMO = Path(__file__).parents[2] / "examples" / "demo"
PATIENCE = 20.0
ROWS = 200_000
PRINTED = "http://127.0.0.1:8000"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
]


class Demo:
    """A running demo: its process and what that logs, its address, the folder of its files."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.log = ""
        while "listens on" not in self.log:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert line, f"the demo did not start: {self.log}"
            self.log += line
        self.url = self.log.rpartition(" ")[2].strip()
        self.port = int(self.url.rpartition(":")[2])

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=PATIENCE, trust_env=False)

    def activity(self) -> list[dict[str, Any]]:
        """What the page's table would show now, the newest first."""
        with httpx.stream("GET", f"{self.url}/activity", trust_env=False) as answer:
            first = next(answer.iter_lines())
        shown: list[dict[str, Any]] = json.loads(first.removeprefix("data: "))
        return shown

    def stop(self) -> None:
        """Ask it to stop, as a service manager does, and wait until it has."""
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0


@contextmanager
def running(folder: Path, rows: int = ROWS, **environment: str) -> Iterator[Demo]:
    """Start a demo; its failure to end without a traceback in its log fails the test."""
    command = [sys.executable, "-m", "headrace", "run", "app:app", "--app-dir", str(DEMO)]
    settings = {"TMPDIR": str(folder), "HEADRACE_DEMO_ROWS": str(rows), **environment}
    with subprocess.Popen(
        [*command, "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **settings},
    ) as process:
        try:
            demo = Demo(process, folder)
            yield demo
        finally:
            process.kill()
            _, rest = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in demo.log + rest, demo.log + rest


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Iterator[Demo]:
    """One demo on SQLite for all tests that leave it running."""
    with running(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


def eventually(found: Callable[[], Any]) -> Any:
    """Ask until the answer is true; return it, or the last one."""
    end = time.monotonic() + PATIENCE
    while not (answer := found()) and time.monotonic() < end:
        time.sleep(0.02)
    return answer


def as_csv(rows: list[tuple[Any, ...]]) -> str:
    columns = ("id", "seen_at", "bird", "place", "count", "note")
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([columns, *rows])
    return text.getvalue()


def stored(demo: Demo) -> list[tuple[Any, ...]]:
    """The rows of the demo's own SQLite database."""
    (path,) = demo.folder.glob("*/birds.sqlite")
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT * FROM sightings ORDER BY id").fetchall()
    connection.close()
    return rows


# Without a browser.


def test_the_csv_is_the_database(demo):
    answer = demo.get("/birds.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = stored(demo)
    assert len(rows) == ROWS
    assert answer.text == as_csv(rows)


def test_it_reads_no_faster_than_its_client_and_stops_with_it(demo):
    with socket.create_connection(("127.0.0.1", demo.port), PATIENCE) as client:
        client.sendall(b"GET /birds.csv HTTP/1.1\r\nHost: demo\r\n\r\n")
        client.recv(1000)
        mine = demo.activity()[0]
        assert (mine["kind"], mine["state"]) == ("CSV from SQLite", "running")
    left = eventually(lambda: (now := demo.activity()[0])["state"] == "stopped" and now)
    assert left["id"] == mine["id"]
    assert mine["amount"] <= left["amount"] < ROWS


def test_the_temporary_database_goes_with_the_server(tmp_path):
    with running(tmp_path, rows=10) as demo:
        assert len(stored(demo)) == 10
        demo.stop()
        assert list(tmp_path.iterdir()) == []


def test_a_bad_pause_is_refused(demo):
    answer = httpx.post(f"{demo.url}/echo?pause=soon", content=b"a", trust_env=False)
    assert (answer.status_code, answer.text[:5]) == (400, "pause")


def test_the_page_takes_nothing_from_elsewhere(demo):
    answer = demo.get("/")
    assert answer.headers["content-security-policy"] == "default-src 'self'; img-src data:"
    assert not re.findall(r'(?:src|href)="(?!/|data:)[^"]*"', answer.text)


def printed_lines(demo: Demo) -> list[str]:
    """The command lines of the page, for this server's port."""
    found = re.findall(r'<div class="curl"><code>(.*?)</code>', demo.get("/").text)
    return [html.unescape(line).replace(PRINTED, demo.url) for line in found]


@pytest.fixture
def shell(missing, tmp_path) -> Callable[[str], bytes]:
    """Run a line as it is printed; return what it writes."""
    if shutil.which("curl") is None:
        missing("curl is not installed")

    def run(line: str) -> bytes:
        done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_the_curl_lines_work_as_printed(shell, tmp_path):
    with running(tmp_path, rows=20_000) as demo:
        lines = printed_lines(demo)
        with ThreadPoolExecutor(len(lines)) as pool:
            shown, limited, hashed, piped, echoed = pool.map(shell, lines)
        expected = demo.get("/birds.csv").content
    assert shown == expected
    assert limited == b""
    assert (tmp_path / "birds.csv").read_bytes() == expected
    assert json.loads(hashed)["bytes"] == 100_000_000
    assert json.loads(piped)["sha256"] == hashlib.sha256(expected).hexdigest()
    assert echoed == b"LINE ONE\nLINE TWO\nLINE THREE\n"


def test_curl_gets_the_echo_while_it_still_sends(demo, shell):
    line = next(line for line in printed_lines(demo) if line.endswith("/echo"))
    curl = line.rpartition("|")[2].split()
    with subprocess.Popen(
        [*curl, "-s"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for word in (b"first\n", "größer\n".encode()):
            process.stdin.write(word)
            assert process.stdout.readline() == word.decode().upper().encode()
        process.stdin.close()
        assert process.stdout.readline() == b""
    assert process.returncode == 0


# Over PostgreSQL.


def query(dsn: str, sql: str) -> list[tuple[Any, ...]]:
    """Ask the database, in a thread: playwright has a loop of its own in this one."""
    import asyncpg

    async def ask() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(dsn)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, ask()).result(PATIENCE)


READERS = "SELECT pid FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"


def test_postgres_makes_its_table_once_and_streams_it(postgres_dsn, tmp_path):
    for asked in (3_000, 10):
        with running(tmp_path, asked, HEADRACE_DEMO_DSN=postgres_dsn) as demo:
            answer = demo.get("/birds.csv")
            assert demo.activity()[0]["kind"] == "CSV from PostgreSQL"
            demo.stop()
        rows = query(postgres_dsn, "SELECT * FROM headrace_demo_birds ORDER BY id")
        assert len(rows) == 3_000
        assert answer.text == as_csv(rows)
    query(postgres_dsn, "DROP TABLE headrace_demo_birds")


def test_a_client_that_leaves_ends_the_postgres_transaction(postgres_dsn, tmp_path):
    with running(tmp_path, HEADRACE_DEMO_DSN=postgres_dsn) as demo:
        with socket.create_connection(("127.0.0.1", demo.port), PATIENCE) as client:
            client.sendall(b"GET /birds.csv HTTP/1.1\r\nHost: demo\r\n\r\n")
            client.recv(1000)
            assert len(eventually(lambda: query(postgres_dsn, READERS))) == 1
        assert eventually(lambda: demo.activity()[0]["state"] == "stopped")
        assert query(postgres_dsn, READERS) == []
        assert 0 < demo.activity()[0]["amount"] < ROWS
        demo.stop()
    query(postgres_dsn, "DROP TABLE headrace_demo_birds")


def test_a_database_that_does_not_answer_is_told_in_a_line():
    command = [sys.executable, "-m", "headrace", "run", "app:app", "--app-dir", str(DEMO)]
    wrong = {"HEADRACE_DEMO_DSN": "postgresql://nobody@127.0.0.1:1/nothing"}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE, env={**os.environ, **wrong}
    )
    assert done.returncode == 1
    assert done.stderr.startswith("HEADRACE_DEMO_DSN leads to no database: ")
    assert len(done.stderr.splitlines()) == 1


# In a browser.


@pytest.fixture(scope="module")
def browser(missing) -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        missing("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Browser, demo: Demo, **settings: Any) -> Iterator[tuple[Page, list[str]]]:
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
    assert number(status(page, "Stream a CSV", r"Complete: ([\d,]+) rows")) == ROWS
    assert number(figure(page, "Stream a CSV", "Rows here").inner_text()) == ROWS
    grown = [number(shown) for shown in seen()]
    assert len(set(grown)) > 3
    assert grown == sorted(grown)
    size = len(demo.get("/birds.csv").content)
    assert figure(page, "Stream a CSV", "Bytes here").inner_text() == f"{size / 1e6:.1f} MB"
    assert page.get_by_label("Latest rows").inner_text().splitlines()[-1].startswith(f"{ROWS},")


def test_cancelling_a_csv_stops_the_server_reading(page):
    page.get_by_label("Read", exact=True).select_option("at 1 MB/s")
    button(page, "Stream").click()
    begun(page, "Stream a CSV", "Rows here")
    button(panel(page, "Stream a CSV"), "Cancel").click()
    here = number(status(page, "Stream a CSV", r"Cancelled after ([\d,]+) rows"))
    request, amount, _ = newest(page, "stopped")
    assert "CSV from SQLite" in request
    assert here <= number(amount.removesuffix(" rows")) < ROWS
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
        for line in printed_lines(demo):
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


def test_a_server_that_goes_away_is_told(browser, tmp_path):
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
        page.get_by_label("File", exact=True).set_input_files(DEMO / "app.py")
        button(page, "Upload").click()
        assert status(page, "Upload a file", r"Failed after 0 B: the upload (was cut off)")
