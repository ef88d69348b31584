"""The transport under a connection: how much it holds, when it is read, and how it is closed.

Rules for an editor: nothing here knows requests. Reading is stopped and resumed through the gate
alone; a connection is closed through ``close`` or ``linger``, so that a client has to take what is
unsent within its time, or through ``abort``, which drops it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
from typing import TYPE_CHECKING, Final, cast

from ._deadlines import Deadlines, Late
from ._gate import BODY, BUDGET, QUEUE, ReadGate

if TYPE_CHECKING:
    from ._http1 import Http1Wire
    from ._interfaces import Host, Peer

logger = logging.getLogger("headrace")

RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: on, zero seconds. Closing then sends RST instead of FIN."""


class Link(asyncio.Protocol):
    """One client's transport.

    Args:
        host: the server.

    Attributes:
        deadlines: what has to happen by when.
        peer: the client's address.
    """

    __slots__ = (
        "_charged",
        "_discarded",
        "_eof",
        "_gate",
        "_host",
        "_lingering",
        "_lost",
        "_partial",
        "_transport",
        "_wire",
        "deadlines",
        "peer",
    )

    _wire: Http1Wire

    def __init__(self, host: Host) -> None:
        self._host = host
        self._charged = 0  # bytes of the budget
        self._discarded = 0
        self._eof = False
        self._lingering = False
        self._lost = False
        self._partial = 0  # bytes of a head that is not complete
        self.deadlines = Deadlines(host.dispatcher.settings)
        self.peer: Peer = ("", 0)

    def _attach(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self._transport = cast("asyncio.Transport", transport)
        name = transport.get_extra_info("peername")
        if isinstance(name, tuple):
            self.peer = (name[0], name[1])
        self._gate = ReadGate(self._transport)
        self._mark()

    # What is held.

    def _mark(self) -> None:
        """Set the high-water mark of responses: none while the memory budget is nearly used up."""
        host = self._host
        mark = 0 if host.budget.pressed else host.config.response_buffer
        self._transport.set_write_buffer_limits(high=mark)

    def drain_writes(self) -> None:
        """Say ``resume_writing`` when nothing is unsent any more."""
        self._transport.set_write_buffer_limits(high=0)

    def _taken(self) -> int:
        """Bytes that the client took, or at least its kernel or ours."""
        return self._wire.sent - self._unsent()

    def _unsent(self) -> int:
        return self._wire.buffered()

    def held(self) -> tuple[int, int]:
        """Bytes of requests and of responses that are buffered here."""
        return self._partial, 0 if self._lost else self._unsent()

    def weigh(self) -> None:
        """Bring the budget's share of this connection up to date."""
        charged = sum(self.held())
        if charged != self._charged:
            change = charged - self._charged
            self._charged = charged
            self._host.budget.charge(change)

    # The end.

    def _expire_in(self, phase: Late, seconds: float) -> None:
        self.deadlines.enter(phase, self._host.sweeper.now, seconds)

    def _close(self) -> None:
        """Close once the client has taken what is unsent; it has to go on taking it."""
        self._wire.flush()
        self._transport.close()
        self.deadlines.leave()
        if self._unsent():
            self._wait_for_client()

    def _wait_for_client(self) -> None:
        """The client has to take what is unsent, and quickly if too much is held in all."""
        hurry = self._unsent() if self._host.budget.pressed else 0
        self.deadlines.wait_for_client(self._host.sweeper.now, self._taken(), hurry)

    def _linger(self) -> None:
        """Say that we are done, and read on for a while before closing.

        A socket that is closed while the client still sends answers RST, which can destroy the
        response before the client has read it (RFC 9112, 9.6).
        """
        self._wire.flush()
        self._lingering = True
        self._discarded = 0
        if self._eof:
            self._close()
            return
        if self._transport.can_write_eof():
            with contextlib.suppress(OSError):  # asyncio: reset already, which it will tell later
                self._transport.write_eof()
        self._gate.resume(BODY | QUEUE | BUDGET)
        self._expire_in(Late.LINGER, self._host.config.linger_timeout)

    def _discard(self, size: int) -> None:
        """Drop bytes that nobody wants, up to a limit."""
        self._discarded += size
        if self._discarded <= self._host.config.linger_bytes:
            return
        logger.debug("%s: more than linger_bytes came that nobody wants", self.peer[0])
        if self._lingering:
            self._close()
        else:
            self._linger()

    def cut(self, *, gently: bool) -> None:
        """Close the connection under an exchange; see ``Wire.cut``."""
        if self._lost:
            return
        if gently:
            self._close()
        else:
            self._abort()

    def _abort(self) -> None:
        """Close at once, with a reset.

        A FIN would wait behind what the kernel still holds for a client that does not read, up to
        some megabytes for some minutes, and the client would not learn anything.
        """
        self._wire.flush()
        sock = self._transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):  # gone already
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._transport.abort()
