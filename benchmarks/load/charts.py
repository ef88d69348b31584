"""Pictures as SVG, made of a few lines: no plotting package is worth its size here."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from .markdown import number
from .targets import FAMILY, OURS

if TYPE_CHECKING:
    from .results import Row
    from .workloads import Workload

COLOURS = {"ours": "#d1495b", "limit": "#9aa5b1", "other": "#7ea16b"}
PEER = "#3b6ea5"
WIDTH, LABELS, FIGURES = 760, 130, 90
FONT = 'font-family="sans-serif" font-size="13"'


def bars(workload: Workload, found: list[Row]) -> str:
    """Return a bar per server; ours is red, limits are grey, other languages green."""
    most = max((row.score for row in found), default=1) or 1
    room = WIDTH - LABELS - FIGURES
    parts = [text(8, 20, f"{workload.text}: {workload.score}", "bold")]
    for place, row in enumerate(found):
        top = 34 + place * 24
        length = max(1.0, row.score / most * room)
        colour = COLOURS.get(FAMILY.get(row.server, ""), PEER)
        weight = "bold" if row.server == OURS else "normal"
        parts += [
            text(LABELS - 8, top + 14, row.server, weight, "end"),
            f'<rect x="{LABELS}" y="{top}" width="{length:.1f}" height="18" fill="{colour}"/>',
            text(LABELS + length + 6, top + 14, number(row.score), weight),
        ]
    return picture(34 + len(found) * 24 + 8, parts)


def lines(title: str, axis: str, curves: dict[str, list[tuple[float, float]]]) -> str:
    """Return curves over a logarithmic axis, each relative to its own first point."""
    width, height, left, top = 560.0, 260.0, 50.0, 40.0
    places = sorted({x for curve in curves.values() for x, _ in curve})
    first, last = math.log(places[0]), math.log(places[-1])
    highest = max([1.2, *(y / curve[0][1] for curve in curves.values() for _, y in curve)])

    def at(x: float, y: float) -> tuple[float, float]:
        share = (math.log(x) - first) / ((last - first) or 1)
        return left + share * width, top + height * (1 - y / highest)

    parts = [text(8, 20, title, "bold"), text(left + width / 2, top + height + 38, axis)]
    for x in places:
        across, _ = at(x, 0)
        parts.append(text(across, top + height + 18, f"{x:,.0f}", anchor="middle"))
    for level in (0.0, 0.5, 1.0):
        _, down = at(places[0], level)
        parts.append(stroke([(left, down), (left + width, down)], "#dddddd", 1))
        parts.append(text(left - 8, down + 4, f"{level:.1f}", anchor="end"))
    colours = ["#d1495b", "#3b6ea5", "#7ea16b", "#e0a458", "#7d5ba6", "#2a9d8f", "#888888"]
    for place, (name, curve) in enumerate(curves.items()):
        colour = colours[place % len(colours)]
        parts.append(stroke([at(x, y / curve[0][1]) for x, y in curve], colour, 2.5))
        parts.append(text(left + width + 12, top + 14 + place * 20, name, fill=colour))
    return picture(int(top + height + 50), parts)


def stroke(points: list[tuple[float, float]], colour: str, width: float) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def text(
    x: float,
    y: float,
    words: str,
    weight: str = "normal",
    anchor: str = "start",
    fill: str = "#222",
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text {place} fill="{fill}">{escape(words)}</text>'


def picture(height: int, parts: list[str]) -> str:
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" {FONT}>'
    back = f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, back, *parts, "</svg>", ""])
