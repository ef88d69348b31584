"""Clients that are slow: in the head, in the body, in reading; or that never read at all."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable

from ._answer import AnswerReader
from ._leaving import hung_up_within
from ._line import Line, Target
from ._meeting import PATIENCE, meet
from ._outcome import Ending, Outcome
from ._request import method_of


async def slow_head(
    target: Target, head: bytes, *, pause: float, patience: float = PATIENCE
) -> Outcome:
    """Send a head whose end never comes: one more field line per pause (slowloris).

    Args:
        target: the server.
        head: a whole one; the empty line at its end is left out.
        pause: seconds between field lines.
        patience: seconds after which the client gives up: WAITING.
    """
    lines = (b"x-%d: y\r\n" % number for number in itertools.count())
    first = head.removesuffix(b"\r\n")
    return await drip(target, method_of(head), first, lines, pause, patience)


async def slow_body(
    target: Target, head: bytes, piece: bytes, *, pause: float, patience: float = PATIENCE
) -> Outcome:
    """Send a body whose end never comes: one more piece per pause.

    Args:
        target: the server.
        head: of a request with a body that is longer than the client's patience.
        piece: of the body, framed.
        pause: seconds between pieces.
        patience: seconds after which the client gives up: WAITING.
    """
    pieces = itertools.repeat(piece)
    return await drip(target, method_of(head), head, pieces, pause, patience)


async def trickling(
    target: Target,
    request: bytes,
    *,
    piece: int = 1,
    pause: float = 0.0,
    patience: float = PATIENCE,
) -> Outcome:
    """Send a whole request byte by byte, each in a segment of its own, and read the answer."""
    pieces = (request[at : at + piece] for at in range(0, len(request), piece))
    return await drip(target, method_of(request), b"", pieces, pause, patience)


async def drip(
    target: Target,
    method: str,
    first: bytes,
    pieces: Iterable[bytes],
    pause: float,
    patience: float,
) -> Outcome:
    """Send pieces with pauses in between until the server answers or closes."""

    async def send(line: Line) -> None:
        try:
            await line.send(first)
            for piece in pieces:
                await line.send(piece)
                await asyncio.sleep(pause)
        except ConnectionError:
            pass  # what the server did is read from the other direction

    async def talk(line: Line, reader: AnswerReader) -> Ending:
        sender = asyncio.create_task(send(line))
        try:
            await reader.read(method)
        finally:
            sender.cancel()
            await asyncio.wait([sender])
        return Ending.ANSWERED

    return await meet(target, talk, patience)


async def slow_reading(
    target: Target,
    request: bytes,
    *,
    piece: int = 1,
    pause: float,
    patience: float = PATIENCE,
) -> Outcome:
    """Ask, then read ``piece`` bytes per pause. CLOSED or RESET when the server ended it.

    A target with a small ``receive_buffer`` makes the server feel it at once.
    """

    async def talk(line: Line, reader: AnswerReader) -> Ending:
        await line.send(request)
        while await line.receive(piece):
            await asyncio.sleep(pause)
            if line.was_reset():  # what has arrived could be read for long
                return Ending.RESET
        return Ending.CLOSED

    return await meet(target, talk, patience)


async def never_reading(target: Target, request: bytes, *, patience: float = PATIENCE) -> Outcome:
    """Ask, then read nothing at all. RESET when the server hung up, WAITING when it did not."""

    async def talk(line: Line, reader: AnswerReader) -> Ending:
        await line.send(request)
        return Ending.RESET if await hung_up_within(line, patience) else Ending.WAITING

    return await meet(target, talk, patience + 1)
