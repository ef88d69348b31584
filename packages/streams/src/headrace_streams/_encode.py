"""What an adapter accepts as an item, and the bytes that it becomes."""

from __future__ import annotations


def encode(item: object) -> bytes:
    """Return bytes-like items as bytes, everything else as its ``str`` in UTF-8."""
    if type(item) is bytes:
        return item
    if isinstance(item, (bytes, bytearray, memoryview)):
        return bytes(item)
    return str(item).encode()
