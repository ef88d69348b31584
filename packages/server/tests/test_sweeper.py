import asyncio

import pytest

from headrace._deadlines import NEVER
from headrace._sweeper import BLOCKED, INTERVAL, Sweeper
from headrace.testing import FakeClock

pytestmark = pytest.mark.anyio


class Member:
    """Its own deadlines, too."""

    def __init__(self, at, others=None):
        self.deadlines = self
        self.at = at
        self.expired = 0
        self.others = others

    def expire(self):
        self.expired += 1
        self.at = NEVER
        if self.others is not None:
            self.others.discard(self)


@pytest.mark.parametrize(
    ("deadline", "after", "expired"),
    [
        pytest.param(1005.0, 4.9, 0, id="before"),
        pytest.param(1005.0, 5.0, 1, id="at"),
        pytest.param(1005.0, 60.0, 1, id="long-after"),
        pytest.param(NEVER, 1e9, 0, id="never"),
    ],
)
async def test_a_member_expires_at_its_deadline(deadline, after, expired):
    clock = FakeClock()
    member = Member(deadline)
    sweeper = Sweeper({member}, clock)
    clock.advance(after)
    sweeper.sweep()
    assert member.expired == expired
    assert sweeper.now == clock.now


async def test_a_member_expires_once_per_deadline():
    clock = FakeClock()
    member = Member(1001.0)
    sweeper = Sweeper({member}, clock)
    clock.advance(2)
    sweeper.sweep()
    sweeper.sweep()
    assert (member.expired, member.at) == (1, NEVER)


async def test_a_member_that_fails_does_not_take_the_others_along(caplog):
    failing, other = Member(1000.0), Member(1000.0)
    failing.expire = lambda: 1 / 0
    Sweeper([failing, other], FakeClock()).sweep()
    assert other.expired == 1
    assert "a deadline could not be acted on" in caplog.text


async def test_something_may_be_done_after_each_sweep():
    done = []
    sweeper = Sweeper([], FakeClock(), lambda: done.append(1))
    sweeper.sweep()
    sweeper.sweep()
    assert done == [1, 1]


async def test_members_may_leave_while_they_expire():
    clock = FakeClock()
    members = set()
    members.update(Member(1000.0, members) for _ in range(5))
    Sweeper(members, clock).sweep()
    assert members == set()


async def test_it_sweeps_by_itself_between_start_and_stop(monkeypatch):
    clock = FakeClock()
    member = Member(1000.0)
    sweeper = Sweeper({member}, clock)
    scheduled = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(
        loop, "call_later", lambda delay, call: scheduled.append((delay, call)) or Timer()
    )
    sweeper.start()
    assert member.expired == 1
    assert scheduled == [(INTERVAL, sweeper.start)]
    sweeper.stop()
    sweeper.stop()


async def test_time_in_which_the_loop_was_blocked_counts_little(monkeypatch):
    clock = FakeClock()
    member = Member(1000.0 + 2 * BLOCKED)
    sweeper = Sweeper({member}, clock)
    monkeypatch.setattr(asyncio.get_running_loop(), "call_later", lambda delay, call: Timer())
    sweeper.start()
    clock.advance(60)
    sweeper.start()
    assert (member.expired, sweeper.now) == (0, 1000.0 + BLOCKED)
    clock.advance(INTERVAL)
    sweeper.start()
    assert (member.expired, sweeper.now) == (0, 1000.0 + BLOCKED + INTERVAL)
    clock.advance(INTERVAL)
    sweeper.start()
    assert member.expired == 1


class Timer:
    def cancel(self):
        self.cancelled = True
