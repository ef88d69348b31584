"""ASGI without a framework, for uvicorn, Granian and Hypercorn."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import bodies
import msgspec

TEXT = (b"content-type", b"text/plain; charset=utf-8")
BINARY = (b"content-type", b"application/octet-stream")
EVENTS = (b"content-type", b"text/event-stream")
JSON = (b"content-type", b"application/json")
READ = 64 * 1024
subscribers = set()
pool = ThreadPoolExecutor(8)


async def answer(send, body, kind=TEXT):
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [kind, length]})
    await send({"type": "http.response.body", "body": body})


async def begin(send, *headers):
    await send({"type": "http.response.start", "status": 200, "headers": headers})


def part(body, more=True):
    return {"type": "http.response.body", "body": body, "more_body": more}


async def body_of(receive):
    while True:
        message = await receive()
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


async def plain(scope, receive, send):
    await answer(send, bodies.HELLO)


async def chunks(scope, receive, send):
    await begin(send, TEXT)
    for _ in range(bodies.CHUNKS):
        await send(part(bodies.CHUNK))
    await send(part(b"", False))


async def tokens(scope, receive, send):
    await begin(send, TEXT)
    for _ in range(bodies.CHUNKS):
        await send(part(bodies.CHUNK))
        await asyncio.sleep(0)
    await send(part(b"", False))


async def download(scope, receive, send):
    await begin(send, BINARY)
    for _ in range(bodies.BLOCKS):
        await send(part(bodies.BLOCK))
    await send(part(b"", False))


async def upload(scope, receive, send):
    count = 0
    async for chunk in body_of(receive):
        count += len(chunk)
    await answer(send, str(count).encode())


async def echo_json(scope, receive, send):
    body = b"".join([chunk async for chunk in body_of(receive)])
    await answer(send, msgspec.json.encode(msgspec.json.decode(body)), JSON)


async def echo(scope, receive, send):
    await begin(send, BINARY)
    async for chunk in body_of(receive):
        await send(part(chunk))
    await send(part(b"", False))


async def events(scope, receive, send):
    queue = asyncio.Queue(64)
    subscribers.add(queue)
    try:
        await begin(send, EVENTS)
        await send(part(b":\n\n"))
        while True:
            await send(part(await queue.get()))
    finally:
        subscribers.discard(queue)


async def publish(scope, receive, send):
    body = b"".join([chunk async for chunk in body_of(receive)])
    for line in body.splitlines():
        event = bodies.frame(line)
        for queue in subscribers:
            queue.put_nowait(event)
    await answer(send, b"published")


async def file(scope, receive, send):
    loop = asyncio.get_running_loop()
    name = scope["path"].rpartition("/")[2]
    with await loop.run_in_executor(pool, open, bodies.FILES[name], "rb", 0) as source:
        await begin(send, BINARY)
        while data := await loop.run_in_executor(pool, source.read, READ):
            await send(part(data))
        await send(part(b"", False))


PATHS = {
    "/plain": plain,
    "/chunks": chunks,
    "/tokens": tokens,
    "/download": download,
    "/upload": upload,
    "/json": echo_json,
    "/echo": echo,
    "/events": events,
    "/publish": publish,
    "/file/small": file,
    "/file/large": file,
}


async def app(scope, receive, send):
    if scope["type"] == "http":
        with suppress(asyncio.CancelledError):
            await PATHS[scope["path"]](scope, receive, send)
