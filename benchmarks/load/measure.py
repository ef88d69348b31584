"""One measurement of one server on one workload."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .clients import Load, NoAnswer, WrongAnswer
from .clients.many import Many, Subscribers
from .clients.raw import request
from .peers import bodies

if TYPE_CHECKING:
    from collections.abc import Callable

    from .contenders import Contender
    from .process import Process
    from .workloads import Workload

WARM = 64
SETTLE = 0.3
NOTHING = float("nan")


@dataclass(frozen=True)
class Sample:
    """What came out.

    ``score`` is what counts, see ``Workload.score``; ``throughput`` is per second of time, p50 and
    p99 are milliseconds, ``resident`` is MiB at the end; not a number where there is none.
    """

    workload: str
    server: str
    round: int
    score: float
    throughput: float = NOTHING
    p50: float = NOTHING
    p99: float = NOTHING
    cpu: float = NOTHING
    resident: float = NOTHING


def rate(workload: Workload, process: Process, number: int, seconds: float) -> Sample:
    """Load a server that is running; the score is the amount per second of its CPU time."""
    assert workload.client is not None
    with workload.client(process.port) as client:
        time.sleep(0.05)
        before = process.cpu()
        load: Load = client.run(seconds)
        used = process.cpu() - before
    return Sample(
        workload.name,
        process.name,
        number,
        load.amount / max(used, 0.01),
        load.amount / load.seconds,
        load.p50,
        load.p99,
        used,
        process.resident() / 2**20,
    )


def warm(workload: Workload, process: Process, seconds: float) -> None:
    """Load a server for a moment, so that what is done once is done."""
    assert workload.client is not None
    with workload.client(process.port) as client, suppress(NoAnswer):
        client.run(seconds)


def memory(workload: Workload, process: Process, number: int, count: int) -> Sample:
    """Open many connections, then twice as many; the score is what each of the second half adds.

    Not of the first: it finds room in what the start-up has freed, which stays resident.
    """

    def many(size: int) -> Many:
        if workload.kind == "streams":
            return Subscribers(process.port, size)
        return Many(process.port, request("/plain"), bodies.HELLO, size)

    found = []
    for size in (WARM, count, 2 * count):
        with many(size) as connections:
            time.sleep(SETTLE)
            found.append(process.resident())
            if closed := connections.closed():
                raise WrongAnswer(f"{closed} of {size} connections were closed")
        time.sleep(SETTLE)
    _, before, after = found
    score = (after - before) / count / 1024
    return Sample(workload.name, process.name, number, score, resident=after / 2**20)


def startup(workload: Workload, process: Process, number: int) -> Sample:
    """Take the time that a server needed until it answered."""
    resident = process.resident() / 2**20
    score = process.first_byte * 1000
    return Sample(workload.name, process.name, number, score, cpu=process.cpu(), resident=resident)


def importing(workload: Workload, contender: Contender, number: int, core: int) -> Sample:
    """Measure what an import adds to the CPU time of an interpreter that does nothing."""
    empty = cpu_of("pass", core)
    score = (cpu_of(f"import {contender.imports}", core) - empty) * 1000
    return Sample(workload.name, contender.name, number, max(score, 0.0))


def cpu_of(statement: str, core: int) -> float:
    """Return the CPU seconds of a fresh interpreter that runs a statement, the least of three."""
    pin: Callable[[], None] = lambda: os.sched_setaffinity(0, {core})  # noqa: E731
    found = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", statement], check=True, preexec_fn=pin)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(found)
