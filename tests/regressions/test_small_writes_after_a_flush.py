"""Small writes that followed a flush of the same turn waited for the end of the response.

1. A handler begins its response, which schedules a flush for the end of the turn, and flushes or
   writes so much that a threshold does.
2. At the end of the turn nothing is left to be sent.
3. A small piece that is written later is appended without a call, as behind a scheduled flush, but
   none is scheduled.
"""

import asyncio

import pytest

from headrace import Headrace


@pytest.mark.parametrize("first", [b"", b"x" * 70_000], ids=["flush", "threshold"])
def test_a_small_piece_leaves_while_the_response_goes_on(serve, first):
    app = Headrace("regression")
    loops = []

    @app.get("/")
    async def index(request):
        loops.append((asyncio.get_running_loop(), asyncio.Event()))
        response = await request.respond()
        await response.write(first)
        await response.flush()
        for _ in range(5):
            await asyncio.sleep(0)
        await response.write(b"small")
        await loops[0][1].wait()

    running = serve(app)
    with running.connect() as client:
        client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        client.read_to(b"5\r\nsmall\r\n")
        loop, told = loops[0]
        loop.call_soon_threadsafe(told.set)
        client.read_to(b"0\r\n\r\n")
