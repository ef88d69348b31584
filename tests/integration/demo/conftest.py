"""The demo as its users start it: a process of its own, with the command that the README tells.

What a test wants to know of the server's inside it reads where a user would, in the page's table.
"""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

FOLDER = Path(__file__).parents[3] / "examples" / "demo"
PATIENCE = 20.0
PRINTED = "http://127.0.0.1:8000"

ROWS = 200_000
"""As in the real demo: more CSV than the buffers between a server and a client hold."""


class Demo:
    """A running demo: its process and what that logs, its address, the folder of its files."""

    def __init__(self, process: subprocess.Popen[str], folder: Path, rows: int) -> None:
        self.process = process
        self.folder = folder
        self.rows = rows
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

    def printed_lines(self) -> list[str]:
        """The command lines of the page, for this server's port."""
        found = re.findall(r'<div class="curl"><code>(.*?)</code>', self.get("/").text)
        return [html.unescape(line).replace(PRINTED, self.url) for line in found]

    def stop(self) -> None:
        """Ask it to stop, as a service manager does, and wait until it has."""
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0


@contextmanager
def run(folder: Path, rows: int = ROWS, **environment: str) -> Iterator[Demo]:
    """Start a demo and kill it in the end; a traceback in its log fails the test."""
    command = [sys.executable, "-m", "headrace", "run", "app:app", "--app-dir", str(FOLDER)]
    settings = {"TMPDIR": str(folder), "HEADRACE_DEMO_ROWS": str(rows), **environment}
    with subprocess.Popen(
        [*command, "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **settings},
    ) as process:
        try:
            demo = Demo(process, folder, rows)
            yield demo
        finally:
            process.kill()
            _, rest = process.communicate(timeout=PATIENCE)
    assert "Traceback" not in demo.log + rest, demo.log + rest


@pytest.fixture
def running() -> Callable[..., AbstractContextManager[Demo]]:
    """``with running(folder, rows=…, VARIABLE=…) as demo`` for a test that needs its own."""
    return run


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Iterator[Demo]:
    """One demo on SQLite for all tests that leave it running."""
    with run(tmp_path_factory.mktemp("demo")) as demo:
        yield demo
