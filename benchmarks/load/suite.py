"""The whole comparison, from the command line's wishes to the files of results."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TypeVar

from . import charts, markdown, scaling
from .contenders import CONTENDERS, Contender
from .results import rows, save, versions
from .rounds import Absence, Round, Settings
from .targets import Verdict, verdicts
from .workloads import WORKLOADS, Workload

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from .measure import Sample

Named = TypeVar("Named", Workload, Contender)


def run(chosen: argparse.Namespace) -> int:
    """Do what the command line asks for; return the exit status."""
    workloads = named(WORKLOADS, chosen.workload)
    contenders = named(CONTENDERS, chosen.peer)
    if chosen.list:
        print("\n".join(f"{each.number:>2} {each.name}: {each.text}" for each in WORKLOADS))
        print("\n".join(f"{each.name} ({each.family})" for each in CONTENDERS))
        return 0
    chosen.out.mkdir(parents=True, exist_ok=True)
    settings = arrange(chosen)
    present = []
    for contender in contenders:
        if (reason := contender.missing()) is None:
            present.append(contender)
        else:
            print(f"without {contender.name}: {reason}", file=sys.stderr)
    if chosen.scaling:
        if not chosen.peer:  # the curves are about growth, so rivals are shown on demand
            present = [each for each in present if each.family == "ours"]
        scaling.run(present, settings, chosen.out, quick=chosen.quick)
    else:
        compare(workloads, present, settings, chosen.out)
    return 0


def named(everything: tuple[Named, ...], names: list[str] | None) -> tuple[Named, ...]:
    """Return those that were asked for; headrace's rivals may be named in any case.

    Raises:
        SystemExit: there is no such name.
    """
    if names is None:
        return everything
    known = {each.name.lower() for each in everything}
    for name in names:
        if name.lower() not in known:
            raise SystemExit(f"there is no {name!r} among {', '.join(sorted(known))}")
    wanted = {name.lower() for name in names}
    return tuple(each for each in everything if each.name.lower() in wanted)


def arrange(chosen: argparse.Namespace) -> Settings:
    """Keep this process and the clients that it starts to a core of their own."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        print("one core only: the load generator takes CPU from the server", file=sys.stderr)
    os.sched_setaffinity(0, {cores[-1]})
    environment = {name: os.environ[name] for name in os.environ if name.startswith("BENCH_")}
    return Settings(
        chosen.rounds, chosen.seconds, chosen.connections, cores[0], cores[-1], environment
    )


def compare(
    workloads: tuple[Workload, ...], contenders: list[Contender], settings: Settings, out: Path
) -> None:
    """Measure, and write the table, the JSON file and the pictures."""
    samples: list[Sample] = []
    absences: list[Absence] = []
    reached: list[Verdict] = []
    sections = []
    for workload in workloads:
        one = Round(workload, settings)
        one.run(contenders)
        samples += one.samples
        absences += one.absences
        found = rows(workload, one.samples)
        verdict = verdicts(workload.name, workload.more_is_better, found)
        reached += verdict
        sections.append(markdown.section(workload, found, verdict, one.absences))
        (out / f"{workload.name}.svg").write_text(charts.bars(workload, found))
        # After each workload, so that a run that is broken off is not lost.
        installed = ", ".join(f"{name} {number}" for name, number in versions().items())
        head = f"{settings.rounds} rounds of {settings.seconds:g} s, medians. {installed}."
        whole = "\n".join(["# Load", "", head, "", markdown.summary(reached), *sections])
        (out / "load.md").write_text(whole)
        how = {"rounds": settings.rounds, "seconds": settings.seconds}
        save(out / "load.json", samples, absences, {"settings": how})
    print("\n".join([*sections, markdown.summary(reached)]))
