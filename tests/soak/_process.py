"""The server under soak from outside: its process, its memory, what its control route tells."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.faults import AnswerReader, Target, get

ROOT = Path(__file__).parent.parent.parent
PAGE = os.sysconf("SC_PAGE_SIZE")
START = 20.0
DRAIN = 30.0
"""Seconds for everything to be as at the start; the longest deadline of the server is 4 s."""


@dataclass(frozen=True, slots=True)
class State:
    """What the server told of itself at one moment.

    Attributes:
        left: what has to be as it was at the start, once all clients are gone.
        told: everything else.
        resident: bytes of resident memory.
    """

    left: dict[str, Any]
    told: dict[str, Any]
    resident: int


class Served:
    """A server process; ends with the ``async with`` block.

    Args:
        loop: ``asyncio`` or ``uvloop``.
        settings: fields of ``headrace.Config``, instead of the soak's.

    Attributes:
        target: where clients connect to.
        log: what the server wrote to standard error, complete when the block is left.
        code: exit status, once the block is left.
    """

    target: Target

    def __init__(self, loop: str, **settings: Any) -> None:
        self.log = ""
        self.code: int | None = None
        self._arguments = (loop, json.dumps(settings))

    async def __aenter__(self) -> Self:
        self._child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.soak._service", *self._arguments),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        assert self._child.stdout is not None and self._child.stderr is not None
        self._reading = asyncio.create_task(self._child.stderr.read())
        async with asyncio.timeout(START):
            line = await self._child.stdout.readline()
        if not line:
            raise RuntimeError(f"the server did not start: {(await self._reading).decode()}")
        served, control = map(int, line.split())
        self.target, self._control = Target(served), Target(control)
        return self

    async def state(self) -> State:
        """Ask the control route."""
        with await self._control.open() as line:
            async with asyncio.timeout(START):
                await line.send(get("/state", "Connection: close"))
                answer = await AnswerReader(line).read()
        told = json.loads(answer.body)
        return State(told.pop("left"), told, self.resident())

    async def drained(self, start: State, seconds: float = DRAIN) -> State:
        """Wait until nothing is left over against the start, but not for ever; return the state."""
        end = time.monotonic() + seconds
        while (state := await self.state()).left != start.left:
            if time.monotonic() > end:
                break
            await asyncio.sleep(0.2)
        return state

    def resident(self) -> int:
        """Return bytes of resident memory."""
        return int(Path(f"/proc/{self._child.pid}/statm").read_text().split()[1]) * PAGE

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._child.returncode is None:
            self._child.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(START):
                self.code = await self._child.wait()
        except TimeoutError:
            self._child.kill()
            await self._child.wait()
        self.log = (await self._reading).decode(errors="replace")
