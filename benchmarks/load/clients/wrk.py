"""wrk, for everything that is one request and one answer of moderate size."""

from __future__ import annotations

import math
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

from . import Load, NoAnswer, WrongAnswer

SCRIPT = Path(__file__).parent / "wrk.lua"
FACTOR = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0, "h": 3_600_000.0}


class Wrk:
    """Runs wrk.

    Args:
        port: of the server.
        path: what is asked for.
        connections: how many at once.
        headers: lines to send.
        body: of a POST; None sends GETs.
        depth: requests that are sent in one go.
        worth: amount that one answer counts for.
    """

    def __init__(
        self,
        port: int,
        path: str,
        connections: int = 64,
        headers: tuple[str, ...] = (),
        body: str | None = None,
        depth: int = 1,
        worth: float = 1,
    ) -> None:
        self._command = ["wrk", "-t1", f"-c{connections}", "-d600s", "--latency", "--timeout=60s"]
        for line in headers:
            self._command += ["-H", line]
        if body is not None or depth > 1:
            self._command.append(f"--script={SCRIPT}")
        self._command += [f"http://127.0.0.1:{port}{path}", "--", str(depth), body or ""]
        self._worth = worth
        self._depth = depth

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    def run(self, seconds: float) -> Load:
        """Load the server for so long: an interrupt ends wrk, as it takes whole seconds only."""
        process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=60)
        counted = re.search(r"(\d+) requests in ([\d.]+)(\w+),", told)
        quantiles = dict(re.findall(r"^\s+(50|99)%\s+([\d.]+\w+)", told, re.MULTILINE))
        if "Non-2xx" in told or "Socket errors" in told:
            lines = [line for line in told.splitlines() if "Non-2xx" in line or "errors" in line]
            raise WrongAnswer("; ".join(map(str.strip, lines)))
        if counted is None or not int(counted[1]):
            raise NoAnswer(f"no answer in {seconds:g} s")
        took = float(counted[2]) * FACTOR[counted[3]] / 1000
        p50, p99 = (milliseconds(quantiles[share]) for share in ("50", "99"))
        if self._depth > 1:
            p50 = p99 = math.nan  # wrk corrects them by the pace of single requests, to nonsense
        return Load(int(counted[1]) * self._worth, took, p50, p99)


def milliseconds(text: str) -> float:
    """Read one of wrk's durations."""
    number, unit = re.fullmatch(r"([\d.]+)(\w+)", text).groups()  # type: ignore[union-attr]
    return float(number) * FACTOR[unit]
