"""What a class outside the package gets for two methods and a hook."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from headrace_streams import BusyError, ByteReceiver, ClosedError, PipeReceiver, pipe

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Turns = Callable[..., Awaitable[None]]

pytestmark = pytest.mark.anyio


class Scripted(ByteReceiver):
    """Gives its script's chunks; raises its exceptions; None is the end."""

    __slots__ = ("aborted", "script")

    def __init__(self, *script: bytes | BaseException | None) -> None:
        super().__init__()
        self.script = list(script)
        self.aborted: list[BaseException | None] = []

    async def _next(self) -> bytes | None:
        await asyncio.sleep(0)
        step = self.script.pop(0)
        if isinstance(step, BaseException):
            raise step
        return step

    def _abort(self, reason: BaseException | None) -> None:
        self.aborted.append(reason)


async def test_empty_chunks_are_skipped_and_the_end_lasts() -> None:
    receiver = Scripted(b"", b"a", b"", b"", b"b", b"", None)
    assert [await receiver.get() for _ in range(4)] == [b"a", b"b", None, None]
    receiver.cancel()
    assert receiver.aborted == []
    assert await receiver.get() is None


async def test_a_failure_lasts_and_aborts_the_source_once() -> None:
    error = OSError("torn")
    receiver = Scripted(b"a", error)
    assert await receiver.get() == b"a"
    for _ in range(3):
        with pytest.raises(OSError, match="torn"):
            await receiver.get()
    receiver.cancel()
    assert receiver.aborted == [error]


async def test_a_busy_source_is_not_an_ending() -> None:
    receiver = Scripted(BusyError("somebody else"), b"a", None)
    with pytest.raises(BusyError, match="somebody else"):
        await receiver.get()
    assert await receiver.get() == b"a"
    assert receiver.aborted == []


async def test_cancel_aborts_once_with_the_reason() -> None:
    reason = KeyError("enough")
    receiver = Scripted(b"ab", None)
    await receiver.read(1)
    receiver.cancel(reason)
    receiver.cancel()
    assert receiver.aborted == [reason]
    with pytest.raises(ClosedError):
        await receiver.get()


async def test_cancel_under_a_waiting_read_is_a_closed_error(turns: Turns) -> None:
    receiver = Scripted(OSError("woken by the abort"))
    reading = asyncio.create_task(receiver.get())
    await turns(1)
    receiver.cancel()
    with pytest.raises(ClosedError):
        await reading


class Gated(PipeReceiver):
    """Reads wait for a gate; the first read is announced. As a server's request body does."""

    __slots__ = ("calls", "gate")

    calls: int
    gate: asyncio.Event

    async def _ready(self) -> None:
        self.calls += 1
        await self.gate.wait()


async def test_a_receiver_on_hold_asks_before_each_read(turns: Turns) -> None:
    sender, receiver = pipe(receiver_type=Gated)
    receiver.calls, receiver.gate = 0, asyncio.Event()
    sender.write(b"a\nb\nc")
    sender.close()
    assert await receiver.read(1) == b"a"
    assert receiver.calls == 0
    receiver.hold()
    reading = asyncio.create_task(receiver.read_until(b"\n"))
    await turns()
    assert not reading.done()
    with pytest.raises(BusyError):
        await receiver.get()
    receiver.gate.set()
    assert await reading == b""
    assert receiver.calls == 1
    assert await receiver.read_until(b"\n") == b"b"
    assert receiver.calls == 2
    receiver.release()
    assert await receiver.get() == b"c"
    assert await receiver.get() is None
    assert receiver.calls == 2


async def test_a_read_cancelled_at_the_gate_loses_nothing(turns: Turns) -> None:
    sender, receiver = pipe(receiver_type=Gated)
    receiver.calls, receiver.gate = 0, asyncio.Event()
    sender.write(b"abc")
    receiver.hold()
    reading = asyncio.create_task(receiver.get())
    await turns()
    reading.cancel()
    await turns()
    assert reading.cancelled()
    receiver.release()
    assert await receiver.get() == b"abc"
    sender.close()


async def test_hold_without_a_hook_of_ones_own_only_asks() -> None:
    receiver = Scripted(b"a", None)
    receiver.hold()
    assert [chunk async for chunk in receiver] == [b"a"]
