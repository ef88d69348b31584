"""What one peer does not take, the other must not make: resident memory stays where it was.

The server is a process of its own, so its memory is its own. Nothing here depends on how fast the
machine is: a client goes on until the server has stopped moving, however long that takes, and a
server that does not stop runs into the bound on memory first.
"""

import json
import select
import subprocess
import time
from pathlib import Path

import pytest

APPS = Path(__file__).parent / "apps"
MIB = 1 << 20
ALLOWED = 32 * MIB
UPLOAD = 512 * MIB
BLOCK = bytes(256 * 1024)
GIVE_UP = 20.0
STILL = 0.4
"""Seconds without any movement after which both sides are taken to have stopped."""


class Watched:
    """The server's process, its memory and what its application tells of itself."""

    def __init__(self, process):
        self.process = process
        self.state()  # a first request, so that what is loaded lazily is loaded
        self.idle = self.resident()

    def resident(self):
        pid = self.process.child.pid
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            told = subprocess.check_output(["ps", "-o", "rss=", "-p", str(pid)], text=True)
            return int(told) * 1024
        (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024

    def grown(self):
        return self.resident() - self.idle

    def state(self):
        """Ask the server, which thereby shows that it answers others meanwhile."""
        received = self.process.ask(b"GET /state HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        return json.loads(received.partition(b"\r\n\r\n")[2])

    def until(self, condition):
        """Ask until the condition holds for the state."""
        deadline = time.monotonic() + GIVE_UP
        while not condition(state := self.state()):
            assert self.grown() < ALLOWED
            assert time.monotonic() < deadline, f"still {state}"
            time.sleep(0.02)

    def until_still(self):
        """Ask until the application has not moved for a while."""
        deadline = time.monotonic() + GIVE_UP
        before, since = self.state(), time.monotonic()
        while time.monotonic() - since < STILL:
            assert self.grown() < ALLOWED
            assert time.monotonic() < deadline, "it never stopped"
            time.sleep(0.02)
            state = self.state()
            if state != before:
                before, since = state, time.monotonic()

    def push(self, client, pieces):
        """Write until the server has taken nothing for a while; return how much it took."""
        client.setblocking(False)
        sent = 0
        deadline = time.monotonic() + GIVE_UP
        for piece in pieces:
            view = memoryview(piece)
            while view:
                if not select.select([], [client], [], STILL)[1]:
                    return sent
                assert self.grown() < ALLOWED
                assert time.monotonic() < deadline, "it never stopped"
                try:
                    taken = client.send(view)
                except BlockingIOError:
                    continue
                sent += taken
                view = view[taken:]
        return sent


@pytest.fixture
def server(spawn, loop):
    return Watched(
        spawn(
            *("-m", "headrace", "run", "pressure:app", "--app-dir", str(APPS)),
            *("--port", "0", "--loop", loop),
        )
    )


@pytest.mark.parametrize("path", ["/awaited", "/small", "/generator", "/thread"])
def test_an_endless_response_that_nobody_reads(server, path):
    with server.process.connect() as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        server.until(lambda state: state["produced"] >= 512 * 1024)
        server.until_still()
        assert server.grown() < ALLOWED
        assert server.state()["open"] == 1
    server.until(lambda state: state["open"] == 0)
    assert server.grown() < ALLOWED


def sized(path):
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {UPLOAD}\r\n\r\n".encode()
    return [head, *[BLOCK] * (UPLOAD // len(BLOCK))]


def chunked(path):
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    piece = b"%x\r\n%s\r\n" % (len(BLOCK), BLOCK)
    return [head, *[piece] * (UPLOAD // len(BLOCK)), b"0\r\n\r\n"]


@pytest.mark.parametrize("pieces", [sized, chunked])
@pytest.mark.parametrize("path", ["/ignored", "/duplex"])
def test_an_upload_that_nobody_takes(server, path, pieces):
    """Not read at all; or echoed, without awaiting a write, to a client that does not read."""
    with server.process.connect() as client:
        sent = server.push(client, pieces(path))
        assert 0 < sent < UPLOAD
        server.until_still()
        assert server.grown() < ALLOWED
        assert server.state()["open"] == 1


@pytest.mark.parametrize("pieces", [sized, chunked])
def test_an_upload_that_is_read_arrives_whole_in_bounded_memory(server, pieces):
    with server.process.connect() as client:
        client.settimeout(GIVE_UP)
        for number, piece in enumerate(pieces("/counted")):
            client.sendall(piece)
            if not number % 64:
                assert server.grown() < ALLOWED
        received = b""
        while not received.endswith(b"}"):
            received += client.recv(65536)
    assert received.endswith(b'{"produced":%d,"open":1}' % UPLOAD)
    assert server.grown() < ALLOWED
