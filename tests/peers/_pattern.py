"""Bytes that differ at every place where a lost, doubled or swapped block would show."""

from __future__ import annotations

import functools
import hashlib

BLOCK = 64 * 1024


def pattern(size: int) -> bytes:
    """Return the first ``size`` bytes: blocks that begin with their number, then count up."""
    count = -(-size // BLOCK)
    tail = bytes(range(256)) * (BLOCK // 256)
    return b"".join(number.to_bytes(8, "big") + tail[8:] for number in range(count))[:size]


@functools.cache
def pattern_digest(size: int) -> str:
    """Return the SHA-256 of ``pattern(size)`` in hexadecimal."""
    return hashlib.sha256(pattern(size)).hexdigest()
