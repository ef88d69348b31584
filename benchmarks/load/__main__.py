"""Compare servers by work per CPU-second, in turns, each on one core; see ``--help``."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

RESULTS = Path(__file__).parent.parent / "results"
SIZES = {"small": 10 * 2**10, "large": 10 * 2**20}


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="nox -s bench --", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each server")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one measurement")
    parser.add_argument("--workload", action="append", metavar="NAME", help="only this; repeatable")
    parser.add_argument("--peer", action="append", metavar="NAME", help="only this; repeatable")
    parser.add_argument("--quick", action="store_true", help="one short round of small bodies")
    parser.add_argument("--scaling", action="store_true", help="the curves instead of the table")
    parser.add_argument("--connections", type=int, default=5000, help="of the memory workloads")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder for the results")
    parser.add_argument("--list", action="store_true", help="print workloads and servers")
    found = parser.parse_args()
    if found.quick:
        found.rounds, found.seconds, found.connections = 1, 0.5, 500
    return found


def prepare(chosen: argparse.Namespace, folder: str) -> None:
    """Make the files to serve; tell the servers, and our own modules, where they are."""
    for name, size in SIZES.items():
        (Path(folder) / name).write_bytes(os.urandom(size))
    os.environ["BENCH_FILES"] = folder
    # What is installed has its bytecode; without it, start-up would measure Python's compiler.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if chosen.quick:
        os.environ["BENCH_TRANSFER"] = str(8 * 2**20)


def main() -> int:
    """Run what was asked for."""
    chosen = options()
    # So that the servers are stopped as well: a process that is terminated runs no ``finally``.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if shutil.which("wrk") is None:
        print("wrk is missing: apt-get install wrk (or your system's package)", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder:
        prepare(chosen, folder)
        from .suite import run  # only now: what it imports reads the environment

        return run(chosen)


if __name__ == "__main__":
    sys.exit(main())
