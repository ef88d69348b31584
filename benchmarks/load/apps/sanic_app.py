"""The workloads on Sanic, in one process and without an access log."""

import sys

from sanic import Sanic, text

app = Sanic("bench")
CHUNK = b"x" * 32


@app.get("/plain")
async def plain(request):
    return text("Hello, world!")


@app.get("/chunks")
async def chunks(request):
    response = await request.respond(content_type="text/plain; charset=utf-8")
    for _ in range(1000):
        await response.send(CHUNK)
    await response.eof()


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]), single_process=True, access_log=False, motd=False)
