from __future__ import annotations

import asyncio
import contextvars
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

import pytest

from headrace_streams import from_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

pytestmark = pytest.mark.anyio


async def test_items_come_in_order_and_as_bytes() -> None:
    def items() -> Iterator[Any]:
        yield b"a"
        yield "\u00e9"
        yield 0
        yield from range(1, 2000)

    async with from_thread(items) as receiver:
        data = await receiver.read_all(99_999)
    assert data == b"a\xc3\xa9" + "".join(map(str, range(2000))).encode()


async def test_an_iterable_will_do() -> None:
    async with from_thread(
        [1, 2, ""], encode=lambda item: b"<%s>" % str(item).encode()
    ) as receiver:
        assert await receiver.read_all(99) == b"<1><2><>"


async def test_it_is_made_run_and_closed_in_one_thread_with_our_context() -> None:
    threads: list[threading.Thread] = []
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("ours")

    def items() -> Iterator[str]:
        threads.append(threading.current_thread())
        try:
            while True:
                yield variable.get()
        finally:
            threads.append(threading.current_thread())

    async with from_thread(items, high=64) as receiver:
        assert await receiver.read_exactly(8) == b"oursours"
    assert threads[0] is threads[1] is not threading.current_thread()
    assert not threads[0].is_alive()
    assert threads[0].name.endswith("items")


async def test_rows_of_a_database_whose_connection_belongs_to_its_thread() -> None:
    def rows() -> Iterator[str]:
        with sqlite3.connect(":memory:") as database:
            database.execute("create table words (word text)")
            database.executemany("insert into words values (?)", [("a",), ("b",), ("c",)])
            for (word,) in database.execute("select word from words order by word"):
                yield f"{word}\n"
        database.close()

    async with from_thread(rows) as receiver:
        assert [line async for line in receiver.lines()] == [b"a", b"b", b"c"]


async def test_the_thread_is_bounded() -> None:
    produced = 0

    def items() -> Iterator[bytes]:
        nonlocal produced
        while produced < 10_000:
            produced += 1
            yield b"x" * 10

    async with from_thread(items, high=1000) as receiver:
        total = 0
        while chunk := await receiver.get():
            total += len(chunk)
            assert produced * 10 <= total + 1000 + 30
        assert total == 100_000


async def test_empty_items_are_bounded_too() -> None:
    produced = 0
    full = threading.Event()

    def items() -> Iterator[bytes]:
        nonlocal produced
        for produced in range(100):
            if produced == 50:
                full.set()
            yield b""

    async with from_thread(items, high=20) as receiver:
        assert await receiver.get() is None
    assert full.is_set()


async def test_an_exception_comes_after_the_data() -> None:
    def items() -> Iterator[bytes]:
        yield b"a"
        raise OSError("torn")

    async with from_thread(items) as receiver:
        assert await receiver.get() == b"a"
        with pytest.raises(OSError, match="torn"):
            await receiver.get()


async def test_an_exception_from_making_it_is_the_streams() -> None:
    def make() -> Iterator[bytes]:
        raise OSError("no such table")

    async with from_thread(make) as receiver:
        with pytest.raises(OSError, match="no such table"):
            await receiver.get()


def bad_closing() -> Iterator[bytes]:
    try:
        while True:
            yield b"a"
    finally:
        raise OSError("while closing")


async def test_an_exception_from_closing_is_raised_at_the_end() -> None:
    with pytest.raises(OSError, match="while closing"):
        async with from_thread(bad_closing, high=8) as receiver:
            await receiver.get()


async def test_but_it_does_not_replace_the_exception_that_left_the_block() -> None:
    async def use() -> None:
        async with from_thread(bad_closing, high=8) as receiver:
            await receiver.get()
            raise KeyError("mine")

    with pytest.raises(KeyError):
        await use()


async def test_a_large_item_after_the_pipe_has_paused_is_not_refused() -> None:
    def items() -> Iterator[bytes]:
        yield b"a"
        yield b"b" * 3_000_000

    async with from_thread(items, high=0) as receiver:
        assert len(await receiver.read_all(3_000_001)) == 3_000_001


async def test_leaving_early_waits_for_the_thread_even_when_cancelled(
    cancelled_late: Callable[..., Awaitable[None]],
) -> None:
    entered, leave = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()
    closed = False

    def items() -> Iterator[bytes]:
        nonlocal closed
        yield b"a"
        loop.call_soon_threadsafe(entered.set)
        leave.wait()
        closed = True
        yield b"b"

    async def use() -> None:
        async with from_thread(items) as receiver:
            assert await receiver.get() == b"a"
            await entered.wait()

    await cancelled_late(use, entered, leave)
    assert closed
