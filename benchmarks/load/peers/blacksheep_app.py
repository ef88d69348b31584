"""BlackSheep, for uvicorn."""

import asyncio

import bodies
from blacksheep import Application, Request, Response, StreamedContent, json, text
from blacksheep.server.responses import file as file_response
from blacksheep.server.sse import ServerSentEventsResponse, TextServerSentEvent

app = Application()
subscribers = set()
BINARY = b"application/octet-stream"


@app.router.get("/plain")
async def plain():
    return text("Hello, world!")


async def detail(number: int, page: str, q: str):
    return json({"number": number, "page": page, "q": q})


for index in range(bodies.ROUTES):
    app.router.add_get(f"/route{index}/{{int:number}}/detail", detail)


@app.router.get("/chunks")
async def chunks():
    async def produce():
        for _ in range(bodies.CHUNKS):
            yield bodies.CHUNK

    return Response(200, content=StreamedContent(b"text/plain; charset=utf-8", produce))


@app.router.get("/tokens")
async def tokens():
    async def produce():
        for _ in range(bodies.CHUNKS):
            yield bodies.CHUNK
            await asyncio.sleep(0)

    return Response(200, content=StreamedContent(b"text/plain; charset=utf-8", produce))


@app.router.get("/download")
async def download():
    async def produce():
        for _ in range(bodies.BLOCKS):
            yield bodies.BLOCK

    return Response(200, content=StreamedContent(BINARY, produce))


@app.router.post("/upload")
async def upload(request: Request):
    count = 0
    async for chunk in request.stream():
        count += len(chunk)
    return text(str(count))


@app.router.post("/json")
async def echo_json(request: Request):
    return json(await request.json())


@app.router.post("/echo")
async def echo(request: Request):
    return Response(200, content=StreamedContent(BINARY, request.stream))


@app.router.get("/events")
async def events(request: Request) -> ServerSentEventsResponse:
    async def produce():
        queue = asyncio.Queue(64)
        subscribers.add(queue)
        try:
            while True:
                yield TextServerSentEvent(await queue.get())
        finally:
            subscribers.discard(queue)

    return ServerSentEventsResponse(produce)


@app.router.post("/publish")
async def publish(request: Request):
    for line in (await request.text()).splitlines():
        for queue in subscribers:
            queue.put_nowait(line)
    return text("published")


@app.router.get("/file/{name}")
async def file(name: str):
    return file_response(str(bodies.FILES[name]), "application/octet-stream")
