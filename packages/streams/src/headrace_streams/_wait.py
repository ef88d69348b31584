"""Waiting for something of our own to end, without leaving it half done when cancelled."""

from __future__ import annotations

import asyncio
from typing import Any


async def outlast(future: asyncio.Future[Any]) -> None:
    """Wait until the future is done; a cancellation meanwhile is raised only then.

    The future's own outcome is not looked at. For the clean-up of what we started: it has to be
    over when we return, whatever happens to us.
    """
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as exc:
            cancelled = exc
    if cancelled is not None:
        raise cancelled
