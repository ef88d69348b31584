"""Robyn: one process, one worker; it hands a request's body over whole."""

import asyncio
import sys

import bodies
from robyn import Headers, Robyn, SSEResponse, StreamingResponse, jsonify

BINARY = "application/octet-stream"
READ = 64 * 1024
app = Robyn(__file__)
subscribers = set()


@app.get("/plain")
async def plain(request):
    return "Hello, world!"


async def detail(request):
    page, words = request.query_params.get("page", None), request.query_params.get("q", None)
    return {"number": int(request.path_params["number"]), "page": page, "q": words}


for index in range(bodies.ROUTES):
    app.get(f"/route{index}/:number/detail")(detail)


def streaming(content, kind="text/plain"):
    return StreamingResponse(content, headers=Headers({"content-type": kind}), media_type=kind)


@app.get("/chunks")
def chunks(request):
    return streaming(bodies.CHUNK for _ in range(bodies.CHUNKS))


@app.get("/tokens")
async def tokens(request):
    async def produce():
        for _ in range(bodies.CHUNKS):
            yield bodies.CHUNK
            await asyncio.sleep(0)

    return streaming(produce())


@app.get("/download")
def download(request):
    return streaming((bodies.BLOCK for _ in range(bodies.BLOCKS)), BINARY)


@app.post("/json")
async def echo_json(request):
    return jsonify(request.json())


@app.get("/events")
async def events(request):
    async def produce():
        queue = asyncio.Queue(64)
        subscribers.add(queue)
        try:
            yield ":\n\n"
            while True:
                yield await queue.get()
        finally:
            subscribers.discard(queue)

    return SSEResponse(produce())


@app.post("/publish")
async def publish(request):
    for line in request.body.splitlines():
        event = bodies.frame(line.encode()).decode()
        for queue in list(subscribers):
            queue.put_nowait(event)
    return "published"


@app.get("/file/:name")
def file(request):
    def produce():
        with open(bodies.FILES[request.path_params["name"]], "rb", 0) as source:
            while data := source.read(READ):
                yield data

    return streaming(produce(), BINARY)


if __name__ == "__main__":
    app.start(host="127.0.0.1", port=int(sys.argv.pop(1)), _check_port=False)
