"""The smallest application, and a parameter.

Run it, and ask it::

    headrace run hello:app --app-dir examples
    curl http://127.0.0.1:8000/Ada
"""

from headrace import Headrace, Request, text
from headrace.response import HTTPResponse

app = Headrace("hello")


@app.get("/")
async def world(request: Request) -> HTTPResponse:
    return text("Hello, world!\n")


@app.get("/<name>")
async def somebody(request: Request, name: str) -> HTTPResponse:
    return text(f"Hello, {name}!\n")
