"""What holds for every byte sender."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .._errors import ClosedError
from ._steps import raises

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._sender import ByteSender


async def check_sender(make: Callable[[], ByteSender]) -> None:
    """Check what holds for a sender whatever becomes of its bytes, which must flow freely.

    Raises:
        AssertionError: the sender breaks the contract of ByteSender; the text says where.
    """
    for end in ("close", "fail"):
        sender = make()
        untyped: Any = sender
        for data in (b"a", bytearray(b"b"), memoryview(b"c"), b""):
            await sender.write(data)
        sender.write(b"not awaited")
        await raises(TypeError, partial(untyped.write, "text"), "a str must be refused")
        assert not sender.ended, "a sender must be open until it is ended"
        for _ in range(2):
            sender.close() if end == "close" else sender.fail(ValueError("a test"))
        assert sender.ended, "close and fail must end it"
        sender.fail(ValueError("later"))
        await raises(ClosedError, partial(sender.write, b"x"), "a write after the end")
    async with make() as sender:
        await sender.write(b"a")
    assert sender.ended, "leaving the block must end it"
