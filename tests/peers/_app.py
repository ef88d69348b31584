"""An application that clients and proxies are tried on, and a diary of what its handlers saw."""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

from headrace import Headrace
from headrace.response import empty, json, stream, text

from ._client import PATIENCE
from ._pattern import BLOCK, pattern


class Diary:
    """What handlers note in the server's thread, for a test to wait for in its own."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._entries: dict[str, tuple[float, Any]] = {}

    def note(self, what: str, value: object = None) -> None:
        """Note that it happened, and when."""
        with self._changed:
            self._entries[what] = (time.monotonic(), value)
            self._changed.notify_all()

    def wait(self, what: str) -> tuple[float, Any]:
        """Wait until it has happened; return when, by the monotonic clock, and the value."""
        with self._changed:
            found = self._changed.wait_for(lambda: what in self._entries, PATIENCE)
            assert found, f"{what!r} did not happen; noted: {self._entries}"
            return self._entries[what]

    def noted(self, what: str) -> bool:
        """Whether it has happened."""
        with self._changed:
            return what in self._entries


def exchanges(diary: Diary) -> Headrace:
    """Return the application: every path is a thing that a client or a proxy may get wrong."""
    app = Headrace("exchanges")

    @app.get("/")
    async def index(request):
        return text("index")

    requests(app, diary)
    responses(app)
    open_ended(app, diary)
    always_ready(app, diary)
    lockstep(app)
    return app


def requests(app: Headrace, diary: Diary) -> None:
    """Bodies that are sent to the server."""

    @app.stream("/sum")
    @app.stream("/sum/<late:float>")
    async def sum_(request, late=0.0):
        await asyncio.sleep(late)
        size, digest = 0, hashlib.sha256()
        try:
            async for chunk in request.stream:
                size += len(chunk)
                digest.update(chunk)
                diary.note("upload begun")
        except BaseException as error:
            diary.note("upload ended", type(error).__name__)
            raise
        return json({"size": size, "sha256": digest.hexdigest()})

    @app.stream("/trailers")
    async def trailers(request):
        body = b"".join([chunk async for chunk in request.stream])
        return json({"body": body.decode(), "trailers": dict(request.trailers.items())})

    @app.stream("/small", max_body=1000)
    async def small(request):
        return json({"size": sum([len(chunk) async for chunk in request.stream])})

    @app.stream("/upper")
    async def upper(request):
        response = await request.respond()
        async for chunk in request.stream:
            await response.write(chunk.upper())


def responses(app: Headrace) -> None:
    """Bodies that are sent to the client, and some that break off."""

    @app.get("/pattern/<size:int>")
    async def whole(request, size):
        data = pattern(size)
        for at in range(0, size, BLOCK):
            yield data[at : at + BLOCK]

    @app.get("/counted/<size:int>")
    async def counted(request, size):
        data = pattern(size)
        response = await request.respond(headers={"content-length": str(size)})
        for at in range(0, size, BLOCK):
            await response.write(data[at : at + BLOCK])

    @app.get("/fails/chunked")
    async def fails(request):
        yield pattern(BLOCK)
        raise RuntimeError("the producer failed")

    @app.get("/fails/counted")
    async def fails_counted(request):
        response = await request.respond(headers={"content-length": str(2 * BLOCK)})
        await response.write(pattern(BLOCK))
        raise RuntimeError("the producer failed")

    @app.get("/hints")
    async def hints(request):
        request.interim(103, {"link": "</style.css>; rel=preload"})
        return text("hinted")

    @app.get("/trailing")
    async def trailing(request):
        async def fill(response):
            await response.write("a body ")
            await response.write("with a digest")
            await response.eof(trailers={"x-lines": "1"})

        return stream(fill, trailers=("x-lines",), digest="sha-256")


def open_ended(app: Headrace, diary: Diary) -> None:
    """Handlers that wait for ever, and only end when their client leaves."""

    async def first(response):
        await response.write(b"first\n")
        await response.flush()
        diary.note("begun")

    @app.get("/idle")
    async def idle(request):
        try:
            await first(await request.respond())
            await asyncio.Event().wait()
        finally:
            diary.note("ended", request.ended.reason)

    @app.get("/idle-events")
    async def idle_events(request):
        try:
            response = await request.respond(content_type="text/event-stream")
            await response.write("id: 1\ndata: one\n\n")
            await first(response)
            await asyncio.Event().wait()
        finally:
            diary.note("ended", request.ended.reason)

    @app.get("/silent")
    async def silent(request):
        try:
            diary.note("begun")
            await asyncio.Event().wait()
        finally:
            diary.note("ended", request.ended.reason)


def always_ready(app: Headrace, diary: Diary) -> None:
    """Producers that could go on for ever, and only end when their client leaves."""

    @app.get("/endless")
    async def endless(request):
        try:
            response = await request.respond()
            while True:
                await response.write(bytes(BLOCK))
                diary.note("begun")
        finally:
            diary.note("ended", request.ended.reason)

    @app.get("/endless-thread")
    async def endless_thread(request):
        def blocks():
            try:
                while True:
                    diary.note("begun")
                    yield bytes(BLOCK)
            finally:
                diary.note("ended", request.ended.reason)

        return stream(blocks())


def lockstep(app: Headrace) -> None:
    """A stream that goes on one step each time that it is told to: whoever waits for a step has
    to have got the one before, so nothing on the way may keep it back."""
    steps: asyncio.Queue[str] = asyncio.Queue()

    async def events() -> AsyncIterator[str]:
        while step := await steps.get():
            yield step

    @app.get("/steps")
    async def show(request):
        response = await request.respond(content_type="text/event-stream")
        await response.flush()
        async for step in events():
            await response.write(f"data: {step}\n\n")

    @app.get("/fails/events")
    async def fail(request):
        response = await request.respond(content_type="text/event-stream")
        await response.write("id: 1\ndata: one\n\ndata: half a")
        await response.flush()
        raise RuntimeError(await steps.get())

    @app.stream("/held")
    async def held(request):
        await steps.get()
        return text(str(sum([len(chunk) async for chunk in request.stream])))

    @app.get("/late")
    async def late(request):
        return text(f"late: {await steps.get()}")

    @app.get("/ends-early")
    async def ends_early(request):
        response = await request.respond()
        await response.write("all")
        await response.eof()
        await steps.get()

    @app.post("/step")
    async def go_on(request):
        steps.put_nowait(request.text)
        return empty()
