"""Clients that leave in the middle: of a head, of a body, of a response."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Iterable

from ._answer import AnswerReader
from ._line import Line, Target
from ._meeting import PATIENCE, meet, sending
from ._outcome import Ending, Outcome


class Leave(enum.Enum):
    """How a client leaves."""

    FIN = "fin"
    """It closes, as a process does that ends. What it has not read makes the kernel add a RST."""

    RST = "rst"
    """It resets: a crashed machine, a firewall, SO_LINGER of zero."""


def leave(line: Line, how: Leave) -> Ending:
    """Leave now."""
    if how is Leave.RST:
        line.reset()
    else:
        line.shut()
        line.close()
    return Ending.LEFT


async def leaving(
    target: Target,
    request: bytes,
    how: Leave = Leave.FIN,
    *,
    sent: int | None = None,
    received: int = 0,
    still: float = 0.2,
    stay: float = 0.0,
    patience: float = PATIENCE,
) -> Outcome:
    """Send a part, read a part, leave. LEFT unless the server ended it first.

    Args:
        target: the server.
        request: head and body.
        how: by FIN or by RST.
        sent: bytes of the request to send; all by default.
        received: bytes of whatever comes to read, at least, before leaving.
        still: seconds without a byte taken after which the server has stopped taking, so that
            the rest is not sent.
        stay: seconds between all that and leaving.
        patience: seconds.
    """

    async def talk(line: Line, reader: AnswerReader) -> Ending:
        async with sending(line, [request[:sent]]) as sender:
            while line.received < received:
                if not await line.receive():
                    return Ending.CLOSED
            before = -1
            while not sender.done() and line.sent > before:
                before = line.sent
                await asyncio.wait([sender], timeout=still)
            await asyncio.sleep(stay)
        return leave(line, how)

    return await meet(target, talk, patience)


async def uploading_to_nobody(
    target: Target,
    head: bytes,
    pieces: Iterable[bytes],
    how: Leave = Leave.FIN,
    *,
    still: float = 0.5,
    stay: float = 0.0,
    patience: float = PATIENCE,
) -> Outcome:
    """Upload until the server takes no more, stay on, leave, without ever reading.

    Args:
        target: the server.
        head: of the request.
        pieces: its body, framed; an endless one is a good one.
        how: by FIN or by RST.
        still: seconds without a byte taken after which the server has stopped taking.
        stay: seconds to stay after that, unless the server hangs up before.
        patience: seconds for all of it.

    Returns:
        LEFT; CLOSED or RESET where the server ended it first; ANSWERED where all was taken.
    """

    async def talk(line: Line, reader: AnswerReader) -> Ending:
        await line.send(head)
        try:
            for piece in pieces:
                async with asyncio.timeout(still):
                    await line.send(piece)
        except TimeoutError:
            if await hung_up_within(line, stay):
                return Ending.CLOSED
            return leave(line, how)
        return Ending.ANSWERED

    return await meet(target, talk, patience)


async def hung_up_within(line: Line, seconds: float) -> bool:
    """Wait, without reading, for the server to hang up; tell whether it did."""
    end = asyncio.get_running_loop().time() + seconds
    while not line.hung_up():
        left = end - asyncio.get_running_loop().time()
        if left <= 0:
            return False
        await asyncio.sleep(min(0.05, left))
    return True
