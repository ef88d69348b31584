"""Awaitables that cost next to nothing, and the quota after which a stream yields to the loop.

A producer whose ``await write()`` never has to wait would never let go of the event loop. So bytes
are counted, and ``COST`` for each write on top; the write that exhausts the quota returns ``YIELD``
in place of ``DONE``. The same for a reader who finds everything buffered.

Both are single shared objects without state: a write that nobody awaits leaves nothing behind, no
"never awaited" warning included.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Generator

# Bytes that may pass between two turns of the loop. Handing over a chunk costs the same whatever
# its size, so what takes time is making and using it: a mebibyte of that is about a millisecond. A
# pipe with the default mark is stopped by that mark before.
QUOTA = 1024 * 1024

# What a write or a read counts besides its bytes, so that a million single bytes are no way around
# the quota: about 1,000 of them, some 0.4 ms, pass at once.
COST = 1024


@types.coroutine
def _nothing() -> Generator[Any, None, None]:
    yield


class _Yield:
    """Lets every other ready task and callback run once."""

    __slots__ = ()

    def __await__(self) -> Generator[Any, None, None]:
        yield


def _finished() -> Awaitable[None]:
    """Finished already: awaiting it never suspends, any number of times.

    An exhausted generator of types.coroutine: ``await`` takes it as it is and asks it once, all in
    C. To write, await and read 32 bytes takes 0.393 µs with a class for this, 0.379 µs so.
    """
    done: Any = _nothing()
    tuple(done)
    return done  # type: ignore[no-any-return]


DONE = _finished()
YIELD = _Yield()
