"""Hundreds of clients that take their time, as slowhttptest makes them: slow heads, slow bodies,
costly ranges, slow readers.

The server closes all of them within its deadlines; meanwhile and afterwards it answers others.
"""

import shutil
import subprocess
import time

import pytest

from headrace import Headrace
from headrace.response import text

CONNECTIONS = 200
AT_MOST = 20
"""Seconds after which slowhttptest ends by itself."""

TIMEOUTS = {
    "head_timeout": 1.0,
    "keep_alive_timeout": 1.0,
    "body_timeout": 1.0,
    "write_timeout": 1.0,
    "linger_timeout": 1.0,
}

# Announces windows of some bytes and takes five at a time, three requests on each connection.
SLOW_READ = ["-X", "-k", "3", "-w", "8", "-y", "16", "-n", "1", "-z", "5", "/large"]

# Only in how they write do the two loops differ.
RUNS = {
    "slow headers": (["-H", "/"], "uvloop"),
    "slow body": (["-B", "/upload"], "uvloop"),
    "ranges": (["-R", "/large"], "uvloop"),
    "slow read": (SLOW_READ, "uvloop"),
    "slow read, asyncio": (SLOW_READ, "asyncio"),
}

GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@pytest.fixture
def command(missing):
    found = shutil.which("slowhttptest")
    if found is None:
        missing("slowhttptest is not installed")
    often = ["-c", str(CONNECTIONS), "-r", str(CONNECTIONS), "-i", "1", "-l", str(AT_MOST)]
    return [found, *often, "-p", "5", "-v", "1"]


@pytest.fixture
def server(serve):
    app = Headrace("patient")

    @app.get("/")
    async def index(request):
        return text("index")

    @app.get("/large")
    async def large(request):
        for _ in range(128):
            yield bytes(64 * 1024)

    @app.stream("/upload")
    async def upload(request):
        return text(str(sum([len(chunk) async for chunk in request.stream])))

    return serve(app, **TIMEOUTS)


class Watch:
    """Asks the server while slowhttptest runs, and counts the connections that it has."""

    def __init__(self, server):
        self.server = server
        self.slowest = 0.0
        self.most = 0

    def look(self):
        """Return how many connections are open besides our own."""
        began = time.monotonic()
        assert self.server.ask(GET).endswith(b"\r\n\r\nindex")
        self.slowest = max(self.slowest, time.monotonic() - began)
        peers = self.server.call(lambda: len(self.server.server.connections))
        self.most = max(self.most, peers)
        time.sleep(0.05)
        return peers

    def until_closed(self, process):
        """Go on until the program has ended, or has opened its connections and has none left."""
        while process.poll() is None:
            if not self.look() and self.most >= CONNECTIONS / 4:
                return


@pytest.mark.parametrize(("mode", "loop"), RUNS.values(), ids=RUNS, indirect=["loop"])
def test_slow_clients_are_closed_and_others_are_served(server, command, mode, log, record_property):
    *options, path = mode
    command += [*options, "-u", server.url + path]
    watch = Watch(server)
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            watch.until_closed(process)
        finally:
            record_property("seconds", round(time.monotonic() - began, 1))
            process.kill()
    assert time.monotonic() - began < AT_MOST, "the server left connections open"
    watch.look()
    record_property("slowest answer, milliseconds", round(1000 * watch.slowest))
    record_property("most connections", watch.most)
    assert log.failures == []
