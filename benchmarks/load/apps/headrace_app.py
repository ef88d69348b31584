"""The workloads on headrace."""

import sys

from headrace import Headrace, text

app = Headrace("bench")
CHUNK = b"x" * 32


@app.get("/plain")
async def plain(request):
    return text("Hello, world!")


@app.get("/chunks")
async def chunks(request):
    response = await request.respond()
    for _ in range(1000):
        await response.send(CHUNK)


if __name__ == "__main__":
    app.run(port=int(sys.argv[1]))
