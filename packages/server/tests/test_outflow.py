"""Coalescing, marks and waiting, without a wire."""

import asyncio

import pytest

from headrace._outflow import (
    DONE,
    FIRST_BYTES,
    FLUSH_BYTES,
    HOLD,
    SMALL,
    TURN,
    TURN_BYTES,
    WRITE_COST,
    Outflow,
)
from headrace.exceptions import ClientGone, ResponseError, WriteOverflow
from headrace.testing import FakeClock, settle

pytestmark = pytest.mark.anyio


class Below:
    def __init__(self):
        self.sent = []
        self.held = 0

    def send(self, pieces, size, end):
        assert not end
        assert size == sum(map(len, pieces))
        self.sent.append(pieces)

    def buffered(self):
        return self.held


@pytest.fixture
def below():
    return Below()


@pytest.fixture
def outflow(below):
    return Outflow(below.send, below.buffered, cap=1000)


async def test_writes_of_one_turn_leave_together(outflow, below):
    outflow.write(b"a")
    outflow.write(b"b")
    assert (below.sent, outflow.buffered) == ([], 2)
    await settle()
    assert (below.sent, outflow.buffered) == ([[b"a", b"b"]], 0)
    outflow.write(b"c")
    await settle()
    assert below.sent == [[b"a", b"b"], [b"c"]]
    assert outflow.total == 3


async def test_a_lone_write_leaves_by_the_end_of_its_turn(outflow, below):
    outflow.write(b"a")
    await asyncio.sleep(0)
    assert below.sent == [[b"a"]]


async def test_many_bytes_leave_at_once(outflow, below):
    for number, enough in enumerate([FIRST_BYTES, FLUSH_BYTES, FLUSH_BYTES]):
        outflow.write(b"x" * (enough - 1))
        assert len(below.sent) == number
        outflow.write(b"y")
        assert [len(piece) for piece in below.sent[number]] == [enough - 1, 1]
    await settle()
    assert below.sent[3:] == [], "the scheduled flush has nothing to do"


async def test_an_empty_write_sends_nothing(outflow, below):
    assert outflow.write(b"") is DONE
    await settle()
    assert below.sent == []


async def test_a_write_below_the_mark_need_not_wait(outflow):
    waits = outflow.write(b"a")
    assert waits is DONE
    await waits
    await waits


@pytest.mark.parametrize("size", [1, 100, FLUSH_BYTES])
async def test_an_always_ready_writer_gives_others_a_turn(outflow, size):
    others = asyncio.ensure_future(asyncio.sleep(0))
    written = 0
    while not others.done():
        await outflow.write(b"x" * size)
        written += size
        assert written <= TURN_BYTES * 2, "the writer kept the loop to itself"
    assert written > 0


async def test_the_turn_is_counted_anew_after_each():
    below = Below()
    outflow = Outflow(below.send, below.buffered, cap=1000)
    kinds = [outflow.write(b"x" * FLUSH_BYTES) for _ in range(8)]
    assert kinds.count(TURN) == 2


async def test_a_paused_write_waits_for_resume(outflow):
    outflow.pause()
    waiting = asyncio.ensure_future(wait(outflow.write(b"a")))
    await settle()
    assert not waiting.done()
    outflow.resume()
    await settle()
    assert waiting.done()


async def wait(awaitable):
    await awaitable


async def test_a_write_waits_again_if_it_is_paused_again_before_it_ran(outflow):
    outflow.pause()
    waiting = asyncio.ensure_future(wait(outflow.write(b"a")))
    await settle()
    outflow.resume()
    outflow.pause()
    await settle()
    assert not waiting.done()
    outflow.resume()
    await settle()
    assert waiting.done()


async def test_a_cancelled_wait_keeps_what_was_written(outflow, below):
    outflow.pause()
    waiting = asyncio.ensure_future(wait(outflow.write(b"a")))
    await settle()
    waiting.cancel()
    await settle()
    assert outflow._waiters == []
    outflow.resume()
    assert below.sent == [[b"a"]]


async def test_a_wait_may_be_cancelled_and_resumed_in_one_turn(outflow):
    outflow.pause()
    waiting = asyncio.ensure_future(wait(outflow.write(b"a")))
    await settle()
    waiting.cancel()
    outflow.resume()
    await settle()
    assert waiting.cancelled()


async def test_it_may_begin_paused(below):
    outflow = Outflow(below.send, below.buffered, cap=10, paused=True)
    assert outflow.write(b"a") is not DONE


@pytest.mark.parametrize(
    ("held", "written", "fits"),
    [
        pytest.param(0, 1000, True, id="at-the-cap"),
        pytest.param(0, 1001, False, id="one-beyond"),
        pytest.param(400, 600, True, id="with-the-wire-at-the-cap"),
        pytest.param(400, 601, False, id="with-the-wire-one-beyond"),
    ],
)
async def test_the_cap_bounds_what_nobody_awaits(outflow, below, held, written, fits):
    outflow.pause()
    below.held = held
    if fits:
        outflow.write(b"x" * written)
        assert outflow.buffered == written
    else:
        with pytest.raises(WriteOverflow, match="1000 bytes wait for a client that reads slowly"):
            outflow.write(b"x" * written)
        assert outflow.buffered == 0


async def test_the_cap_does_not_bind_while_the_wire_flows(outflow):
    outflow.write(b"x" * 5000)
    assert outflow.total == 5000


async def test_failure_drops_what_is_held_and_wakes_and_refuses(outflow, below):
    outflow.pause()
    waiting = asyncio.ensure_future(wait(outflow.write(b"a")))
    await settle()
    error = ClientGone()
    outflow.fail(error)
    outflow.fail(ValueError("a second failure changes nothing"))
    await settle()
    assert waiting.exception() is error
    with pytest.raises(ClientGone):
        outflow.write(b"b")
    with pytest.raises(ClientGone):
        await outflow.drained()
    assert [piece for pieces in below.sent for piece in pieces] == [b"a"]


async def test_a_failure_before_the_flush_sends_nothing(outflow, below):
    outflow.write(b"a")
    outflow.fail(ClientGone())
    await settle()
    assert below.sent == []


async def test_finish_gives_up_the_rest_and_the_scheduled_flush(outflow, below):
    outflow.write(b"a")
    assert outflow.finish() == ([b"a"], 1)
    await settle()
    assert below.sent == []


async def test_a_known_length_is_counted(below):
    outflow = Outflow(below.send, below.buffered, length=3, cap=10)
    outflow.write(b"ab")
    with pytest.raises(ResponseError, match="longer than its content-length by 1 bytes"):
        outflow.write(b"cd")
    assert (outflow.left, outflow.buffered) == (1, 2)
    outflow.write(b"c")
    assert outflow.left == 0


async def test_begun_tells_whether_anything_went_down(outflow):
    outflow.write(b"a")
    assert not outflow.begun
    outflow.flush()
    assert outflow.begun


async def test_drained_returns_at_once_below_the_mark(outflow):
    await outflow.drained()
    assert not outflow.paused


# What a caller may append without a call.


def append(outflow, data):
    """What ResponseStream does; True if it need not call."""
    if len(outflow.pieces) < outflow.limit and len(data) <= SMALL:
        outflow.pieces.append(data)
        return True
    return False


async def test_nothing_may_be_appended_before_a_flush_is_scheduled(outflow):
    assert not append(outflow, b"a")
    outflow.write(b"a")
    assert append(outflow, b"b")


async def test_what_was_appended_is_counted_when_asked_for_and_sent_in_order(outflow, below):
    outflow.write(b"a")
    append(outflow, b"bc")
    assert (outflow.buffered, outflow.total) == (3, 3)
    outflow.write(b"d")
    append(outflow, b"e")
    await settle()
    assert below.sent == [[b"a", b"bc", b"d", b"e"]]
    assert (outflow.buffered, outflow.total) == (0, 5)
    assert not append(outflow, b"f"), "nothing is scheduled any more"


async def test_what_was_appended_is_counted_by_the_next_write(outflow, below):
    outflow.write(b"a")
    assert append(outflow, b"b") and append(outflow, b"c")
    outflow.write(b"d")
    assert outflow.limit > 3
    await settle()
    assert below.sent == [[b"a", b"bc", b"d"]]


async def test_what_was_appended_goes_with_the_end(outflow):
    outflow.write(b"a")
    append(outflow, b"b")
    assert outflow.finish() == ([b"a", b"b"], 2)
    assert not append(outflow, b"c")


@pytest.mark.parametrize("size", [1, SMALL])
async def test_appending_passes_no_threshold(outflow, below, size):
    """Neither the bytes of a flush nor those, and the costs, of a turn."""
    written = since = 0
    for _ in range(2 * TURN_BYTES // (size + WRITE_COST)):
        data = b"x" * size
        since += size + WRITE_COST
        if not append(outflow, data):
            waits = outflow.write(data)
            assert (waits is TURN) is (since >= TURN_BYTES)
            since *= waits is not TURN
        assert since < TURN_BYTES
        written += size
        assert outflow.buffered == written - sum(len(x) for pieces in below.sent for x in pieces)
        assert outflow.buffered < FLUSH_BYTES
    assert outflow.total == written


async def test_the_last_byte_of_a_flush_is_found_among_small_pieces(outflow, below):
    outflow.write(b"x" * (FIRST_BYTES - 3))
    assert not append(outflow, b"a")
    outflow.write(b"a")
    outflow.write(b"b")
    assert below.sent == []
    outflow.write(b"c")
    assert [len(pieces) for pieces in below.sent] == [4]


@pytest.mark.parametrize("stop", ["pause", "finish", "take", "mute", "fail"])
async def test_nothing_may_be_appended_any_more_after(outflow, stop):
    outflow.write(b"a")
    assert append(outflow, b"b")
    getattr(outflow, stop)(*([ClientGone()] if stop == "fail" else []))
    assert not append(outflow, b"c")


async def test_nothing_may_be_appended_while_paused(outflow):
    outflow.pause()
    outflow.write(b"a")
    assert not append(outflow, b"b")
    outflow.resume()
    assert not append(outflow, b"b")
    outflow.write(b"b")
    assert append(outflow, b"c")


async def test_nothing_may_be_appended_to_a_body_of_known_length(below):
    outflow = Outflow(below.send, below.buffered, length=3, cap=10)
    outflow.write(b"a")
    assert not append(outflow, b"b")


# What is held, of a producer that writes turn after turn.


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def timed(below, clock):
    return Outflow(below.send, below.buffered, cap=1000, clock=clock)


async def test_what_is_written_turn_after_turn_leaves_once_in_a_while(timed, below, clock):
    for number in range(9):
        timed.write(b"%d" % number)
        await asyncio.sleep(0)
        clock.advance(HOLD / 4)
    assert below.sent == [[b"0"], [b"1", b"2", b"3", b"4"], [b"5", b"6", b"7", b"8"]]


async def test_what_is_held_leaves_in_the_first_turn_that_brings_nothing(timed, below):
    timed.write(b"a")
    await asyncio.sleep(0)
    timed.write(b"b")
    await asyncio.sleep(0)
    assert below.sent == [[b"a"]]
    await asyncio.sleep(0)
    assert below.sent == [[b"a"], [b"b"]]


async def test_a_lone_write_is_not_held_once_the_time_is_over(timed, below, clock):
    timed.write(b"a")
    await asyncio.sleep(0)
    clock.advance(HOLD)
    timed.write(b"b")
    await asyncio.sleep(0)
    assert below.sent == [[b"a"], [b"b"]]


@pytest.mark.parametrize("leaves", ["flush", "enough"])
async def test_what_is_held_leaves_at_once_by(timed, below, leaves):
    timed.write(b"a")
    await asyncio.sleep(0)
    timed.write(b"b")
    await asyncio.sleep(0)
    if leaves == "flush":
        timed.flush()
    else:
        timed.write(b"x" * FLUSH_BYTES)
    assert [pieces[0] for pieces in below.sent] == [b"a", b"b"]
    timed.write(b"c")
    assert append(timed, b"d")
    await settle()
    assert below.sent[2:] == [[b"c", b"d"]]


@pytest.mark.parametrize("end", ["finish", "mute", "fail"])
async def test_what_is_held_is_given_up_by(timed, below, end):
    timed.write(b"a")
    await asyncio.sleep(0)
    timed.write(b"b")
    await asyncio.sleep(0)
    given = getattr(timed, end)(*([ClientGone()] if end == "fail" else []))
    assert given == (([b"b"], 1) if end == "finish" else None)
    await settle()
    assert below.sent == [[b"a"]]


@pytest.mark.parametrize("first", [b"x", b"x" * FIRST_BYTES], ids=["flush", "threshold"])
async def test_a_small_piece_after_a_turn_that_brought_nothing_leaves(outflow, below, first):
    outflow.schedule()
    outflow.write(first)
    outflow.flush()
    outflow.write(b"")
    await settle()
    before = len(below.sent)
    assert outflow.limit == 0
    assert not append(outflow, b"y")
    outflow.write(b"y")
    await settle()
    assert below.sent[before:] == [[b"y"]]


async def test_nothing_is_appended_unseen_behind_a_large_piece(outflow, below):
    outflow.write(b"a")
    assert outflow.limit > 1
    outflow.write(bytes(FIRST_BYTES - 2))
    assert outflow.limit == 0
    outflow.write(b"b")
    assert [sum(map(len, pieces)) for pieces in below.sent] == [FIRST_BYTES]


async def test_nor_behind_one_that_gives_others_a_turn(outflow):
    outflow.begun = True
    outflow._enough = FLUSH_BYTES
    outflow._since = TURN_BYTES - 3 * WRITE_COST
    outflow.write(b"a")
    assert outflow.limit > 0
    assert outflow.write(bytes(2 * WRITE_COST)) is TURN
    assert outflow.limit == 0


async def test_what_was_joined_to_be_counted_does_not_move_the_limit(outflow, below):
    outflow.write(b"a")
    limit = outflow.limit
    while len(outflow.pieces) < limit:
        append(outflow, b"x" * SMALL)
    assert outflow.buffered == 1 + (limit - 1) * SMALL
    assert outflow.limit == 0


# The first piece of a turn.


@pytest.fixture
async def idle(below):
    """An outflow whose head is out."""
    outflow = Outflow(below.send, below.buffered, cap=1000)
    outflow.schedule()
    await settle()
    assert outflow.idle
    below.sent.clear()
    return outflow


async def test_it_is_not_idle_before_its_head_is_out(outflow):
    assert not outflow.idle
    outflow.schedule()
    assert not outflow.idle


async def test_a_first_piece_leaves_with_what_is_written_behind_it(idle, below):
    assert idle.first(b"a") is DONE
    assert (idle.idle, idle.limit, idle.buffered, idle.total) == (False, 0, 1, 1)
    idle.write(b"b")
    assert append(idle, b"c")
    assert below.sent == []
    await settle()
    assert below.sent == [[b"a", b"b", b"c"]]
    assert (idle.idle, idle.limit, idle.buffered, idle.total) == (True, 0, 0, 3)


@pytest.mark.parametrize("size", [1, SMALL + 1])
async def test_nothing_is_first_behind_what_was_written(idle, below, size):
    idle.write(b"a" * size)
    assert not idle.idle
    await settle()
    assert idle.idle
    idle.write(b"b" * FLUSH_BYTES)
    assert idle.idle, "nothing of it is held"
    assert below.sent == [[b"a" * size], [b"b" * FLUSH_BYTES]]


async def test_first_pieces_of_each_turn_are_held_as_others_are(below, clock):
    timed = Outflow(below.send, below.buffered, cap=1000, clock=clock)
    timed.write(b"a")
    await asyncio.sleep(0)
    timed.first(b"b")
    await asyncio.sleep(0)
    assert (below.sent, timed.idle) == ([[b"a"]], False)
    await asyncio.sleep(0)
    assert (below.sent, timed.idle) == ([[b"a"], [b"b"]], True)


@pytest.mark.parametrize("stop", ["pause", "finish", "fail"])
async def test_it_is_not_idle_any_more_after(idle, stop):
    getattr(idle, stop)(*([ClientGone()] if stop == "fail" else []))
    assert not idle.idle
    await settle()
    assert not idle.idle


async def test_it_is_idle_again_a_turn_after_it_was_paused(idle, below):
    idle.pause()
    idle.write(b"a")
    await settle()
    assert not idle.idle
    idle.resume()
    assert not idle.idle
    idle.write(b"b")
    await settle()
    assert idle.idle
    assert below.sent == [[b"a"], [b"b"]]


async def test_a_flush_at_once_leaves_the_turn_as_it_is(idle, below):
    idle.first(b"a")
    idle.flush()
    assert (below.sent, idle.idle) == ([[b"a"]], False)
    await settle()
    assert (below.sent, idle.idle) == ([[b"a"]], True)


async def test_a_first_piece_is_dropped_with_what_nobody_hears(idle, below):
    idle.first(b"a")
    idle.mute()
    await settle()
    idle.first(b"b")
    await settle()
    assert (below.sent, idle.total) == ([], 2)


async def test_a_body_of_known_length_is_never_idle(below):
    outflow = Outflow(below.send, below.buffered, length=3, cap=10)
    outflow.write(b"a")
    await settle()
    assert (below.sent, outflow.idle) == ([[b"a"]], False)
