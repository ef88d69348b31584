from __future__ import annotations

import asyncio
import errno
import threading
from typing import TYPE_CHECKING, Any

import pytest

from headrace_streams import BrokenError, ByteSender, ClosedError, to_callback, to_file

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    Turns = Callable[..., Awaitable[None]]

pytestmark = pytest.mark.anyio


# A file ...


async def test_a_file_holds_everything_when_the_block_is_left(tmp_path: Path) -> None:
    path = tmp_path / "data"
    async with to_file(path, high=100) as sender:
        for _ in range(100):
            await sender.write(b"0123456789")
        sender.write(b"end")
    assert path.read_bytes() == b"0123456789" * 100 + b"end"


async def test_left_by_an_exception_the_file_holds_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "data"

    async def produce() -> None:
        async with to_file(path) as sender:
            await sender.write(b"abc")
            raise KeyError("mine")

    with pytest.raises(KeyError):
        await produce()
    assert path.read_bytes() == b"abc"


async def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        async with to_file(tmp_path / "missing" / "data"):
            raise AssertionError("not reached")


class FullDisk:
    closed = False

    def writelines(self, lines: Any) -> None:
        raise OSError(errno.ENOSPC, "no space")

    def close(self) -> None:
        self.closed = True


async def until_broken(sender: ByteSender) -> None:
    while True:
        await sender.write(b"abc")


@pytest.mark.parametrize("how", ["at the end", "in a write", "in another exception"])
async def test_a_full_disk(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FullDisk()
    monkeypatch.setattr("builtins.open", lambda *_: disk)

    async def produce() -> None:
        async with to_file("any", high=10) as sender:
            sender.write(b"abc")
            if how == "in another exception":
                raise KeyError("mine")
            if how == "in a write":
                await until_broken(sender)

    with pytest.raises(KeyError if how == "in another exception" else OSError):
        await produce()
    assert disk.closed


async def test_a_write_after_the_disk_is_full_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.open", lambda *_: FullDisk())
    seen: list[BrokenError] = []

    async def produce() -> None:
        async with to_file("any") as sender:
            with pytest.raises(BrokenError) as caught:
                await until_broken(sender)
            seen.append(caught.value)

    with pytest.raises(OSError, match="no space") as raised:
        await produce()
    assert seen[0].reason is raised.value


@pytest.mark.parametrize("works", [True, False], ids=["opens", "fails"])
async def test_cancelled_while_opening(
    works: bool, monkeypatch: pytest.MonkeyPatch, turns: Turns
) -> None:
    go = threading.Event()
    disk = FullDisk()

    def slow_open(*_: Any) -> FullDisk:
        go.wait()
        if not works:
            raise FileNotFoundError
        return disk

    monkeypatch.setattr("builtins.open", slow_open)

    async def use() -> None:
        async with to_file("any"):
            raise AssertionError("not reached")

    using = asyncio.create_task(use())
    await turns()
    using.cancel()
    await turns()
    assert not using.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await using
    assert disk.closed is works


# A callback ...


async def test_a_callback_gets_chunks_as_they_are_written() -> None:
    chunks: list[bytes] = []
    ends: list[BaseException | None] = []
    sender = to_callback(chunks.append, ends.append)
    data = b"abc"
    await sender.write(data)
    await sender.write(b"")
    await sender.write(bytearray(b"de"))
    assert chunks == [b"abc", b"de"]
    assert chunks[0] is data
    assert type(chunks[1]) is bytes
    assert sender.buffered == 0
    assert not sender.ended
    sender.close()
    sender.fail(ValueError())
    assert sender.ended
    assert ends == [None]
    with pytest.raises(ClosedError):
        sender.write(b"x")


async def test_a_failed_callback_sender_tells_its_end() -> None:
    ends: list[BaseException | None] = []
    error = ValueError("crash")
    with pytest.raises(ValueError, match="crash"):
        async with to_callback(print, ends.append):
            raise error
    assert ends == [error]


async def test_an_exception_of_the_callback_breaks_the_sender() -> None:
    error = OSError("torn")
    calls = 0

    def call(chunk: bytes) -> None:
        nonlocal calls
        calls += 1
        raise error

    sender = to_callback(call)
    for _ in range(2):
        with pytest.raises(BrokenError, match="the callback failed") as caught:
            sender.write(b"a")
        assert caught.value.reason is error
    assert calls == 1
    sender.close()


@pytest.mark.parametrize(
    "call",
    [lambda sender: sender.write("text"), lambda sender: sender.fail(ValueError)],
    ids=["write", "fail"],
)
async def test_wrong_types(call: Callable[[Any], Any]) -> None:
    sender = to_callback(print)
    with pytest.raises(TypeError):
        call(sender)
    assert not sender.ended


async def test_a_callback_sender_yields_once_per_quota() -> None:
    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        asyncio.get_running_loop().call_soon(turn)

    asyncio.get_running_loop().call_soon(turn)
    sender = to_callback(bytes.__len__)
    for size, count in ((1000, 1500), (1, 1500)):
        turns = 0
        for _ in range(count):
            await sender.write(b"x" * size)
        assert turns in ((2, 3) if size > 1 else (1, 2))
    sender.close()
