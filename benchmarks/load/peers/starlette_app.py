"""Starlette, for uvicorn; events by sse-starlette."""

import asyncio

import bodies
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

TEXT, BINARY = "text/plain", "application/octet-stream"
subscribers = set()


async def plain(request):
    return PlainTextResponse("Hello, world!")


async def detail(request):
    page, words = request.query_params.get("page"), request.query_params.get("q")
    return JSONResponse({"number": request.path_params["number"], "page": page, "q": words})


async def chunks(request):
    async def produce():
        for _ in range(bodies.CHUNKS):
            yield bodies.CHUNK

    return StreamingResponse(produce(), media_type=TEXT)


async def tokens(request):
    async def produce():
        for _ in range(bodies.CHUNKS):
            yield bodies.CHUNK
            await asyncio.sleep(0)

    return StreamingResponse(produce(), media_type=TEXT)


async def download(request):
    async def produce():
        for _ in range(bodies.BLOCKS):
            yield bodies.BLOCK

    return StreamingResponse(produce(), media_type=BINARY)


async def upload(request):
    count = 0
    async for chunk in request.stream():
        count += len(chunk)
    return PlainTextResponse(str(count))


async def echo_json(request):
    return JSONResponse(await request.json())


async def echo(request):
    return StreamingResponse(request.stream(), media_type=BINARY)


async def events(request):
    queue = asyncio.Queue(64)

    async def produce():
        subscribers.add(queue)
        try:
            while True:
                yield {"data": await queue.get()}
        finally:
            subscribers.discard(queue)

    return EventSourceResponse(produce())


async def publish(request):
    for line in (await request.body()).decode().splitlines():
        for queue in subscribers:
            queue.put_nowait(line)
    return PlainTextResponse("published")


async def file(request):
    return FileResponse(bodies.FILES[request.path_params["name"]], media_type=BINARY)


app = Starlette(
    routes=[
        Route("/plain", plain),
        *(Route(f"/route{index}/{{number:int}}/detail", detail) for index in range(bodies.ROUTES)),
        Route("/chunks", chunks),
        Route("/tokens", tokens),
        Route("/download", download),
        Route("/upload", upload, methods=["POST"]),
        Route("/json", echo_json, methods=["POST"]),
        Route("/echo", echo, methods=["POST"]),
        Route("/events", events),
        Route("/publish", publish, methods=["POST"]),
        Route("/file/{name}", file),
    ]
)
