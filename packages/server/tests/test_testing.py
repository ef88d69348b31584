"""The doubles behave as what they stand for, so that tests with them mean something."""

import asyncio

import pytest

from headrace import Headrace, text
from headrace._probe import CLOSE, CLOSE_WAIT
from headrace.testing import Conversation, FakeClock, FakeTransport, settle

pytestmark = pytest.mark.anyio


class Protocol(asyncio.Protocol):
    def __init__(self):
        self.calls = []

    def connection_made(self, transport):
        self.calls.append("made")

    def connection_lost(self, exc):
        self.calls.append(("lost", exc))

    def pause_writing(self):
        self.calls.append("pause")

    def resume_writing(self):
        self.calls.append("resume")


@pytest.fixture
def protocol():
    return Protocol()


@pytest.fixture
def transport(protocol):
    transport = FakeTransport()
    transport.connect(protocol)
    return transport


async def test_the_clock_moves_when_told():
    clock = FakeClock()
    start = clock()
    clock.advance(2.5)
    assert clock() == start + 2.5


async def test_a_reading_client_takes_everything(transport, protocol):
    transport.write(b"x" * 1_000_000)
    assert (transport.get_write_buffer_size(), protocol.calls) == (0, ["made"])


async def test_a_client_that_does_not_read_fills_the_buffer(transport, protocol):
    transport.set_write_buffer_limits(high=10)
    transport.set_write_buffer_limits()
    transport.reading = False
    transport.writelines([b"x" * 5, b"y" * 5])
    assert protocol.calls == ["made"]
    transport.write(b"z")
    transport.write(b"z")
    assert protocol.calls == ["made", "pause"]
    transport.read()
    transport.read()
    assert protocol.calls == ["made", "pause", "resume"]


async def test_close_waits_until_the_buffer_is_empty(transport, protocol):
    transport.reading = False
    transport.write(b"x")
    transport.close()
    await settle()
    assert transport.is_closing()
    assert protocol.calls == ["made"]
    transport.read()
    await settle()
    assert protocol.calls == ["made", ("lost", None)]


async def test_nothing_is_written_after_close(transport):
    transport.close()
    transport.write(b"x")
    assert transport.writes == []


async def test_writing_after_our_end_is_an_error_of_the_server(transport):
    transport.write_eof()
    with pytest.raises(AssertionError, match="after write_eof"):
        transport.write(b"x")


async def test_a_connection_is_lost_once(transport, protocol):
    error = ConnectionResetError()
    transport.lose(error)
    transport.abort()
    await settle()
    assert protocol.calls == ["made", ("lost", error)]


@pytest.mark.parametrize("calls", [["pause_reading", "pause_reading"], ["resume_reading"]])
async def test_reading_is_paused_and_resumed_in_turn(transport, calls):
    with pytest.raises(AssertionError, match=r"paused twice|without being paused"):
        for call in calls:
            getattr(transport, call)()


async def test_a_conversation():
    app = Headrace("conversation")

    @app.get("/")
    async def index(request):
        return text("hello")

    talk = Conversation(app, keep_alive_timeout=5.0)
    await talk.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert talk.take().endswith(b"hello")
    assert talk.take() == b""
    await talk.wait(6)
    assert talk.closed


async def test_a_conversation_does_not_send_what_the_server_would_not_read():
    app = Headrace("conversation")
    talk = Conversation(app)
    talk.transport.pause_reading()
    with pytest.raises(AssertionError, match="does not read now"):
        await talk.send(b"x")


async def test_a_client_that_vanishes():
    app = Headrace("conversation")
    talk = Conversation(app)
    await talk.vanish()
    assert talk.closed

    talk = Conversation(app)
    talk.transport.pause_reading()
    await talk.vanish()
    assert not talk.closed, "its FIN was not read"
    assert talk.transport.get_extra_info("socket").getsockopt(0, 0, 1) == bytes([CLOSE_WAIT])
    talk.transport.write(b"x")
    assert talk.transport.get_extra_info("socket").getsockopt(0, 0, 1) == bytes([CLOSE])
