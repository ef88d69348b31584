"""Four producers, three ways for a client to leave, three policies: who ends when, and where.

Server and clients share one loop, so that one clock sees the client leave and the handler end. The
bound is the product's promise; a measurement on a busy machine may be repeated, but not relaxed.
"""

import asyncio
import threading
import time

import pytest
from tests.faults import Ask, Ending, Leave, Target, get, good, head, leaving

from headrace import Config, EndReason, Headrace, Server
from headrace._loop import loop_factory
from headrace.response import stream, text
from headrace_streams import from_thread

PROMISE = 0.25
"""Seconds from the client's leaving until the handler's ``finally`` has run."""

LATER = 1.25
"""The same where the client's FIN has to stay in its own kernel, behind an upload that the server
does not take: then only the first probe of a connection that is not read from tells."""

ATTEMPTS = 3
GIVE_UP = 20.0
BLOCK = b"x" * 32768
UNREAD = 40_000
"""More than ``request_buffer`` below, so that reading stops, and less than the kernel has room for,
so that a FIN arrives behind it."""

STUCK = 8_000_000
"""More than both kernels have room for."""


class Book:
    """What one exchange did, and when.

    Attributes:
        release: lets a producer go on that waits for something else than its client.
        known: when ``request.ended`` was set.
        left: when the block around the producer was left.
        inside, outside: task (or thread) that entered the block, and that left it.
        error: type of what it was left with.
    """

    def __init__(self):
        self.release = asyncio.Event()
        self.begun = asyncio.Event()
        self.done = asyncio.Event()
        self.reason = None
        self.known = self.left = self.released = None
        self.inside = self.outside = self.error = None

    def __enter__(self):
        self.inside = who()
        self.begun.set()
        return self

    def __exit__(self, kind, error, traceback):
        self.left = time.monotonic()
        self.outside = who()
        self.error = kind

    def let_go(self):
        self.released = time.monotonic()
        self.release.set()


def who():
    """The task, or in a worker thread the thread."""
    try:
        return asyncio.current_task()
    except RuntimeError:
        return threading.get_ident()


class InThread(Book):
    """The same for a block that a thread runs; told to the loop."""

    def __init__(self):
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self.stop = threading.Event()

    def __enter__(self):
        self.inside = who()
        self._loop.call_soon_threadsafe(self.begun.set)
        return self

    def let_go(self):
        super().let_go()
        self.stop.set()


class Nothing:
    """In the place of a shield."""

    async def __aenter__(self):
        pass

    async def __aexit__(self, *exc_info):
        pass


def guard(request, policy):
    return request.shield() if policy == "shield" else Nothing()


def application(policy, books):
    """The four producers under one policy; the query names the book to write to."""
    app = Headrace("producers")
    settings = {"stream": True, "on_disconnect": "finish" if policy == "finish" else "cancel"}

    @app.get("/plain")
    async def plain(request):
        return text("plain")

    @app.post("/idle", **settings)
    async def idle(request):
        book = books[request.args.get("book")]
        with book:
            async with guard(request, policy):
                yield b"first"
                await book.release.wait()

    @app.post("/ready", **settings)
    async def ready(request):
        book = books[request.args.get("book")]
        with book:
            async with guard(request, policy):
                while not book.release.is_set():
                    yield BLOCK

    @app.post("/responding", **settings)
    async def responding(request):
        book = books[request.args.get("book")]
        with book:
            async with guard(request, policy):
                await book.release.wait()
        return text("too late")

    @app.post("/thread", **settings)
    async def thread(request):
        book = books[request.args.get("book")]

        def blocks():
            with book:
                while not book.stop.is_set():
                    yield BLOCK[:100]
                    time.sleep(0.005)

        if policy != "shield":
            return stream(blocks())
        response = await request.respond()
        async with request.shield():
            async with from_thread(blocks()) as chunks:
                async for chunk in chunks:
                    await response.write(chunk)
        return response

    @app.middleware("request")
    async def watched(request):
        if book := books.get(request.args.get("book")):
            book.watcher = asyncio.ensure_future(watch(request, book))

    @app.on_end
    def ended(request, figures):
        if book := books.get(request.args.get("book")):
            book.reason = figures.reason
            book.done.set()

    return app


async def watch(request, book):
    await request.ended.wait()
    book.known = time.monotonic()


LEAVING = {
    "fin": (Leave.FIN, 0, PROMISE),
    "rst": (Leave.RST, 0, PROMISE),
    "fin behind an unread upload": (Leave.FIN, UNREAD, PROMISE),
    "fin behind a stuck upload": (Leave.FIN, STUCK, LATER),
}
"""How a client leaves, how much it uploads before, and the bound."""


def ways(policy):
    """The last one takes long, and how a client is found to be gone is no policy's business."""
    return list(LEAVING) if policy == "cancel" else list(LEAVING)[:-1]


async def one(target, producer, policy, way, book):
    """Have one client leave amid one producer; return its figures in seconds."""
    how, size, _ = LEAVING[way]
    query = f"book={way.replace(' ', '+')}"
    request = head("POST", f"/{producer}?{query}", f"Content-Length: {size}") + bytes(size)
    begun = 0 if producer == "responding" else 100
    async with asyncio.timeout(GIVE_UP):
        outcome = await leaving(target, request, how, received=begun, stay=0.1)
        assert outcome.ending is Ending.LEFT
        assert book.begun.is_set()
        plain = await good(target, Ask(get("/plain"), expect=b"plain"))
        assert plain.ending is Ending.ANSWERED
        await asyncio.wait({book.watcher})
        if goes_on(producer, policy):
            await asyncio.sleep(0.05)
            assert book.left is None, f"{producer}, {policy}, {way}: ended by {book.error}"
            book.let_go()
        await book.done.wait()
    return book.known - outcome.ended_at, book.left - (book.released or outcome.ended_at)


def goes_on(producer, policy):
    """Whether the producer is to go on without its client until somebody lets it go.

    A shield holds a cancellation off, not the failure of a write within it.
    """
    return policy == "finish" or (policy == "shield" and producer in ("idle", "responding"))


async def measured(producer, policy):
    """Return the figures of each way to leave, all at the same time."""
    books = {way: InThread() if producer == "thread" else Book() for way in ways(policy)}
    config = Config(port=0, request_buffer=1, drain_timeout=1.0)
    async with Server(application(policy, books), config) as server:
        target = Target(server.port)
        figures = await asyncio.gather(
            *(one(target, producer, policy, way, book) for way, book in books.items())
        )
    for way, book in books.items():
        label = f"{producer}, {policy}, {way}: {book.error}"
        assert book.inside is not None, label
        assert book.inside == book.outside, label
        assert book.reason is EndReason.CLIENT_GONE, f"{label}: {book.reason}"
        if goes_on(producer, "finish" if policy == "finish" else ""):
            assert book.error is None, label
    return dict(zip(books, figures, strict=True))


@pytest.mark.parametrize("policy", ["cancel", "finish", "shield"])
@pytest.mark.parametrize("producer", ["idle", "ready", "responding", "thread"])
def test_a_producer_whose_client_leaves(loop, log, producer, policy):
    for _ in range(ATTEMPTS):
        with asyncio.Runner(loop_factory=loop_factory(loop)) as runner:
            figures = runner.run(measured(producer, policy))
        for way, (known, left) in figures.items():
            print(f"{loop}, {producer}, {policy}, {way}: {known * 1000:.0f} {left * 1000:.0f} ms")
        late = {way: each for way, each in figures.items() if max(each) > LEAVING[way][2]}
        if not late:
            break
    assert not late
    assert [record.getMessage() for record in log.failures] == []
