"""Requests that are broken at random, and a client that sends them, or anything else."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from ._answer import AnswerReader
from ._line import Line, Target
from ._meeting import PATIENCE, meet, sending
from ._outcome import Ending, Outcome

STATUS = re.compile(rb"(?:^|\r\n|\n|})HTTP/1\.1 ([1-5]\d\d) ")

TOKENS = [
    *(b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\0", b" ", b"\t", b":", b"%", b"\xff", b"\x7f", b","),
    *(b"0", b"-1", b"+1", b"00", b"f" * 17, b"9" * 25, b"0x10", b"1e3", b";a=b", b'"'),
    *(b"GET / HTTP/1.1\r\n", b"HTTP/1.0", b"HTTP/2.0", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    *(b"Content-Length: 0\r\n", b"Content-Length: 5\r\n", b"Content-Length: 5, 5\r\n"),
    *(b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n"),
    *(b"Transfer-Encoding : chunked\r\n", b"Host: b\r\n", b"Connection: close\r\n"),
    *(b"Expect: 100-continue\r\n", b"Expect: magic\r\n", b"Upgrade: websocket\r\n", b" folded\r\n"),
    *(b"../", b"//", b"%00", b"%zz", b"?", b"#", b"http://x/", b"*", b"CONNECT "),
]
"""What breaks parsers more often than a random byte does."""

Mutation = Callable[[random.Random, bytes], bytes]


def flipped(chance: random.Random, data: bytes) -> bytes:
    """Flip a bit."""
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def inserted(chance: random.Random, data: bytes) -> bytes:
    """Insert a token."""
    at = chance.randrange(len(data) + 1)
    return data[:at] + chance.choice(TOKENS) + data[at:]


def replaced(chance: random.Random, data: bytes) -> bytes:
    """Put a token in the place of as many bytes."""
    at, token = chance.randrange(len(data)), chance.choice(TOKENS)
    return data[:at] + token + data[at + len(token) :]


def removed(chance: random.Random, data: bytes) -> bytes:
    """Take some bytes out."""
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.randint(1, 8) :]


def doubled(chance: random.Random, data: bytes) -> bytes:
    """Say some bytes twice."""
    at = chance.randrange(len(data))
    end = at + chance.randint(1, 40)
    return data[:end] + data[at:]


def cut_short(chance: random.Random, data: bytes) -> bytes:
    """Leave the end out."""
    return data[: chance.randrange(1, len(data) + 1)]


def shuffled(chance: random.Random, data: bytes) -> bytes:
    """Swap two lines, or put one into the place of another."""
    lines = data.split(b"\r\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one if chance.random() < 0.5 else other]
    return b"\r\n".join(lines)


MUTATIONS: Sequence[Mutation] = (
    *(flipped, inserted, replaced, removed, doubled, cut_short, shuffled),
)


def mutations(requests: Sequence[bytes], seed: int | str, count: int) -> Iterator[bytes]:
    """Yield ``count`` requests, each one of ``requests`` broken one to three times.

    The same seed gives the same ones. Some of them are valid all the same.
    """
    chance = random.Random(seed)
    for _ in range(count):
        data = chance.choice(requests)
        for _ in range(chance.randint(1, 3)):
            data = chance.choice(MUTATIONS)(chance, data) or b"\r"
        yield data


async def pouring(
    target: Target, pieces: Iterable[bytes], *, patience: float = PATIENCE
) -> Outcome:
    """Send whatever it is, for ever or up to a FIN, and read until the server closes.

    Args:
        target: the server.
        pieces: to send; may have no end.
        patience: seconds.

    Returns:
        ANSWERED with every status that came if any did, else CLOSED; RESET; WAITING if the server
        does not end the connection. What is sent may be several requests, of any method, so that
        bodies are not told from heads: ``statuses`` holds what looks like a status line.
    """
    seen = bytearray()

    async def talk(line: Line, reader: AnswerReader) -> Ending:
        async with sending(line, pieces) as sent:
            sent.add_done_callback(lambda _: line.shut())
            while piece := await line.receive():
                seen.extend(piece[: 65536 - len(seen)])
        return Ending.ANSWERED if seen else Ending.CLOSED

    outcome = await meet(target, talk, patience)
    for status in map(int, STATUS.findall(seen)):
        (outcome.interim if status < 200 else outcome.statuses).append(status)
    return outcome


async def malformed(target: Target, data: bytes, *, patience: float = PATIENCE) -> Outcome:
    """Send one thing and FIN, see :func:`pouring`."""
    return await pouring(target, [data], patience=patience)
