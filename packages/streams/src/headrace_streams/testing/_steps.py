"""Small steps that the checks are made of."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


async def turns(count: int = 5) -> None:
    """Let everything that is ready on the loop run, ``count`` times over."""
    for _ in range(count):
        await asyncio.sleep(0)


async def raises(kind: type[Any], call: Callable[[], Any], rule: str) -> Any:
    """Call and await; return the exception of that kind, or say which rule was broken."""
    try:
        await call()
    except kind as exc:
        return exc
    except Exception as exc:
        raise AssertionError(f"{rule}; got {exc!r}") from exc
    raise AssertionError(f"{rule}; nothing was raised")
