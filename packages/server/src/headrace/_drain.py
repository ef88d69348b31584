"""The notice of a shutdown that open exchanges can wait for."""

from __future__ import annotations

import asyncio


class Draining:
    """Tells whether the server is shutting down, and until when an exchange may go on.

    Attributes:
        deadline: time of ``time.monotonic()`` at which what is still open is cut, else None.
    """

    __slots__ = ("_event", "deadline")

    def __init__(self) -> None:
        self._event = asyncio.Event()
        self.deadline: float | None = None

    def begin(self, deadline: float) -> None:
        """Tell everybody. Called by the server."""
        self.deadline = deadline
        self._event.set()

    def is_set(self) -> bool:
        """Whether the server is shutting down."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Wait until the server shuts down; a cancelled wait changes nothing."""
        await self._event.wait()
