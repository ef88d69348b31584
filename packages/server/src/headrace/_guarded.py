"""A link with an exchange on it, guarded: against time, a lack of memory, clients that leave.

Rules for an editor: what a client sends is none of this file's business. Each deadline that passes
has one consequence, here.
"""

from __future__ import annotations

import logging
from abc import abstractmethod
from typing import TYPE_CHECKING, TypeAlias

from . import _probe
from ._deadlines import NEVER, Late
from ._end import EndReason
from ._gate import BODY, BUDGET
from ._link import Link
from ._state import State
from .exceptions import HeadraceException, RequestTimeout, ServerBusy

if TYPE_CHECKING:
    from headrace_http_parser import Event, RemoteProtocolError

    from ._exchange import Exchange
    from ._interfaces import Host

logger = logging.getLogger("headrace")

Queued: TypeAlias = "Event | RemoteProtocolError"


class Guarded(Link):
    """A link and the exchange that is open on it."""

    __slots__ = (
        "_events",
        "_exchange",
        "_full",
        "_last_read",
        "_peer_state",
        "_receiving",
        "_started",
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._events: list[Queued] = []  # of one read: few, and seldom any
        self._exchange: Exchange | None = None
        self._receiving = False  # a request's head is here, its end is not
        self._started = False  # bytes of a head are here, its end is not
        self._full = False  # the transport is above its high-water mark
        self._last_read = 0  # bytes
        self._peer_state: _probe.Peer | None = None

    @abstractmethod
    def _fail_body(self, error: HeadraceException | None, verdict: EndReason) -> None:
        """The rest of the request's body is given up, and with it the connection."""

    def _answer(self, status: int, reason: str) -> None:
        """Answer what never became a request, and close."""
        self._wire.refuse(status, reason)
        self._linger()

    def _mark(self) -> None:
        if self._exchange is not None and self._exchange.unsettled:
            return  # no mark until the kernel has taken the whole response
        super()._mark()

    # Reading, stopped and resumed.

    def _stop_reading(self, reason: int) -> None:
        self._gate.stop(reason)
        self._host.watch(self)

    def pause_reading(self) -> None:
        """The reader of the request's body is behind: let TCP hold the client back."""
        if self._receiving:  # or all of the body is here, and is nobody's delay
            self.deadlines.fall_behind(self._host.sweeper.now)
        self._stop_reading(BODY)

    def resume_reading(self) -> None:
        """The reader has caught up."""
        if self._receiving and self._exchange is not None:
            self.deadlines.wait_for_body(self._host.sweeper.now, self._received())
        self._gate.resume(BODY)

    # What is held, and where the client is.

    def press(self) -> None:
        """The memory budget is nearly used up, or is not any more.

        Which of the two is asked for when it matters: a mark that is set may change it.
        """
        if self._lost:
            return
        if self._full or self._transport.is_closing():
            self._wait_for_client()
        if self._transport.is_closing():
            return
        self.deadlines.at = self._host.sweeper.now  # what is late may depend on it
        self._mark()
        receiving = self._receiving and self._exchange is not None
        if not self._host.budget.pressed:
            self._gate.resume(BUDGET)
            if receiving and not self._gate.stopped:
                self.deadlines.wait_for_body(self._host.sweeper.now, self._received())
        elif receiving:
            self._hold_up()

    def _received(self) -> int:
        return 0 if self._exchange is None else self._exchange.bytes_in

    def _hold_up(self) -> None:
        """Read no body while too much is held; not for longer than a body may be silent."""
        self.deadlines.hold_up(self._host.sweeper.now)
        self._stop_reading(BUDGET)

    def held(self) -> tuple[int, int]:
        """Bytes of requests and of responses that are buffered here."""
        exchange = self._exchange
        queued, unsent = super().held()
        if self._events:
            queued += self._last_read  # all that waits came with it, since reading has stopped
        if exchange is None:
            return queued, unsent
        return queued + exchange.buffered_in, unsent + exchange.buffered_out

    @property
    def busy(self) -> bool:
        """Whether anything may be buffered here."""
        return self._exchange is not None or self._charged > 0 or self._unsent() > 0

    @property
    def exchange(self) -> Exchange | None:
        """The exchange that is open."""
        return self._exchange

    def _sent(self) -> int:
        return self._wire.sent

    def check_peer(self, now: float) -> bool:
        """See whether a client is gone that the loop does not watch; tell whether to look again."""
        exchange = self._exchange
        if self._lost or exchange is None or not (self._eof or self._gate.stopped):
            return False
        if exchange.state > State.RESPONDING and not exchange.contentless:
            return True
        if self._peer_state is None:
            grace = self._host.config.half_close_grace
            self._peer_state = _probe.Peer(self._transport, self._wire.probe, grace)
        streams = exchange.state is State.RESPONDING or exchange.contentless
        stops = self._gate.stops
        if self._peer_state.gone(now, self._sent, stops, eof=self._eof, streams=streams):
            logger.debug("%s: the client is gone", self.peer[0])
            exchange.lose(EndReason.CLIENT_GONE)
        return True

    # Deadlines and shutdown.

    def expire(self) -> None:
        """Look which deadline has passed, and act."""
        exchange, now = self._exchange, self._host.sweeper.now
        state = None if exchange is None else exchange.state
        if exchange is not None and exchange.contentless:
            state = State.HANDLING  # nothing will ever be sent: its handler has as long as any
        taken = 0 if self._lost else self._taken()
        late = self.deadlines.look(
            now, state, self._received(), taken, pressed=self._host.budget.pressed
        )
        if late is None:
            return
        what = "" if exchange is None else f" {exchange.head.method} {exchange.request.path}"
        usual = late is Late.KEEP_ALIVE or late is Late.LINGER
        level = logging.DEBUG if usual else logging.INFO
        logger.log(level, "%s%s: %s", self.peer[0], what, late.value)
        if exchange is None:
            self._expire_alone(late)
        else:
            self._expire_exchange(late, exchange)
            self.deadlines.at = min(self.deadlines.at, now)  # something else may be due as well

    def _expire_alone(self, late: Late) -> None:
        self.deadlines.at = NEVER
        if late is Late.HEAD and self._started:
            self._answer(408, late.value)
        elif late is Late.LINGER and not self._lingering:
            self._linger()
        elif late is Late.STALLED:
            self._abort()
        else:
            self._close()

    def _expire_exchange(self, late: Late, exchange: Exchange) -> None:
        if late is Late.STALLED and self._transport.is_closing():
            self._abort()  # the exchange is lost already
        elif late is Late.STALLED:
            self.deadlines.drained()
            exchange.lose(EndReason.STALLED)
        elif late is Late.OVERDUE or late is Late.UNHEARD:
            self.deadlines.enter(late, NEVER, 0)
            exchange.lose(EndReason.TIMEOUT)
        elif late is Late.BODY and self._gate.stopped & BUDGET:
            self._fail_body(ServerBusy(), EndReason.TIMEOUT)
        elif late in (Late.BODY, Late.RATE) or exchange.state is State.RECEIVING:
            self._fail_body(RequestTimeout(late.value), EndReason.TIMEOUT)
        else:
            self.deadlines.overdue(self._host.sweeper.now, self._host.config.linger_timeout)
            exchange.time_out(late.value)

    def drain(self) -> None:
        """The server shuts down: close at once when idle, after the exchange otherwise."""
        busy = self._receiving or self._events or self._lingering
        if self._exchange is None and not busy:
            self._close()

    def lose(self, reason: EndReason) -> None:
        """Cut whatever is open."""
        if self._exchange is not None:
            self._exchange.lose(reason)
        elif self._lingering:
            self._close()  # all has been said
        else:
            self._abort()
