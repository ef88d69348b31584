"""The tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .targets import OURS, Verdict

if TYPE_CHECKING:
    from .results import Row
    from .rounds import Absence
    from .workloads import Workload

WORDS = {True: "reached", False: "**missed**", None: "nobody to compare with"}


def section(
    workload: Workload, found: list[Row], verdicts: list[Verdict], absences: list[Absence]
) -> str:
    """Return everything about one workload."""
    lines = [f"### {workload.number} {workload.name}: {workload.text}", ""]
    if found:
        base = next((row.score for row in found if row.server == OURS), math.nan)
        rate = workload.more_is_better
        head = ["server", workload.score, f"{OURS} is"]
        head += [f"{workload.unit}/s", "p50 ms", "p99 ms"] if rate else []
        lines += [line([*head, "MiB"]), "|---|" + "--:|" * len(head)]
        most = max(len(row.rounds) for row in found)
        for row in found:
            cells = [called(row, most), number(row.score), times(base, row.score)]
            if rate:
                cells += [number(row.throughput), number(row.p50), number(row.p99)]
            lines.append(line([*cells, number(row.resident)]))
        lines.append("")
        lines.append(f"![{workload.name}]({workload.name}.svg)")
        lines.append("")
    for verdict in verdicts:
        lines.append(f"- {verdict.target.text}: {outcome(verdict)}")
    for absence in absences:
        if absence.workload == workload.name:
            lines.append(f"- without {absence.server}: {absence.reason}")
    return "\n".join([*lines, ""])


def called(row: Row, most: int) -> str:
    """Return a server's name, with how many rounds it lasted if not all."""
    lasted = len(row.rounds)
    return row.server if lasted == most else f"{row.server} ({lasted} of {most} rounds)"


def summary(verdicts: list[Verdict]) -> str:
    """Return one table of all targets."""
    lines = ["| workload | at least | measured | |", "|---|---|---|---|"]
    for verdict in verdicts:
        target = verdict.target
        limit = target.text.removeprefix("1 x ")
        lines.append(line([target.workload, limit, figure(verdict), word(verdict)]))
    return "\n".join([*lines, ""])


def outcome(verdict: Verdict) -> str:
    """Return figure and verdict."""
    return f"{figure(verdict)}, {word(verdict)}" if verdict.reached is not None else WORDS[None]


def word(verdict: Verdict) -> str:
    """Return the verdict, and the range where single rounds would have given another."""
    told = WORDS[verdict.reached]
    if verdict.reached is None or verdict.sure:
        return told
    return f"{told}, but not surely: {number(verdict.low)} to {number(verdict.high)} by rounds"


def figure(verdict: Verdict) -> str:
    """Return the ratio and to whom, or the figure itself."""
    if not verdict.target.against:
        return number(verdict.ratio)
    return f"{verdict.ratio:.2f} x {verdict.best}" if verdict.best else "-"


def line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def times(ours: float, other: float) -> str:
    """Return a ratio."""
    if math.isnan(ours) or other <= 0:
        return ""
    return f"{ours / other:.2f} x"


def number(value: float) -> str:
    """Return a figure with about three digits that mean something."""
    if math.isnan(value):
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
