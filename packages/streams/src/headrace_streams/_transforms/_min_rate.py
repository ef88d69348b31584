"""Give up on a source that is too slow, however regularly it sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._clock import Clock, Expiry, positive, running_clock
from .._errors import TooSlowError
from ._base import Transform

if TYPE_CHECKING:
    from .._receiver import ByteReceiver


class min_rate(Transform):  # noqa: N801  (used like a function)
    """Fail with TooSlowError when the source falls behind a rate; it is cancelled with the error.

    An account of seconds decides. It opens with ``grace``; each second that a read waits costs one,
    each byte that comes pays in ``1 / rate``, up to ``grace`` again. So the source may be silent
    for ``grace`` seconds at most, and slower than ``rate`` for as long as its account lasts. The
    reader's own time costs nothing.

    Args:
        source: where chunks come from.
        rate: bytes per second.
        grace: seconds.
        clock: what measures; default the running event loop.

    Raises:
        ValueError: rate or grace is not above 0.
    """

    __slots__ = ("_account", "_clock", "_grace", "_rate")

    def __init__(
        self,
        source: ByteReceiver,
        rate: float,
        *,
        grace: float = 10.0,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(source)
        self._rate = positive("rate", rate)
        self._grace = self._account = positive("grace", grace)
        self._clock = clock

    async def _next(self) -> bytes | None:
        clock = running_clock(self._clock)
        since = clock.time()
        try:
            with Expiry(clock, since + self._account):
                chunk = await self._source.get()
                if chunk is not None:
                    self._account += len(chunk) / self._rate
                return chunk
        finally:
            # Also for a read that was cancelled: many short reads are no way around the rate.
            self._account = max(0.0, min(self._account - (clock.time() - since), self._grace))
        raise TooSlowError(self._rate, self._grace)
