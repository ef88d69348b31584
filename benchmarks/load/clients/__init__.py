"""What loads a server: wrk where it can, own clients for the rest.

A client is opened and made ready, then run for a time; the CPU time of the server is read around
the run, so that connecting is not part of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self


@dataclass(frozen=True)
class Load:
    """What a client got done: an amount in the workload's unit, and latencies in milliseconds."""

    amount: float
    seconds: float
    p50: float
    p99: float


class Client(Protocol):
    """Loads one server."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def run(self, seconds: float) -> Load:
        """Load the server for about so long."""
        ...


class WrongAnswer(Exception):
    """A server did not answer as all have to; the text tells how."""


class NoAnswer(WrongAnswer):
    """A server answered nothing at all in the time that it was given."""


def quantile(sorted_values: list[float], share: float) -> float:
    """Return the value below which that share of the values lies."""
    return sorted_values[min(len(sorted_values) - 1, int(len(sorted_values) * share))]
