"""Sanic: one process, no access log, as its deployment guide has it."""

import asyncio
import sys

import bodies
from sanic import Sanic, json, text
from sanic.response import file_stream

app = Sanic("bench")
app.config.REQUEST_MAX_SIZE = 2**30
app.config.NOISY_EXCEPTIONS = False
subscribers = set()
BINARY = "application/octet-stream"


@app.get("/plain")
async def plain(request):
    return text("Hello, world!")


async def detail(request, number):
    page, words = request.args.get("page"), request.args.get("q")
    return json({"number": number, "page": page, "q": words})


for index in range(bodies.ROUTES):
    app.add_route(detail, f"/route{index}/<number:int>/detail", name=f"detail{index}")


@app.get("/chunks")
async def chunks(request):
    response = await request.respond(content_type="text/plain; charset=utf-8")
    for _ in range(bodies.CHUNKS):
        await response.send(bodies.CHUNK)
    await response.eof()


@app.get("/tokens")
async def tokens(request):
    response = await request.respond(content_type="text/plain; charset=utf-8")
    for _ in range(bodies.CHUNKS):
        await response.send(bodies.CHUNK)
        await asyncio.sleep(0)
    await response.eof()


@app.get("/download")
async def download(request):
    response = await request.respond(content_type=BINARY)
    for _ in range(bodies.BLOCKS):
        await response.send(bodies.BLOCK)
    await response.eof()


@app.post("/upload", stream=True)
async def upload(request):
    count = 0
    async for chunk in request.stream:
        count += len(chunk)
    return text(str(count))


@app.post("/json")
async def echo_json(request):
    return json(request.json)


@app.post("/echo", stream=True)
async def echo(request):
    response = await request.respond(content_type=BINARY)
    async for chunk in request.stream:
        await response.send(chunk)
    await response.eof()


@app.get("/events")
async def events(request):
    queue = asyncio.Queue(64)
    subscribers.add(queue)
    try:
        response = await request.respond(content_type="text/event-stream")
        await response.send(b":\n\n")  # the head leaves with the first bytes
        while True:
            await response.send(await queue.get())
    finally:
        subscribers.discard(queue)


@app.post("/publish")
async def publish(request):
    for line in request.body.splitlines():
        event = bodies.frame(line)
        for queue in subscribers:
            queue.put_nowait(event)
    return text("published")


@app.get("/file/<name>")
async def file(request, name):
    return await file_stream(bodies.FILES[name], mime_type=BINARY)


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]), single_process=True, access_log=False, motd=False)
