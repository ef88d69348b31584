"""Medians of what was measured, and the JSON file."""

from __future__ import annotations

import json
import math
import os
import platform
import statistics
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from .measure import Sample
    from .rounds import Absence
    from .workloads import Workload

PACKAGES = (
    "aiohttp", "aiohttp-sse", "blacksheep", "granian", "headrace", "httptools", "hypercorn",
    "robyn", "sanic", "socketify", "sse-starlette", "starlette", "uvicorn", "uvloop",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One server's medians on one workload."""

    server: str
    score: float
    throughput: float
    p50: float
    p99: float
    resident: float
    rounds: tuple[float, ...] = ()


def rows(workload: Workload, samples: list[Sample]) -> list[Row]:
    """Return the servers, the best first."""
    of_it = [each for each in samples if each.workload == workload.name]
    names = dict.fromkeys(each.server for each in of_it)
    found = []
    for name in names:
        its = [each for each in of_it if each.server == name]
        fields = ("score", "throughput", "p50", "p99", "resident")
        scores = tuple(each.score for each in its)
        score, through, p50, p99, resident = (median(its, field) for field in fields)
        found.append(Row(name, score, through, p50, p99, resident, scores))
    return sorted(found, key=lambda row: row.score, reverse=workload.more_is_better)


def median(samples: list[Sample], field: str) -> float:
    """Return the median of a figure, not a number where there is none."""
    values = [getattr(each, field) for each in samples]
    values = [value for value in values if not math.isnan(value)]
    return statistics.median(values) if values else math.nan


def save(
    path: Path, samples: list[Sample], absences: list[Absence], more: dict[str, object]
) -> None:
    """Write everything that was measured, every round of it."""
    result = {
        "python": sys.version.split()[0],
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Linux {platform.release()}",
        "versions": versions(),
        **more,
        "samples": [without_nan(asdict(each)) for each in samples],
        "absences": [asdict(each) for each in absences],
    }
    path.write_text(json.dumps(result, indent=1) + "\n")


def without_nan(fields: dict[str, object]) -> dict[str, object]:
    """Leave out what JSON cannot say."""
    return {
        name: value
        for name, value in fields.items()
        if not (isinstance(value, float) and math.isnan(value))
    }


def versions() -> dict[str, str]:
    """Return the versions of what is installed."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            pass
    return found
