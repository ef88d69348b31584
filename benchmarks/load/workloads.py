"""What is measured: a table. The numbers are those of the list in CONTRIBUTING.md."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .checks import DEPTH, PLAIN, Answers, delivers, pipelined
from .clients.many import Streams, Subscribers
from .clients.raw import chunked, request
from .clients.transfer import Transfers
from .clients.wrk import Wrk
from .peers import bodies

if TYPE_CHECKING:
    from collections.abc import Callable

    from .clients import Client

Kind = Literal["rate", "connections", "streams", "startup", "import"]
ECHO = min(bodies.TRANSFER, 16 * 2**20)

BROWSER = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: en-US,en;q=0.5",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Connection: keep-alive",
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark",
    "Upgrade-Insecure-Requests: 1",
    "Sec-Fetch-Dest: document",
    "Sec-Fetch-Mode: navigate",
)


@dataclass(frozen=True)
class Workload:
    """One row of the comparison.

    ``kind`` "rate" is an amount in ``unit`` per CPU-second; of the others, sizes and times, less is
    better.
    """

    number: int
    name: str
    text: str
    unit: str
    check: Callable[[int], None]
    client: Callable[[int], Client] | None = None
    kind: Kind = "rate"

    @property
    def score(self) -> str:
        """What the main column shows."""
        return f"{self.unit} per CPU-second" if self.kind == "rate" else self.unit

    @property
    def more_is_better(self) -> bool:
        return self.kind == "rate"


class Transfer:
    """An upload, or an echo."""

    def __init__(self, message: bytes, size: int, echo: bool) -> None:
        self._message, self._size, self._echo = message, size, echo
        expected = BODY[:size] if echo else str(size).encode()
        self.check: Callable[[int], None] = Answers(message, expected, duplex=echo)

    def client(self, port: int) -> Client:
        """Return what repeats it."""
        expected = self._size if self._echo else 0
        return Transfers(port, self._message, self._size, expected, duplex=self._echo)


def transfer(path: str, framed: bytes, size: int, *headers: str, echo: bool = False) -> Transfer:
    """Return the exchange of a large request, and the answer that it has to get."""
    head = request(path, None, *headers).replace(b"GET", b"POST", 1)
    return Transfer(head + framed, size, echo)


BODY = bodies.BLOCK * bodies.BLOCKS
TARGET = f"/route{bodies.ROUTES * 57 // 100}/12345/detail?page=2&q=stream"
DETAIL = json.dumps({"number": 12345, "page": "2", "q": "stream"}).encode()
POSTED = json.dumps({"id": 7, "name": "headrace", "values": list(range(200)), "text": "x" * 84})
FULL = transfer("/upload", BODY, len(BODY), f"Content-Length: {len(BODY)}")
IN_KIB = transfer("/upload", chunked(BODY, 1024), len(BODY), "Transfer-Encoding: chunked")
DUPLEX = transfer(
    "/echo", chunked(BODY[:ECHO], 16_384), ECHO, "Transfer-Encoding: chunked", echo=True
)
CHUNKS = bodies.CHUNK * bodies.CHUNKS
MIBS = bodies.TRANSFER // 2**20
POST = request("/json", POSTED.encode(), "Content-Type: application/json")


def streams(path: str) -> Callable[[int], Client]:
    """Return readers of an answer in chunks."""
    letter, size = bodies.CHUNK[:1], len(bodies.CHUNK)
    return lambda port: Streams(port, path, letter, size, 16)


def gets(path: str) -> Callable[[int], Client]:
    """Return wrk with GETs of a path."""
    return lambda port: Wrk(port, path)


WORKLOADS = (
    Workload(1, "plain", "plain text, one header", "requests", PLAIN, gets("/plain")),
    Workload(
        2,
        "headers",
        "plain text, ten browser headers",
        "requests",
        Answers(request("/plain", None, *BROWSER), bodies.HELLO),
        lambda port: Wrk(port, "/plain", headers=BROWSER),
    ),
    Workload(
        3,
        "json",
        f"JSON, a typed parameter among {bodies.ROUTES} routes, two query arguments",
        "requests",
        Answers(request(TARGET), DETAIL, as_json=True),
        gets(TARGET),
    ),
    Workload(
        4,
        "chunks",
        "1,000 chunks of 32 bytes from an always-ready producer",
        "chunks",
        Answers(request("/chunks"), CHUNKS),
        streams("/chunks"),
    ),
    Workload(
        5,
        "tokens",
        "the same with the loop yielded between chunks",
        "chunks",
        Answers(request("/tokens"), CHUNKS),
        streams("/tokens"),
    ),
    Workload(
        6,
        "download",
        f"response of {MIBS} MiB in chunks of 64 KiB",
        "MiB",
        Answers(request("/download"), BODY),
        lambda port: Transfers(port, request("/download"), len(BODY), len(BODY)),
    ),
    Workload(7, "upload", f"upload of {MIBS} MiB, counted", "MiB", FULL.check, FULL.client),
    Workload(
        8,
        "upload-chunked",
        f"upload of {MIBS} MiB in chunks of 1 KiB",
        "MiB",
        IN_KIB.check,
        IN_KIB.client,
    ),
    Workload(
        9,
        "post",
        "POST of 1 KiB, JSON echoed",
        "requests",
        Answers(POST, POSTED.encode(), as_json=True),
        lambda port: Wrk(port, "/json", body=POSTED),
    ),
    Workload(10, "echo", f"duplex echo of {ECHO // 2**20} MiB", "MiB", DUPLEX.check, DUPLEX.client),
    Workload(
        11,
        "events",
        "1,000 subscribers of server-sent events, one event at a time",
        "events",
        delivers,
        lambda port: Subscribers(port, 1000),
    ),
    Workload(
        11,
        "events-burst",
        "1,000 subscribers of server-sent events, ten at a time",
        "events",
        delivers,
        lambda port: Subscribers(port, 1000, burst=10),
    ),
    Workload(
        12,
        "pipeline",
        f"{DEPTH} pipelined plain GETs",
        "requests",
        pipelined,
        lambda port: Wrk(port, "/plain", depth=DEPTH),
    ),
    Workload(
        13,
        "file-small",
        "a file of 10 KiB from disk",
        "requests",
        Answers(request("/file/small"), bodies.FILES["small"]),
        gets("/file/small"),
    ),
    Workload(
        13,
        "file-large",
        "a file of 10 MiB from disk",
        "MiB",
        Answers(request("/file/large"), bodies.FILES["large"]),
        lambda port: Transfers(port, request("/file/large"), 10 * 2**20, 10 * 2**20),
    ),
    Workload(
        14,
        "memory-idle",
        "memory per further idle connection that has had an answer",
        "KiB",
        PLAIN,
        kind="connections",
    ),
    Workload(
        14,
        "memory-stream",
        "memory per further open stream of events",
        "KiB",
        delivers,
        kind="streams",
    ),
    Workload(15, "startup", "start to the first byte of an answer", "ms", PLAIN, kind="startup"),
    Workload(15, "import", "CPU time of the import", "ms", PLAIN, kind="import"),
)
