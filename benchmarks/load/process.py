"""A server under test: started on a core of its own, its CPU time read, ended with its children."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from .contenders import PEERS, Contender

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
PATIENCE = 20.0
GET = b"GET /plain HTTP/1.1\r\nHost: localhost\r\n\r\n"


class DidNotStart(Exception):
    """A server ended, or did not answer in time; the text is what it printed last."""


class Process:
    """A started contender; ``first_byte`` seconds after its start it began to answer."""

    def __init__(self, contender: Contender, core: int, environment: dict[str, str]) -> None:
        self.name = contender.name
        self.port = free_port()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        settings = {"BENCH_VARIANT": contender.variant, "NODE_ENV": "production"}
        started = time.perf_counter()
        self._process = subprocess.Popen(
            contender.argv(self.port, Path(environment["BENCH_FILES"])),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=PEERS,
            env=os.environ | environment | settings,
            start_new_session=True,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.stop()
            raise
        self.first_byte = time.perf_counter() - started

    def _wait_until_it_answers(self) -> None:
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            if self._process.poll() is not None:
                raise DidNotStart(self.last_words())
            with contextlib.suppress(OSError):
                with socket.create_connection(("127.0.0.1", self.port), 5) as connection:
                    connection.sendall(GET)
                    if connection.recv(1):
                        return
            time.sleep(0.002)
        raise DidNotStart(f"no answer on port {self.port}: {self.last_words()}")

    def last_words(self) -> str:
        """Return the last line that the server printed."""
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "it printed nothing")

    def cpu(self) -> float:
        """Seconds of CPU, user and system, of all its threads and children so far."""
        return sum(seconds_of(pid) for pid in self._pids())

    def resident(self) -> int:
        """Bytes of resident memory of the process and its children."""
        pages = 0
        for pid in self._pids():
            pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * PAGE

    def _pids(self) -> list[int]:
        found, queue = [], [self._process.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            for task in Path(f"/proc/{pid}/task").iterdir():
                with contextlib.suppress(FileNotFoundError):  # a thread that ended meanwhile
                    queue += map(int, (task / "children").read_text().split())
        return found

    def stop(self) -> None:
        """End the process and what it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        self._log.close()


def seconds_of(pid: int) -> float:
    """CPU seconds of one process, its ended threads and its ended children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def free_port() -> int:
    """Return a port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
