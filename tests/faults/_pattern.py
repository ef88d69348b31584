"""Bytes that both sides can make, and that show a lost, doubled or moved piece."""

from __future__ import annotations

import random
from collections.abc import Iterator

BLOCK = 65521
"""A prime: a piece of any usual size that is lost moves what follows it."""


class Pattern:
    """``size`` bytes that follow from a seed.

    Used as a sink (:meth:`feed`) it compares what arrives with them.

    Attributes:
        taken: bytes that were compared and found equal.
    """

    def __init__(self, seed: int, size: int) -> None:
        self.seed = seed
        self.size = size
        self.taken = 0
        self._block = random.Random(seed).randbytes(BLOCK) * 2

    def piece(self, start: int, size: int) -> bytes:
        """Return at most ``size`` bytes (and at most BLOCK) from ``start``, none at the end."""
        size = min(size, BLOCK, self.size - start)
        at = start % BLOCK
        return self._block[at : at + max(size, 0)]

    def pieces(self, size: int) -> Iterator[bytes]:
        """Yield all of it in pieces of ``size`` (at most BLOCK)."""
        at = 0
        while piece := self.piece(at, size):
            yield piece
            at += len(piece)

    def feed(self, data: bytes) -> str | None:
        """Compare the next bytes; return what is wrong with them."""
        view = memoryview(data)
        while view:
            due = self.piece(self.taken, len(view))
            if not due:
                return f"{len(view)} bytes more than the {self.size} that were due"
            if view[: len(due)] != due:
                return f"another byte than the one due after {self.taken} or more"
            self.taken += len(due)
            view = view[len(due) :]
        return None

    def missing(self) -> str | None:
        """Return what is wrong if this was all."""
        if self.taken != self.size:
            return f"{self.taken} bytes of {self.size}"
        return None
