"""Clients that keep the rules and check every byte."""

from __future__ import annotations

import hashlib
import random

from tests.faults import (
    Ask,
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
    pipelining,
    sized,
    trickling,
)

from ._kinds import Kind, keeps

QUICK: list[Kind] = []
"""Done within milliseconds."""

SLOW: list[Kind] = []
"""Stay for seconds: they get places of their own, or there would be no others."""


def due(chance: random.Random, most: int) -> tuple[str, Pattern]:
    """Return a query and the bytes that it asks for, mostly few and sometimes many."""
    seed, size = chance.randrange(1000), int(most ** chance.uniform(0.2, 1.0))
    return f"seed={seed}&size={size}", Pattern(seed, size)


def csv_of(rows: int) -> bytes:
    """Return what ``/csv`` sends."""
    return "".join(f"{row},{row * row}\r\n" for row in range(rows)).encode()


@keeps(QUICK, 8)
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


@keeps(QUICK, 4)
async def uploads(target: Target, chance: random.Random) -> Outcome:
    _, pattern = due(chance, 4 << 20)
    body = b"".join(pattern.pieces(65521))
    expect = f"{len(body)} {hashlib.sha256(body).hexdigest()}".encode()
    if chance.random() < 0.5:
        return await good(target, Ask(sized("/upload", body), expect=expect))
    framed = chunks(pattern.pieces(chance.choice([10, 1000, 60000]) if len(body) < 9999 else 50000))
    return await good(target, Ask(chunked("/upload"), framed, expect))


@keeps(QUICK, 3)
async def uploads_with_trailers(target: Target, chance: random.Random) -> Outcome:
    size = chance.randrange(1, 100_000)
    body = chunks([bytes(size)], "x-sum: 42")
    return await good(target, Ask(chunked("/trailers"), body, f"{size} 42".encode()))


@keeps(QUICK, 2)
async def asks_for_trailers(target: Target, chance: random.Random) -> Outcome:
    query, pattern = due(chance, 100_000)
    count = sum(1 for _ in pattern.pieces(1000))
    request = get(f"/summed?{query}", "TE: trailers", "Connection: TE")
    ask = Ask(request, expect=pattern, trailers=[("x-pieces", str(count))])
    plain = Ask(get(f"/summed?{query}"), expect=Pattern(pattern.seed, pattern.size))
    return await good(target, ask, plain)


@keeps(QUICK, 2)
async def is_of_1996(target: Target, chance: random.Random) -> Outcome:
    rows = chance.randrange(2000)
    request = f"GET /csv?rows={rows} HTTP/1.0\r\n\r\n".encode()
    return await good(target, Ask(request, expect=csv_of(rows)))


@keeps(QUICK, 2)
async def waits_to_continue(target: Target, chance: random.Random) -> Outcome:
    request = sized("/json", b"[1]", "Expect: 100-continue")
    return await good(target, Ask(request, expect=b"[1]"))


@keeps(QUICK, 4)
async def echoes(target: Target, chance: random.Random) -> Outcome:
    _, pattern = due(chance, 2 << 20)
    return await echoing(target, chunked("/duplex"), pattern)


@keeps(QUICK, 6)
async def downloads(target: Target, chance: random.Random) -> Outcome:
    path = chance.choice(["/download", "/counted", "/thread", "/finish"])
    query, pattern = due(chance, 4 << 20)
    return await good(target, Ask(get(f"{path}?{query}"), expect=pattern))


@keeps(QUICK, 2)
async def downloads_a_table(target: Target, chance: random.Random) -> Outcome:
    rows = chance.randrange(5000)
    return await good(target, Ask(get(f"/csv?rows={rows}"), expect=csv_of(rows)))


@keeps(QUICK, 3)
async def pipelines(target: Target, chance: random.Random) -> Outcome:
    ask = chance.choice(
        [
            Ask(get("/plain"), expect=b"plain"),
            Ask(sized("/json", b"[]"), expect=b"[]"),
            Ask(get("/csv?rows=3"), expect=csv_of(3)),
        ]
    )
    return await pipelining(target, ask, chance.randint(2, 200))


@keeps(QUICK, 4)
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


@keeps(SLOW, 1)
async def follows_events(target: Target, chance: random.Random) -> Outcome:
    count = chance.randrange(100)
    expect = "".join(f"id: {n}\ndata: {n * n}\n\n" for n in range(count)).encode()
    return await good(target, Ask(get(f"/events?count={count}"), expect=expect))


@keeps(SLOW, 1)
async def waits(target: Target, chance: random.Random) -> Outcome:
    path, expect = chance.choice([("/later?seconds=2", b"later"), ("/shielded", b"shielded")])
    return await good(target, Ask(get(path), expect=expect))


@keeps(SLOW, 1)
async def sends_byte_by_byte(target: Target, chance: random.Random) -> Outcome:
    request = sized("/json", b'{"slow":true}', "Accept: */*")
    return await trickling(target, request, pause=chance.choice([0, 0.002, 0.01]))
