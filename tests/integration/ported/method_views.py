"""Classes with a method per HTTP method: plain, async, and one that streams its request."""

import os

from headrace import Headrace
from headrace.response import text
from headrace.views import HTTPMethodView
from headrace.views import stream as stream_decorator

app = Headrace(__name__)


class Plain(HTTPMethodView):
    def get(self, request, name):
        return text("read " + name)

    def delete(self, request, name):
        return text("removed " + name)

    async def put(self, request, name):
        return text("wrote " + name + ": " + request.body.decode())

    @stream_decorator
    async def post(self, request, name):
        pieces = []
        while True:
            piece = await request.stream.get()
            if piece is None:
                break
            pieces.append(piece)
        return text("added to " + name + ": " + b"|".join(pieces).decode())


app.add_route(Plain.as_view(), "/items/<name>")


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
