"""What a server has open and holds, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._connection import Connection
    from ._interfaces import Peer
    from ._server import Server


@dataclass(frozen=True, slots=True)
class ExchangeStatistics:
    """One open exchange. Sizes are bytes, without framing.

    Attributes:
        method: of the request.
        path: of the request, undecoded.
        state: ``"RECEIVING"``, ``"HANDLING"``, ``"RESPONDING"``, ``"FINISHING"`` or ``"LOST"``.
        bytes_in: of the request's body that came so far.
        bytes_out: of the response's body that were written so far.
        age: seconds since the request's head, to a quarter of a second.
    """

    method: str
    path: str
    state: str
    bytes_in: int
    bytes_out: int
    age: float


@dataclass(frozen=True, slots=True)
class ConnectionStatistics:
    """One open connection.

    Attributes:
        peer: the client's address and port.
        buffered_in: bytes of requests that were received and not read by a handler yet.
        buffered_out: bytes of responses that were written and not taken by the kernel yet.
        exchange: the one that is open, or None.
    """

    peer: Peer
    buffered_in: int
    buffered_out: int
    exchange: ExchangeStatistics | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """A server at one moment.

    Attributes:
        requests: exchanges that have ended since the start.
        exchanges: exchanges that are open.
        buffered_in: bytes of requests that are held, of all connections.
        buffered_out: bytes of responses that are held, of all connections.
        pressed: whether the memory budget is so nearly used up that no body is read.
        connections: the open connections.
    """

    requests: int
    exchanges: int
    buffered_in: int
    buffered_out: int
    pressed: bool
    connections: tuple[ConnectionStatistics, ...]


def statistics(server: Server) -> Statistics:
    """Ask every connection of a server."""
    connections = tuple(of_connection(each, server.now) for each in server.connections)
    return Statistics(
        requests=server.requests,
        exchanges=sum(each.exchange is not None for each in connections),
        buffered_in=sum(each.buffered_in for each in connections),
        buffered_out=sum(each.buffered_out for each in connections),
        pressed=server.budget.pressed,
        connections=connections,
    )


def of_connection(connection: Connection, now: float) -> ConnectionStatistics:
    """Ask one connection."""
    exchange = connection.exchange
    buffered_in, buffered_out = connection.held()
    return ConnectionStatistics(
        peer=connection.peer,
        buffered_in=buffered_in,
        buffered_out=buffered_out,
        exchange=None
        if exchange is None
        else ExchangeStatistics(
            method=exchange.head.method,
            path=exchange.request.path,
            state=exchange.state.name,
            bytes_in=exchange.bytes_in,
            bytes_out=exchange.bytes_out,
            age=now - connection.deadlines.opened,
        ),
    )
