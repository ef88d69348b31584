"""Runs a workload: all servers in turns, several rounds, so that a noisy machine hits all alike."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .clients import WrongAnswer
from .measure import Sample, importing, memory, rate, startup, warm
from .process import DidNotStart, Process

if TYPE_CHECKING:
    from .contenders import Contender
    from .workloads import Workload

# What a server does wrong is its own affair; the others go on.
FAULTS = (DidNotStart, WrongAnswer, OSError, ValueError)


@dataclass(frozen=True)
class Settings:
    """How long, how often, how many, where."""

    rounds: int
    seconds: float
    connections: int
    server_core: int
    client_core: int
    environment: dict[str, str]


@dataclass(frozen=True)
class Absence:
    """A server that does not take part in a workload, and why."""

    workload: str
    server: str
    reason: str


class Round:
    """Everything about one workload.

    ``samples`` and ``absences`` are what came out.
    """

    def __init__(self, workload: Workload, settings: Settings) -> None:
        self.workload = workload
        self.settings = settings
        self.samples: list[Sample] = []
        self.absences: list[Absence] = []

    def run(self, contenders: list[Contender]) -> None:
        """Measure all of them."""
        taking_part = [each for each in contenders if self._takes_part(each)]
        if self.workload.kind == "rate":
            self._running(taking_part)
        else:
            self._fresh(taking_part)

    def _takes_part(self, contender: Contender) -> bool:
        name = self.workload.name
        if contender.only and name not in contender.only:
            return False
        if contender.family == "limit" and not contender.only:
            return False
        if self.workload.kind == "import" and not contender.imports:
            return False
        reason = contender.cannot.get(name)
        if reason is not None:
            self._leave_out(contender.name, reason)
        return reason is None

    def _leave_out(self, server: str, reason: str) -> None:
        self.absences.append(Absence(self.workload.name, server, reason))
        print(f"{self.workload.name}: without {server}: {reason}", file=sys.stderr)

    def _running(self, contenders: list[Contender]) -> None:
        """All servers run; one of them at a time has work."""
        settings = self.settings
        with ExitStack() as stack:
            running: list[Process] = []
            for contender in contenders:
                try:
                    process = self._start(contender)
                    stack.callback(process.stop)
                    self.workload.check(process.port)
                    warm(self.workload, process, min(settings.seconds, 0.5))
                except FAULTS as error:
                    self._leave_out(contender.name, str(error))
                else:
                    running.append(process)
            for number in range(settings.rounds):
                # Who comes after whom changes, so that nobody always follows the same one.
                first = number % max(len(running), 1)
                for process in running[first:] + running[:first]:
                    try:
                        self._note(rate(self.workload, process, number, settings.seconds))
                    except FAULTS as error:
                        self._leave_out(process.name, str(error))
                        running.remove(process)

    def _fresh(self, contenders: list[Contender]) -> None:
        """Each measurement has a server of its own."""
        for number in range(self.settings.rounds):
            for contender in contenders:
                if any(each.server == contender.name for each in self.absences):
                    continue
                try:
                    self._note(self._one(contender, number))
                except FAULTS as error:
                    self._leave_out(contender.name, str(error))

    def _one(self, contender: Contender, number: int) -> Sample:
        if self.workload.kind == "import":
            return importing(self.workload, contender, number, self.settings.server_core)
        process = self._start(contender)
        try:
            if self.workload.kind == "startup":
                return startup(self.workload, process, number)
            if number == 0:
                self.workload.check(process.port)
            return memory(self.workload, process, number, self.settings.connections)
        finally:
            process.stop()

    def _start(self, contender: Contender) -> Process:
        return Process(contender, self.settings.server_core, self.settings.environment)

    def _note(self, sample: Sample) -> None:
        self.samples.append(sample)
        print(
            f"{sample.workload} {sample.round + 1}/{self.settings.rounds} {sample.server}: "
            f"{sample.score:,.1f} {self.workload.score}",
            file=sys.stderr,
        )
