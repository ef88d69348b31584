"""Clients that keep the rules and check every byte of the answer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ._answer import Answer, AnswerReader, BadAnswer
from ._line import Line, Target
from ._meeting import PATIENCE, meet, sending
from ._outcome import Ending, Outcome
from ._pattern import Pattern
from ._request import chunks, method_of


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, and the answer that is right.

    Attributes:
        request: its head, or all of it.
        body: what follows the head, piece by piece.
        expect: the whole body of the answer; None takes any.
        status: of the answer.
        trailers: of the answer.
    """

    request: bytes
    body: Iterable[bytes] = ()
    expect: bytes | Pattern | None = None
    status: int = 200
    trailers: Sequence[tuple[str, str]] = ()

    @property
    def method(self) -> str:
        """The request's method."""
        return method_of(self.request)

    async def answered(self, reader: AnswerReader) -> Answer:
        """Read the answer and check it.

        Raises:
            BadAnswer: it is another one.
            EOFError, ConnectionError: as :meth:`AnswerReader.read`.
        """
        expect = self.expect
        feed = expect.feed if isinstance(expect, Pattern) else None
        answer = await reader.read(self.method, feed)
        if answer.status != self.status:
            raise BadAnswer(f"status {answer.status} instead of {self.status}")
        if isinstance(expect, Pattern):
            if missing := expect.missing():
                raise BadAnswer(missing)
        elif expect is not None and answer.body != expect:
            raise BadAnswer(f"{shown(answer.body)} instead of {shown(expect)}")
        if answer.trailers != list(self.trailers):
            raise BadAnswer(f"trailers {answer.trailers} instead of {list(self.trailers)}")
        return answer


def shown(data: bytes) -> str:
    """Return data for people to read."""
    return repr(data) if len(data) <= 60 else f"{data[:60]!r}… ({len(data)} bytes)"


async def good(target: Target, *asks: Ask, patience: float = PATIENCE) -> Outcome:
    """Ask one after the other on one connection; ANSWERED when every answer was right."""

    async def talk(line: Line, reader: AnswerReader) -> Ending:
        for ask in asks:
            async with sending(line, (ask.request, *ask.body)):
                await ask.answered(reader)
            if reader.rest():
                raise BadAnswer(f"bytes that nobody asked for: {shown(reader.rest())}")
        return Ending.ANSWERED

    return await meet(target, talk, patience)


async def pipelining(
    target: Target, ask: Ask, count: int, *, burst: int = 1000, patience: float = PATIENCE
) -> Outcome:
    """Send the request ``count`` times without waiting, read as many answers, check each.

    Args:
        target: the server.
        ask: its answer is expected ``count`` times; without a Pattern, which is for one answer.
        count: of requests.
        burst: requests per write.
        patience: seconds.
    """
    once = ask.request + b"".join(ask.body)
    bursts = [once * min(burst, count - sent) for sent in range(0, count, burst)]

    async def talk(line: Line, reader: AnswerReader) -> Ending:
        async with sending(line, bursts):
            for _ in range(count):
                await ask.answered(reader)
        if reader.rest():
            raise BadAnswer(f"bytes that nobody asked for: {shown(reader.rest())}")
        return Ending.ANSWERED

    return await meet(target, talk, patience)


async def half_closed(target: Target, ask: Ask, *, patience: float = PATIENCE) -> Outcome:
    """Ask, send FIN, read the whole answer and the server's FIN; ANSWERED when all was right."""

    async def talk(line: Line, reader: AnswerReader) -> Ending:
        for piece in (ask.request, *ask.body):
            await line.send(piece)
        line.shut()
        await ask.answered(reader)
        if rest := reader.rest() + await line.receive():
            raise BadAnswer(f"bytes that nobody asked for: {shown(rest)}")
        return Ending.ANSWERED

    return await meet(target, talk, patience)


async def echoing(
    target: Target, head: bytes, pattern: Pattern, *, piece: int = 8192, patience: float = PATIENCE
) -> Outcome:
    """Send a chunked body to a route that echoes it; read and send at the same time.

    Args:
        target: the server.
        head: of a request with ``Transfer-Encoding: chunked``.
        pattern: the body.
        piece: bytes per chunk.
        patience: seconds.
    """
    body = chunks(pattern.pieces(piece))
    return await good(target, Ask(head, body, pattern), patience=patience)
