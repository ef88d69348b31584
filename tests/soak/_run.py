"""Run the mix for a time, wait until everything has drained, and compare with the start."""

from __future__ import annotations

import asyncio
import random
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from . import _bad, _good
from ._kinds import Kind
from ._process import Served, State

MIB = 1 << 20
GROWTH = 64 * MIB
"""Resident memory may be this much above the start at the end: allocators keep what they had."""

QUICK = [*_good.QUICK, *_bad.QUICK]
SLOW = [*_good.SLOW, *_bad.SLOW]

PROGRESS = 10.0
EXAMPLES = 3


@dataclass(slots=True)
class Report:
    """What a run came to.

    Attributes:
        loop: of the server.
        seconds: that clients came.
        clients: how often each kind came.
        endings: how often each kind ended in which way.
        findings: what was wrong; empty is a pass.
        start, end: the server's state before (but warm) and after.
        peak: highest resident memory that was seen.
    """

    loop: str
    seconds: float = 0.0
    clients: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    start: State | None = None
    end: State | None = None
    peak: int = 0

    def table(self) -> str:
        """Return the endings by kind, for people."""
        return "\n".join(f"  {count:8} {kind}" for kind, count in sorted(self.endings.items()))

    def __str__(self) -> str:
        start = self.start.resident if self.start else 0
        end = self.end.resident if self.end else 0
        told = self.end.told if self.end else {}
        wrong = "\n".join(f"  {count:8} {text}" for text, count in self.findings.most_common(50))
        return (
            f"{self.loop}: {self.clients.total()} clients in {self.seconds:.0f} s, "
            f"{told.get('requests', 0)} requests\n{self.table()}\n"
            f"  endings: {told.get('endings')}\n"
            f"  failures as planned: {told.get('planned')}, warnings: {told.get('warnings')}\n"
            f"  resident: {start / MIB:.1f} MiB at the start, {self.peak / MIB:.1f} at most, "
            f"{end / MIB:.1f} at the end\n"
            + (f"FINDINGS\n{wrong}" if wrong else "  nothing left over, nothing wrong")
        )


class Soak:
    """One run against one server."""

    def __init__(self, served: Served, report: Report, seed: int) -> None:
        self._served = served
        self._report = report
        self._seed = seed
        self._examples: Counter[str] = Counter()

    async def one(self, kind: Kind, chance: random.Random) -> None:
        """Run one client and judge what it saw."""
        outcome = await kind.run(self._served.target, chance)
        report = self._report
        report.clients[kind.name] += 1
        report.endings[f"{kind.name}: {outcome.ending.value} {outcome.status or ''}"] += 1
        if kind.wrong(outcome):
            self._examples[kind.name] += 1
            few = self._examples[kind.name] <= EXAMPLES
            report.findings[f"{kind.name}: {outcome if few else 'and more'}"] += 1

    async def worker(self, kinds: list[Kind], number: int, end: float) -> None:
        """Run one client after the other until the time is over."""
        chance = random.Random(f"{self._seed}/{kinds is SLOW}/{number}")
        weights = [kind.weight for kind in kinds]
        while time.monotonic() < end:
            (kind,) = chance.choices(kinds, weights)
            await self.one(kind, random.Random(chance.random()))

    async def progress(self, end: float, say: Callable[[str], None]) -> None:
        """Tell every ten seconds how it goes; the server has to answer for that."""
        while (left := end - time.monotonic()) > 0:
            await asyncio.sleep(min(PROGRESS, left))
            state = await self._served.state()
            report = self._report
            report.peak = max(report.peak, state.resident)
            say(
                f"{report.loop}: {max(end - time.monotonic(), 0):5.0f} s left, "
                f"{report.clients.total()} clients, {report.findings.total()} findings, "
                f"{state.resident / MIB:.0f} MiB, {state.left['connections']} connections, "
                f"{state.left['buffered']} B buffered"
            )

    async def warm(self) -> None:
        """Let every kind come once, so that memory is compared with a server that has worked."""
        await asyncio.gather(
            *(self.one(kind, random.Random(self._seed)) for kind in (*QUICK, *SLOW))
        )

    async def run(self, quick: int, slow: int, warm: bool, say: Callable[[str], None]) -> None:
        """Run everything; the report holds what it came to."""
        report = self._report
        start = await self._served.state()
        if warm:
            await self.warm()
        report.start = await self._served.drained(start)
        end = time.monotonic() + report.seconds
        async with asyncio.TaskGroup() as group:
            group.create_task(self.progress(end, say))
            for number in range(quick):
                group.create_task(self.worker(QUICK, number, end))
            for number in range(slow):
                group.create_task(self.worker(SLOW, number, end))
        report.end = await self._served.drained(start)
        report.peak = max(report.peak, report.end.resident)
        self.compare(start, report.start, report.end)

    def compare(self, start: State, warm: State, end: State) -> None:
        """Find what is left over, and what was logged."""
        for name, was in start.left.items():
            if end.left[name] != was:
                self._report.findings[f"left over: {name} {was} -> {end.left[name]}"] += 1
        grown = end.resident - warm.resident
        if grown > GROWTH:
            self._report.findings[f"resident memory has grown by {grown / MIB:.0f} MiB"] += 1
        if end.told["planned"] != end.told["raised"]:
            text = f"{end.told['raised']} exceptions were logged {end.told['planned']} times"
            self._report.findings[text] += 1
        hooks = sum(end.told["endings"].values())
        if hooks != end.told["requests"]:
            text = f"{end.told['requests']} exchanges have ended, the end hook ran {hooks} times"
            self._report.findings[text] += 1
        for text, count in end.told["failures"].items():
            self._report.findings[f"logged: {text}"] += count


async def soak(
    loop: str,
    seconds: float,
    seed: int,
    *,
    quick: int = 12,
    slow: int = 50,
    warm: bool = True,
    say: Callable[[str], None] = print,
) -> Report:
    """Let clients come for a time, and report.

    Args:
        loop: of the server, ``asyncio`` or ``uvloop``.
        seconds: for which new clients come.
        seed: of the choice of clients; their interleaving is the machine's.
        quick, slow: clients of either pace at any time.
        warm: let every kind of client come once before memory is looked at first.
        say: takes a line of progress.
    """
    report = Report(loop, seconds)
    async with Served(loop) as served:
        try:
            await Soak(served, report, seed).run(quick, slow, warm, say)
        except (OSError, EOFError, ExceptionGroup) as error:
            text = "".join(traceback.format_exception(error))
            report.findings[f"the server does not answer any more: {text}"] += 1
    if "Traceback" in served.log:
        report.findings[f"a traceback in the server's log:\n{served.log[-4000:]}"] += 1
    if served.code != 0:
        report.findings[f"the server's exit status is {served.code}"] += 1
    return report
