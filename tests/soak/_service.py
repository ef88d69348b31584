"""The server's process: ``python -m tests.soak._service asyncio '{"head_timeout": 1}'``.

It serves the application under soak, and on a second port a control application, so that asking
after the server's state changes as little of it as possible. The first line of standard output
tells both ports.
"""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import logging
import os
import re
import signal
import sys
import threading
from collections import Counter
from json import loads as decode
from typing import Any, Literal, cast

from tests.faults import room_for_descriptors

from headrace import Config, Headrace, Request, Server, json
from headrace._connection import Connection
from headrace._exchange import Exchange
from headrace._loop import loop_factory
from headrace.response import BaseResponse

from ._app import Planned, app

DESCRIPTORS = 20_000

CONFIG = Config(
    port=0,
    head_timeout=2.0,
    keep_alive_timeout=3.0,
    body_timeout=2.0,
    write_timeout=2.0,
    handler_timeout=4.0,
    half_close_grace=0.5,
    linger_timeout=1.0,
    drain_timeout=3.0,
    memory_budget=64 << 20,
)

ADDRESS = re.compile(r" (at 0x|fd=|from )[0-9a-f.:]+")
"""What tells one log line from another of the same kind."""

COUNTED: tuple[type[Any], ...] = (Connection, Exchange, Request)
"""What lives as long as a connection or an exchange."""

control = Headrace("control")


class Findings(logging.Handler):
    """Keeps what is logged as a failure, or as a warning; counts the failures that were planned."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.planned = 0
        self.failures: Counter[str] = Counter()
        self.warnings: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, Planned):
            self.planned += 1
            return
        message = ADDRESS.sub("", record.getMessage().partition("\n")[0])
        text = f"{record.levelname} {record.name}: {message}"
        if error is None and record.levelno < logging.ERROR:
            self.warnings[text] += 1
            return
        self.failures[f"{text}: {error!r}" if error else text] += 1
        print(self.format(record), file=sys.stderr, flush=True)


findings = Findings()


@control.get("/state")
async def state(request: Request) -> BaseResponse:
    """Everything that has to be as it was at the start, and what has been logged."""
    server: Server = control.ctx.server
    told = server.statistics()
    gc.collect()
    kinds = Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, COUNTED))
    return json(
        {
            "left": {
                "tasks": len(asyncio.all_tasks()),
                "threads": threading.active_count(),
                "descriptors": len(os.listdir("/proc/self/fd")),
                "running": +app.ctx.running,
                "objects": kinds,
                "connections": len(told.connections),
                "exchanges": told.exchanges,
                "buffered": told.buffered_in + told.buffered_out,
                "charged": server.budget.used,
                "pressed": told.pressed,
            },
            "requests": told.requests,
            "endings": app.ctx.endings,
            "raised": Planned.raised,
            "planned": findings.planned,
            "failures": findings.failures,
            "warnings": findings.warnings,
        }
    )


async def main(config: Config) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Server(app, config) as server, Server(control, Config(port=0)) as second:
        control.ctx.server = server
        print(server.port, second.port, flush=True)
        await stop.wait()


if __name__ == "__main__":
    room_for_descriptors(DESCRIPTORS)
    logging.basicConfig(level=logging.WARNING, handlers=[findings])
    kind = cast("Literal['asyncio', 'uvloop']", sys.argv[1])
    with asyncio.Runner(loop_factory=loop_factory(kind)) as runner:
        runner.run(main(dataclasses.replace(CONFIG, **decode(sys.argv[2]))))
