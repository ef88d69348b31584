"""Producers that never end, and a reader that never reads; ``/state`` tells how far they came."""

import asyncio

from headrace import Headrace
from headrace.response import json, stream

app = Headrace("pressure")
BLOCK = bytes(64 * 1024)
state = {"produced": 0, "open": 0}


class Counted:
    def __enter__(self):
        state["open"] += 1

    def __exit__(self, *exc_info):
        state["open"] -= 1


@app.get("/awaited")
async def awaited(request):
    async def fill(response):
        with Counted():
            while True:
                await response.write(BLOCK)
                state["produced"] += len(BLOCK)

    return stream(fill)


@app.get("/small")
async def small(request):
    async def fill(response):
        with Counted():
            while True:
                await response.write(b"x" * 100)
                state["produced"] += 100

    return stream(fill)


@app.get("/generator")
async def generator(request):
    with Counted():
        while True:
            yield BLOCK
            state["produced"] += len(BLOCK)


@app.get("/thread")
async def thread(request):
    def blocks():
        with Counted():
            while True:
                yield BLOCK
                state["produced"] += len(BLOCK)

    return stream(blocks())


@app.stream("/duplex")
async def duplex(request):
    async def fill(response):
        with Counted():
            while True:
                chunk = await request.stream.get()
                if chunk is None:
                    break
                response.write(chunk)
                state["produced"] += len(chunk)

    return stream(fill)


@app.stream("/ignored")
async def ignored(request):
    with Counted():
        await asyncio.Event().wait()


@app.stream("/counted")
async def counted(request):
    with Counted():
        async for chunk in request.stream:
            state["produced"] += len(chunk)
        return json(state)


@app.get("/state")
async def show(request):
    return json(state)
