"""What is sent to hurt is answered with a 4xx or closed within the deadline; nobody else feels it.

Every attack has to leave the server as it was: no task, descriptor, exchange or byte more than
before, nothing logged as a failure, and a good request answered during and after it.
"""

import asyncio
import itertools
from collections import Counter

from tests.faults import (
    Ask,
    Ending,
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
    pouring,
    sized,
    slow_body,
    slow_head,
    slow_reading,
)
from tests.soak import Served

from headrace import Config

MIB = 1 << 20
DEADLINE = 1.0
"""Every deadline of the server under attack."""

SHORT = dict.fromkeys(
    ["head_timeout", "keep_alive_timeout", "body_timeout", "write_timeout", "linger_timeout"],
    DEADLINE,
)
PATIENCE = 10.0
"""Seconds after which an attacker has found a server that does not defend itself."""

PLAIN = Ask(get("/plain"), expect=b"plain")


async def unharmed(loop, attack, **settings):
    """Run an attack on a server of its own; return what it came to."""
    async with Served(loop, **{**SHORT, **settings}) as served:
        start = await served.state()
        attacking = asyncio.create_task(attack(served))
        while not attacking.done():
            during = await good(served.target, PLAIN)
            assert during.ending is Ending.ANSWERED, during
            await asyncio.wait([attacking], timeout=0.1)
        result = await attacking
        after = await good(served.target, PLAIN)
        assert after.ending is Ending.ANSWERED, after
        end = await served.drained(start)
        assert end.left == start.left
        assert end.told["failures"] == {}
    assert "Traceback" not in served.log
    assert served.code == 0
    return result


def attacked(loop, attack, **settings):
    return asyncio.run(unharmed(loop, attack, **settings))


# Too much.

BLOCK = b"x" * 65536
TWO_MIB = [BLOCK] * 32
CHUNK = b"5\r\nhello\r\n"


def endless(*first, then):
    """Return what gives these pieces, then one more of them for ever."""
    return lambda: itertools.chain(first, itertools.repeat(then))


TOO_MUCH = {
    "a field of 2 MiB": (
        lambda: [b"GET / HTTP/1.1\r\nHost: a\r\nx: ", *TWO_MIB, b"\r\n\r\n"],
        {431},
    ),
    "2 MiB of fields": (
        lambda: [b"GET / HTTP/1.1\r\nHost: a\r\n", *[b"x: %s\r\n" % (b"y" * 995)] * 2100, b"\r\n"],
        {431},
    ),
    "endless fields": (endless(b"GET / HTTP/1.1\r\nHost: a\r\n", then=b"a: b\r\n" * 1000), {431}),
    "an endless field name": (endless(b"GET / HTTP/1.1\r\n", then=BLOCK), {431}),
    "a target of 2 MiB": (lambda: [b"GET /", *TWO_MIB, b" HTTP/1.1\r\nHost: a\r\n\r\n"], {414}),
    "an endless method": (endless(then=b"X" * 1000), {400, 414}),
    "endless empty lines": (endless(then=b"\r\n" * 1000), {400, 408}),
    "endless chunk extensions": (
        endless(chunked("/upload"), b"5", then=b";name=value" * 100),
        {400},
    ),
    "endless chunks with extensions": (
        endless(chunked("/upload"), then=b"1;name=value\r\nx\r\n" * 100),
        {400},
    ),
    "an endless chunk extension's value": (
        endless(chunked("/json"), b'5;name="', then=BLOCK),
        {400},
    ),
    "an endless chunk size": (endless(chunked("/upload"), then=b"0" * 1000), {400}),
    "endless trailers": (
        endless(chunked("/upload"), CHUNK, b"0\r\n", then=b"a: b\r\n" * 1000),
        {431},
    ),
    "an endless trailer": (endless(chunked("/json"), CHUNK, b"0\r\na: ", then=BLOCK), {431}),
    "a body over the limit": (
        endless(chunked("/small"), then=b"1000\r\n%s\r\n" % BLOCK[:4096]),
        {413},
    ),
    "a chunk over the limit": (endless(chunked("/small"), b"ffffffff\r\n", then=BLOCK), {413}),
}


def test_too_much_of_anything_is_refused_and_the_connection_closed(loop):
    async def attack(served):
        outcomes = await asyncio.gather(
            *(
                pouring(served.target, pieces(), patience=PATIENCE)
                for pieces, _ in TOO_MUCH.values()
            )
        )
        return dict(zip(TOO_MUCH, outcomes, strict=True))

    for name, outcome in attacked(loop, attack).items():
        print(f"{loop}, {name}: {outcome}")
        assert outcome.ending is Ending.ANSWERED, f"{name}: {outcome}"
        assert outcome.statuses[0] in TOO_MUCH[name][1], f"{name}: {outcome}"
        assert len(outcome.statuses) == 1, f"{name}: {outcome}"


# Too many.

MANY = 100_000


def test_of_100_000_pipelined_requests_as_many_are_answered_as_a_connection_may_make(loop):
    most = Config().keep_alive_requests

    async def attack(served):
        return await counted(served.target, MANY)

    answers, last = attacked(loop, attack)
    assert answers == most < MANY
    assert b"\r\nconnection: close\r\n" in last


async def counted(target, count):
    """Send that many requests, read until the server closes; return answers and the last bytes."""
    answers, tail = 0, b""
    async with asyncio.timeout(60):
        with await target.open() as line:
            sending = asyncio.create_task(line.send(get("/plain") * count))
            while data := await line.receive(1 << 20):
                answers += (tail + data).count(b"\r\n\r\nplain") - tail.count(b"\r\n\r\nplain")
                tail = (tail + data)[-300:]
            sending.cancel()
            await asyncio.wait([sending])
    return answers, tail


def test_100_000_pipelined_requests_of_one_who_does_not_read(loop):
    async def attack(served):
        before = served.resident()
        request = get("/csv?rows=100") * MANY
        outcome = await never_reading(served.target, request, patience=PATIENCE)
        return outcome, served.resident() - before

    outcome, grown = attacked(loop, attack)
    print(f"{loop}: {outcome}, {grown / MIB:.1f} MiB more")
    assert outcome.ending is Ending.RESET, outcome
    assert grown < 32 * MIB


MOST = 50


def test_more_connections_than_may_be_open_are_refused(loop):
    """Nobody else can be served meanwhile; but afterwards, and the control route all the time."""

    async def main():
        async with Served(loop, **SHORT, max_connections=MOST) as served:
            start = await served.state()
            idle = [await served.target.open() for _ in range(MOST)]
            more = [pouring(served.target, [PLAIN.request], patience=PATIENCE) for _ in idle]
            outcomes = await asyncio.gather(*more)
            for line in idle:
                line.close()
            end = await served.drained(start)
            assert end.left == start.left
            assert end.told["failures"] == {}
            after = await good(served.target, PLAIN)
            assert after.ending is Ending.ANSWERED, after
        return outcomes

    outcomes = asyncio.run(main())
    print(f"{loop}: {Counter(f'{each.ending.value} {each.statuses}' for each in outcomes)}")
    for outcome in outcomes:
        assert outcome.refused, outcome
        assert set(outcome.statuses) <= {503}, outcome


# Too slow.

SLOW = 10
"""Attackers of each kind at the same time."""


def small(target):
    return Target(target.port, receive_buffer=4096)


TOO_SLOW = {
    "a head that never ends": (
        lambda target: slow_head(target, get("/plain"), pause=0.1, patience=PATIENCE),
        {408},
    ),
    "a head that stops": (
        lambda target: slow_head(target, get("/plain"), pause=99, patience=PATIENCE),
        {408},
    ),
    "a preloaded body that never ends": (
        lambda target: slow_body(
            target, chunked("/json"), b"1\r\nx\r\n", pause=0.1, patience=PATIENCE
        ),
        {408},
    ),
    "a streamed body that never ends": (
        lambda target: slow_body(
            target,
            head("POST", "/upload", "Content-Length: 9999"),
            b"x",
            pause=0.1,
            patience=PATIENCE,
        ),
        {408},
    ),
    "a body that stops": (
        lambda target: slow_body(target, chunked("/upload"), CHUNK, pause=99, patience=PATIENCE),
        {408},
    ),
    "an endless response that is hardly read": (
        lambda target: slow_reading(
            small(target), get("/endless"), piece=5, pause=0.1, patience=PATIENCE
        ),
        set(),
    ),
    "a finished response that is hardly read": (
        lambda target: slow_reading(
            small(target), get("/large"), piece=5, pause=0.1, patience=PATIENCE
        ),
        set(),
    ),
    "a response of a thread that is not read": (
        lambda target: never_reading(small(target), get("/endless-thread"), patience=PATIENCE),
        set(),
    ),
    "a finished response that is not read": (
        lambda target: never_reading(small(target), get("/large"), patience=PATIENCE),
        set(),
    ),
    "nothing at all": (lambda target: leaving(target, b"", received=1, patience=PATIENCE), set()),
}


def test_too_slow_is_ended_by_a_deadline(loop):
    async def attack(served):
        outcomes = await asyncio.gather(
            *(run(served.target) for run, _ in TOO_SLOW.values() for _ in range(SLOW))
        )
        every = iter(outcomes)
        return {name: list(itertools.islice(every, SLOW)) for name in TOO_SLOW}

    for name, outcomes in attacked(loop, attack, memory_budget=256 * MIB).items():
        slowest = max(outcomes, key=lambda outcome: outcome.seconds)
        print(f"{loop}, {name}: {slowest}")
        for outcome in outcomes:
            assert outcome.refused, f"{name}: {outcome}"
            assert set(outcome.statuses) <= TOO_SLOW[name][1], f"{name}: {outcome}"


# Too strange.

MUTATIONS = 2000
AT_A_TIME = 40
VALID = [
    get("/plain", "Accept: */*"),
    get("/csv?rows=3", "Connection: close"),
    head("HEAD", "/endless", "TE: trailers"),
    head("OPTIONS", "*"),
    sized("/json", b'{"a":[1,2,3]}', "Content-Type: application/json"),
    sized("/upload", b"some bytes", "Expect: 100-continue"),
    chunked("/duplex") + b"5\r\nsome \r\n5;x=y\r\nbytes\r\n0\r\nx-sum: 1\r\n\r\n",
    chunked("/json", "TE: trailers") + b"".join(chunks([b"[", b"1", b"]"], "x: y")),
    get("/plain") + sized("/small", b"hello") + get("/plain"),
]


def test_thousands_of_mutations_of_valid_requests(loop):
    async def attack(served):
        waiting = mutations(VALID, seed=f"{loop}", count=MUTATIONS)

        async def worker():
            return [
                (data, await malformed(served.target, data, patience=PATIENCE)) for data in waiting
            ]

        done = await asyncio.gather(*(worker() for _ in range(AT_A_TIME)))
        return [each for found in done for each in found]

    seen = Counter()
    for data, outcome in attacked(loop, attack):
        seen[f"{outcome.ending.value} {outcome.status or ''}"] += 1
        assert outcome.ending in (Ending.ANSWERED, Ending.CLOSED), f"{data!r}: {outcome}"
        assert all(status < 500 or status in (501, 505) for status in outcome.statuses), (
            f"{data!r}: {outcome}"
        )
    print(f"{loop}: {dict(seen)}")
    assert seen.total() == MUTATIONS
    assert seen["answered 400"] > MUTATIONS / 3
