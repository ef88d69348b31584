"""Clients that leave, are slow, send nonsense, or ask for what fails."""

from __future__ import annotations

import itertools
import random

from tests.faults import (
    Ask,
    Ending,
    Leave,
    Outcome,
    Target,
    chunked,
    chunks,
    get,
    good,
    head,
    leaving,
    malformed,
    mutations,
    never_reading,
    sized,
    slow_body,
    slow_head,
    slow_reading,
    uploading_to_nobody,
)

from ._kinds import Kind, breaks

CUT = (Ending.CLOSED, Ending.RESET)

QUICK: list[Kind] = []
"""Done within milliseconds."""

SLOW: list[Kind] = []
"""Stay for seconds: they get places of their own, or there would be no others."""


# Those that leave.

LEFT = (Ending.LEFT, *CUT)


def manner(chance: random.Random) -> Leave:
    """Return a way to leave."""
    return chance.choice(list(Leave))


@breaks(QUICK, 6, *LEFT)
async def leaves_amid_a_head(target: Target, chance: random.Random) -> Outcome:
    request = get("/plain", "Accept: */*")
    return await leaving(target, request, manner(chance), sent=chance.randrange(len(request)))


@breaks(QUICK, 6, *LEFT)
async def leaves_amid_a_body(target: Target, chance: random.Random) -> Outcome:
    path = chance.choice(["/json", "/upload", "/duplex", "/ignored", "/early", "/trailers"])
    size = int(1_000_000 ** chance.uniform(0.2, 1))
    if chance.random() < 0.5:
        request = sized(path, bytes(size))
    else:
        request = chunked(path) + b"".join(chunks([bytes(size)]))
    sent = chance.randrange(60, len(request))
    return await leaving(target, request, manner(chance), sent=sent)


@breaks(QUICK, 8, Ending.LEFT)
async def leaves_amid_a_response(target: Target, chance: random.Random) -> Outcome:
    path = chance.choice(["/endless", "/endless-thread", "/finish?size=9000000"])
    received = int(2_000_000 ** chance.random())
    return await leaving(target, get(path), manner(chance), received=received)


@breaks(QUICK, 4, Ending.LEFT)
async def leaves_a_silent_stream(target: Target, chance: random.Random) -> Outcome:
    stay = chance.random() * 0.3
    return await leaving(target, get("/silent"), manner(chance), received=20, stay=stay)


@breaks(QUICK, 4, Ending.LEFT)
async def leaves_before_the_answer(target: Target, chance: random.Random) -> Outcome:
    path = chance.choice(["/later?seconds=3", "/shielded", "/finish?size=9000000"])
    return await leaving(target, get(path), manner(chance), stay=chance.random() * 0.1)


@breaks(SLOW, 1, Ending.CLOSED)
async def uploads_to_nobody(target: Target, chance: random.Random) -> Outcome:
    """The route ends by its own timeout; until then nothing is read."""
    piece = b"8000\r\n" + bytes(32768) + b"\r\n"
    return await uploading_to_nobody(
        target, chunked("/ignored"), itertools.repeat(piece), manner(chance), stay=8.0
    )


@breaks(SLOW, 2, Ending.LEFT)
async def gives_an_upload_up(target: Target, chance: random.Random) -> Outcome:
    piece = b"8000\r\n" + bytes(32768) + b"\r\n"
    path = chance.choice(["/ignored", "/duplex"])
    return await uploading_to_nobody(
        target, chunked(path), itertools.repeat(piece), manner(chance), still=0.3
    )


# Slow ones: each has to be ended by a deadline.


@breaks(SLOW, 2, Ending.ANSWERED, Ending.CLOSED, status=408)
async def never_ends_its_head(target: Target, chance: random.Random) -> Outcome:
    return await slow_head(target, get("/plain"), pause=0.1, patience=8.0)


@breaks(SLOW, 2, Ending.ANSWERED, Ending.CLOSED, status=408)
async def never_ends_its_body(target: Target, chance: random.Random) -> Outcome:
    path = chance.choice(["/json", "/upload", "/trailers"])
    return await slow_body(target, chunked(path), b"1\r\nx\r\n", pause=0.2, patience=12.0)


@breaks(SLOW, 2, *CUT)
async def reads_slowly(target: Target, chance: random.Random) -> Outcome:
    small = Target(target.port, receive_buffer=4096)
    path = chance.choice(["/endless", "/endless-thread"])
    return await slow_reading(small, get(path), piece=10, pause=0.1, patience=15.0)


@breaks(SLOW, 2, *CUT)
async def never_reads(target: Target, chance: random.Random) -> Outcome:
    path = chance.choice(["/endless", "/endless-thread", "/finish?size=50000000"])
    return await never_reading(target, get(path), patience=15.0)


@breaks(SLOW, 1, Ending.CLOSED)
async def stays_idle(target: Target, chance: random.Random) -> Outcome:
    return await leaving(target, b"", received=1, patience=12.0)


# Malformed and refused ones.

VALID = [
    get("/plain", "Accept: */*"),
    get("/csv?rows=3", "Connection: close"),
    sized("/json", b'{"a":1}', "Content-Type: application/json"),
    sized("/upload", b"some bytes"),
    chunked("/upload") + b"5\r\nsome \r\n5;x=y\r\nbytes\r\n0\r\nx-sum: 1\r\n\r\n",
    chunked("/duplex", "TE: trailers") + b"5\r\nsome \r\n0\r\n\r\n",
    head("OPTIONS", "*"),
]


@breaks(QUICK, 10, Ending.ANSWERED, Ending.CLOSED)
async def sends_nonsense(target: Target, chance: random.Random) -> Outcome:
    (data,) = mutations(VALID, chance.random().hex(), 1)
    return await malformed(target, data, patience=12.0)


@breaks(QUICK, 2, Ending.ANSWERED, status=431)
async def sends_a_head_without_end(target: Target, chance: random.Random) -> Outcome:
    request = get("/plain", *(f"x-{n}: {'y' * 1000}" for n in range(200)))
    return await good(target, Ask(request, status=431))


@breaks(QUICK, 3, Ending.ANSWERED, status=413)
async def sends_too_much(target: Target, chance: random.Random) -> Outcome:
    body = bytes(chance.choice([1001, 100_000, 3_000_000]))
    return await good(target, Ask(sized("/small", body), status=413))


@breaks(QUICK, 3, Ending.ANSWERED, status=200)
async def is_answered_early(target: Target, chance: random.Random) -> Outcome:
    body = bytes(chance.choice([10, 100_000, 3_000_000]))
    return await good(target, Ask(sized("/early", body), expect=b"without reading"))


# Routes that fail.


@breaks(QUICK, 3, *CUT, Ending.ANSWERED, status=500)
async def asks_for_a_failure(target: Target, chance: random.Random) -> Outcome:
    """Cut, or a 500 where nothing of the body had left; never a body that ends well."""
    path = chance.choice([f"/fails?size={9 ** chance.randrange(7)}", "/fails-thread"])
    return await good(target, Ask(get(path), status=500))


@breaks(QUICK, 2, Ending.ANSWERED, status=500)
async def asks_for_an_error(target: Target, chance: random.Random) -> Outcome:
    return await good(target, Ask(get("/fails-early"), status=500))
