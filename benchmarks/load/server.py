"""A server under test: started on a core of its own, its CPU time read, ended with its children."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

APPS = Path(__file__).parent / "apps"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Contender:
    """A server to compare: its name, and the file in ``apps/`` that serves on a given port."""

    name: str
    app: str


class Process:
    """A started contender."""

    def __init__(self, contender: Contender, core: int) -> None:
        self.port = free_port()
        self.started = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, str(APPS / contender.app), str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        self._wait_until_it_answers(contender.name)

    def _wait_until_it_answers(self, name: str) -> None:
        for _ in range(300):
            if self._process.poll() is not None:
                assert self._process.stderr is not None
                raise RuntimeError(f"{name} did not start: {self._process.stderr.read().decode()}")
            with contextlib.suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", "/plain")
                if connection.getresponse().read() == b"Hello, world!":
                    return
            time.sleep(0.1)
        raise RuntimeError(f"{name} does not answer on port {self.port}")

    def cpu(self) -> float:
        """Seconds of CPU that the process and its children have used."""
        return sum(seconds_of(pid) for pid in self._pids())

    def resident(self) -> int:
        """Bytes of resident memory of the process and its children."""
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self._pids())
        return pages * os.sysconf("SC_PAGE_SIZE")

    def _pids(self) -> list[int]:
        found, queue = [], [self._process.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").iterdir():
                queue += map(int, (task / "children").read_text().split())
        return found

    def stop(self) -> None:
        """End the process and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        assert self._process.stderr is not None
        self._process.stderr.close()


def seconds_of(pid: int) -> float:
    """CPU seconds of one process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
