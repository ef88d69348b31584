"""Cost as work grows: connections, pipelining, routes, open streams, headers; one curve each."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Protocol

from . import charts, markdown
from .clients.many import Asking, Subscribers
from .clients.raw import request
from .clients.wrk import Wrk
from .measure import rate
from .peers import bodies
from .process import Process
from .rounds import FAULTS, Settings
from .workloads import WORKLOADS, Workload

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .clients import Client
    from .contenders import Contender

Points = dict[str, list[tuple[float, float]]]
BY_NAME = {each.name: each for each in WORKLOADS}


class Sized(Protocol):
    """Makes the client for a size."""

    def __call__(self, port: int, size: int) -> Client: ...


@dataclass(frozen=True)
class Scale:
    """One curve: a workload at several sizes.

    ``environment`` is what the server is started with, by size.
    """

    name: str
    axis: str
    workload: Workload
    sizes: tuple[int, ...]
    client: Sized
    environment: Callable[[int], dict[str, str]] = lambda _: {}


def pad(size: int) -> tuple[str, ...]:
    """Return fields of 100 bytes each, so many bytes in all."""
    return tuple(f"X-Field-{number:02}: {'x' * 86}" for number in range(size // 100))


def route(port: int, size: int) -> Client:
    """Return a client that asks for a route in the middle."""
    return Wrk(port, f"/route{size // 2}/12345/detail?page=2&q=stream")


SCALES = (
    Scale(
        "connections",
        "open connections, all asking",
        BY_NAME["plain"],
        (64, 256, 1000, 4000, 10_000),
        lambda port, size: Asking(port, request("/plain"), bodies.HELLO, size),
    ),
    Scale(
        "pipelining",
        "requests sent in one go",
        BY_NAME["pipeline"],
        (1, 2, 4, 8, 16, 32, 64, 128),
        lambda port, size: Wrk(port, "/plain", 16, depth=size),
    ),
    Scale(
        "routes",
        "routes in the table",
        BY_NAME["json"],
        (1, 10, 100, 1000, 10_000),
        route,
        lambda size: {"BENCH_ROUTES": str(size)},
    ),
    Scale(
        "streams",
        "open streams of events",
        BY_NAME["events"],
        (10, 100, 1000, 5000),
        lambda port, size: Subscribers(port, size),
    ),
    Scale(
        "headers",
        "bytes of headers",
        BY_NAME["headers"],
        (100, 500, 1000, 2000, 4000, 8000),
        lambda port, size: Wrk(port, "/plain", headers=pad(size)),
    ),
)


def run(contenders: list[Contender], settings: Settings, out: Path, quick: bool) -> None:
    """Measure all curves of these servers and write them."""
    result: dict[str, Points] = {}
    sections = ["# Scaling", "", "Per CPU-second, relative to the smallest size.", ""]
    for scale in SCALES:
        sizes = scale.sizes[:2] if quick else scale.sizes
        points: Points = {}
        for contender in contenders:
            name = scale.workload.name
            if name not in contender.cannot and (not contender.only or name in contender.only):
                curve = measured(scale, sizes, contender, settings)
                if curve:
                    points[contender.name] = curve
        result[scale.name] = points
        if points:
            title = f"{scale.workload.unit} per CPU-second by {scale.axis}"
            (out / f"scaling-{scale.name}.svg").write_text(charts.lines(title, scale.axis, points))
            sections.append(table(scale, sizes, points))
        (out / "scaling.md").write_text("\n".join(sections))
        (out / "scaling.json").write_text(json.dumps(result, indent=1) + "\n")
    print("\n".join(sections))


def measured(
    scale: Scale, sizes: tuple[int, ...], contender: Contender, settings: Settings
) -> list[tuple[float, float]]:
    """Return score by size; sizes that the server cannot do are left out, with a reason."""
    found = []
    for size in sizes:
        environment = settings.environment | scale.environment(size)
        workload = replace(scale.workload, client=partial(scale.client, size=size))
        try:
            process = Process(contender, settings.server_core, environment)
            try:
                rate(workload, process, 0, min(settings.seconds, 0.5))  # warms it up
                samples = [
                    rate(workload, process, number, settings.seconds)
                    for number in range(settings.rounds)
                ]
            finally:
                process.stop()
        except FAULTS as error:
            print(f"{scale.name} {size}: without {contender.name}: {error}", file=sys.stderr)
            continue
        score = median(each.score for each in samples)
        found.append((float(size), score))
        print(f"{scale.name} {size} {contender.name}: {score:,.0f}", file=sys.stderr)
    return found


def table(scale: Scale, sizes: tuple[int, ...], points: Points) -> str:
    """Return one curve as a table: the first score, then the others relative to it."""
    lines = [f"## {scale.axis}", ""]
    lines.append(
        markdown.line(["server", f"at {sizes[0]:,}", *(f"{size:,}" for size in sizes[1:])])
    )
    lines.append("|---|" + "--:|" * len(sizes))
    for name, curve in points.items():
        scores = dict(curve)
        first = curve[0][1]
        rest = [scores.get(float(size)) for size in sizes[1:]]
        cells = ["-" if score is None else f"{score / first:.2f}" for score in rest]
        lines.append(markdown.line([name, markdown.number(first), *cells]))
    return "\n".join([*lines, "", f"![{scale.name}](scaling-{scale.name}.svg)", ""])
