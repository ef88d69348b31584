"""A server that answers every request with the same pieces of bytes, one at a time.

It sends what no application can, at moments of its own, so that a client's reading is tried.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Self

from ._aside import Aside

PAUSE = 0.005
"""Seconds between two pieces, so that each of them is read alone."""


class Origin:
    """``with Origin(aside, pieces) as origin``: listens on ``origin.port``.

    Attributes:
        heads: of the requests that came.
    """

    def __init__(self, aside: Aside, pieces: Sequence[bytes]) -> None:
        self.heads: list[bytes] = []
        self._aside = aside
        self._pieces = pieces
        self._tasks: set[asyncio.Task[None] | None] = set()

    def __enter__(self) -> Self:
        self._aside.run(self._start())
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._aside.run(self._stop())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            assert task is not None
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        try:
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                for piece in self._pieces:
                    writer.write(piece)
                    await asyncio.sleep(PAUSE)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()
            self._tasks.discard(asyncio.current_task())
