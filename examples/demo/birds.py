"""Sightings of birds along a mill stream: made-up rows, the same ones on every machine."""

import csv
import io
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

COLUMNS = ("id", "seen_at", "bird", "place", "count", "note")

BIRDS = (
    "kingfisher", "grey wagtail", "dipper", "moorhen", "heron", "mallard", "sand martin",
    "common sandpiper", "reed warbler", "goosander", "little grebe", "barn swallow", "robin",
)  # fmt: skip
PLACES = ("weir", "headrace", "mill pond", "water wheel", "tailrace", "old bridge", "lower ford")
NOTES = (
    "",
    "heard before it was seen, and then not seen for long",
    "sat on the sluice gate, looked at the water, looked at us, and stayed",
    'the "regular" one, to judge by its missing tail feather',
    "carried a fish upstream, low over the water, with two others after it",
    "feeding young under the third arch of the bridge; we kept our distance",
    "dived four times and came up with nothing, then moved to the other bank",
    "sang from the same willow as yesterday, in the rain, until the mill started",
    "on a stone below the wheel, bobbing; flew when the miller opened the gate",
    "counted twice: once in the reeds, and once from the loft window, where one sees more of them",
)
MINUTES = tuple(timedelta(minutes=n) for n in range(1, 9))
COUNTS = (1, 1, 1, 2, 2, 3, 5)
BLOCK = 10_000

Sighting = tuple[int, str, str, str, int, str]


def sightings(number: int) -> Iterator[Sighting]:
    """Make rows, drawing the dice for a block of them at once."""
    chance = random.Random(1883)
    when = datetime(2026, 3, 1, 5, 30)
    for first in range(1, number + 1, BLOCK):
        size = min(BLOCK, number + 1 - first)
        columns = (chance.choices(c, k=size) for c in (MINUTES, BIRDS, PLACES, COUNTS, NOTES))
        for identity, (later, *rest) in enumerate(zip(*columns, strict=True), first):
            when += later
            yield (identity, when.isoformat(" ", "minutes"), *rest)


def to_csv(rows: Iterable[Sequence[Any]]) -> bytes:
    """Write rows as CSV, lines ending in CRLF (RFC 4180)."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
