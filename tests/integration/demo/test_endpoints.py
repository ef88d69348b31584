"""The demo without a browser: its endpoints, its curl lines, its two databases."""

from __future__ import annotations

import asyncio
import csv
import hashlib
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
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

DEMO = Path(__file__).parents[3] / "examples" / "demo"
PATIENCE = 20.0


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


def stored(demo) -> list[tuple[Any, ...]]:
    """The rows of the demo's own SQLite database."""
    (path,) = demo.folder.glob("*/birds.sqlite")
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT * FROM sightings ORDER BY id").fetchall()
    connection.close()
    return rows


def test_the_csv_is_the_database(demo):
    answer = demo.get("/birds.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = stored(demo)
    assert len(rows) == demo.rows
    assert answer.text == as_csv(rows)


def test_it_reads_no_faster_than_its_client_and_stops_with_it(demo):
    with socket.create_connection(("127.0.0.1", demo.port), PATIENCE) as client:
        client.sendall(b"GET /birds.csv HTTP/1.1\r\nHost: demo\r\n\r\n")
        client.recv(1000)
        mine = demo.activity()[0]
        assert (mine["kind"], mine["state"]) == ("CSV from SQLite", "running")
    left = eventually(lambda: (now := demo.activity()[0])["state"] == "stopped" and now)
    assert left["id"] == mine["id"]
    assert mine["amount"] <= left["amount"] < demo.rows


def test_the_temporary_database_goes_with_the_server(running, tmp_path):
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


def test_the_curl_lines_work_as_printed(running, shell, tmp_path):
    with running(tmp_path, rows=20_000) as demo:
        lines = demo.printed_lines()
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
    line = next(line for line in demo.printed_lines() if line.endswith("/echo"))
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


def test_postgres_makes_its_table_once_and_streams_it(running, postgres_dsn, tmp_path):
    for asked in (3_000, 10):
        with running(tmp_path, asked, HEADRACE_DEMO_DSN=postgres_dsn) as demo:
            answer = demo.get("/birds.csv")
            assert demo.activity()[0]["kind"] == "CSV from PostgreSQL"
            demo.stop()
        rows = query(postgres_dsn, "SELECT * FROM headrace_demo_birds ORDER BY id")
        assert len(rows) == 3_000
        assert answer.text == as_csv(rows)
    query(postgres_dsn, "DROP TABLE headrace_demo_birds")


def test_a_client_that_leaves_ends_the_postgres_transaction(running, postgres_dsn, tmp_path):
    with running(tmp_path, HEADRACE_DEMO_DSN=postgres_dsn) as demo:
        with socket.create_connection(("127.0.0.1", demo.port), PATIENCE) as client:
            client.sendall(b"GET /birds.csv HTTP/1.1\r\nHost: demo\r\n\r\n")
            received = 0
            while received < 2_000:  # the head, and some rows
                received += len(client.recv(1000))
            assert len(eventually(lambda: query(postgres_dsn, READERS))) == 1
        assert eventually(lambda: demo.activity()[0]["state"] == "stopped")
        assert query(postgres_dsn, READERS) == []
        assert 0 < demo.activity()[0]["amount"] < demo.rows
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
