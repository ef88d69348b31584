"""RSGI, Granian's own interface, without a framework."""

import asyncio

import bodies
import msgspec

TEXT = [("content-type", "text/plain; charset=utf-8")]
BINARY = [("content-type", "application/octet-stream")]
EVENTS = [("content-type", "text/event-stream")]
JSON = [("content-type", "application/json")]
subscribers = set()


async def plain(scope, proto):
    proto.response_bytes(200, TEXT, bodies.HELLO)


async def chunks(scope, proto):
    response = proto.response_stream(200, TEXT)
    for _ in range(bodies.CHUNKS):
        await response.send_bytes(bodies.CHUNK)


async def tokens(scope, proto):
    response = proto.response_stream(200, TEXT)
    for _ in range(bodies.CHUNKS):
        await response.send_bytes(bodies.CHUNK)
        await asyncio.sleep(0)


async def download(scope, proto):
    response = proto.response_stream(200, BINARY)
    for _ in range(bodies.BLOCKS):
        await response.send_bytes(bodies.BLOCK)


async def upload(scope, proto):
    count = 0
    async for chunk in proto:
        count += len(chunk)
    proto.response_str(200, TEXT, str(count))


async def echo_json(scope, proto):
    body = await proto()
    proto.response_bytes(200, JSON, msgspec.json.encode(msgspec.json.decode(body)))


async def echo(scope, proto):
    response = proto.response_stream(200, BINARY)
    async for chunk in proto:
        await response.send_bytes(chunk)


async def events(scope, proto):
    queue = asyncio.Queue(64)
    subscribers.add(queue)
    try:
        response = proto.response_stream(200, EVENTS)
        await response.send_bytes(b":\n\n")
        while True:
            await response.send_bytes(await queue.get())
    finally:
        subscribers.discard(queue)


async def publish(scope, proto):
    for line in (await proto()).splitlines():
        event = bodies.frame(line)
        for queue in subscribers:
            queue.put_nowait(event)
    proto.response_str(200, TEXT, "published")


async def file(scope, proto):
    proto.response_file(200, BINARY, str(bodies.FILES[scope.path.rpartition("/")[2]]))


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


async def app(scope, proto):
    await PATHS[scope.path](scope, proto)
