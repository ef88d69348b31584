"""A client that sends FIN and reads on is not one that left, and is served to the end."""

import re
import socket
import time

import pytest
from tests.peers import exchanges, pattern

SIZE = 3 << 20
GET = b"GET %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
OVER_THE_GRACE = 0.5
"""Seconds after which a server that cannot tell the two apart would have given up."""


@pytest.fixture
def server(serve, diary):
    return serve(exchanges(diary), half_close_grace=0.1)


def half_closed(server, path, version=b"HTTP/1.1"):
    client = server.connect()
    client.send((GET % path.encode()).replace(b"HTTP/1.1", version))
    client.socket.shutdown(socket.SHUT_WR)
    return client


def body(received):
    """Decode a chunked body, with whatever zeros lie before its sizes."""
    rest, whole = received.partition(b"\r\n\r\n")[2], b""
    while size := int(rest.partition(b"\r\n")[0], 16):
        rest = rest.partition(b"\r\n")[2]
        whole += rest[:size]
        assert rest[size : size + 2] == b"\r\n"
        rest = rest[size + 2 :]
    assert re.fullmatch(rb"0+\r\n\r\n", rest)
    return whole


def step(server, word):
    request = b"POST /step HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b"
    assert server.ask(request % (len(word), word)).startswith(b"HTTP/1.1 204 ")


def test_a_long_response_comes_whole(server):
    with half_closed(server, f"/pattern/{SIZE}") as client:
        assert body(client.read_all()) == pattern(SIZE)
    with half_closed(server, f"/counted/{SIZE}") as client:
        assert client.read_all().partition(b"\r\n\r\n")[2] == pattern(SIZE)


@pytest.mark.parametrize("client", ["node"], indirect=True)
def test_a_long_response_comes_whole_in_node(client, server):
    received = client.half_close(f"{server.url}/counted/{SIZE}")
    assert received.partition(b"\r\n\r\n")[2] == pattern(SIZE)


def test_a_silent_stream_goes_on_and_ends_when_the_client_leaves(server, diary):
    with half_closed(server, "/idle") as client:
        client.read_to(b"first\n\r\n")
        time.sleep(OVER_THE_GRACE)
        assert not diary.noted("ended")
        zeros = client.socket.recv(100)
        assert zeros == b"0" * len(zeros)
    _, reason = diary.wait("ended")
    assert reason.name == "CLIENT_GONE"


def test_a_slow_stream_goes_on(server):
    with half_closed(server, "/steps") as client:
        for word in (b"one", b"two"):
            time.sleep(OVER_THE_GRACE)
            step(server, word)
            client.read_to(b"data: %b\n\n" % word)


@pytest.mark.parametrize("version", [b"HTTP/1.1", b"HTTP/1.0"])
def test_a_late_response_comes_whole_and_with_nothing_before_it(server, version):
    with half_closed(server, "/late", version) as client:
        time.sleep(OVER_THE_GRACE)
        step(server, b"word")
        received = client.read_all()
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert received.endswith(b"\r\n\r\nlate: word")
    assert received.count(b"HTTP") == 1


def test_nothing_follows_a_response_whose_handler_goes_on(server):
    with half_closed(server, "/ends-early") as client:
        client.read_to(b"0\r\n\r\n")
        time.sleep(OVER_THE_GRACE)
        step(server, b"word")
        assert client.read_all() == b""
