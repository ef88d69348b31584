"""Tokens as they are made, as server-sent events: how language models talk to browsers.

The async generator is closed where it stands when the client leaves, so no token is made that
nobody reads. On shutdown ``request.draining`` lets it say goodbye::

    headrace run sse_tokens:app --app-dir examples
    curl -N 'http://127.0.0.1:8000/tokens?prompt=Where+does+the+water+go'
"""

import asyncio
import json
from collections.abc import AsyncIterator

from headrace import Headrace, Request, stream
from headrace.response import StreamingResponse

app = Headrace("sse-tokens")


async def answer(prompt: str) -> AsyncIterator[str]:
    """Stand in for a model."""
    for word in f"You asked: {prompt} Let us follow the stream and see.".split():
        await asyncio.sleep(0.05)
        yield word


async def events(request: Request) -> AsyncIterator[str]:
    async for token in answer(request.args.get("prompt", "nothing.")):
        if request.draining.is_set():
            yield event("end", {"why": "the server shuts down"})
            return
        yield event("token", {"text": token})
    yield event("end", {"why": "complete"})


def event(kind: str, data: object) -> str:
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n"


@app.get("/tokens")
async def tokens(request: Request) -> StreamingResponse:
    headers = {"cache-control": "no-store"}
    return stream(events(request), headers=headers, content_type="text/event-stream")
