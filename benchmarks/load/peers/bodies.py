"""What every server answers, the same bytes for all; imported by applications and checks."""

from __future__ import annotations

import os
from pathlib import Path

HELLO = b"Hello, world!"

CHUNK = b"x" * 32
CHUNKS = 1000

# A quick run transfers less.
TRANSFER = int(os.environ.get("BENCH_TRANSFER", 64 * 2**20))
BLOCK = bytes(range(256)) * 256
BLOCKS = TRANSFER // len(BLOCK)

# The table of routes, of which one in the middle is asked for.
ROUTES = int(os.environ.get("BENCH_ROUTES", 100))
FOLDER = Path(os.environ.get("BENCH_FILES", "."))
FILES = {"small": FOLDER / "small", "large": FOLDER / "large"}


def frame(data: bytes) -> bytes:
    """Return an event of a text/event-stream."""
    return b"data: " + data + b"\n\n"
