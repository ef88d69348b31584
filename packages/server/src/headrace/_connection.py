"""One TCP connection: the only file with transport callbacks.

Strategy. Bytes go through the parser into a queue of events, and ``_pump`` takes events off it
while it can: the head of a request waits there until the exchange before it is over and the
transport has room, so pipelined requests are answered in order and the queue is bounded by one
read. Everything that stops reading does so through the gate, with a reason of its own. What has to
happen by when is noted in ``deadlines`` and looked at by the sweeper.

Rules for an editor: this class knows bytes, events and deadlines; handlers and responses are the
exchange's. ``_pump`` never recurses: an exchange that ends inside it returns to its loop.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, cast

from headrace_http_parser import (
    Data,
    EndOfMessage,
    RemoteProtocolError,
    RequestHead,
    RequestParser,
)

from ._deadlines import Late
from ._end import EndReason
from ._exchange import Exchange
from ._gate import BODY, BUDGET, QUEUE
from ._guarded import Guarded, Queued
from ._http1 import Http1Wire
from .exceptions import HeadraceException, ServerBusy

if TYPE_CHECKING:
    from ._interfaces import Host

logger = logging.getLogger("headrace")

KEEP_BYTES: Final = 64 * 1024
"""An unread rest of a body up to this size is read and dropped to keep the connection."""

KEEP_ALIVE: Final = Late.KEEP_ALIVE

PUMP_REQUESTS: Final = 32
"""Pipelined requests that are taken in one turn of the loop; then others have a turn."""


class Connection(Guarded):
    """One client's connection, from accept to close."""

    __slots__ = (
        "_broken",
        "_budget",
        "_parser",
        "_pumping",
        "_served",
    )

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._parser = RequestParser(host.limits)
        self._served = 0  # requests
        self._broken = False  # nothing after this can be understood
        self._pumping = False
        self._budget = 0

    # Transport callbacks.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; the first head has to come within ``head_timeout``."""
        host = self._host
        self._attach(transport)
        self._wire = Http1Wire(self, self._transport, host.dated, host.turn)
        self.deadlines.enter(Late.HEAD, host.sweeper.now, host.config.head_timeout)
        refusal = host.admit(self)
        if refusal is not None:
            # Without waiting until it is read: there are too many connections for that.
            self._wire.refuse(503, refusal)
            self._broken = True
            self._close()

    def data_received(self, data: bytes) -> None:
        """Parse, queue, and go on as far as possible."""
        if self._lingering:
            self._discard(len(data))
            return
        if self._broken:
            self._drop(len(data))
            return
        if self._receiving and not self._events and self._parser.pass_over(len(data)):
            self._take_body(data)
            return
        self._last_read = len(data)
        try:
            events: list[Queued] = self._parser.receive_data(data)  # type: ignore[assignment]
        except RemoteProtocolError as error:
            events = [*error.events, error]
        if events:
            count = len(events)
            first = events[0]
            # A request that is here as a whole and need not wait is the commonest by far: the queue
            # would be 0.7 us of it.
            free = not (self._exchange is not None or self._events or self._full)
            if free and count == 2 and type(first) is RequestHead and not first.has_body:
                self._open(first)
            elif free and count == 3 and type(first) is RequestHead and self._is_whole(events):
                self._open(first, events[1].data)  # type: ignore[union-attr]
            else:
                self._events.extend(events)
                self._pump()
            if not self._receiving and self._exchange is not None and self._parser.in_head:
                self._begin_head()
        elif not self._receiving and self._parser.in_head:
            self._begin_head()

    def _is_whole(self, events: list[Queued]) -> bool:
        """Whether this is a request with its whole body, which may be taken."""
        return (
            events[0].content_length is not None  # type: ignore[union-attr]
            and type(events[1]) is Data
            and type(events[2]) is EndOfMessage
            and not self._host.budget.pressed
        )

    def _take_body(self, data: bytes) -> None:
        """Hand a part of the open request's body on; drop it if nobody wants it."""
        exchange = self._exchange
        if exchange is None:
            self._discard(len(data))
            return
        self.deadlines.hear(self._host.sweeper.now)
        if not exchange.receive(data):
            self._drop(len(data))
        elif exchange.buffered_in > self._charged:
            self.weigh()  # 0.9 us, and a body that is read as it comes holds no more than before

    def _begin_head(self) -> None:
        """Bytes of a head came, and not its end."""
        self._partial += self._last_read
        self.weigh()
        if self._exchange is not None:
            self._started = True
            self._stop_reading(QUEUE)  # the rest of this head can wait, and has no deadline
        elif not self._started:
            self._await_head()

    def eof_received(self) -> bool:
        """The client sends no more; it may still read. True keeps our side open."""
        if self._lingering:
            return False
        self._eof = self._gate.over = True
        try:
            self._events.extend(self._parser.receive_eof())
        except RemoteProtocolError as error:
            self._events.extend([*error.events, error])
        self._pump()
        if self._exchange is None and not self._events and not self._lingering:
            self._wire.flush()  # the transport closes itself now
            return False
        self._host.watch(self)
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the exchange; without one the connection is over."""
        self._lost = self._gate.over = True
        self._events.clear()
        self.deadlines.lose_client(self._host.sweeper.now)
        if self._exchange is None:
            self._leave()
        else:
            self._exchange.lose(EndReason.CLIENT_GONE)

    def pause_writing(self) -> None:
        """The transport went above its high-water mark."""
        self._full = True
        self._wait_for_client()
        if self._exchange is not None:
            self._exchange.pause_writing()
        self.weigh()

    def resume_writing(self) -> None:
        """The transport fell below its low-water mark."""
        self._full = False
        if self._exchange is not None:
            self._exchange.resume_writing()
        if not self._transport.is_closing():
            self.deadlines.drained()
            self._mark()
        self.weigh()
        # Not here: asyncio's transports cannot be closed while they call this.
        asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        if self._exchange is not None:
            self._exchange.part()
        self._pump()

    # Events, in order.

    def _pump(self) -> None:
        if self._pumping:
            return
        self._pumping = True
        self._budget = PUMP_REQUESTS
        try:
            while True:
                while self._events and self._take(self._events[0]):
                    pass
                if self._events or not self._parser.pending or self._is_over():
                    break
                self._refill()
        finally:
            self._pumping = False
        if self._events:
            self._stop_reading(QUEUE)
            if not self._budget:
                asyncio.get_running_loop().call_soon(self._pump)
        elif self._eof and self._exchange is None:
            self._close()
        else:
            self._gate.resume(QUEUE)

    def _is_over(self) -> bool:
        """Whether no further request is taken."""
        if self._broken or self._lingering or self._lost:
            return True
        return self._transport.is_closing()

    def _refill(self) -> None:
        """Take what the parser held back because one read brought too many requests."""
        try:
            self._events.extend(self._parser.receive_data(b""))
        except RemoteProtocolError as error:
            self._events.extend([*error.events, error])

    def _take(self, event: Queued) -> bool:
        """Handle the first event of the queue; False leaves it there until its turn comes."""
        kind = type(event)
        exchange = self._exchange
        if kind is RequestHead:
            if exchange is not None or self._full or not self._budget:
                return False
            self._budget -= 1
            self._events.pop(0)
            if not event.has_body:  # type: ignore[union-attr]
                # Its EndOfMessage came with it: off the queue before a handler may answer at once.
                self._events.pop(0)
            self._open(event)  # type: ignore[arg-type]
        elif kind is Data:
            self._events.pop(0)
            self._take_body(cast("Data", event).data)
        elif kind is EndOfMessage:
            self._events.pop(0)
            self._finish_body(cast("EndOfMessage", event), exchange)
        else:
            return self._break(cast("RemoteProtocolError", event), exchange)
        return not self._lingering

    def _open(self, head: RequestHead, body: bytes | None = None) -> None:
        """Begin the exchange of a request, whose body may be here as a whole."""
        host = self._host
        has_body = self._receiving = body is None and head.has_body
        self._started = False
        self._partial = 0
        self._discarded = 0
        self._served += 1
        self._wire.begin(head)
        exchange = self._exchange = Exchange(
            head, self._wire, host.dispatcher, host.context, self._full
        )
        if host.budget.exhausted:
            exchange.refuse(ServerBusy())
        if has_body:
            self.deadlines.open(host.sweeper.now, exchange.settings, True)
            exchange.open()
            self._await_body(exchange)
        else:
            # Most are answered within this call and need no deadlines of their own: 3 % of a
            # request. What their clients may do meanwhile is to fall behind.
            self.deadlines.settings = exchange.settings
            exchange.open(body)
            if self._exchange is exchange:
                self.deadlines.open(host.sweeper.now, exchange.settings, False)
        if self._eof:
            host.watch(self)

    def _await_body(self, exchange: Exchange) -> None:
        """The head of a request is here: the rest may be waited for."""
        host = self._host
        if self._receiving and self._exchange is exchange:
            if not exchange.waits_to_continue:
                self.deadlines.wait_for_body(host.sweeper.now, 0)
            if host.budget.pressed:
                self._hold_up()

    def _drop(self, size: int) -> None:
        """Bytes came that the open exchange does not want: some are read, for the answer's sake."""
        self._discarded += size
        if self._discarded > self._host.config.linger_bytes:
            self.deadlines.stop_waiting()
            self._stop_reading(BODY)

    def _finish_body(self, end: EndOfMessage, exchange: Exchange | None) -> None:
        self._receiving = False
        if exchange is not None:
            self.deadlines.complete(self._host.sweeper.now)
            exchange.receive_end(end.trailers)
        else:
            self._idle()

    def _break(self, error: RemoteProtocolError, exchange: Exchange | None) -> bool:
        """The client broke the rules: nothing after this point can be understood."""
        if self._receiving and exchange is not None:
            self._events.pop(0)
            self._fail_body(
                None if self._eof else HeadraceException(error.reason, error.status),
                EndReason.CLIENT_GONE,
            )
            return True
        if exchange is not None:
            return False
        if self._receiving:
            self._linger()  # answered already, while this rest was to be dropped
        else:
            self._refuse(error)
        return False

    def _fail_body(self, error: HeadraceException | None, verdict: EndReason) -> None:
        """The rest of the request's body is given up, and with it the connection."""
        assert self._exchange is not None
        self._broken = True
        self._receiving = False
        self.deadlines.complete(self._host.sweeper.now)
        self._exchange.receive_failed(error, verdict)

    def _refuse(self, error: RemoteProtocolError) -> None:
        """Answer what is no request."""
        logger.info("%s: refused: %d %s", self.peer[0], error.status, error.reason)
        self._answer(error.status, error.reason)

    # The exchange's end, and the connection's.

    def ended(self, exchange: Exchange) -> None:
        """The exchange is over: go on with the next request, or close."""
        self._exchange = None
        self._host.requests += 1
        if self._charged:
            self.weigh()
        if self._lost:
            self._leave()
        elif self._transport.is_closing():
            self._events.clear()  # cut: connection_lost comes, and no further answer would arrive
            if self._unsent():
                self._wait_for_client()
        elif self._broken or (self._receiving and self._gives_up(exchange)):
            self._linger()
        elif self._receiving:
            self._gate.resume(BODY | BUDGET)
            self._expire_in(Late.LINGER, self._host.config.linger_timeout)
        elif not self._wire.keep_alive:
            self._part()
        elif self._eof and not self._events:
            self._close()
        else:
            if self._gate.stopped:
                self._gate.resume(BODY | BUDGET)
            self._idle()
            if self._events or self._gate.stopped or not self._parser.idle:
                self._pump()

    def _part(self) -> None:
        """The client was told that this response is the last."""
        if self._expects_more():
            logger.debug("%s: closes after %d requests", self.peer[0], self._served)
            self._linger()  # a client that sends more would be reset before it has read this
        else:
            self._close()

    def _expects_more(self) -> bool:
        """Whether a client that is told of the end may have sent, or send, another request."""
        if self._eof:
            return False
        if not self._wire.asked_to_close:
            return True
        return bool(self._events) or self._parser.pending or self._parser.in_head

    def _leave(self) -> None:
        """Nothing of this connection runs any more."""
        self._host.budget.charge(-self._charged)
        self._charged = 0
        self._host.closed(self)

    def _gives_up(self, exchange: Exchange) -> bool:
        """Whether the rest of this request's body is not waited for."""
        return exchange.waits_to_continue or not self._wire.keep_alive

    def will_close(self, whole: bool) -> bool:
        """Whether this response is the connection's last."""
        host = self._host
        if self._broken or host.draining or 0 < host.config.keep_alive_requests <= self._served:
            return True
        if not whole or not self._receiving or self._exchange is None:
            return False
        length = self._exchange.head.content_length
        if length is None or self._exchange.waits_to_continue:
            return True
        return length - self._exchange.bytes_in > KEEP_BYTES

    def _idle(self) -> None:
        """Wait for the next request."""
        if self._events:
            return
        if self._host.draining:
            self._close()
        elif self._started or (not self._parser.idle and self._parser.in_head):
            self._await_head()
        else:
            host = self._host
            self.deadlines.enter(KEEP_ALIVE, host.sweeper.now, host.config.keep_alive_timeout)

    def _await_head(self) -> None:
        """A head has begun to arrive."""
        self._started = True
        if not self._partial:
            self._partial = self._last_read  # or less: it came behind a request
            self.weigh()
        self._expire_in(Late.HEAD, self._host.config.head_timeout)

    def _linger(self) -> None:
        self._events.clear()
        super()._linger()
