"""socketify, Python over uWebSockets; its handlers are plain functions where they need not wait."""

import asyncio
import sys

import bodies
from socketify import App, AppListenOptions

READ = 64 * 1024
app = App()
subscribers = set()
alive = set()  # its C part calls back with what Python may have collected


def plain(res, req):
    res.end("Hello, world!")


def detail(res, req):
    number, page, words = int(req.get_parameter(0)), req.get_query("page"), req.get_query("q")
    res.cork_send({"number": number, "page": page, "q": words})


def chunks(res, req):
    def produce(res):
        for _ in range(bodies.CHUNKS):
            res.write(bodies.CHUNK)
        res.end("")

    res.cork(produce)


async def tokens(res, req):
    for _ in range(bodies.CHUNKS):
        res.write(bodies.CHUNK)
        await asyncio.sleep(0)
    res.end("")


async def download(res, req):
    for _ in range(bodies.BLOCKS):
        await res.send_chunk(bodies.BLOCK, bodies.TRANSFER)


def upload(res, req):
    count = 0

    def arrived(res, chunk, last, *_):
        nonlocal count
        count += len(chunk or b"")
        if last:
            alive.discard(kept)
            res.end(str(count))

    kept = res
    alive.add(kept)
    res.on_data(arrived)


async def echo_json(res, req):
    res.cork_send(await res.get_json())


def echo(res, req):
    def arrived(res, chunk, last, *_):
        if chunk:
            res.write(chunk)
        if last:
            alive.discard(kept)
            res.end("")

    kept = res
    alive.add(kept)
    res.on_data(arrived)


def events(res, req):
    subscribers.add(res)
    res.on_aborted(subscribers.discard)
    res.write_header("content-type", "text/event-stream")
    res.write(b":\n\n")


async def publish(res, req):
    body = (await res.get_data()).getvalue()
    for line in body.splitlines():
        event = bodies.frame(line)
        for subscriber in subscribers:
            subscriber.write(event)
    res.end("published")


async def file(res, req):
    path = bodies.FILES[req.get_parameter(0)]
    size = path.stat().st_size
    with open(path, "rb", 0) as source:  # noqa: ASYNC230
        while data := source.read(READ):
            await res.send_chunk(data, size)


app.get("/plain", plain)
for index in range(bodies.ROUTES):
    app.get(f"/route{index}/:number/detail", detail)
app.get("/chunks", chunks)
app.get("/tokens", tokens)
app.get("/download", download)
app.post("/upload", upload)
app.post("/json", echo_json)
app.post("/echo", echo)
app.get("/events", events)
app.post("/publish", publish)
app.get("/file/:name", file)

if __name__ == "__main__":
    app.listen(AppListenOptions(port=int(sys.argv[1]), host="127.0.0.1"))
    app.run()
