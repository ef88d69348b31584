"""Two databases that can be read while they are being sent. Both read a batch when there is room.

A source gives ``async with source.csv(count) as chunks``. Nothing in here knows about HTTP: when
the client reads slowly the loop over ``chunks`` waits, and so does the reading; when the client
leaves the block is left, and with it the cursor and the connection.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from birds import COLUMNS, sightings, to_csv

from headrace_streams import PipeReceiver, from_thread

BATCH = 500
"""Rows per read, about 30 KiB of CSV."""

COLUMN_TYPES = (
    "id integer PRIMARY KEY, seen_at text, bird text, place text, count integer, note text"
)

Count = Callable[[int], None]


class Source(Protocol):
    """What the application asks of a database."""

    name: str

    async def open(self) -> None:
        """Connect; make the table if it is missing."""

    async def close(self) -> None:
        """Disconnect."""

    def csv(self, count: Count) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """Read the table as CSV, calling ``count`` with the number of rows that were read."""


class Sqlite:
    """A database in a temporary directory. Blocking, so each reader runs in a thread of its own.

    A sqlite3 connection belongs to the thread that made it; ``from_thread`` runs the generator
    below in one thread from its first line to its ``finally``.
    """

    name = "SQLite"

    def __init__(self, rows: int) -> None:
        self._rows = rows

    async def open(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="headrace-demo-")
        self._path = Path(self._folder.name) / "birds.sqlite"
        await asyncio.to_thread(self._fill)

    async def close(self) -> None:
        self._folder.cleanup()

    def _fill(self) -> None:
        connection = sqlite3.connect(self._path)
        with connection:
            connection.execute(f"CREATE TABLE sightings ({COLUMN_TYPES})")
            insert = "INSERT INTO sightings VALUES (?, ?, ?, ?, ?, ?)"
            connection.executemany(insert, sightings(self._rows))
        connection.close()

    def csv(self, count: Count) -> AbstractAsyncContextManager[PipeReceiver]:
        return from_thread(partial(self._read, count))

    def _read(self, count: Count) -> Iterator[bytes]:
        connection = sqlite3.connect(self._path)
        try:
            yield to_csv([COLUMNS])
            cursor = connection.execute("SELECT * FROM sightings ORDER BY id")
            while rows := cursor.fetchmany(BATCH):
                count(len(rows))
                yield to_csv(rows)
        finally:
            connection.close()


class Postgres:
    """A PostgreSQL server, read with a cursor of its own within a transaction."""

    name = "PostgreSQL"

    def __init__(self, dsn: str, rows: int) -> None:
        self._dsn = dsn
        self._rows = rows
        self._pool: Any

    async def open(self) -> None:
        try:
            import asyncpg
        except ImportError:
            raise SystemExit("HEADRACE_DEMO_DSN needs asyncpg: pip install asyncpg") from None
        try:
            self._pool = await asyncpg.create_pool(self._dsn, min_size=1)
        except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise SystemExit(f"HEADRACE_DEMO_DSN leads to no database: {error}") from None
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval("SELECT to_regclass('headrace_demo_birds')") is None:
                await connection.execute(f"CREATE TABLE headrace_demo_birds ({COLUMN_TYPES})")
                await connection.copy_records_to_table(
                    "headrace_demo_birds", records=sightings(self._rows), columns=COLUMNS
                )

    async def close(self) -> None:
        await self._pool.close()

    def csv(self, count: Count) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return aclosing(self._read(count))

    async def _read(self, count: Count) -> AsyncGenerator[bytes, None]:
        async with self._pool.acquire() as connection, connection.transaction(readonly=True):
            yield to_csv([COLUMNS])
            cursor = await connection.cursor("SELECT * FROM headrace_demo_birds ORDER BY id")
            while rows := await cursor.fetch(BATCH):
                count(len(rows))
                yield to_csv(rows)
