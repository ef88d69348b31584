"""Helpers for tests of whatever is fed in pieces, and messages to feed it with.

The four tuples hold messages as data, each row with the RFC section it is about, for any HTTP/1.1
parser: `ACCEPTED_REQUESTS`, `REFUSED_REQUESTS`, `ACCEPTED_RESPONSES`, `REFUSED_RESPONSES`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._corpus import ACCEPTED_REQUESTS as ACCEPTED_REQUESTS
from ._corpus import ACCEPTED_RESPONSES as ACCEPTED_RESPONSES
from ._corpus import Accepted as Accepted
from ._corpus_refused import REFUSED_REQUESTS as REFUSED_REQUESTS
from ._corpus_refused import REFUSED_RESPONSES as REFUSED_RESPONSES
from ._corpus_refused import Refused as Refused
from ._events import Data

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ._events import Event

__all__ = [
    "Accepted",
    "ACCEPTED_REQUESTS",
    "ACCEPTED_RESPONSES",
    "every_split",
    "merge_data",
    "Refused",
    "REFUSED_REQUESTS",
    "REFUSED_RESPONSES",
]


def every_split(data: bytes) -> Iterator[list[bytes]]:
    """Every way that matters of cutting some bytes, each a list of pieces that join to them.

    Whole, then byte by byte, then in two at each position.
    """
    yield [data]
    yield [data[i : i + 1] for i in range(len(data))]
    for i in range(1, len(data)):
        yield [data[:i], data[i:]]


def merge_data(events: Iterable[Event]) -> list[Event]:
    """The same events with neighbouring `Data` joined, so that ways of cutting can be compared."""
    merged: list[Event] = []
    for event in events:
        if isinstance(event, Data) and merged and isinstance(merged[-1], Data):
            merged[-1] = Data(merged[-1].data + event.data)
        else:
            merged.append(event)
    return merged
