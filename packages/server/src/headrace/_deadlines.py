"""The named deadlines of one connection, and which of them has passed.

Strategy. A connection notes a few times as it goes along; what is due follows from them only when
the sweeper looks, because that is rare. ``at`` is no later than the first deadline to pass, and may
be earlier: a look that finds nothing late sets it anew.

Rules for an editor: nothing is decided here about what happens next, and no clock is asked.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from ._pace import Pace
from ._state import State

if TYPE_CHECKING:
    from ._settings import RouteSettings

NEVER: Final = float("inf")

PRESSED_TIMEOUT: Final = 10.0
"""Seconds in which a client has to take all that is held for it while the memory budget is nearly
used up. Otherwise a few clients that keep to ``min_write_rate`` could use it up for hours."""


class Late(enum.Enum):
    """A deadline that passed; the value is what a log line and a client are told."""

    HEAD = "the request's head did not arrive in time"
    KEEP_ALIVE = "no further request came"
    BODY = "the request's body did not arrive in time"
    RATE = "the request's body arrives too slowly"
    STALLED = "the client takes its response too slowly"
    BEHIND = "the handler does not read its body while too much is held"
    HANDLER = "the handler did not respond in time"
    TOTAL = "the exchange took too long"
    OVERDUE = "the handler goes on after its deadline"
    UNHEARD = "the handler goes on for too long without its client"
    LINGER = "the client did not close"


class Deadlines:
    """What one connection waits for, and since when.

    Args:
        settings: what holds where no route's settings do.

    Attributes:
        settings: those of the route whose exchange is open, or was.
        at: when to look next.
        opened: when the exchange that is open began.
    """

    __slots__ = (
        "_asked",
        "_behind_since",
        "_hurried_at",
        "_hurries",
        "_hurry",
        "_inbound",
        "_outbound",
        "_phase",
        "_phase_at",
        "_waits_since",
        "at",
        "opened",
        "settings",
    )

    def __init__(self, settings: RouteSettings) -> None:
        self.settings = settings
        self._phase: Late | None = None
        self._phase_at = NEVER
        self._inbound: Pace | None = None
        self._outbound: Pace | None = None
        self._hurry: Pace | None = None
        self._hurries = False
        self._hurried_at = -NEVER
        self._waits_since = NEVER  # for more of the request's body
        self._behind_since = NEVER  # its reader is
        self._asked = NEVER  # when the handler had all of the request
        self.opened = NEVER
        self.at = NEVER

    def enter(self, phase: Late, now: float, seconds: float) -> None:
        """Between exchanges, or towards the end, one thing is waited for and no other."""
        self._phase = phase
        self._phase_at = self.at = now + seconds
        if self._outbound is not None or self._hurry is not None:
            self._look_for_client_too()

    def open(self, now: float, settings: RouteSettings, receiving: bool) -> None:
        """An exchange begins."""
        self._phase = None
        self.settings = settings
        # As stop_waiting(): the rest of a body may have been waited for, for nobody.
        self._waits_since = self._behind_since = NEVER
        self._inbound = None
        self.opened = now
        self.at = now + settings.soonest
        self._asked = NEVER if receiving else now
        if self._outbound is not None or self._hurry is not None:
            self._look_for_client_too()

    def wait_for_body(self, now: float, received: int) -> None:
        """From here on it is the client's turn to send more of the body."""
        settings = self.settings
        self._waits_since = now
        self._behind_since = NEVER
        if settings.body_timeout and settings.min_rate:
            self._inbound = Pace(settings.body_timeout, settings.min_rate, now, received)
        self.at = min(self.at, now + (settings.body_timeout or NEVER))

    def hear(self, now: float) -> None:
        """A part of the body came."""
        if self._waits_since != NEVER:
            self._waits_since = now

    def hold_up(self, now: float) -> None:
        """The body is not read for now, which is not the client's fault, nor may it last."""
        if self._waits_since != NEVER:
            self._waits_since = now
            self._inbound = None

    def fall_behind(self, now: float) -> None:
        """The body's reader does not take what is there."""
        self.stop_waiting()
        self._behind_since = now

    def stop_waiting(self) -> None:
        """Nobody waits for the body: its reader is behind, or it is given up."""
        self._waits_since = self._behind_since = NEVER
        self._inbound = None

    def complete(self, now: float) -> None:
        """The request is here as a whole."""
        self.stop_waiting()
        self._asked = now
        self.at = min(self.at, now + (self.settings.handler_timeout or NEVER))

    def wait_for_client(self, now: float, taken: int, unsent: int = 0) -> None:
        """The client has to take what is buffered.

        Args:
            now: the time.
            taken: bytes that it has taken so far.
            unsent: bytes that it has to take within ``PRESSED_TIMEOUT``, if there is a hurry.
        """
        window, rate = self.settings.write_timeout, self.settings.min_write_rate
        if window and self._outbound is None:
            self._outbound = Pace(window, rate, now, taken)
        # A hurry goes on where it was: pressure may come and go many times a second.
        over = now - self._hurried_at > PRESSED_TIMEOUT / 2
        if self._hurries or unsent:
            self._hurried_at = now
        self._hurries = unsent > 0
        if unsent and (self._hurry is None or over):
            window = min(PRESSED_TIMEOUT, window or PRESSED_TIMEOUT)
            self._hurry = Pace(window, unsent / window, now, taken)
        self._look_for_client_too()

    def _look_for_client_too(self) -> None:
        if self._outbound is not None:
            self.at = min(self.at, self._outbound.due)
        if self._hurry is not None and self._hurries:
            self.at = min(self.at, self._hurry.due)

    def drained(self) -> None:
        """The client has taken enough."""
        self._outbound = self._hurry = None

    def lose_client(self, now: float) -> None:
        """The connection is gone: what a handler still does has as long as an answer had."""
        self.drained()
        self._asked = NEVER
        self.stop_waiting()
        self.enter(Late.UNHEARD, now, self.settings.handler_timeout or NEVER)
        self.at = now  # the total may pass before

    def leave(self) -> None:
        """The connection closes as soon as the client has taken what is unsent."""
        self._phase = None
        self.at = NEVER

    def overdue(self, now: float, grace: float) -> None:
        """The handler was told to stop; look again after the grace."""
        self.stop_waiting()
        self._asked = NEVER
        self.enter(Late.OVERDUE, now, grace)

    def look(
        self, now: float, state: State | None, received: int, taken: int, *, pressed: bool = False
    ) -> Late | None:
        """Return what is late, or None after setting ``at`` anew.

        Args:
            now: the time.
            state: of the open exchange, None without one.
            received: bytes of the request's body so far.
            taken: bytes that the client took of all that was ever sent to it.
            pressed: whether the memory budget is nearly used up.
        """
        self.at = NEVER
        if self._phase is not None and self._passed(now, self._phase_at):
            return self._phase
        if self._too_slow(self._outbound, now, taken):
            return Late.STALLED
        if self._hurries and self._too_slow(self._hurry, now, taken):
            return Late.STALLED
        if state is None:
            return None
        patience = self.settings.handler_timeout
        if pressed and patience and self._passed(now, self._behind_since + patience):
            return Late.BEHIND
        return self._look_at_exchange(now, state, received)

    def _look_at_exchange(self, now: float, state: State, received: int) -> Late | None:
        settings = self.settings
        told = self._phase is Late.OVERDUE
        if settings.timeout and not told and self._passed(now, self.opened + settings.timeout):
            return Late.TOTAL
        if settings.body_timeout and self._passed(now, self._waits_since + settings.body_timeout):
            return Late.BODY
        if self._too_slow(self._inbound, now, received):
            return Late.RATE
        responds = state is State.HANDLING and settings.handler_timeout
        if responds and self._passed(now, self._asked + settings.handler_timeout):
            return Late.HANDLER
        return None

    def _too_slow(self, pace: Pace | None, now: float, count: int) -> bool:
        if pace is None:
            return False
        if pace.late(now, count):
            return True
        self.at = min(self.at, pace.due)
        return False

    def _passed(self, now: float, at: float) -> bool:
        if at <= now:
            return True
        self.at = min(self.at, at)
        return False
