"""A block of a handler that is not cancelled in the middle."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._exchange import Exchange


class Shield:
    """Puts off the cancellation of a handler to the end of an ``async with`` block.

    Args:
        exchange: whose handler it is.
    """

    __slots__ = ("_exchange",)

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __aenter__(self) -> None:
        self._exchange.shields += 1

    async def __aexit__(self, *exc_info: object) -> None:
        self._exchange.shields -= 1
        if self._exchange.cancel_late():
            await asyncio.sleep(0)  # the cancellation arrives here
