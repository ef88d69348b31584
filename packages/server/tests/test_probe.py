"""Whether a client is still there that the loop does not watch."""

import asyncio
import socket

import pytest

from headrace import _probe
from headrace._probe import CLOSE, CLOSE_WAIT, DELAYS, MOST_PROBES, PATIENCE, SPARE, TICK, Prober
from headrace.testing import FakeClock, FakeTransport

ESTABLISHED = 1


class Client:
    """What is known of one, with probes that are counted."""

    def __init__(self, state=CLOSE_WAIT, *, possible=True):
        self.transport = FakeTransport()
        self.transport.tcp_state = state
        self.possible = possible
        self.probes = []
        self.now = 1000.0
        self.sent = 100
        self.stops = 1
        self.peer = _probe.Peer(self.transport, self.probe, 1.0)

    def probe(self):
        if self.possible:
            self.probes.append(self.now - 1000.0)
            self.sent += 1
        return self.possible

    def look(self, after, *, eof=True, streams=False):
        self.now = 1000.0 + after
        return self.peer.gone(self.now, lambda: self.sent, self.stops, eof=eof, streams=streams)


@pytest.mark.parametrize(
    ("state", "eof", "gone", "probed"),
    [
        pytest.param(CLOSE, True, True, False, id="gone"),
        pytest.param(CLOSE, False, True, False, id="gone-while-not-read"),
        pytest.param(CLOSE_WAIT, True, False, True, id="sends-no-more"),
        pytest.param(CLOSE_WAIT, False, False, True, id="sends-no-more-while-not-read"),
        pytest.param(ESTABLISHED, False, False, False, id="there"),
    ],
)
def test_states(state, eof, gone, probed):
    client = Client(state)
    assert client.look(0, eof=eof) is gone
    assert bool(client.probes) is probed


def test_probes_become_rarer_and_end():
    client = Client()
    expected, at = [], 0.0
    for number in range(MOST_PROBES):
        expected.append(at)
        at += DELAYS[min(number, len(DELAYS) - 1)]
    for tick in range(5000):
        assert client.look(tick * TICK) is False
    assert client.probes == pytest.approx(expected, abs=TICK * 1.01)


def test_some_probes_are_kept_for_the_time_after_fin():
    client = Client(ESTABLISHED)
    for tick in range(5000):
        client.look(tick * TICK, eof=False)
    assert len(client.probes) == MOST_PROBES - SPARE
    client.transport.tcp_state = CLOSE_WAIT
    for tick in range(5000, 10_000):
        client.look(tick * TICK, eof=False)
    assert len(client.probes) == MOST_PROBES


def test_what_is_written_is_a_probe_too():
    client = Client()
    client.look(0)
    client.sent += 1000
    client.look(0.05)
    client.look(0.10)
    assert client.probes == pytest.approx([0, 0.05])


def test_none_while_something_is_unsent():
    client = Client()
    client.transport.reading = False
    client.transport.write(b"x")
    assert client.look(0) is False
    assert client.probes == []


@pytest.mark.parametrize(
    ("streams", "after", "gone"), [(True, 0.9, False), (True, 1.0, True), (False, 100, False)]
)
def test_where_no_probe_is_possible_a_stream_has_a_grace(streams, after, gone):
    client = Client(possible=False)
    assert client.look(0, streams=streams) is False
    assert client.look(after, streams=streams) is gone


def test_a_grace_begins_anew_with_each_write():
    client = Client(possible=False)
    client.look(0, streams=True)
    client.sent += 1
    assert client.look(1.5, streams=True) is False
    assert client.look(2.5, streams=True) is True


def test_a_client_that_sent_no_fin_is_given_time_and_no_grace():
    client = Client(ESTABLISHED)
    assert client.look(0, eof=False) is False
    client.look(PATIENCE - TICK, eof=False)
    assert client.probes == []
    client.look(PATIENCE, eof=False)
    assert client.probes == [PATIENCE]
    client.possible = False
    assert client.look(100, eof=False, streams=True) is False


def test_a_client_that_was_read_from_in_between_is_given_time_anew():
    client = Client(ESTABLISHED)
    for tick in range(200):
        client.stops += 1
        client.look(tick * TICK, eof=False)
    assert client.probes == []


def test_a_fin_ends_the_patience():
    client = Client(ESTABLISHED)
    client.look(0, eof=False)
    client.transport.tcp_state = CLOSE_WAIT
    client.look(0.05, eof=False)
    assert client.probes == pytest.approx([0.05])


class NoState:
    def __init__(self, sock=None):
        self.sock = sock

    def get_extra_info(self, name):
        return self.sock


class Closed:
    def getsockopt(self, level, option, size):
        raise OSError("closed")


@pytest.mark.parametrize("sock", [None, Closed()], ids=["no-socket", "closed"])
def test_no_state(sock):
    assert _probe.tcp_state(NoState(sock)) is None


def test_no_state_on_this_platform(monkeypatch):
    monkeypatch.delattr(socket, "TCP_INFO")
    assert _probe.tcp_state(FakeTransport()) is None


def test_without_a_state_fin_alone_is_reason_to_probe(monkeypatch):
    monkeypatch.setattr(_probe, "tcp_state", lambda transport: None)
    client = Client()
    client.look(0)
    client.look(0.1)
    assert client.probes == pytest.approx([0, 0.1])


# The prober.


class Member:
    def __init__(self, looks=1, then=None):
        self.looks = looks
        self.then = then
        self.seen = []

    def check_peer(self, now):
        self.seen.append(now)
        if self.then is not None:
            self.then()
        self.looks -= 1
        return self.looks > 0


class Timer:
    cancelled = False

    def cancel(self):
        self.cancelled = True


@pytest.mark.anyio
async def test_it_ticks_while_there_is_something_to_look_at(monkeypatch):
    made = []
    monkeypatch.setattr(
        asyncio.get_running_loop(),
        "call_later",
        lambda delay, call: made.append((delay, call)) or Timer(),
    )
    prober = Prober(FakeClock())
    member = Member(looks=2)
    prober.watch(member)
    prober.watch(member)
    assert made == [(TICK, prober.tick)]
    prober.tick()
    assert len(made) == 2
    prober.tick()
    assert len(made) == 2
    assert len(member.seen) == 2


@pytest.mark.anyio
async def test_one_that_comes_during_a_tick_is_looked_at_by_the_next():
    prober = Prober(FakeClock())
    late = Member()
    prober.watch(Member(then=lambda: prober.watch(late)))
    prober.tick()
    assert late.seen == []
    prober.tick()
    assert late.seen == [1000.0]


@pytest.mark.anyio
async def test_one_that_fails_does_not_take_the_others_along(caplog):
    prober = Prober(FakeClock())
    member = Member(looks=3)
    prober.watch(Member(then=lambda: 1 / 0))
    prober.watch(member)
    prober.tick()
    prober.tick()
    assert len(member.seen) == 2
    assert caplog.text.count("a client could not be looked for") == 1
    prober.stop()


@pytest.mark.anyio
async def test_many_are_looked_at_more_rarely(monkeypatch):
    delays = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "call_later", lambda delay, call: delays.append(delay) or Timer())
    prober = Prober(FakeClock())
    for _ in range(10_000):
        prober.watch(Member(looks=2))
    prober.tick()
    assert delays == [TICK, pytest.approx(0.8)]


@pytest.mark.anyio
async def test_stop():
    prober = Prober(FakeClock())
    member = Member()
    prober.watch(member)
    prober.stop()
    prober.stop()
    assert member.seen == []
