"""Rows of a query, sent while the database still produces them."""

import os

import asyncpg

from headrace import Headrace
from headrace.response import stream

app = Headrace(__name__)


@app.listener("before_server_start")
async def open_pool(app, loop):
    app.pool = await asyncpg.create_pool(os.environ["DSN"], min_size=1, max_size=2)


@app.listener("after_server_stop")
async def close_pool(app, loop):
    await app.pool.close()


@app.route("/")
async def numbers(request):
    async def fill(response):
        async with app.pool.acquire() as connection:
            async with connection.transaction():
                async for record in connection.cursor("SELECT generate_series(0, 10)"):
                    response.write(record[0])

    return stream(fill)


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(os.environ["PORT"]))
