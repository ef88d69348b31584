import pytest

from headrace._intake import Intake
from headrace.exceptions import PayloadTooLarge, TruncatedBody

pytestmark = pytest.mark.anyio


def piped(limit=0, high=10):
    calls = []
    intake = Intake(limit)
    intake.open_pipe(high, lambda: calls.append("pause"), lambda: calls.append("resume"))
    return intake, calls


async def test_it_collects_where_nobody_reads():
    intake = Intake(0)
    intake.receive(b"ab")
    intake.receive(b"c")
    intake.finish()
    assert (intake.complete, intake.received, intake.collected()) == (True, 3, b"abc")


async def test_a_body_of_one_piece_is_not_copied():
    intake = Intake(0)
    data = b"x" * 100
    intake.receive(data)
    assert intake.collected() is data


async def test_it_pipes_and_stops_above_the_mark():
    intake, calls = piped()
    intake.receive(b"x" * 11)
    assert calls == ["pause"]
    assert await intake.receiver.get() == b"x" * 11
    assert calls == ["pause", "resume"]
    intake.finish()
    assert await intake.receiver.get() is None


@pytest.mark.parametrize(
    ("sizes", "over"),
    [
        pytest.param([10], False, id="at-the-limit"),
        pytest.param([11], True, id="one-beyond"),
        pytest.param([5, 5], False, id="in-two-at-the-limit"),
        pytest.param([5, 6], True, id="in-two-one-beyond"),
    ],
)
async def test_the_limit_counts_what_arrives(sizes, over):
    intake = Intake(10)
    for size in sizes[:-1]:
        intake.receive(b"x" * size)
    if over:
        with pytest.raises(PayloadTooLarge, match="limit of 10 bytes"):
            intake.receive(b"x" * sizes[-1])
    else:
        intake.receive(b"x" * sizes[-1])
        assert len(intake.collected()) == sum(sizes)


async def test_a_reader_gets_the_bytes_before_the_limit_and_then_the_error():
    intake, _ = piped(limit=10)
    intake.receive(b"x" * 10)
    with pytest.raises(PayloadTooLarge):
        intake.receive(b"y")
    assert await intake.receiver.get() == b"x" * 10
    with pytest.raises(PayloadTooLarge):
        await intake.receiver.get()


async def test_a_failure_reaches_the_reader_after_the_bytes():
    intake, _ = piped()
    intake.receive(b"a")
    intake.fail(TruncatedBody())
    assert await intake.receiver.get() == b"a"
    with pytest.raises(TruncatedBody, match="ended early"):
        await intake.receiver.get()


async def test_a_failure_drops_what_was_collected():
    intake = Intake(0)
    intake.receive(b"a")
    intake.fail(TruncatedBody())
    assert intake.collected() == b""


async def test_discard_lets_go_of_everything():
    intake, _ = piped()
    intake.receive(b"a")
    receiver = intake.receiver
    intake.discard()
    assert receiver.buffered == 0
    assert intake.receiver is None
    collecting = Intake(0)
    collecting.receive(b"a")
    collecting.discard()
    assert collecting.collected() == b""


async def test_what_a_reader_gave_up_is_dropped():
    intake, _ = piped()
    intake.receiver.cancel()
    intake.receive(b"a")
    assert (intake.received, intake.receiver.buffered) == (1, 0)
