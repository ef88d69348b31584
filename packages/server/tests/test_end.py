"""Why an exchange ended, for whoever waits for it, and what it came to."""

import asyncio

import pytest

from headrace import EndReason, Figures
from headrace._end import Ending, Stopwatch
from headrace.testing import FakeClock, settle


@pytest.mark.anyio
async def test_waiting_for_the_end():
    ending = Ending(None)
    waits = asyncio.create_task(ending.wait())
    await settle()
    assert not ending.is_set()
    ending.settle(EndReason.STALLED)
    assert await waits is EndReason.STALLED
    assert (ending.is_set(), ending.reason) == (True, EndReason.STALLED)


@pytest.mark.anyio
async def test_an_end_that_was():
    assert await Ending(EndReason.COMPLETE).wait() is EndReason.COMPLETE


@pytest.fixture
def clock():
    return FakeClock()


def figures(watch):
    return watch.figures(EndReason.COMPLETE, 200, 3, 4)


def test_figures(clock):
    watch = Stopwatch(clock)
    clock.advance(1)
    watch.respond()
    clock.advance(2)
    watch.pause()
    clock.advance(4)
    watch.resume()
    watch.resume()
    clock.advance(8)
    assert figures(watch) == Figures(EndReason.COMPLETE, 200, 3, 4, 1.0, 4.0, 15.0)


def test_a_client_that_is_behind_to_the_end(clock):
    watch = Stopwatch(clock)
    watch.pause()
    clock.advance(4)
    assert figures(watch).time_stalled == 4.0


def test_a_response_that_was_taken_back(clock):
    watch = Stopwatch(clock)
    watch.respond()
    watch.retract()
    assert figures(watch).time_to_first_byte is None
