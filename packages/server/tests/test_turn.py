"""Answers that wait for the end of the loop's turn, and what must not overtake or lose them."""

import asyncio
import re
import sys
from types import ModuleType

import pytest

from headrace import EndReason, Headrace, _loop, text
from headrace._http1 import JOIN_BYTES
from headrace._turn import Turn, shared
from headrace.testing import Conversation, settle

pytestmark = pytest.mark.anyio

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Member:
    """Notes when it may write."""

    def __init__(self, written, fails=False):
        self.written = written
        self.fails = fails

    def end_turn(self):
        if self.fails:
            raise RuntimeError("no")
        self.written.append(self)


async def test_members_write_at_the_end_of_the_turn_in_order():
    turn, written = Turn(), []
    one, other = Member(written), Member(written)
    turn.join(one)
    turn.join(other)
    assert written == []
    await asyncio.sleep(0)
    assert written == [one, other]
    turn.join(one)
    await asyncio.sleep(0)
    assert written == [one, other, one]


async def test_who_joins_while_the_others_write_does_so_at_the_end_of_the_next_turn():
    turn, written = Turn(), []
    member = Member(written)

    class Joins:
        def end_turn(self):
            turn.join(member)

    turn.join(Joins())
    await asyncio.sleep(0)
    assert written == []
    await asyncio.sleep(0)
    assert written == [member]


async def test_a_loop_has_one_that_is_shared():
    async def there():
        return shared()

    def elsewhere():
        loop = asyncio.new_event_loop()
        try:
            return loop.run_until_complete(there())
        finally:
            loop.close()

    assert shared() is shared()
    assert await asyncio.to_thread(elsewhere) is not shared()


async def test_one_that_fails_does_not_keep_the_others(caplog):
    turn, written = Turn(), []
    good = Member(written)
    turn.join(Member(written, fails=True))
    turn.join(good)
    await asyncio.sleep(0)
    assert written == [good]
    assert [record.message for record in caplog.records] == ["a response could not be written"]


@pytest.mark.parametrize(
    ("module", "version", "expected"),
    [
        ("asyncio.unix_events", None, True),
        ("uvloop", "0.22.1", False),
        ("uvloop.loop", "0.23.0", True),
        ("uvloop", "1.0.0b1", True),
        ("other", None, False),
    ],
)
def test_loops_that_write_at_once(monkeypatch, module, version, expected):
    uvloop = ModuleType("uvloop")
    uvloop.__version__ = version
    monkeypatch.setitem(sys.modules, "uvloop", uvloop)
    loop = type("Loop", (), {"__module__": module})()
    assert _loop.writes_at_once(loop) is expected


# On a connection.


@pytest.fixture
def app():
    app = Headrace("turn")
    app.ctx.size = 1

    @app.get("/")
    async def index(request):
        return text("x" * app.ctx.size)

    @app.get("/stream")
    async def stream(request):
        response = await request.respond()
        await response.send("streamed")

    return app


@pytest.fixture
def talk(app):
    """A connection of a server that has answers wait."""
    server = Conversation(app).server
    server.turn = Turn()
    return Conversation(app, server=server)


async def answered(talk, data):
    """Let the server receive these bytes; return in the turn in which it answers."""
    talk.connection.data_received(data)
    while not talk.connection._wire._late:  # Python 3.11 starts the handler in the next turn
        await asyncio.sleep(0)


EAGER = sys.version_info >= (3, 12)


async def test_an_answer_leaves_at_the_end_of_the_turn(talk):
    await answered(talk, GET)
    assert talk.transport.writes == []
    queued, unsent = talk.connection.held()
    assert (queued, unsent) == (0, talk.connection._wire.sent)
    await settle()
    (written,) = talk.transport.writes
    assert written.startswith(b"HTTP/1.1 200 OK") and written.endswith(b"\r\n\r\nx")
    assert talk.connection.held() == (0, 0)


async def test_pipelined_answers_are_one_write(talk):
    await talk.send(GET * 3)
    counts = [each.count(b"HTTP/1.1 200 OK") for each in talk.transport.writes]
    assert counts == ([3] if EAGER else [1, 1, 1])


async def test_many_bytes_are_not_joined_again_and_again(app, talk):
    app.ctx.size = JOIN_BYTES // 2
    await talk.send(GET * 5)
    counts = [each.count(b"HTTP/1.1 200 OK") for each in talk.transport.writes]
    assert counts == ([2, 2, 1] if EAGER else [1] * 5)


async def test_an_answer_that_closes_its_connection_comes_after_the_others(talk):
    await talk.send(GET * 2 + b"GET / HTTP/1.1\r\n\r\n")
    assert re.findall(rb"HTTP/1.1 (\d+)", talk.take()) == [b"200", b"200", b"400"]


async def test_what_is_written_piece_by_piece_comes_after_them(talk):
    await talk.send(GET + GET.replace(b"/ ", b"/stream "))
    data = talk.take()
    assert data.index(b"\r\n\r\nx") < data.index(b"streamed")


async def end(talk):
    assert not talk.connection.eof_received()
    talk.transport.close()


async def drain(talk):
    talk.connection.drain()
    assert talk.closed


async def cut(talk):
    talk.connection.lose(EndReason.DRAINING)
    assert talk.closed


@pytest.mark.parametrize("close", [end, drain, cut])
async def test_no_answer_is_lost_when_its_connection_is_closed_in_the_same_turn(talk, close):
    await answered(talk, GET)
    await close(talk)
    assert b"".join(talk.transport.writes).endswith(b"\r\n\r\nx")
    await settle()
    assert len(talk.transport.writes) == 1


async def test_a_client_that_left_is_sent_nothing(talk):
    await answered(talk, GET)
    talk.transport.lose(None)
    await settle()
    assert talk.transport.writes == []
