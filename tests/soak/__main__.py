"""``python -m tests.soak --seconds 3600``, from the root of the repository."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
import time

from tests.faults import room_for_descriptors

from ._run import soak

ROUND = 300.0
"""Seconds on one loop before it is the other's turn."""


def rounds(seconds: float, loops: list[str]) -> list[tuple[str, float]]:
    """Return the loops in turn, each with its share of the time."""
    count = max(len(loops), round(seconds / ROUND))
    return [(loops[number % len(loops)], seconds / count) for number in range(count)]


def main() -> int:
    """Run, print, and return 1 if anything was found."""
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="in all")
    parser.add_argument("--loop", choices=["asyncio", "uvloop", "both"], default="both")
    parser.add_argument("--seed", type=int, default=None, help="of the choice of clients")
    parser.add_argument("--quick", type=int, default=12, help="quick clients at any time")
    parser.add_argument("--slow", type=int, default=50, help="slow clients at any time")
    given = parser.parse_args()
    seed = secrets.randbelow(1 << 32) if given.seed is None else given.seed
    loops = ["asyncio", "uvloop"] if given.loop == "both" else [given.loop]
    room_for_descriptors(4096)
    failed = False
    for number, (loop, seconds) in enumerate(rounds(given.seconds, loops)):
        print(f"{time.strftime('%H:%M:%S')} {loop} for {seconds:.0f} s, seed {seed + number}")
        report = asyncio.run(soak(loop, seconds, seed + number, quick=given.quick, slow=given.slow))
        print(report, flush=True)
        failed = failed or bool(report.findings)
    print("FAILED" if failed else "passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
