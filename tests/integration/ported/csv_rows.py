"""Comma-separated values that are sent while they are made."""

import os

from headrace import Headrace
from headrace.response import stream

app = Headrace(__name__)


@app.route("/")
async def rows(request):
    async def fill(response):
        response.write("foo,")
        response.write("bar")

    return stream(fill, content_type="text/csv")


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
