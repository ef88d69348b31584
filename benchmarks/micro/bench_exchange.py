"""Time whole exchanges on a connection whose transport forgets what it is given: no socket at all.

    python benchmarks/micro/bench_exchange.py [--rounds 15] [--asyncio] [--only plain]

Each figure is CPU time of this process for one exchange, the best of all rounds, in which the kinds
take turns. "The parser alone" and "a task alone" are parts of it that no server of this kind can do
without. Sixty-four connections take turns, so that little is in the nearest cache; how often the
garbage collector ran tells whether an exchange leaves cycles behind.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json as json_module
import sys
import time
from typing import TYPE_CHECKING, Any, cast

import uvloop

from headrace import Config, Headrace, HTTPResponse, Request, Server, json, text
from headrace._connection import Connection
from headrace_http_parser import RequestParser

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECTIONS = 64
BATCHES = 10
DEPTH = 16
CHUNKS = 1000

BROWSER = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
    "Connection: keep-alive\r\nCookie: session=0123456789abcdef; theme=dark\r\n"
)
POSTED = json_module.dumps({"id": 7, "values": list(range(200)), "text": "x" * 100}).encode()

app = Headrace("bench")


@app.get("/plain")
async def plain(request: Request) -> HTTPResponse:
    return text("Hello, world!")


@app.get("/item/<number:int>/detail")
async def detail(request: Request, number: int) -> HTTPResponse:
    return json({"number": number, "page": request.args.get("page"), "q": request.args.get("q")})


@app.post("/json")
async def echo(request: Request) -> HTTPResponse:
    return json(request.json)


@app.get("/chunks")
async def chunks(request: Request) -> None:
    response = await request.respond()
    for _ in range(CHUNKS):
        await response.send(b"x" * 32)


def get(path: str, *fields: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost:8000\r\n{''.join(fields)}\r\n".encode()


POST = b"POST /json HTTP/1.1\r\nHost: localhost:8000\r\nContent-Length: %d\r\n\r\n" % len(POSTED)


def varied(path: str, *fields: str) -> list[bytes]:
    """As many requests as there are connections, so that none comes twice in a row on one."""
    return [get(f"{path}?{number}", *fields) for number in range(CONNECTIONS + 1)]


# Name, what is sent (the next of the list each time), what one read counts for.
KINDS: dict[str, tuple[list[bytes], int]] = {
    "plain": ([get("/plain")], 1),
    "plain, varied": (varied("/plain"), 1),
    "browser": ([get("/plain", BROWSER)], 1),
    "browser, varied": (varied("/plain", BROWSER), 1),
    "typed route": ([get("/item/12345/detail?page=2&q=stream")], 1),
    "POST of JSON": ([POST + POSTED], 1),
    "pipelined": ([get("/plain") * DEPTH], DEPTH),
    "chunk": ([get("/chunks")], CHUNKS),
}


class Nowhere(asyncio.Transport):
    """Takes everything, and keeps nothing of it."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name == "peername" else default

    def write(self, data: Any) -> None: ...

    def writelines(self, parts: Any) -> None: ...

    def is_closing(self) -> bool:
        return False

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


Feed = list["Callable[[bytes], object]"]


async def exchanges(feeds: Feed, data: list[bytes], worth: int) -> float:
    """CPU microseconds per exchange."""
    number = 0
    before = time.process_time()
    for _ in range(BATCHES):
        for feed in feeds:
            feed(data[number])
            number = (number + 1) % len(data)
        # Python before 3.12 starts tasks in the next turn; a producer gives others turns.
        for _ in range(4 if worth < CHUNKS else 12):
            await asyncio.sleep(0)
    return (time.process_time() - before) / (BATCHES * len(feeds) * worth) * 1e6


async def task_alone() -> float:
    async def nothing() -> None: ...

    before = time.process_time()
    for _ in range(BATCHES):
        for _ in range(CONNECTIONS):
            asyncio.create_task(nothing())  # noqa: RUF006
        await asyncio.sleep(0)
    return (time.process_time() - before) / (BATCHES * CONNECTIONS) * 1e6


async def report(kinds: list[str], rounds: int) -> None:
    server = Server(app, Config(keep_alive_requests=0))
    server.prepare()
    feeds: dict[str, Feed] = {}
    for name in kinds:
        connections = [Connection(server) for _ in range(CONNECTIONS)]
        for connection in connections:
            connection.connection_made(cast("asyncio.BaseTransport", Nowhere()))
        feeds[name] = [connection.data_received for connection in connections]
        if name != "chunk":
            parsers = [RequestParser() for _ in range(CONNECTIONS)]
            feeds[f"{name}: the parser alone"] = [parser.receive_data for parser in parsers]
    best = dict.fromkeys([*feeds, "a task alone"], float("inf"))
    collections = 0

    def count(phase: str, info: dict[str, int]) -> None:
        nonlocal collections
        collections += phase == "start"

    gc.callbacks.append(count)
    for _ in range(rounds):
        for name, each in feeds.items():
            best[name] = min(best[name], await exchanges(each, *KINDS[name.partition(":")[0]]))
        best["a task alone"] = min(best["a task alone"], await task_alone())
    gc.callbacks.remove(count)
    for name, cost in best.items():
        print(f"{name:40} {cost:8.2f} us")
    print(f"The garbage collector ran {collections} times.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", choices=KINDS)
    parser.add_argument("--asyncio", action="store_true", help="instead of uvloop")
    options = parser.parse_args()
    factory = asyncio.new_event_loop if options.asyncio else uvloop.new_event_loop
    print(f"Python {sys.version.split()[0]}, {'asyncio' if options.asyncio else 'uvloop'}")
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(report([options.only] if options.only else list(KINDS), options.rounds))


if __name__ == "__main__":
    main()
