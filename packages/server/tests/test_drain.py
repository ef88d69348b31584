from __future__ import annotations

import asyncio

import pytest

from headrace._drain import Draining

pytestmark = pytest.mark.anyio


def test_nobody_is_told_at_first() -> None:
    draining = Draining()
    assert not draining.is_set()
    assert draining.deadline is None


def test_begin_tells_the_deadline() -> None:
    draining = Draining()
    draining.begin(12.5)
    assert draining.is_set()
    assert draining.deadline == 12.5


async def test_everybody_who_waits_is_woken() -> None:
    draining = Draining()
    waiters = [asyncio.create_task(draining.wait()) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(waiter.done() for waiter in waiters)
    draining.begin(1.0)
    assert await asyncio.gather(*waiters) == [None, None]


async def test_waiting_when_told_already_does_not_wait() -> None:
    draining = Draining()
    draining.begin(1.0)
    await draining.wait()
    assert draining.is_set()


async def test_a_cancelled_wait_changes_nothing() -> None:
    draining = Draining()
    gone, stays = (asyncio.create_task(draining.wait()) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    assert gone.cancelled()
    assert not draining.is_set()
    draining.begin(1.0)
    await stays
