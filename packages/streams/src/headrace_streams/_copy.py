"""Moving everything from a receiver into a sender, with each ending passed on in its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._receiver import ByteReceiver
    from ._sender import ByteSender


async def copy(receiver: ByteReceiver, sender: ByteSender, *, close: bool = True) -> int:
    """Move all chunks; each write is awaited, so the slower side sets the pace.

    Whatever ends the copy early ends both sides: a failed source fails the sender with the same
    exception, a sender whose reader gave up cancels the source, and a cancelled copy does both.
    The receiver is never left open, and the sender only by a clean end with ``close=False``.

    Args:
        receiver: the source.
        sender: the sink.
        close: whether to close the sender after a clean end.

    Returns:
        The number of bytes moved.

    Raises:
        BrokenError: the sender's reader gave up.
        Exception: whatever the source failed with.
    """
    total = 0
    try:
        while (chunk := await receiver.get()) is not None:
            total += len(chunk)
            await sender.write(chunk)
    except BaseException as exc:
        receiver.cancel(exc)
        sender.fail(exc)
        raise
    if close:
        sender.close()
    return total
