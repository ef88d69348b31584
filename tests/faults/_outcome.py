"""What a client saw of the server."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


class Ending(enum.Enum):
    """How it ended between a client and the server."""

    ANSWERED = "answered"
    """Every answer that was asked for arrived whole."""

    CLOSED = "closed"
    """The server closed before an answer was whole, or before any came."""

    RESET = "reset"
    """The server reset the connection before an answer was whole."""

    WAITING = "waiting"
    """The client's patience ended first: the server had neither answered nor closed."""

    LEFT = "left"
    """The client left, as it was told to, before the server had ended anything."""

    WRONG = "wrong"
    """The answer breaks HTTP's rules, or is not the one that was expected; ``note`` tells how."""


@dataclass(slots=True)
class Outcome:
    """What a client saw of the server.

    Attributes:
        ending: how it ended.
        statuses: of the final answers, in order, the last of them perhaps not whole.
        interim: statuses of the interim answers.
        sent: bytes that the kernel took from the client.
        received: bytes that the client read.
        seconds: from the connection's opening to its ending, by the monotonic clock.
        ended_at: time of ``time.monotonic()`` at which the client saw or made the ending.
        note: what was wrong, for people to read.
    """

    ending: Ending
    statuses: list[int] = field(default_factory=list)
    interim: list[int] = field(default_factory=list)
    sent: int = 0
    received: int = 0
    seconds: float = 0.0
    ended_at: float = 0.0
    note: str = ""

    @property
    def status(self) -> int | None:
        """Status of the last final answer, None where none began."""
        return self.statuses[-1] if self.statuses else None

    @property
    def refused(self) -> bool:
        """Whether the server ended it: by a status of 400 or more, or by closing."""
        if self.ending in (Ending.CLOSED, Ending.RESET):
            return True
        return self.ending is Ending.ANSWERED and (self.status or 0) >= 400

    def __str__(self) -> str:
        told = f"{self.ending.value} {self.statuses or ''} after {self.seconds:.2f} s"
        return f"{told}, {self.sent} B out, {self.received} B in {self.note}".strip()
