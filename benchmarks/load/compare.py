"""Compare servers by requests per CPU-second, in turns, each on one core; see ``--help``."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from server import Contender, Process

RESULTS = Path(__file__).parent.parent / "results"
CONTENDERS = (Contender("headrace", "headrace_app.py"), Contender("sanic", "sanic_app.py"))
REFERENCE = "sanic"


@dataclass(frozen=True)
class Workload:
    """What is asked for, by how many connections at once."""

    name: str
    path: str
    connections: int
    text: str


WORKLOADS = (
    Workload("plain", "/plain", 64, "plain GET, one header"),
    Workload("chunks", "/chunks", 16, "1,000 chunks of 32 bytes from an always-ready producer"),
)


@dataclass(frozen=True)
class Round:
    """One measurement. Latencies in milliseconds."""

    server: str
    workload: str
    requests: int
    seconds: float
    cpu_seconds: float
    p50: float
    p99: float
    resident: int

    @property
    def per_cpu_second(self) -> float:
        return self.requests / self.cpu_seconds


def load(workload: Workload, port: int, seconds: int, core: int) -> tuple[int, float, float, float]:
    """Run wrk; return requests, seconds, and the median and 99th percentile of the latency."""
    command = ["wrk", "-t1", f"-c{workload.connections}", f"-d{seconds}s", "--latency"]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{workload.path}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 60,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    ).stdout
    if "Non-2xx" in done or "Socket errors" in done:
        raise RuntimeError(f"{workload.name}: not every answer was good:\n{done}")
    count, took, unit = re.search(r"(\d+) requests in ([\d.]+)(m?s)", done).groups()
    quantiles = dict(re.findall(r"^\s+(50|99)%\s+([\d.]+\w+)", done, re.MULTILINE))
    took_seconds = float(took) / (1000 if unit == "ms" else 1)
    return int(count), took_seconds, milliseconds(quantiles["50"]), milliseconds(quantiles["99"])


def milliseconds(text: str) -> float:
    """Read one of wrk's durations."""
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def measure(contender: Contender, workload: Workload, seconds: int, cores: list[int]) -> Round:
    """Start a server, warm it up, measure it, stop it."""
    process = Process(contender, cores[0])
    try:
        load(workload, process.port, 1, cores[-1])
        before = process.cpu()
        requests, took, p50, p99 = load(workload, process.port, seconds, cores[-1])
        used = process.cpu() - before
        resident = process.resident()
    finally:
        process.stop()
    return Round(contender.name, workload.name, requests, took, used, p50, p99, resident)


def table(rounds: list[Round]) -> str:
    """Return the medians as Markdown."""
    lines = []
    for workload in WORKLOADS:
        of_it = [each for each in rounds if each.workload == workload.name]
        if not of_it:
            continue
        lines += [
            f"### {workload.text}",
            "",
            f"| server | requests per CPU-second | of {REFERENCE}'s | requests/s "
            "| p50 ms | p99 ms | MiB |",
            "|---|--:|--:|--:|--:|--:|--:|",
        ]
        base = median(of_it, REFERENCE, "per_cpu_second")
        for contender in CONTENDERS:
            name = contender.name
            speed = median(of_it, name, "per_cpu_second")
            through = statistics.median(
                each.requests / each.seconds for each in of_it if each.server == name
            )
            lines.append(
                f"| {name} | {speed:,.0f} | {speed / base:.2f} | {through:,.0f} "
                f"| {median(of_it, name, 'p50'):.2f} | {median(of_it, name, 'p99'):.2f} "
                f"| {median(of_it, name, 'resident') / 2**20:.0f} |"
            )
        lines.append("")
    return "\n".join(lines)


def median(rounds: list[Round], server: str, figure: str) -> float:
    """Return the median of a figure over a server's rounds."""
    return statistics.median(getattr(each, figure) for each in rounds if each.server == server)


def main() -> int:
    """Run the comparison."""
    names = [each.name for each in WORKLOADS]
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds, each with every server")
    parser.add_argument("--seconds", type=int, default=3, help="length of one measurement")
    parser.add_argument("--only", choices=names, help="one workload")
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        print("wrk is missing: apt-get install wrk (or your system's package)", file=sys.stderr)
        return 1
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        print("one core only: the load generator takes CPU from the server", file=sys.stderr)
    rounds = []
    for workload in WORKLOADS:
        if options.only in (None, workload.name):
            for number in range(options.rounds):
                for contender in CONTENDERS:
                    one = measure(contender, workload, options.seconds, cores)
                    rounds.append(one)
                    print(
                        f"{workload.name} {number + 1}/{options.rounds} {one.server}: "
                        f"{one.per_cpu_second:,.0f} requests per CPU-second",
                        file=sys.stderr,
                    )
    text = table(rounds)
    print(text)
    RESULTS.mkdir(exist_ok=True)
    versions = {each.name: version(each.name) for each in CONTENDERS}
    result = {
        "python": sys.version.split()[0],
        "versions": versions,
        "rounds": [asdict(each) for each in rounds],
    }
    (RESULTS / "load.json").write_text(json.dumps(result, indent=1) + "\n")
    (RESULTS / "load.md").write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
