"""What all clients have in common: connect, talk, close, tell how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

from ._answer import AnswerReader, BadAnswer
from ._line import Line, Target
from ._outcome import Ending, Outcome

PATIENCE = 30.0
"""Seconds after which a client gives the server up."""

Talk = Callable[[Line, AnswerReader], Awaitable[Ending]]


async def meet(target: Target, talk: Talk, patience: float) -> Outcome:
    """Connect, run ``talk`` for at most ``patience`` seconds, close, and tell how it ended."""
    try:
        line = await target.open()
    except ConnectionError as error:
        return Outcome(Ending.RESET, ended_at=time.monotonic(), note=f"not accepted: {error!r}")
    note = ""
    with line:
        reader = AnswerReader(line)
        try:
            async with asyncio.timeout(patience):
                ending = await talk(line, reader)
        except TimeoutError:
            ending = Ending.WAITING
        except EOFError as error:
            ending, note = Ending.CLOSED, str(error)
        except ConnectionError as error:
            ending, note = Ending.RESET, repr(error)
        except BadAnswer as error:
            ending, note = Ending.WRONG, str(error)
        now = time.monotonic()
    return Outcome(
        ending,
        reader.statuses,
        reader.interim,
        line.sent,
        line.received,
        now - line.opened,
        now,
        note,
    )


@contextlib.asynccontextmanager
async def sending(line: Line, pieces: Iterable[bytes]) -> AsyncIterator[asyncio.Task[None]]:
    """Send meanwhile, as a client does that also reads: an early answer must reach it.

    That the server takes no more is no error of the client's; what it read tells why.
    """

    async def send() -> None:
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                await line.send(piece)
                await asyncio.sleep(0)  # a socket that has room never waits

    task = asyncio.create_task(send())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])
