"""What thousands of connections cost, and what hundreds that do not move may cost at most.

The server is a process of its own, so its resident memory is its own; nothing here depends on how
fast the machine is.
"""

import asyncio
import itertools
import socket
import struct
import time

from tests.faults import Ask, Ending, chunked, get, good, room_for_descriptors
from tests.soak import Served

from headrace import Config

KIB = 1 << 10
MIB = 1 << 20
SOURCES = [f"127.0.0.{number}" for number in range(2, 6)]
STILL = 0.6
"""Seconds without a change of what is buffered after which everybody is stuck."""

GIVE_UP = 30.0
PATIENT = {
    "head_timeout": 60.0,
    "keep_alive_timeout": 60.0,
    "body_timeout": 60.0,
    "handler_timeout": 60.0,
    "write_timeout": 60.0,
}
"""Nobody is ended for being slow: it is the memory that has to do."""


# Those who do not move.

STALLED = 200
SCARCE = 48 * MIB
ABOVE = 64 * MIB
PIECE = b"10000\r\n" + bytes(65536) + b"\r\n"


async def reads_nothing(line):
    await line.send(get("/endless"))
    await asyncio.Event().wait()


async def uploads_to_nobody(line):
    await line.send(chunked("/unread"))
    for piece in itertools.repeat(PIECE):
        await line.send(piece)


async def stays(target, client):
    """Run a client until it is cancelled; tell whether the server refused it before."""
    line = await target.open()
    try:
        await client(line)
    except ConnectionError:
        return True
    finally:
        line.reset()  # a FIN would wait behind what the server does not take
    return False


async def until_stuck(served):
    """Wait until nothing moves any more; return the state and the highest resident memory."""
    deadline = time.monotonic() + GIVE_UP
    peak, before, since = 0, None, time.monotonic()
    while time.monotonic() - since < STILL:
        assert time.monotonic() < deadline, f"still moving: {before}"
        await asyncio.sleep(0.1)
        state = await served.state()
        peak = max(peak, state.resident)
        seen = state.left["buffered"], state.left["exchanges"]
        if seen != before:
            before, since = seen, time.monotonic()
    return state, peak


async def crowded(loop, **settings):
    """Have 400 clients get stuck; return bytes buffered and grown, and the answer to one more."""
    async with Served(loop, **{**PATIENT, **settings}) as served:
        plain = Ask(get("/plain"), expect=b"plain")
        assert (await good(served.target, plain)).ending is Ending.ANSWERED
        start = await served.state()
        clients = [
            asyncio.create_task(stays(served.target, client))
            for _ in range(STALLED)
            for client in (reads_nothing, uploads_to_nobody)
        ]
        stuck, peak = await until_stuck(served)
        new = again = await good(served.target, plain)
        deadline = time.monotonic() + GIVE_UP
        while again.status != 200:
            assert time.monotonic() < deadline, f"nobody is served: {again}"
            await asyncio.sleep(0.1)
            again = await good(served.target, plain)
        peak = max(peak, served.resident())
        for client in clients:
            client.cancel()
        await asyncio.wait(clients)
        await nothing_left_over(served, start)
    assert "Traceback" not in served.log
    buffered, grown = stuck.left["buffered"], peak - start.resident
    print(
        f"{loop} {settings}: {buffered / MIB:.1f} MiB buffered, resident at most "
        f"{grown / MIB:.1f} MiB above the start, a new request: {new}"
    )
    return buffered, grown, new


def test_400_clients_that_do_not_move_stay_within_the_budget(loop):
    budget = Config().memory_budget
    buffered, grown, new = asyncio.run(crowded(loop, memory_budget=budget))
    assert buffered <= budget
    assert grown <= budget + ABOVE
    assert new.ending is Ending.ANSWERED, new


def test_400_clients_that_do_not_move_stay_within_a_budget_that_is_too_small_for_them(loop):
    """New requests may be refused, until those who take nothing have been ended."""
    _, grown, new = asyncio.run(
        crowded(loop, memory_budget=SCARCE, write_timeout=3.0, handler_timeout=5.0)
    )
    assert grown <= SCARCE + ABOVE
    assert new.status in (200, 503), new


async def nothing_left_over(served, start):
    end = await served.drained(start)
    assert end.left == start.left


# Those who are idle.

IDLE = 10_000
PER_IDLE = 8 * KIB
OPENING = 200
"""Connections that are opened at a time: fewer than a backlog holds."""


def many(port, count, request, enough):
    """Open that many from several addresses, ask on each, read until ``enough`` came."""
    sources = itertools.cycle(SOURCES)
    opened = []
    while len(opened) < count:
        batch = []
        for _ in range(min(OPENING, count - len(opened))):
            source = next(sources), 0
            client = socket.create_connection(("127.0.0.1", port), GIVE_UP, source_address=source)
            client.sendall(request)
            batch.append(client)
        for client in batch:
            received = b""
            while enough not in received:
                received += client.recv(65536)
        opened += batch
    return opened


def reset(clients):
    """Close without leaving thousands of sockets in TIME_WAIT."""
    for client in clients:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()


async def cost(loop, count, request, enough):
    """Return bytes of resident memory per open connection."""
    async with Served(loop, **PATIENT) as served:
        port = served.target.port
        empty = await served.state()
        reset(await asyncio.to_thread(many, port, OPENING, request, enough))
        start = await served.drained(empty)
        clients = await asyncio.to_thread(many, port, count, request, enough)
        state = await served.state()
        assert state.left["connections"] == count
        assert state.left["descriptors"] == count + start.left["descriptors"]
        plain = await good(served.target, Ask(get("/plain"), expect=b"plain"))
        assert plain.ending is Ending.ANSWERED, plain
        reset(clients)
        await nothing_left_over(served, start)
        return (state.resident - start.resident) / count


def test_an_idle_connection_costs_at_most_8_kib(loop, missing):
    if not room_for_descriptors(IDLE + 200):
        missing(f"this process may not open {IDLE} sockets")
    each = asyncio.run(cost(loop, IDLE, get("/plain"), b"\r\n\r\nplain"))
    print(f"{each / KIB:.2f} KiB per idle connection")
    assert each <= PER_IDLE
