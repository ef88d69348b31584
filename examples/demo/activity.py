"""What the server is doing, for the table on the page.

Every transfer is tracked from its first byte to the moment when nothing of it runs any more, so
"stopped" in the table means that the database cursor is closed, not that somebody asked for it.
"""

import asyncio
import itertools
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from headrace import ExchangeEnded
from headrace.exceptions import TruncatedBody

SHOWN = 6


@dataclass(slots=True)
class Transfer:
    """One request, as far as it has come."""

    id: int
    kind: str
    unit: str
    amount: int = 0
    state: str = "running"

    def add(self, amount: int) -> None:
        """Count; safe from the one thread that does the work."""
        self.amount += amount


class Activity:
    """The latest transfers, newest first."""

    def __init__(self) -> None:
        self._recent: deque[Transfer] = deque(maxlen=SHOWN)
        self._ids = itertools.count(1)

    @contextmanager
    def track(self, kind: str, unit: str) -> Iterator[Transfer]:
        """Follow one transfer: how the block is left is how it ended."""
        transfer = Transfer(next(self._ids), kind, unit)
        self._recent.appendleft(transfer)
        try:
            yield transfer
        except (asyncio.CancelledError, GeneratorExit, ExchangeEnded, TruncatedBody):
            transfer.state = "stopped"  # the client left, or the server shuts down
            raise
        except BaseException:
            transfer.state = "failed"
            raise
        transfer.state = "done"

    def snapshot(self) -> list[dict[str, Any]]:
        """Return the transfers as they are now."""
        return [asdict(transfer) for transfer in self._recent]
