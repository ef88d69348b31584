"""What a kind of client is, and which outcome is right for it."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.faults import Ending, Outcome, Target

Run = Callable[[Target, random.Random], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of client.

    Attributes:
        name: for people.
        weight: how often it comes, against others of the same pace.
        run: one client, from its opening to its end.
        endings: those that are right.
        status: that is right where an answer came, None for any.
    """

    name: str
    weight: int
    run: Run
    endings: frozenset[Ending]
    status: int | None

    def wrong(self, outcome: Outcome) -> bool:
        """Whether the server did something else than what is right."""
        if outcome.ending not in self.endings:
            return True
        answered = outcome.ending is Ending.ANSWERED
        return answered and self.status is not None and outcome.status != self.status


def keeps(pool: list[Kind], weight: int) -> Callable[[Run], Run]:
    """Declare a client that keeps the rules and checks its answer."""

    def declare(run: Run) -> Run:
        pool.append(Kind(run.__name__, weight, run, frozenset({Ending.ANSWERED}), None))
        return run

    return declare


def breaks(
    pool: list[Kind], weight: int, *endings: Ending, status: int | None = None
) -> Callable[[Run], Run]:
    """Declare a client that breaks the rules, or that the server has to disappoint."""

    def declare(run: Run) -> Run:
        pool.append(Kind(run.__name__, weight, run, frozenset(endings), status))
        return run

    return declare
