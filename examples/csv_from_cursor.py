"""A CSV out of a blocking database cursor, of any length, never more than a few rows in memory.

``stream`` runs a plain generator in one worker thread from its first line to its last, so things
that belong to a thread, as a sqlite3 connection does, just work. The thread waits when the client
reads slowly, and ``finally`` runs as soon as the client has left::

    headrace run csv_from_cursor:app --app-dir examples
    curl -N http://127.0.0.1:8000/squares/1000000
"""

import csv
import io
import sqlite3
from collections.abc import Iterator

from headrace import Headrace, Request, stream
from headrace.response import StreamingResponse

QUERY = """
    WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
    SELECT n, n * n FROM numbers
"""

app = Headrace("csv-from-cursor")


def squares(last: int) -> Iterator[str]:
    connection = sqlite3.connect(":memory:")
    try:
        cursor = connection.execute(QUERY, (last,))
        yield as_csv([("number", "square")])
        while rows := cursor.fetchmany(1000):
            yield as_csv(rows)
    finally:
        connection.close()


def as_csv(rows: list[tuple[object, ...]]) -> str:
    page = io.StringIO()
    csv.writer(page).writerows(rows)
    return page.getvalue()


@app.get("/squares/<last:int>")
async def download(request: Request, last: int) -> StreamingResponse:
    return stream(squares(last), content_type="text/csv; charset=utf-8")
