"""Which clients come, how often, and which outcome is right for each."""

from __future__ import annotations

import hashlib
import itertools
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.faults import (
    Ask,
    Ending,
    Leave,
    Outcome,
    Pattern,
    Target,
    chunked,
    chunks,
    echoing,
    get,
    good,
    half_closed,
    head,
    leaving,
    malformed,
    mutations,
    never_reading,
    pipelining,
    sized,
    slow_body,
    slow_head,
    slow_reading,
    trickling,
    uploading_to_nobody,
)

Run = Callable[[Target, random.Random], Awaitable[Outcome]]

CUT = (Ending.CLOSED, Ending.RESET)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of client.

    Attributes:
        name: for people.
        weight: how often it comes, against others of the same pace.
        run: one client, from its opening to its end.
        endings: those that are right.
        status: that is right where an answer came, None for any.
        good: whether it keeps the rules, so that anything but a right answer is a finding.
    """

    name: str
    weight: int
    run: Run
    endings: frozenset[Ending]
    status: int | None
    good: bool

    def wrong(self, outcome: Outcome) -> bool:
        """Whether the server did something else than what is right."""
        if outcome.ending not in self.endings:
            return True
        answered = outcome.ending is Ending.ANSWERED
        return answered and self.status is not None and outcome.status != self.status


QUICK: list[Kind] = []
"""Clients that are done within milliseconds."""

SLOW: list[Kind] = []
"""Clients that stay for seconds: they get places of their own, or there would be no others."""


def keeps(weight: int, pool: list[Kind] = QUICK) -> Callable[[Run], Run]:
    """Declare a client that keeps the rules and checks its answer."""

    def declare(run: Run) -> Run:
        pool.append(Kind(run.__name__, weight, run, frozenset({Ending.ANSWERED}), None, True))
        return run

    return declare


def breaks(
    weight: int, *endings: Ending, pool: list[Kind] = QUICK, status: int | None = None
) -> Callable[[Run], Run]:
    """Declare a client that breaks the rules, or that the server has to disappoint."""

    def declare(run: Run) -> Run:
        pool.append(Kind(run.__name__, weight, run, frozenset(endings), status, False))
        return run

    return declare


def due(chance: random.Random, most: int) -> tuple[str, Pattern]:
    """Return a query and the bytes that it asks for, mostly few and sometimes many."""
    seed, size = chance.randrange(1000), int(most ** chance.uniform(0.2, 1.0))
    return f"seed={seed}&size={size}", Pattern(seed, size)


def csv_of(rows: int) -> bytes:
    """Return what ``/csv`` sends."""
    return "".join(f"{row},{row * row}\r\n" for row in range(rows)).encode()


# Good ones.


@keeps(8)
async def asks_again_and_again(target: Target, chance: random.Random) -> Outcome:
    asks = [
        Ask(get("/plain"), expect=b"plain"),
        Ask(get("/empty"), expect=b"", status=204),
        Ask(get("/nowhere"), status=404),
        Ask(sized("/json", b'{"a":[1,2,3]}'), expect=b'{"a":[1,2,3]}'),
        Ask(head("HEAD", "/plain"), expect=b""),
        Ask(head("HEAD", "/endless"), expect=b""),
        Ask(get("/csv?rows=100"), expect=csv_of(100)),
        Ask(get("/hints"), expect=b"hinted"),
        Ask(head("OPTIONS", "*"), expect=b"", status=204),
    ]
    return await good(target, *chance.choices(asks, k=chance.randint(1, 12)))


@keeps(4)
async def uploads(target: Target, chance: random.Random) -> Outcome:
    _, pattern = due(chance, 4 << 20)
    body = b"".join(pattern.pieces(65521))
    expect = f"{len(body)} {hashlib.sha256(body).hexdigest()}".encode()
    if chance.random() < 0.5:
        return await good(target, Ask(sized("/upload", body), expect=expect))
    framed = chunks(pattern.pieces(chance.choice([10, 1000, 60000]) if len(body) < 9999 else 50000))
    return await good(target, Ask(chunked("/upload"), framed, expect))


@keeps(3)
async def uploads_with_trailers(target: Target, chance: random.Random) -> Outcome:
    size = chance.randrange(1, 100_000)
    body = chunks([bytes(size)], "x-sum: 42")
    return await good(target, Ask(chunked("/trailers"), body, f"{size} 42".encode()))


@keeps(2)
async def asks_for_trailers(target: Target, chance: random.Random) -> Outcome:
    query, pattern = due(chance, 100_000)
    count = sum(1 for _ in pattern.pieces(1000))
    request = get(f"/summed?{query}", "TE: trailers", "Connection: TE")
    ask = Ask(request, expect=pattern, trailers=[("x-pieces", str(count))])
    plain = Ask(get(f"/summed?{query}"), expect=Pattern(pattern.seed, pattern.size))
    return await good(target, ask, plain)


@keeps(2)
async def is_of_1996(target: Target, chance: random.Random) -> Outcome:
    rows = chance.randrange(2000)
    request = f"GET /csv?rows={rows} HTTP/1.0\r\n\r\n".encode()
    return await good(target, Ask(request, expect=csv_of(rows)))


@keeps(2)
async def waits_to_continue(target: Target, chance: random.Random) -> Outcome:
    request = sized("/json", b"[1]", "Expect: 100-continue")
    return await good(target, Ask(request, expect=b"[1]"))


@keeps(4)
async def echoes(target: Target, chance: random.Random) -> Outcome:
    _, pattern = due(chance, 2 << 20)
    return await echoing(target, chunked("/duplex"), pattern)


@keeps(6)
async def downloads(target: Target, chance: random.Random) -> Outcome:
    path = chance.choice(["/download", "/counted", "/thread", "/finish"])
    query, pattern = due(chance, 4 << 20)
    return await good(target, Ask(get(f"{path}?{query}"), expect=pattern))


@keeps(2)
async def downloads_a_table(target: Target, chance: random.Random) -> Outcome:
    rows = chance.randrange(5000)
    return await good(target, Ask(get(f"/csv?rows={rows}"), expect=csv_of(rows)))


@keeps(3)
async def pipelines(target: Target, chance: random.Random) -> Outcome:
    ask = chance.choice(
        [
            Ask(get("/plain"), expect=b"plain"),
            Ask(sized("/json", b"[]"), expect=b"[]"),
            Ask(get("/csv?rows=3"), expect=csv_of(3)),
        ]
    )
    return await pipelining(target, ask, chance.randint(2, 200))


@keeps(4)
async def half_closes(target: Target, chance: random.Random) -> Outcome:
    query, pattern = due(chance, 1 << 20)
    asks = [
        Ask(get("/plain"), expect=b"plain"),
        Ask(get(f"/download?{query}"), expect=pattern),
        Ask(get(f"/counted?{query}"), expect=pattern),
        Ask(chunked("/duplex"), chunks(pattern.pieces(5000)), pattern),
    ]
    ask = chance.choice(asks)
    small = ask.request.startswith(b"POST") and pattern.size > 50_000
    return await half_closed(target, asks[0] if small else ask)


@keeps(1, SLOW)
async def follows_events(target: Target, chance: random.Random) -> Outcome:
    count = chance.randrange(100)
    expect = "".join(f"id: {n}\ndata: {n * n}\n\n" for n in range(count)).encode()
    return await good(target, Ask(get(f"/events?count={count}"), expect=expect))


@keeps(1, SLOW)
async def waits(target: Target, chance: random.Random) -> Outcome:
    path, expect = chance.choice([("/later?seconds=2", b"later"), ("/shielded", b"shielded")])
    return await good(target, Ask(get(path), expect=expect))


@keeps(1, SLOW)
async def sends_byte_by_byte(target: Target, chance: random.Random) -> Outcome:
    request = sized("/json", b'{"slow":true}', "Accept: */*")
    return await trickling(target, request, pause=chance.choice([0, 0.002, 0.01]))


# Those that leave.

LEFT = (Ending.LEFT, *CUT)


def manner(chance: random.Random) -> Leave:
    """Return a way to leave."""
    return chance.choice(list(Leave))


@breaks(6, *LEFT)
async def leaves_amid_a_head(target: Target, chance: random.Random) -> Outcome:
    request = get("/plain", "Accept: */*")
    return await leaving(target, request, manner(chance), sent=chance.randrange(len(request)))


@breaks(6, *LEFT)
async def leaves_amid_a_body(target: Target, chance: random.Random) -> Outcome:
    path = chance.choice(["/json", "/upload", "/duplex", "/ignored", "/early", "/trailers"])
    size = int(1_000_000 ** chance.uniform(0.2, 1))
    if chance.random() < 0.5:
        request = sized(path, bytes(size))
    else:
        request = chunked(path) + b"".join(chunks([bytes(size)]))
    sent = chance.randrange(60, len(request))
    return await leaving(target, request, manner(chance), sent=sent)


@breaks(8, Ending.LEFT)
async def leaves_amid_a_response(target: Target, chance: random.Random) -> Outcome:
    path = chance.choice(["/endless", "/endless-thread", "/finish?size=9000000"])
    received = int(2_000_000 ** chance.random())
    return await leaving(target, get(path), manner(chance), received=received)


@breaks(4, Ending.LEFT)
async def leaves_a_silent_stream(target: Target, chance: random.Random) -> Outcome:
    stay = chance.random() * 0.3
    return await leaving(target, get("/silent"), manner(chance), received=20, stay=stay)


@breaks(4, Ending.LEFT)
async def leaves_before_the_answer(target: Target, chance: random.Random) -> Outcome:
    path = chance.choice(["/later?seconds=3", "/shielded", "/finish?size=9000000"])
    return await leaving(target, get(path), manner(chance), stay=chance.random() * 0.1)


@breaks(1, Ending.CLOSED, pool=SLOW)
async def uploads_to_nobody(target: Target, chance: random.Random) -> Outcome:
    """The route ends by its own timeout; until then nothing is read."""
    piece = b"8000\r\n" + bytes(32768) + b"\r\n"
    return await uploading_to_nobody(
        target, chunked("/ignored"), itertools.repeat(piece), manner(chance), stay=8.0
    )


@breaks(2, Ending.LEFT, pool=SLOW)
async def gives_an_upload_up(target: Target, chance: random.Random) -> Outcome:
    piece = b"8000\r\n" + bytes(32768) + b"\r\n"
    path = chance.choice(["/ignored", "/duplex"])
    return await uploading_to_nobody(
        target, chunked(path), itertools.repeat(piece), manner(chance), still=0.3
    )


# Slow ones: each has to be ended by a deadline.


@breaks(2, Ending.ANSWERED, Ending.CLOSED, pool=SLOW, status=408)
async def never_ends_its_head(target: Target, chance: random.Random) -> Outcome:
    return await slow_head(target, get("/plain"), pause=0.1, patience=8.0)


@breaks(2, Ending.ANSWERED, Ending.CLOSED, pool=SLOW, status=408)
async def never_ends_its_body(target: Target, chance: random.Random) -> Outcome:
    path = chance.choice(["/json", "/upload", "/trailers"])
    return await slow_body(target, chunked(path), b"1\r\nx\r\n", pause=0.2, patience=12.0)


@breaks(2, *CUT, pool=SLOW)
async def reads_slowly(target: Target, chance: random.Random) -> Outcome:
    small = Target(target.port, receive_buffer=4096)
    path = chance.choice(["/endless", "/endless-thread"])
    return await slow_reading(small, get(path), piece=10, pause=0.1, patience=15.0)


@breaks(2, *CUT, pool=SLOW)
async def never_reads(target: Target, chance: random.Random) -> Outcome:
    path = chance.choice(["/endless", "/endless-thread", "/finish?size=50000000"])
    return await never_reading(target, get(path), patience=15.0)


@breaks(1, Ending.CLOSED, pool=SLOW)
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


@breaks(10, Ending.ANSWERED, Ending.CLOSED)
async def sends_nonsense(target: Target, chance: random.Random) -> Outcome:
    (data,) = mutations(VALID, chance.random().hex(), 1)
    return await malformed(target, data, patience=12.0)


@breaks(2, Ending.ANSWERED, status=431)
async def sends_a_head_without_end(target: Target, chance: random.Random) -> Outcome:
    request = get("/plain", *(f"x-{n}: {'y' * 1000}" for n in range(200)))
    return await good(target, Ask(request, status=431))


@breaks(3, Ending.ANSWERED, status=413)
async def sends_too_much(target: Target, chance: random.Random) -> Outcome:
    body = bytes(chance.choice([1001, 100_000, 3_000_000]))
    return await good(target, Ask(sized("/small", body), status=413))


@breaks(3, Ending.ANSWERED, status=200)
async def is_answered_early(target: Target, chance: random.Random) -> Outcome:
    body = bytes(chance.choice([10, 100_000, 3_000_000]))
    return await good(target, Ask(sized("/early", body), expect=b"without reading"))


# Routes that fail.


@breaks(3, *CUT, Ending.ANSWERED, status=500)
async def asks_for_a_failure(target: Target, chance: random.Random) -> Outcome:
    """Cut, or a 500 where nothing of the body had left; never a body that ends well."""
    path = chance.choice([f"/fails?size={9 ** chance.randrange(7)}", "/fails-thread"])
    return await good(target, Ask(get(path), status=500))


@breaks(2, Ending.ANSWERED, status=500)
async def asks_for_an_error(target: Target, chance: random.Random) -> Outcome:
    return await good(target, Ask(get("/fails-early"), status=500))
