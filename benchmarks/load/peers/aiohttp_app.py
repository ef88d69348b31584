"""aiohttp on uvloop, without an access log; events by aiohttp-sse."""

import asyncio
import sys

import bodies
import uvloop
from aiohttp import web
from aiohttp_sse import sse_response

BINARY = {"content-type": "application/octet-stream"}
TEXT = {"content-type": "text/plain; charset=utf-8"}
routes = web.RouteTableDef()
subscribers = set()


@routes.get("/plain")
async def plain(request):
    return web.Response(text="Hello, world!")


async def detail(request):
    number = int(request.match_info["number"])
    page, words = request.query.get("page"), request.query.get("q")
    return web.json_response({"number": number, "page": page, "q": words})


@routes.get("/chunks")
async def chunks(request):
    response = web.StreamResponse(headers=TEXT)
    await response.prepare(request)
    for _ in range(bodies.CHUNKS):
        await response.write(bodies.CHUNK)
    return response


@routes.get("/tokens")
async def tokens(request):
    response = web.StreamResponse(headers=TEXT)
    await response.prepare(request)
    for _ in range(bodies.CHUNKS):
        await response.write(bodies.CHUNK)
        await asyncio.sleep(0)
    return response


@routes.get("/download")
async def download(request):
    response = web.StreamResponse(headers=BINARY)
    await response.prepare(request)
    for _ in range(bodies.BLOCKS):
        await response.write(bodies.BLOCK)
    return response


@routes.post("/upload")
async def upload(request):
    count = 0
    async for chunk in request.content.iter_any():
        count += len(chunk)
    return web.Response(text=str(count))


@routes.post("/json")
async def echo_json(request):
    return web.json_response(await request.json())


@routes.post("/echo")
async def echo(request):
    response = web.StreamResponse(headers=BINARY)
    await response.prepare(request)
    async for chunk in request.content.iter_any():
        await response.write(chunk)
    return response


@routes.get("/events")
async def events(request):
    queue = asyncio.Queue(64)
    subscribers.add(queue)
    try:
        async with sse_response(request) as response:
            await response.write(b":\n\n")
            while response.is_connected():
                await response.send(await queue.get())
    finally:
        subscribers.discard(queue)
    return response


@routes.post("/publish")
async def publish(request):
    for line in (await request.text()).splitlines():
        for queue in subscribers:
            queue.put_nowait(line)
    return web.Response(text="published")


@routes.get("/file/{name}")
async def file(request):
    return web.FileResponse(bodies.FILES[request.match_info["name"]], headers=BINARY)


if __name__ == "__main__":
    app = web.Application()
    app.add_routes(routes)
    for index in range(bodies.ROUTES):
        app.router.add_get(f"/route{index}/{{number:\\d+}}/detail", detail)
    loop = uvloop.new_event_loop()
    web.run_app(
        app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None, loop=loop
    )
