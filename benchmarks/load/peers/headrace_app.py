"""headrace as its README recommends."""

import asyncio
import sys

import bodies

from headrace import Headrace, HTTPResponse, Request, json, text
from headrace_streams import Broadcast, Message, from_file

app = Headrace("bench")
broadcast = Broadcast[bytes]()


@app.get("/plain")
async def plain(request: Request) -> HTTPResponse:
    return text("Hello, world!")


async def detail(request: Request, number: int) -> HTTPResponse:
    page, words = request.args.get("page"), request.args.get("q")
    return json({"number": number, "page": page, "q": words})


for index in range(bodies.ROUTES):
    app.add_route(detail, f"/route{index}/<number:int>/detail", name=f"detail{index}")


@app.get("/chunks")
async def chunks(request: Request) -> None:
    response = await request.respond()
    for _ in range(bodies.CHUNKS):
        await response.write(bodies.CHUNK)


@app.get("/tokens")
async def tokens(request: Request) -> None:
    response = await request.respond()
    for _ in range(bodies.CHUNKS):
        await response.write(bodies.CHUNK)
        await asyncio.sleep(0)


@app.get("/download")
async def download(request: Request) -> None:
    response = await request.respond(content_type="application/octet-stream")
    for _ in range(bodies.BLOCKS):
        await response.send(bodies.BLOCK)


@app.post("/upload", stream=True)
async def upload(request: Request) -> HTTPResponse:
    count = 0
    async for chunk in request.stream:
        count += len(chunk)
    return text(str(count))


@app.post("/json")
async def echo_json(request: Request) -> HTTPResponse:
    return json(request.json)


@app.post("/echo", stream=True)
async def echo(request: Request) -> None:
    response = await request.respond(content_type="application/octet-stream")
    async for chunk in request.stream:
        await response.write(chunk)


@app.get("/events")
async def events(request: Request) -> None:
    response = await request.respond(content_type="text/event-stream")
    async with broadcast.subscribe() as messages:
        async for batch in messages.batches():
            await response.send(b"".join([each.item for each in batch if type(each) is Message]))


@app.post("/publish")
async def publish(request: Request) -> HTTPResponse:
    for line in request.body.splitlines():
        await broadcast.publish(bodies.frame(line))
    return text("published")


@app.get("/file/<name>")
async def file(request: Request, name: str) -> None:
    async with from_file(bodies.FILES[name]) as chunks:
        response = await request.respond(content_type="application/octet-stream")
        async for chunk in chunks:
            await response.send(chunk)


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]))
