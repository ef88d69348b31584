"""What headrace is meant to reach, as data, and whether it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .contenders import CONTENDERS

if TYPE_CHECKING:
    from .results import Row

OURS = "headrace"
FAMILY = {each.name: each.family for each in CONTENDERS}
FRAMEWORKS = tuple(name for name, family in FAMILY.items() if family == "framework")
PEERS = tuple(name for name, family in FAMILY.items() if family in ("framework", "server"))


@dataclass(frozen=True)
class Target:
    """At least (at most, where less is better) ``factor`` times the best of ``against``.

    With ``against`` empty the factor is the figure itself.
    """

    workload: str
    factor: float
    against: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Verdict:
    """A target and what came out.

    ``reached`` is None where nobody to compare with was there. ``low`` and ``high`` are the ratio
    as the worst and best rounds of both would have it; ``sure`` is whether they agree.
    """

    target: Target
    best: str
    ratio: float
    reached: bool | None
    low: float = float("nan")
    high: float = float("nan")

    @property
    def sure(self) -> bool:
        return not self.low < self.target.factor <= self.high


def best_of(workload: str, factor: float, group: tuple[str, ...], called: str) -> Target:
    return Target(workload, factor, group, f"{factor:g} x the best {called}")


def of(workload: str, factor: float, name: str) -> Target:
    return Target(workload, factor, (name,), f"{factor:g} x {name}")


TARGETS = (
    of("plain", 0.55, "bare"),
    of("plain", 1.25, "Granian RSGI"),
    of("plain", 1.8, "uvicorn"),
    of("plain", 4, "Sanic"),
    of("headers", 0.5, "bare + headers"),
    of("headers", 1, "Granian RSGI"),
    of("headers", 3.5, "Sanic"),
    best_of("json", 1.3, FRAMEWORKS, "framework"),
    best_of("chunks", 6, FRAMEWORKS, "framework"),
    of("chunks", 2.5, "Granian RSGI"),
    best_of("tokens", 1.5, FRAMEWORKS, "framework"),
    best_of("download", 1.2, PEERS, "peer"),
    of("download", 0.9, "bare download"),
    best_of("file-small", 1.2, PEERS, "peer"),
    best_of("file-large", 1.2, PEERS, "peer"),
    best_of("upload", 2.5, PEERS, "peer"),
    of("upload", 0.8, "bare upload"),
    *(best_of(name, 1.5, PEERS, "peer") for name in ("upload-chunked", "post", "echo", "pipeline")),
    *(
        best_of(name, 2, ("Starlette", "aiohttp", "Sanic"), "of Starlette, aiohttp, Sanic")
        for name in ("events", "events-burst")
    ),
    best_of("memory-idle", 1, PEERS, "peer"),
    Target("memory-idle", 8, (), "8 KiB"),
    best_of("memory-stream", 1, PEERS, "peer"),
    Target("memory-stream", 16, (), "16 KiB"),
    best_of("startup", 1, FRAMEWORKS, "framework"),
    best_of("import", 1, FRAMEWORKS, "framework"),
)


def top(scores: tuple[float, ...]) -> float:
    return max(max(scores), 1e-9)


def verdicts(workload: str, more_is_better: bool, found: list[Row]) -> list[Verdict]:
    """Return what became of each target of a workload; nothing where headrace took no part."""
    scores = {row.server: row.score for row in found}
    if OURS not in scores:
        return []
    ours = next(row for row in found if row.server == OURS).rounds
    told = []
    for target in TARGETS:
        if target.workload != workload:
            continue
        rivals = [row for row in found if row.server in target.against]
        if not target.against:
            told.append(
                Verdict(
                    target, "", scores[OURS], scores[OURS] <= target.factor, min(ours), max(ours)
                )
            )
        elif not rivals:
            told.append(Verdict(target, "", float("nan"), None))
        else:
            best = rivals[0]  # rows are sorted
            ratio = scores[OURS] / best.score if best.score > 0 else float("inf")
            reached = ratio >= target.factor if more_is_better else ratio <= target.factor
            low, high = min(ours) / top(best.rounds), max(ours) / max(min(best.rounds), 1e-9)
            told.append(Verdict(target, best.server, ratio, reached, low, high))
    return told
