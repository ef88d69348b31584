"""Bodies read while they arrive: on an app, on a blueprint, in a composition view."""

import os

from headrace import Headrace
from headrace.blueprints import Blueprint
from headrace.response import stream, text
from headrace.views import CompositionView

bp = Blueprint("bp")
app = Headrace(__name__, is_request_stream=True)


@app.stream("/shout")
async def shout(request):
    async def answer(response):
        while True:
            piece = await request.stream.get()
            if piece is None:
                break
            response.write(piece.decode("utf-8").upper())

    return stream(answer)


@bp.stream("/backwards")
async def backwards(request):
    seen = ""
    while True:
        piece = await request.stream.get()
        if piece is None:
            break
        seen += piece.decode("utf-8")
    return text(seen[::-1])


async def length(request):
    size = 0
    while True:
        piece = await request.stream.get()
        if piece is None:
            break
        size += len(piece)
    return text(str(size))


@app.get("/health")
async def health(request):
    return text("fine")


app.blueprint(bp)
view = CompositionView()
view.add(["POST"], length, stream=True)
app.add_route(view, "/length")


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
