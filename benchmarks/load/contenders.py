"""Who takes part: how each server is started, with the settings that its makers recommend.

One worker, one process, no access log. What a server cannot do is named with its reason.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .peers import bodies

if TYPE_CHECKING:
    from collections.abc import Mapping

PEERS = Path(__file__).parent / "peers"

UVICORN: tuple[str, ...] = (
    "-m",
    "uvicorn",
    "--port={port}",
    f"--app-dir={PEERS}",
    "--no-access-log",
)
UVICORN += ("--http=httptools", "--loop=uvloop", "--log-level=warning", "--backlog=2048")
GRANIAN: tuple[str, ...] = (
    "-m",
    "granian",
    "--port={port}",
    f"--working-dir={PEERS}",
    "--log-level=error",
)
# Its limit of requests at once follows from the backlog; it would refuse 5,000 open streams.
GRANIAN += ("--http=1", "--no-ws", "--loop=uvloop", "--backlog=2048", "--backpressure=16384")
NUMBERS = (str(bodies.CHUNKS), str(len(bodies.CHUNK)), str(bodies.BLOCKS), "{files}")

WHOLE_BODY = "hands a request's body over whole"
NO_ROUTER = "has no router"


@dataclass(frozen=True)
class Contender:
    """One server.

    ``family``: "ours"; "framework", a framework for Python with the server that it recommends;
    "server", a server for Python without a framework; "limit", what cannot be beaten; "other",
    another language. ``needs`` is a module, or a program, without which it is left out.
    ``imports`` is what its application imports. ``cannot`` maps workloads to reasons.
    """

    name: str
    family: str
    needs: tuple[str, ...]
    command: tuple[str, ...]
    imports: str = ""
    cannot: Mapping[str, str] = field(default_factory=dict)
    only: tuple[str, ...] = ()
    variant: str = ""

    def missing(self) -> str | None:
        """Return what is not installed, or None."""
        for need in self.needs:
            if shutil.which(need) is None and importlib.util.find_spec(need) is None:
                return f"{need} is not installed"
        return None

    def argv(self, port: int, files: Path) -> list[str]:
        """Return the command that serves on a port."""
        command = [part.replace("{port}", str(port)) for part in self.command]
        command = [part.replace("{files}", str(files)) for part in command]
        program = command[0]
        if program == "go":
            return [str(built(files)), *command[1:]]
        return command if program == "node" else [sys.executable, *command]


def built(folder: Path) -> Path:
    """Compile the program in Go, once."""
    binary = folder / "go_app"
    if not binary.exists():
        source = str(PEERS / "go_app" / "main.go")
        subprocess.run(["go", "build", "-o", str(binary), source], check=True, timeout=300)
    return binary


def bare(name: str, variant: str, *only: str) -> Contender:
    """Return one of the limits."""
    command = (str(PEERS / "bare_app.py"), "{port}")
    return Contender(name, "limit", ("httptools", "uvloop"), command, only=only, variant=variant)


def script(name: str) -> tuple[str, ...]:
    """Return the command of an application that runs its own server."""
    return (str(PEERS / name), "{port}")


NO_ROUTES = {"json": NO_ROUTER}

CONTENDERS = (
    Contender("headrace", "ours", ("headrace",), script("headrace_app.py"), "headrace"),
    bare("bare", "constant", "plain", "headers", "pipeline"),
    bare("bare + headers", "headers", "plain", "headers"),
    bare("bare chunks", "chunks", "chunks"),
    bare("bare download", "download", "download"),
    bare("bare upload", "upload", "upload"),
    Contender(
        "Granian RSGI",
        "server",
        ("granian",),
        (*GRANIAN, "--interface=rsgi", "rsgi_app:app"),
        "granian.server",
        NO_ROUTES,
    ),
    Contender(
        "Granian ASGI",
        "server",
        ("granian",),
        (*GRANIAN, "--interface=asgi", "asgi_app:app"),
        "granian.server",
        NO_ROUTES,
    ),
    Contender(
        "uvicorn",
        "server",
        ("uvicorn", "httptools", "uvloop"),
        (*UVICORN, "asgi_app:app"),
        "uvicorn, uvloop, httptools",
        NO_ROUTES,
    ),
    Contender(
        "Hypercorn",
        "server",
        ("hypercorn", "uvloop"),
        ("-m", "hypercorn", "--bind=127.0.0.1:{port}", "-k=uvloop", "asgi_app:app"),
        "hypercorn.asyncio, uvloop",
        NO_ROUTES,
    ),
    Contender(
        "Starlette",
        "framework",
        ("starlette", "sse_starlette", "uvicorn"),
        (*UVICORN, "starlette_app:app"),
        "starlette.applications, starlette.responses, uvicorn, uvloop, httptools",
    ),
    Contender(
        "BlackSheep",
        "framework",
        ("blacksheep", "uvicorn"),
        (*UVICORN, "blacksheep_app:app"),
        "blacksheep, uvicorn, uvloop, httptools",
    ),
    Contender("Sanic", "framework", ("sanic",), script("sanic_app.py"), "sanic"),
    Contender(
        "aiohttp",
        "framework",
        ("aiohttp", "aiohttp_sse", "uvloop"),
        script("aiohttp_app.py"),
        "aiohttp.web, uvloop",
    ),
    Contender(
        "Robyn",
        "framework",
        ("robyn",),
        (*script("robyn_app.py"), "--log-level=ERROR", "--disable-openapi"),
        "robyn",
        {
            "upload": WHOLE_BODY,
            "upload-chunked": WHOLE_BODY,
            "echo": WHOLE_BODY,
        },
    ),
    Contender("socketify", "framework", ("socketify",), script("socketify_app.py"), "socketify"),
    Contender(
        "Node",
        "other",
        ("node",),
        ("node", str(PEERS / "node_app.mjs"), "{port}", *NUMBERS),
        "",
        {"import": "no Python", **NO_ROUTES},
    ),
    Contender(
        "Go",
        "other",
        ("go",),
        ("go", "{port}", *NUMBERS),
        "",
        {
            "import": "no Python",
            "echo": "not written: needs Go 1.21",
            **NO_ROUTES,
        },
    ),
)
