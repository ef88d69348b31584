"""The demo: a CSV out of a database, an upload and a duplex echo, with a page to try them on.

Run it from the repository's root, and open http://127.0.0.1:8000::

    headrace run app:app --app-dir examples/demo

Environment variables:

- ``HEADRACE_DEMO_DSN``: read a PostgreSQL database instead of SQLite; the table
  ``headrace_demo_birds`` is made if it is missing. Needs ``pip install asyncpg``.
- ``HEADRACE_DEMO_ROWS``: how many rows to make (200000).
"""

import asyncio
import hashlib
import json as jsonlib
import os
import time
from pathlib import Path

from activity import Activity
from database import Postgres, Source, Sqlite

from headrace import Headrace, Request, html, json, raw
from headrace.exceptions import BadRequest
from headrace.response import HTTPResponse

PAGE = Path(__file__).parent / "page"
SAFE = {"content-security-policy": "default-src 'self'; img-src data:"}
FRESH = {"cache-control": "no-store"}

app = Headrace("headrace-demo")
activity = Activity()


def source() -> Source:
    """Return the database that the environment asks for."""
    rows = int(os.environ.get("HEADRACE_DEMO_ROWS", "200000"))
    dsn = os.environ.get("HEADRACE_DEMO_DSN")
    return Postgres(dsn, rows) if dsn else Sqlite(rows)


@app.listener("before_server_start")
async def open_database(app: Headrace) -> None:
    app.ctx.source = source()
    await app.ctx.source.open()


@app.listener("after_server_stop")
async def close_database(app: Headrace) -> None:
    await app.ctx.source.close()


@app.get("/birds.csv")
async def birds(request: Request) -> None:
    """Send the table while it is being read.

    Nothing here waits for the whole: each awaited write returns when the client has room, and only
    then the next rows are read. A client that leaves ends both blocks.
    """
    with activity.track(f"CSV from {app.ctx.source.name}", "rows") as transfer:
        response = await request.respond(
            content_type="text/csv; charset=utf-8",
            headers={"x-transfer": str(transfer.id), **FRESH},
        )
        async with app.ctx.source.csv(transfer.add) as chunks:
            async for chunk in chunks:
                await response.write(chunk)


@app.route("/upload", methods=["POST", "PUT"], stream=True)
async def upload(request: Request) -> HTTPResponse:
    """Hash a body of any size as it arrives; never more than one buffer of it is in memory."""
    began = time.perf_counter()
    digest = hashlib.sha256()
    with activity.track("upload", "bytes") as transfer:
        async for chunk in request.stream:
            digest.update(chunk)
            transfer.add(len(chunk))
    seconds = round(time.perf_counter() - began, 3)
    return json({"sha256": digest.hexdigest(), "bytes": transfer.amount, "seconds": seconds})


@app.route("/echo", methods=["POST", "PUT"], stream=True)
async def echo(request: Request) -> None:
    """Send back in capitals what arrives, while it arrives.

    ``?pause=40`` waits that many milliseconds after each line, so that one can watch.
    """
    pause = milliseconds(request.args.get("pause", "0")) / 1000
    with activity.track("echo", "characters") as transfer:
        response = await request.respond(headers=FRESH)
        async for piece in request.stream.text(errors="replace"):
            for line in piece.splitlines(keepends=True) if pause else [piece]:
                transfer.add(len(line))
                await response.write(line.upper())
                await asyncio.sleep(pause)


def milliseconds(value: str) -> int:
    """Take a pause from the query."""
    if not value.isdecimal() or int(value) > 5000:
        raise BadRequest("pause is a number of milliseconds, up to 5000")
    return int(value)


@app.get("/activity")
async def watch(request: Request) -> None:
    """Send what the server is doing, whenever that has changed (server-sent events)."""
    response = await request.respond(content_type="text/event-stream", headers=FRESH)
    told = None
    while not request.draining.is_set():
        now = activity.snapshot()
        if now != told:
            told = now
            await response.write(f"data: {jsonlib.dumps(now)}\n\n")
        await asyncio.sleep(0.2)


@app.get("/")
async def index(request: Request) -> HTTPResponse:
    return html((PAGE / "index.html").read_bytes(), headers={**SAFE, **FRESH})


@app.get("/style.css")
async def style(request: Request) -> HTTPResponse:
    return raw((PAGE / "style.css").read_bytes(), 200, FRESH, "text/css; charset=utf-8")


@app.get("/script.js")
async def script(request: Request) -> HTTPResponse:
    return raw((PAGE / "script.js").read_bytes(), 200, FRESH, "text/javascript; charset=utf-8")
