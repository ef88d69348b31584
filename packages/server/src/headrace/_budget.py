"""Buffered bytes of a whole process: counted, and kept within a limit.

Each connection tells what it holds whenever that may have changed much, and the sweeper asks all
that are busy; so the count is exact for whatever is large and at most one sweep old for the rest.
From ``PRESSED`` of the limit on, bodies are not read and the marks of responses shrink, so that
producers wait; at the limit itself new requests are refused. Pressure ends a little lower, or it
would begin and end with every chunk.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger("headrace")

PRESSED: Final = 7 / 8
RELIEVED: Final = 3 / 4


class Budget:
    """The bytes that all connections of a server hold.

    Args:
        limit: bytes; 0 for none.
        on_change: called with True when pressure begins and with False when it is over.

    Attributes:
        used: bytes that are held.
        pressed: whether bodies are not to be read for now.
        exhausted: whether no new work is taken.
    """

    __slots__ = ("_limit", "_on_change", "exhausted", "pressed", "used")

    def __init__(self, limit: int, on_change: Callable[[bool], None]) -> None:
        self._limit = limit or float("inf")
        self._on_change = on_change
        self.used = 0
        self.pressed = False
        self.exhausted = False

    def charge(self, change: int) -> None:
        """Count more, or with a negative number fewer, bytes."""
        self.used += change
        self.exhausted = self.used >= self._limit
        if self.pressed:
            if self.used < self._limit * RELIEVED:
                self.pressed = False
                logger.info("buffered bytes are down to %d: bodies are read again", self.used)
                self._on_change(False)
        elif self.used >= self._limit * PRESSED:
            self.pressed = True
            logger.warning(
                "%d bytes are buffered, near the memory_budget of %d: no body is read for now",
                self.used,
                self._limit,
            )
            self._on_change(True)
