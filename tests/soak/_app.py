"""The application under soak: each kind of route, and some that fail on purpose.

What the routes send follows from their query (:class:`tests.faults.Pattern`), so that a client can
check every byte.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

from tests.faults import Pattern

from headrace import Headrace, Request, empty, json, raw, stream, text
from headrace.exceptions import BadRequest
from headrace.response import BaseResponse, ResponseStream

LARGE = b"x" * (6 << 20)

app = Headrace("soak")
app.ctx.running = Counter()
app.ctx.endings = Counter()


class Planned(Exception):
    """Raised by the routes that fail on purpose; any other exception is a finding."""

    raised = 0

    def __init__(self, when: str) -> None:
        super().__init__(when)
        Planned.raised += 1


class Running:
    """Counts what runs, so that a ``finally`` that never came is seen."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        app.ctx.running[self._name] += 1

    def __exit__(self, *exc_info: object) -> None:
        app.ctx.running[self._name] -= 1


def number(request: Request, name: str, default: int) -> int:
    """A number of the query, which a client may have broken."""
    try:
        return int(request.args.get(name, default))
    except ValueError as error:
        raise BadRequest(f"{name}: {error}") from None


def pattern(request: Request) -> Pattern:
    """The bytes that the query asks for."""
    return Pattern(number(request, "seed", 0), number(request, "size", 1 << 20))


@app.get("/plain")
async def plain(request: Request) -> BaseResponse:
    return text("plain")


@app.get("/large")
async def large(request: Request) -> BaseResponse:
    """More than the kernel takes, so that the rest waits after the exchange is over."""
    return raw(LARGE)


@app.get("/empty")
async def nothing(request: Request) -> BaseResponse:
    return empty()


@app.post("/json")
async def echo_json(request: Request) -> BaseResponse:
    return json(request.json)


@app.post("/small", max_body=1000)
async def small(request: Request) -> BaseResponse:
    return text(str(len(request.body)))


@app.post("/upload", stream=True)
async def upload(request: Request) -> BaseResponse:
    with Running("upload"):
        digest, size = hashlib.sha256(), 0
        async for chunk in request.stream:
            digest.update(chunk)
            size += len(chunk)
        return text(f"{size} {digest.hexdigest()}")


@app.post("/duplex", stream=True)
async def duplex(request: Request) -> BaseResponse:
    async def fill(response: ResponseStream) -> None:
        with Running("duplex"):
            while (chunk := await request.stream.get()) is not None:
                response.write(chunk)  # not awaited: bounded by coupling

    return stream(fill)


@app.post("/ignored", stream=True, timeout=3.0)
async def ignored(request: Request) -> BaseResponse:
    with Running("ignored"):
        await asyncio.Event().wait()
    return empty()


@app.post("/unread", stream=True)
async def unread(request: Request) -> BaseResponse:
    with Running("unread"):
        await asyncio.Event().wait()
    return empty()


@app.post("/early", stream=True)
async def early(request: Request) -> BaseResponse:
    return text("without reading")


@app.get("/download")
async def download(request: Request) -> AsyncIterator[bytes]:
    with Running("download"):
        for piece in pattern(request).pieces(16384):
            yield piece


@app.get("/counted")
async def counted(request: Request) -> BaseResponse:
    due = pattern(request)
    with Running("counted"):
        response = await request.respond(headers={"content-length": str(due.size)})
        for piece in due.pieces(50000):
            await response.send(piece)
        await response.eof()
        return response


@app.get("/thread")
async def thread(request: Request) -> BaseResponse:
    due = pattern(request)

    def pieces() -> Iterator[bytes]:
        with Running("thread"):
            yield from due.pieces(16384)

    return stream(pieces())


@app.get("/endless-thread")
async def endless_thread(request: Request) -> BaseResponse:
    def pieces() -> Iterator[bytes]:
        with Running("endless-thread"):
            while True:
                yield b"x" * 16384

    return stream(pieces())


@app.get("/endless")
async def endless(request: Request) -> AsyncIterator[bytes]:
    with Running("endless"):
        while True:
            yield b"x" * 65536  # made anew: one that is shared would cost its memory once


@app.get("/csv")
async def csv(request: Request) -> BaseResponse:
    async def fill(response: ResponseStream) -> None:
        with Running("csv"):
            # A mutated "rows=3" may ask for more than any client waits for.
            for row in range(min(number(request, "rows", 1000), 100_000)):
                await response.write(f"{row},{row * row}\r\n")

    return stream(fill, content_type="text/csv")


@app.get("/events")
async def events(request: Request) -> BaseResponse:
    async def fill(response: ResponseStream) -> None:
        with Running("events"):
            for event in range(number(request, "count", 10)):
                await response.write(f"id: {event}\ndata: {event * event}\n\n")
                await asyncio.sleep(0.02)

    return stream(fill, content_type="text/event-stream")


@app.get("/silent")
async def silent(request: Request) -> BaseResponse:
    async def fill(response: ResponseStream) -> None:
        with Running("silent"):
            await response.write(": hello\n\n")
            await asyncio.Event().wait()

    return stream(fill, content_type="text/event-stream")


@app.get("/later")
async def later(request: Request) -> BaseResponse:
    with Running("later"):
        await asyncio.sleep(number(request, "seconds", 1))
        return text("later")


@app.get("/shielded")
async def shielded(request: Request) -> BaseResponse:
    with Running("shielded"):
        async with request.shield():
            await asyncio.sleep(0.3)
        return text("shielded")


@app.get("/finish", on_disconnect="finish")
async def finish(request: Request) -> BaseResponse:
    with Running("finish"):
        response = await request.respond()
        for piece in pattern(request).pieces(16384):
            await response.send(piece)
        await response.eof()
        return response


@app.get("/hints")
async def hints(request: Request) -> BaseResponse:
    request.interim(103, [("link", "</style.css>; rel=preload")])
    return text("hinted")


@app.post("/trailers", stream=True)
async def trailers(request: Request) -> BaseResponse:
    size = sum([len(chunk) async for chunk in request.stream])
    return text(f"{size} {request.trailers.get('x-sum')}")


@app.get("/summed")
async def summed(request: Request) -> BaseResponse:
    due, count = pattern(request), 0
    with Running("summed"):
        response = await request.respond(trailers=("x-pieces",))
        for piece in due.pieces(1000):
            await response.send(piece)
            count += 1
        await response.eof(trailers={"x-pieces": str(count)})
        return response


@app.get("/fails")
async def fails(request: Request) -> AsyncIterator[bytes]:
    with Running("fails"):
        for piece in pattern(request).pieces(16384):
            yield piece
        raise Planned("after the head")


@app.get("/fails-early")
async def fails_early(request: Request) -> BaseResponse:
    raise Planned("before the head")


@app.get("/fails-thread")
async def fails_thread(request: Request) -> BaseResponse:
    def pieces() -> Iterator[bytes]:
        with Running("fails-thread"):
            yield bytes(16384)
            raise Planned("in a thread")

    return stream(pieces())


@app.on_end
def ended(request: Request, figures: Any) -> None:
    """Count how exchanges end."""
    app.ctx.endings[figures.reason.value] += 1
