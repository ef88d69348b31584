"""Helpers for tests of whatever is fed in pieces, and messages to feed it with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def every_split(data: bytes) -> Iterator[list[bytes]]:
    """Every way that matters of cutting some bytes, each a list of pieces that join to them.

    Whole, then byte by byte, then in two at each position.
    """
    yield [data]
    yield [data[i : i + 1] for i in range(len(data))]
    for i in range(1, len(data)):
        yield [data[:i], data[i:]]
