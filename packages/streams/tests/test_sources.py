from __future__ import annotations

import asyncio
import contextvars
import gc
from typing import TYPE_CHECKING, Any

import pytest

from headrace_streams import (
    BrokenError,
    ClosedError,
    from_file,
    from_generator,
    from_iterable,
    from_thread,
    to_file,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    Turns = Callable[..., Awaitable[None]]

pytestmark = pytest.mark.anyio

ITEMS: list[Any] = [b"a", "\u00e9", 0, bytearray(b"b"), memoryview(b"c"), "", None]
ENCODED = b"a\xc3\xa90bcNone"


# from_iterable ...


async def test_items_become_bytes() -> None:
    assert await from_iterable(ITEMS).read_all(99) == ENCODED
    assert await from_iterable([1, 2], encode=lambda n: b"%03d" % n).read_all(99) == b"001002"


async def test_nothing_is_fetched_ahead_and_cancel_closes_a_generator() -> None:
    seen: list[str] = []

    def numbers() -> Iterator[str]:
        try:
            for text in ("one", "two", "three"):
                seen.append(text)
                yield text
        finally:
            seen.append("closed")

    receiver = from_iterable(numbers())
    assert seen == []
    assert await receiver.get() == b"one"
    assert seen == ["one"]
    receiver.cancel()
    assert seen == ["one", "closed"]
    with pytest.raises(ClosedError):
        await receiver.get()


async def test_an_iterator_that_cannot_be_closed_is_left() -> None:
    receiver = from_iterable([b"a", b"b"])
    receiver.cancel()
    with pytest.raises(ClosedError):
        await receiver.get()


async def test_an_exception_of_the_iterable_is_the_streams() -> None:
    def broken() -> Iterator[bytes]:
        yield b"a"
        raise OSError("torn")

    receiver = from_iterable(broken())
    assert await receiver.get() == b"a"
    for _ in range(2):
        with pytest.raises(OSError, match="torn"):
            await receiver.get()


@pytest.mark.parametrize("item", [b"x" * 1000, b""], ids=["1000", "0"])
async def test_it_yields_to_the_loop_once_per_quota(item: bytes) -> None:
    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        asyncio.get_running_loop().call_soon(turn)

    asyncio.get_running_loop().call_soon(turn)
    async for _ in from_iterable([item] * (4_000_000 // (len(item) + 1024))):
        pass
    assert turns in (3, 4)


# from_generator ...


async def test_a_generator_is_read_to_its_end() -> None:
    async def items() -> AsyncIterator[Any]:
        for item in ITEMS:
            yield item

    async with from_generator(items()) as receiver:
        assert await receiver.read_all(99) == ENCODED
        assert receiver.at_end


async def test_any_async_iterable_will_do() -> None:
    class Two:
        def __init__(self) -> None:
            self.left = 2

        def __aiter__(self) -> Two:
            return self

        async def __anext__(self) -> int:
            if not self.left:
                raise StopAsyncIteration
            self.left -= 1
            return self.left

    async with from_generator(Two(), encode=lambda n: b"%d;" % n) as receiver:
        assert await receiver.read_all(99) == b"1;0;"


@pytest.mark.parametrize("where", ["await", "write", "before-start"])
async def test_leaving_early_closes_it_in_its_own_task(where: str, turns: Turns) -> None:
    tasks: list[Any] = []
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")

    async def items() -> AsyncIterator[bytes]:
        tasks.append(asyncio.current_task())
        token = variable.set("inside")
        try:
            async with asyncio.timeout(60):
                yield b"a"
                if where == "await":
                    await asyncio.Event().wait()
                yield b"b"
                raise AssertionError("not reached")
        finally:
            variable.reset(token)  # fails in another context
            await asyncio.sleep(0)
            tasks.append(asyncio.current_task())

    async with from_generator(items(), high=1) as receiver:
        if where != "before-start":
            assert await receiver.get() == b"a"
            await turns()
    if where == "before-start":
        assert tasks == []
    else:
        assert len(tasks) == 2
        assert tasks[0] is tasks[1] is not asyncio.current_task()


async def test_an_exception_in_the_generator_comes_after_its_data() -> None:
    async def items() -> AsyncIterator[bytes]:
        yield b"a"
        raise OSError("torn")

    async with from_generator(items()) as receiver:
        assert await receiver.get() == b"a"
        with pytest.raises(OSError, match="torn"):
            await receiver.get()


async def bad_closing() -> AsyncIterator[bytes]:
    try:
        while True:
            yield b"a"
            await asyncio.sleep(0)
    finally:
        raise OSError("while closing")


async def test_an_exception_from_closing_is_raised_at_the_end() -> None:
    with pytest.raises(OSError, match="while closing"):
        async with from_generator(bad_closing()) as receiver:
            await receiver.get()


async def test_but_it_does_not_replace_the_exception_that_left_the_block() -> None:
    async def use() -> None:
        async with from_generator(bad_closing()) as receiver:
            await receiver.get()
            raise KeyError("mine")

    with pytest.raises(KeyError):
        await use()


async def test_a_generator_that_shuts_its_door_slowly_is_waited_for(turns: Turns) -> None:
    closing = asyncio.Event()
    closed = False

    async def items() -> AsyncIterator[bytes]:
        nonlocal closed
        try:
            yield b"a"
            await asyncio.Event().wait()
        finally:
            await closing.wait()
            closed = True

    async def use() -> None:
        async with from_generator(items()) as receiver:
            await receiver.get()

    using = asyncio.create_task(use())
    await turns()
    for _ in range(2):
        using.cancel()
        await turns()
        assert not using.done()
    closing.set()
    await turns()
    assert using.cancelled()
    assert closed


async def test_a_generator_that_is_cancelled_from_outside_breaks_the_stream(turns: Turns) -> None:
    async def items() -> AsyncIterator[bytes]:
        yield b"a"
        current = asyncio.current_task()
        assert current is not None
        current.cancel()
        await asyncio.sleep(0)

    async with from_generator(items()) as receiver:
        assert await receiver.get() == b"a"
        with pytest.raises(BrokenError, match="the sender gave up"):
            await receiver.get()


@pytest.mark.parametrize("crash", [False, True])
async def test_a_task_group_around_a_yield_is_left_quietly(crash: bool) -> None:
    ended: list[str] = []

    async def child() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append("child")
            if crash:
                raise OSError("child")

    async def items() -> Any:
        async with asyncio.TaskGroup() as group:
            group.create_task(child())
            await asyncio.sleep(0)
            while True:
                yield "item"

    async def leave() -> None:
        async with from_generator(items()) as receiver:
            assert await receiver.get() == b"item"

    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: complaints.append(told))
    if crash:
        with pytest.raises(ExceptionGroup) as caught:
            await leave()
        assert [str(error) for error in caught.value.exceptions] == ["child"]
    else:
        await leave()
    gc.collect()
    assert ended == ["child"]
    assert complaints == []


@pytest.mark.parametrize("make", [from_generator, from_thread, from_file, to_file])
def test_a_negative_mark_is_refused_at_once(make: Any) -> None:
    with pytest.raises(ValueError, match="high must not be negative, not -1"):
        make("x", high=-1)
