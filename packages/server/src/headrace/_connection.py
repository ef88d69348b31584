"""One TCP connection: the only file with transport callbacks.

Strategy. Bytes go through the parser into a queue of events, and ``_pump`` takes events off it
while it can: the head of a request waits there until the exchange before it is over and the
transport has room, so pipelined requests are answered in order and the queue is bounded by one
read. Everything that stops reading does so through the gate, with a reason of its own.

Rules for an editor: this class knows bytes, events and deadlines; handlers and responses are the
exchange's. ``_pump`` never recurses: an exchange that ends inside it returns to its loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque
from typing import TYPE_CHECKING, Final, TypeAlias, cast

from headrace_http_parser import (
    BodyFraming,
    Data,
    EndOfMessage,
    Event,
    RemoteProtocolError,
    RequestHead,
    RequestParser,
    encode_response_head,
)

from ._end import EndReason
from ._exchange import Exchange
from ._gate import BODY, QUEUE, ReadGate
from ._http1 import Http1Wire
from ._state import State
from ._sweeper import NEVER
from .exceptions import HeadraceException, RequestTimeout

if TYPE_CHECKING:
    from ._interfaces import Host, Peer

KEEP_BYTES: Final = 64 * 1024
"""An unread rest of a body up to this size is read and dropped to keep the connection."""

PUMP_REQUESTS: Final = 32
"""Pipelined requests that are taken in one turn of the loop; then others have a turn."""

RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: on, zero seconds. Closing then sends RST instead of FIN."""

Queued: TypeAlias = "Event | RemoteProtocolError"


class Connection(asyncio.Protocol):
    """One client's connection, from accept to close."""

    __slots__ = (
        "_broken",
        "_budget",
        "_discarded",
        "_eof",
        "_events",
        "_exchange",
        "_full",
        "_gate",
        "_host",
        "_length",
        "_lingering",
        "_lost",
        "_parser",
        "_pumping",
        "_receiving",
        "_sent",
        "_started",
        "_transport",
        "_wire",
        "deadline",
        "peer",
    )

    def __init__(self, host: Host) -> None:
        self._host = host
        self._parser = RequestParser()
        self._events: deque[Queued] = deque()
        self._exchange: Exchange | None = None
        self._length: int | None = None
        self._discarded = 0
        self._sent = -1  # bytes of the response at the last look after the client's FIN
        self._receiving = False  # a request's head is here, its end is not
        self._started = False  # bytes of a head are here, its end is not
        self._broken = False  # nothing after this can be understood
        self._eof = False
        self._full = False  # the transport is above its high-water mark
        self._lingering = False
        self._lost = False
        self._pumping = False
        self._budget = 0
        self.deadline = NEVER
        self.peer: Peer = ("", 0)

    # Transport callbacks.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport; the first head has to come within ``head_timeout``."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=self._host.config.response_buffer)
        name = transport.get_extra_info("peername")
        if isinstance(name, tuple):
            self.peer = (name[0], name[1])
        self._gate = ReadGate(self._transport)
        self._wire = Http1Wire(self, self._transport, self._host.date)
        self._expire_in(self._host.config.head_timeout)
        self._host.opened(self)

    def data_received(self, data: bytes) -> None:
        """Parse, queue, and go on as far as possible."""
        if self._lingering:
            self._discard(len(data))
            return
        if self._broken:
            return
        try:
            events: list[Queued] = self._parser.receive_data(data)  # type: ignore[assignment]
        except RemoteProtocolError as error:
            events = [*error.events, error]
        if events:
            self._events.extend(events)
            self._pump()
        elif not self._started and not self._receiving:
            self._started = True
            if self._exchange is None:
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
            return False
        self._expire_in(self._host.config.half_close_grace)
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the exchange; without one the connection is over."""
        self._lost = self._gate.over = True
        self._events.clear()
        self.deadline = NEVER
        if self._exchange is None:
            self._host.closed(self)
        else:
            self._exchange.lose(EndReason.CLIENT_GONE)

    def pause_writing(self) -> None:
        """The transport went above its high-water mark."""
        self._full = True
        if self._exchange is not None:
            self._exchange.pause_writing()

    def resume_writing(self) -> None:
        """The transport fell below its low-water mark."""
        self._full = False
        if self._exchange is not None:
            self._exchange.resume_writing()
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
                over = self._broken or self._lingering or self._lost
                if self._events or over or not self._parser.pending:
                    break
                self._refill()
        finally:
            self._pumping = False
        if self._events:
            self._gate.stop(QUEUE)
            if not self._budget:
                asyncio.get_running_loop().call_soon(self._pump)
        elif self._eof and self._exchange is None:
            self._transport.close()
        else:
            self._gate.resume(QUEUE)

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
            self._events.popleft()
            self._open(cast("RequestHead", event))
        elif kind is Data:
            self._events.popleft()
            data = cast("Data", event).data
            if exchange is None:
                self._discard(len(data))
            else:
                self._expire_in(self._host.config.body_timeout)
                exchange.receive(data)
        elif kind is EndOfMessage:
            self._events.popleft()
            self._finish_body(exchange)
        else:
            return self._break(cast("RemoteProtocolError", event), exchange)
        return not self._lingering

    def _open(self, head: RequestHead) -> None:
        self._receiving = head.has_body
        self._started = False
        self._length = head.content_length
        self._discarded = 0
        self.deadline = NEVER
        if not head.has_body:
            # Its EndOfMessage comes with it: off the queue before a handler may answer at once.
            self._events.popleft()
        self._wire.begin(head)
        host = self._host
        exchange = self._exchange = Exchange(
            head, self._wire, host.dispatcher, host.context, paused=self._full
        )
        exchange.open()
        if self._exchange is exchange and self._receiving and not exchange.waits_to_continue:
            self._expire_in(host.config.body_timeout)

    def _finish_body(self, exchange: Exchange | None) -> None:
        self._receiving = False
        if exchange is not None:
            self.deadline = NEVER
            exchange.receive_end()
        else:
            self._idle()

    def _break(self, error: RemoteProtocolError, exchange: Exchange | None) -> bool:
        """The client broke the rules: nothing after this point can be understood."""
        if self._receiving and exchange is not None:
            self._events.popleft()
            self._broken = True
            self._receiving = False
            self.deadline = NEVER
            exchange.receive_failed(
                None if self._eof else HeadraceException(error.reason, error.status)
            )
            return True
        if exchange is not None:
            return False
        if self._receiving:
            self._linger()  # answered already, while this rest was to be dropped
        else:
            self._refuse(error.status, error.reason)
        return False

    def _refuse(self, status: int, reason: str) -> None:
        """Answer what never became a request, and close."""
        body = f"{status} {reason}\n".encode()
        head = encode_response_head(
            status,
            [("content-type", "text/plain; charset=utf-8"), ("date", self._host.date())],
            framing=BodyFraming.CONTENT_LENGTH,
            content_length=len(body),
            close=True,
        )
        self._transport.write(head + body)
        self._linger()

    # The exchange's end, and the connection's.

    def ended(self, exchange: Exchange) -> None:
        """The exchange is over: go on with the next request, or close."""
        self._exchange = None
        self._host.ended(self, exchange)
        if self._lost:
            self._host.closed(self)
        elif self._transport.is_closing():
            pass  # cut; connection_lost comes
        elif self._broken or (self._receiving and self._gives_up(exchange)):
            self._linger()
        elif self._receiving:
            self._gate.resume(BODY)
            self._expire_in(self._host.config.linger_timeout)
        elif not self._wire.keep_alive or (self._eof and not self._events):
            self._transport.close()
        else:
            self._gate.resume(BODY)
            self._idle()
            self._pump()

    def _gives_up(self, exchange: Exchange) -> bool:
        """Whether the rest of this request's body is not waited for."""
        return exchange.waits_to_continue or not self._wire.keep_alive

    def will_close(self, whole: bool) -> bool:
        """Whether this response is the connection's last."""
        if self._broken or self._host.draining:
            return True
        if not whole or not self._receiving or self._exchange is None:
            return False
        if self._length is None or self._exchange.waits_to_continue:
            return True
        intake = self._exchange.intake
        return self._length - (0 if intake is None else intake.received) > KEEP_BYTES

    def _idle(self) -> None:
        """Wait for the next request."""
        if self._events:
            return
        if self._host.draining:
            self._transport.close()
        elif self._started:
            self._await_head()
        else:
            self._expire_in(self._host.config.keep_alive_timeout)

    def _await_head(self) -> None:
        """A head has begun to arrive."""
        self._expire_in(self._host.config.head_timeout)

    def _linger(self) -> None:
        """Say that we are done, and read on for a while before closing.

        A socket that is closed while the client still sends answers RST, which can destroy the
        response before the client has read it (RFC 9112, 9.6).
        """
        self._lingering = True
        self._events.clear()
        self._discarded = 0
        if self._eof:
            self._transport.close()
            return
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._gate.resume(BODY | QUEUE)
        self._expire_in(self._host.config.linger_timeout)

    def _discard(self, size: int) -> None:
        self._discarded += size
        if self._discarded <= self._host.config.linger_bytes:
            return
        if self._lingering:
            self._transport.close()
        else:
            self._linger()

    def cut(self, *, gently: bool, reset: bool) -> None:
        """Close the connection under an exchange; see ``Wire.cut``."""
        if self._lost:
            return
        if reset:
            self._set_reset()
        if gently:
            self._transport.close()
            self._expire_in(self._host.config.linger_timeout)
        else:
            self._transport.abort()

    def _set_reset(self) -> None:
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):  # gone already
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    # Reading, stopped and resumed.

    def pause_reading(self) -> None:
        """The reader of the request's body is behind: let TCP hold the client back."""
        self.deadline = NEVER
        self._gate.stop(BODY)

    def resume_reading(self) -> None:
        """The reader has caught up."""
        if self._receiving:
            self._expire_in(self._host.config.body_timeout)
        self._gate.resume(BODY)

    # Deadlines and shutdown.

    def _expire_in(self, seconds: float) -> None:
        self.deadline = self._host.now + seconds

    def expire(self) -> None:
        """A deadline passed: which one follows from where the connection stands."""
        exchange = self._exchange
        if self._lingering or self._transport.is_closing():
            self._transport.abort()
        elif exchange is None:
            if self._receiving:
                self._linger()
            elif self._started:
                self._refuse(408, "the request's head did not arrive in time")
            else:
                self._transport.close()
        elif self._receiving:
            self._receiving = False
            self._broken = True
            exchange.receive_failed(RequestTimeout("the request's body did not arrive in time"))
        elif self._eof:
            self._watch_half_closed(exchange)

    def _watch_half_closed(self, exchange: Exchange) -> None:
        """After the client's FIN: a stream that is silent for the grace period is given up.

        FIN alone does not tell a client that left from one that still reads. One that left answers
        the next write with RST; so only a stream that does not write needs a clock.
        """
        sent, self._sent = self._sent, exchange.bytes_out
        if exchange.state is State.RESPONDING and not self._full and sent == exchange.bytes_out:
            exchange.lose(EndReason.CLIENT_GONE)
        else:
            self._expire_in(self._host.config.half_close_grace)

    def drain(self) -> None:
        """The server shuts down: close at once when idle, after the exchange otherwise."""
        if self._exchange is None and not self._receiving and not self._events:
            self._transport.close()

    def lose(self, reason: EndReason) -> None:
        """Cut whatever is open."""
        if self._exchange is not None:
            self._exchange.lose(reason)
        else:
            self._transport.abort()
