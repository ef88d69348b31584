"""Binding, draining and stopping, with a loop whose sockets are not real."""

import asyncio
import logging
import signal
import socket

import pytest

from headrace import Config, EndReason, Headrace, Server, text
from headrace import _dated as dated_module
from headrace import _server as module
from headrace._probe import KEEP_ALIVE, keep_alive
from headrace._statistics import ExchangeStatistics
from headrace.exceptions import ListenError
from headrace.testing import FakeClock, FakeTransport, settle

pytestmark = pytest.mark.anyio

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


class Socket:
    def __init__(self):
        self.options = {}

    def getsockname(self):
        return ("127.0.0.1", 4242)

    def setsockopt(self, level, option, value):
        self.options[option] = value


class Listener:
    """What ``create_server`` gives."""

    def __init__(self, make, host, port, options):
        self.make = make
        self.asked = (host, port, options)
        self.sockets = [Socket()]
        self.closed = False

    def close(self):
        self.closed = True

    def connect(self):
        connection = self.make()
        transport = FakeTransport()
        transport.connect(connection)
        return connection, transport


@pytest.fixture
def listeners(monkeypatch):
    made = []

    async def create_server(make, host, port, **options):
        made.append(Listener(make, host, port, options))
        return made[-1]

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_server", staticmethod(create_server))
    return made


@pytest.fixture
def app():
    app = Headrace("server")
    app.ctx.events = []
    for event in (
        "before_server_start",
        "after_server_start",
        "before_server_stop",
        "after_server_stop",
    ):
        app.listener(event)(lambda app, event=event: app.ctx.events.append(event))

    @app.get("/")
    async def index(request):
        return text("hello")

    @app.get("/wait")
    async def wait(request):
        await request.draining.wait()
        return text("last words")

    @app.get("/deaf")
    async def deaf(request):
        await asyncio.Event().wait()

    return app


async def test_it_binds_what_the_settings_say(app, listeners):
    async with Server(app, Config(host="::1", port=81, backlog=7)) as server:
        assert listeners[0].asked == ("::1", 81, {"backlog": 7})
        assert server.port == 4242
        assert not listeners[0].closed
    assert listeners[0].closed


async def test_the_kernel_looks_for_clients_that_vanished(app, listeners):
    async with Server(app):
        options = listeners[0].sockets[0].options
    assert options[socket.SO_KEEPALIVE] == 1
    assert {options[getattr(socket, name)] for name in KEEP_ALIVE} == {60, 15, 4}


async def test_keep_alive_where_its_times_cannot_be_set(monkeypatch):
    for name in KEEP_ALIVE:
        monkeypatch.delattr(socket, name)
    listener = Socket()
    keep_alive(listener)
    assert listener.options == {socket.SO_KEEPALIVE: 1}


async def test_listeners_run_in_order(app, listeners):
    async with Server(app):
        assert app.ctx.events == ["before_server_start", "after_server_start"]
    assert app.ctx.events[2:] == ["before_server_stop", "after_server_stop"]


async def test_a_start_listener_that_fails_leaves_nothing_open(app, listeners):
    @app.listener("after_server_start")
    async def fail(app):
        raise RuntimeError("no database")

    server = Server(app)
    with pytest.raises(RuntimeError, match="no database"):
        await server.start()
    assert listeners[0].closed
    assert server.sweeper._timer is None
    assert app.ctx.events[-1] == "after_server_stop"


async def test_a_first_listener_that_fails_has_its_own_to_clean_up(app):
    @app.listener("before_server_start")
    async def fail(app):
        raise RuntimeError("no database")

    with pytest.raises(RuntimeError, match="no database"):
        await Server(app).start()
    assert app.ctx.events == ["before_server_start"]


async def test_an_address_that_cannot_be_bound(app, monkeypatch):
    async def create_server(*args, **options):
        raise OSError(98, "in use")

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_server", staticmethod(create_server))
    with pytest.raises(ListenError, match=r"^cannot listen on 127.0.0.1 port 8000: in use$") as e:
        await Server(app).start()
    assert (e.value.errno, e.value.host, e.value.port) == (98, "127.0.0.1", 8000)
    assert app.ctx.events == ["before_server_start", "after_server_stop"]


async def test_it_serves(app, listeners):
    async with Server(app):
        connection, transport = listeners[0].connect()
        connection.data_received(GET)
        await settle()
        assert transport.writes[0].endswith(b"hello")


async def test_stop_closes_idle_connections_and_lets_open_exchanges_say_goodbye(app, listeners):
    async with Server(app, Config(linger_timeout=0.0)) as server:
        _, idle = listeners[0].connect()
        connection, busy = listeners[0].connect()
        connection.data_received(GET.replace(b"/ ", b"/wait "))
        await settle()
        assert not server.draining
    assert idle.is_closing()
    assert b"connection: close\r\n" in busy.writes[0]
    assert busy.writes[0].endswith(b"last words")
    assert not busy.aborted
    assert not server.connections


async def test_stop_does_not_cut_a_client_that_has_got_everything(app, listeners):
    async with Server(app, Config(drain_timeout=0.0)):
        connection, transport = listeners[0].connect()
        connection.data_received(GET.replace(b"GET", b"BAD BAD"))
        assert transport.eof_sent
    assert transport.is_closing()
    assert not transport.aborted


async def test_stop_cuts_what_does_not_end(app, listeners):
    async with Server(app, Config(drain_timeout=0.0)) as server:
        connection, deaf = listeners[0].connect()
        connection.data_received(GET.replace(b"/ ", b"/deaf "))
        await settle()
        exchange = connection.exchange
    await settle()
    assert deaf.aborted
    assert exchange.reason is EndReason.DRAINING
    assert server.requests == 1


async def test_a_server_can_be_started_again(app, listeners):
    async with Server(app):
        pass
    async with Server(app) as server:
        assert not server.draining


async def test_two_servers_of_one_application_drain_apart(app, listeners):
    async with Server(app) as first:
        async with Server(app) as second:
            pass
        assert second.draining
        assert not first.draining


async def test_a_stop_listener_that_fails_stops_all_the_same(app, listeners):
    @app.listener("before_server_stop")
    async def fail(app):
        raise RuntimeError("cannot say goodbye")

    server = Server(app)
    await server.start()
    with pytest.raises(RuntimeError, match="cannot say goodbye"):
        await server.stop()
    assert listeners[0].closed
    assert app.ctx.events[-1] == "after_server_stop"


async def test_the_date_is_made_once_a_second(app, monkeypatch):
    made = []
    monkeypatch.setattr(dated_module, "now_as_date", lambda: made.append(None) or f"#{len(made)}")
    clock = FakeClock()
    server = Server(app, clock=clock)
    server.sweeper.sweep()
    assert [server.dated.date(), server.dated.date()] == ["#1", "#1"]
    for seconds, date in ((0.9, "#1"), (0.2, "#2")):
        clock.advance(seconds)
        server.sweeper.sweep()
        assert server.dated.date() == date


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param(b"/", '192.0.2.1 "GET /" 200 complete in=0 out=5 first=', id="complete"),
        pytest.param(
            b"/nowhere", '192.0.2.1 "GET /nowhere" 404 complete in=0 out=33 first=', id="refused"
        ),
        pytest.param(b"/deaf", '192.0.2.1 "GET /deaf" 0 client gone in=0 out=0 first=-', id="gone"),
    ],
)
async def test_the_access_log_has_a_line_at_the_end(app, listeners, caplog, path, line):
    caplog.set_level(logging.INFO, "headrace.access")
    async with Server(app, Config(access_log=True)):
        connection, transport = listeners[0].connect()
        connection.data_received(GET.replace(b"/ ", path + b" "))
        await settle()
        transport.lose(None)
        await settle()
    (record,) = caplog.records
    assert record.getMessage().startswith(line)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_it(app, listeners, monkeypatch, caplog, host, number):
    caplog.set_level(logging.INFO, "headrace")
    handlers = {}
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "add_signal_handler", handlers.__setitem__)
    serving = asyncio.ensure_future(
        module.serve_until_signal(app, Config(host=host, access_log=False))
    )
    await settle()
    assert set(handlers) == {signal.SIGINT, signal.SIGTERM}
    assert not serving.done()
    handlers[number]()
    await serving
    shown = f"[{host}]" if ":" in host else host
    assert [record.getMessage() for record in caplog.records] == [
        f"server listens on http://{shown}:4242",
        "server stopped",
    ]


async def test_a_second_signal_cuts_what_is_open(app, listeners, monkeypatch, caplog):
    caplog.set_level(logging.INFO, "headrace")
    handlers = {}
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "add_signal_handler", handlers.__setitem__)
    serving = asyncio.ensure_future(module.serve_until_signal(app, Config(drain_timeout=100.0)))
    await settle()
    connection, deaf = listeners[0].connect()
    connection.data_received(GET.replace(b"/ ", b"/deaf "))
    await settle()
    handlers[signal.SIGINT]()
    await settle()
    assert not serving.done()
    handlers[signal.SIGINT]()
    await serving
    assert deaf.aborted
    assert caplog.records[1].getMessage() == (
        "server stops: waits up to 100 s for 1 connections; once more to cut them"
    )


@pytest.mark.parametrize("configured", [True, False])
def test_serve_runs_a_loop_and_logs_to_somewhere(app, monkeypatch, configured):
    ran = []
    basic = []

    async def until_signal(app, config):
        ran.append((app, config))

    monkeypatch.setattr(module, "serve_until_signal", until_signal)
    monkeypatch.setattr(logging.getLogger(), "handlers", [object()] if configured else [])
    monkeypatch.setattr(logging, "basicConfig", lambda **options: basic.append(options))
    config = Config(loop="asyncio")
    module.serve(app, config)
    assert ran == [(app, config)]
    assert len(basic) == (0 if configured else 1)


# Limits of the whole server.


async def test_one_connection_too_many_is_refused(app, listeners, caplog):
    async with Server(app, Config(max_connections=8)) as server:
        _, transport = listeners[0].connect()
        for _ in range(7):
            listeners[0].connect()
        for _ in range(2):
            _, refused = listeners[0].connect()
            assert refused.writes[0].startswith(b"HTTP/1.1 503 ")
            assert b"connection: close\r\n" in refused.writes[0]
            assert refused.is_closing()
        assert len(server.connections) == 8
        assert [r.getMessage() for r in caplog.records] == [
            "more than max_connections=8: further ones are refused"
        ]
        transport.lose(None)
        await settle()
        _, accepted = listeners[0].connect()
        assert not accepted.is_closing()
        listeners[0].connect()
        assert len(caplog.records) == 1, "nobody can fill the log with it"
        for connection in list(server.connections):
            connection._transport.lose(None)
        await settle()
        for _ in range(9):
            listeners[0].connect()
        assert len(caplog.records) == 2


async def test_a_connection_that_comes_too_late_for_the_shutdown(app, listeners):
    async with Server(app) as server:
        pass
    _, late = listeners[0].connect()
    assert late.writes[0].startswith(b"HTTP/1.1 503 ")
    assert late.is_closing()
    assert not server.connections


async def test_any_number_of_connections(app, listeners):
    async with Server(app, Config(max_connections=0)) as server:
        for _ in range(5):
            listeners[0].connect()
        assert len(server.connections) == 5


async def test_statistics(app, listeners):
    @app.post("/up", stream=True)
    async def up(request):
        await asyncio.Event().wait()

    clock = FakeClock()
    async with Server(app, Config(drain_timeout=0.0), clock=clock) as server:
        listeners[0].connect()
        answered, _ = listeners[0].connect()
        answered.data_received(GET)
        uploading, _ = listeners[0].connect()
        uploading.data_received(
            b"POST /up HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n" + b"x" * 5
        )
        await settle()
        clock.advance(3)
        server.sweeper.sweep()
        found = server.statistics()
        assert (found.requests, found.exchanges, len(found.connections)) == (1, 1, 3)
        assert (found.buffered_in, found.buffered_out, found.pressed) == (5, 0, False)
        (busy,) = [each for each in found.connections if each.exchange is not None]
        assert (busy.peer, busy.buffered_in) == (("192.0.2.1", 50000), 5)
        assert busy.exchange == ExchangeStatistics("POST", "/up", "HANDLING", 5, 0, 3.0)
