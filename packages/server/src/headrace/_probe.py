"""Whether a client that sends no more, or is not read from, is still there.

A client that closes and one that only shuts its sending side both send FIN. A peer that has closed
answers whatever is sent to it with RST, and then the kernel's state of our socket is CLOSE instead
of CLOSE_WAIT; one that still reads ignores a byte that means nothing. The loop does not tell: it
watches a socket neither after FIN nor while reading is paused. So the state is read, at short
intervals, of those few connections for which one of the two holds.

Rules for an editor: at most one byte per look, and none while anything is unsent, which will tell
as well; a client must never get a byte that changes what it reads.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from asyncio.trsock import TransportSocket
    from collections.abc import Callable

logger = logging.getLogger("headrace")

TICK: Final = 0.05
"""Seconds between two looks: a client that is gone is noticed after two to three."""

LOOK_SHARE: Final = 80e-6
"""Seconds per look, of which it works four microseconds: all looks take a twentieth of the time."""

DELAYS: Final = (0.1, 0.4, 1.5, 6.0, 25.0)
"""Seconds from one probe to the next while nothing else is sent; the last one holds on."""

PATIENCE: Final = 1.0
"""Seconds of paused reading after which a client is probed that has sent no FIN. When a client
leaves amid an upload, its FIN stays behind what its kernel still has to send."""

MOST_PROBES: Final = 8
"""Leading zeros of one chunk's size. Parsers take up to 16 digits, a chunk of ours has 5 or 6."""

SPARE: Final = 2
"""Of them, those that are kept for the time after FIN."""

KEEP_ALIVE: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""Seconds of silence, seconds between questions, and questions without an answer."""

CLOSE: Final = 7
CLOSE_WAIT: Final = 8


def tcp_state(transport: asyncio.BaseTransport) -> int | None:
    """Return the kernel's state of a TCP connection; None where that cannot be had."""
    sock = transport.get_extra_info("socket")
    if sock is None or not hasattr(socket, "TCP_INFO"):
        return None
    try:
        info: bytes = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
    except OSError:  # closed already, or no TCP socket
        return None
    return info[0]


def keep_alive(listener: socket.socket | TransportSocket) -> None:
    """Have the kernel ask silent clients whether they are there; accepted sockets inherit it.

    This finds those that vanish without a FIN, and those for whose FIN no probe is left.
    """
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEP_ALIVE.items():
        if hasattr(socket, name):
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


class Peer:
    """The state of knowledge about one client.

    Args:
        transport: its connection.
        send_probe: sends a byte that means nothing, and tells whether it could.
        grace: seconds that a silent stream goes on where no probe is possible.
    """

    __slots__ = (
        "_closed",
        "_count",
        "_grace",
        "_next",
        "_send_probe",
        "_sent",
        "_since",
        "_stops",
        "_transport",
    )

    def __init__(
        self, transport: asyncio.Transport, send_probe: Callable[[], bool], grace: float
    ) -> None:
        self._transport = transport
        self._send_probe = send_probe
        self._grace = grace
        self._closed = False
        self._sent = -1
        self._count = 0
        self._next = 0.0
        self._since = 0.0
        self._stops = 0

    def gone(
        self, now: float, sent: Callable[[], int], stops: int, *, eof: bool, streams: bool
    ) -> bool:
        """Whether the client is known to be gone.

        Args:
            now: the time.
            sent: gives the bytes that were ever sent to it.
            stops: how often reading from it was stopped.
            eof: whether its FIN was read.
            streams: whether a response without a known end is under way.
        """
        state = tcp_state(self._transport)
        if state == CLOSE:
            return True
        closed = state == CLOSE_WAIT or eof
        wrote = sent() != self._sent
        if wrote:
            self._sent = sent()
            self._count = 0
        if wrote or closed != self._closed or stops != self._stops:
            self._closed = closed
            self._stops = stops
            self._since = now
            self._next = now if closed else now + PATIENCE
        if now < self._next or self._transport.get_write_buffer_size():
            return False
        most = MOST_PROBES if closed else MOST_PROBES - SPARE
        if self._count < most and self._send_probe():
            self._sent = sent()
            self._next = now + DELAYS[min(self._count, len(DELAYS) - 1)]
            self._count += 1
            return False
        return eof and not self._count and streams and now - self._since >= self._grace


class Watched(Protocol):
    """What a prober looks at."""

    def check_peer(self, now: float) -> bool:
        """Act if the client is gone; tell whether to look again."""


class Prober:
    """Looks at those connections whose clients the loop does not watch.

    Args:
        clock: seconds, monotonic.
    """

    __slots__ = ("_clock", "_members", "_timer")

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._members: set[Watched] = set()
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, member: Watched) -> None:
        """Look at it from now on, until it says that there is no more need."""
        self._members.add(member)
        if self._timer is None:
            self._start()

    def _start(self) -> None:
        seconds = max(TICK, len(self._members) * LOOK_SHARE)
        self._timer = asyncio.get_running_loop().call_later(seconds, self.tick)

    def tick(self) -> None:
        """Look at every member once."""
        self.stop()
        now = self._clock()
        for each in list(self._members):
            try:
                again = each.check_peer(now)
            except Exception:  # or no other client would be looked for any more
                logger.exception("a client could not be looked for")
                again = False
            if not again:
                self._members.discard(each)
        if self._members and self._timer is None:
            self._start()

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
