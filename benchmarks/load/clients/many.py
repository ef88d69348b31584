"""Thousands of connections in one thread: to hold them open, or to ask on all of them in turn."""

from __future__ import annotations

import contextlib
import resource
import select
import socket
import time
from typing import Self

from . import Load, NoAnswer, WrongAnswer, quantile
from .raw import END, Connection

WINDOW = 128
PATIENCE = 60.0
SETTLE = 0.3


class Many:
    """So many connections, each of which has had an answer that ends with, or holds, some bytes.

    Args:
        port: of the server.
        message: what is asked on each.
        mark: bytes by which an answer is complete.
        count: number of connections.
    """

    def __init__(self, port: int, message: bytes, mark: bytes, count: int) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft < count + 200:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self._address = ("127.0.0.1", port)
        self.message = message
        self.mark = mark
        self._count = count
        self.sockets: dict[int, socket.socket] = {}
        self.poll = select.epoll()
        self.tails: dict[int, bytes] = {}

    def __enter__(self) -> Self:
        while len(self.sockets) < self._count:
            self._open(min(WINDOW, self._count - len(self.sockets)))
        return self

    def __exit__(self, *_: object) -> None:
        for one in self.sockets.values():
            with contextlib.suppress(OSError):
                one.close()
        self.poll.close()

    def _open(self, count: int) -> None:
        waiting = set()
        for _ in range(count):
            one = socket.create_connection(self._address, PATIENCE)
            one.setblocking(False)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            one.send(self.message)
            self.sockets[one.fileno()] = one
            self.poll.register(one, select.EPOLLIN)
            waiting.add(one.fileno())
        self.wait_for(self.mark, waiting)

    def wait_for(self, mark: bytes, waiting: set[int]) -> list[float]:
        """Read until each of these has received the mark; return when each had, in order.

        Raises:
            WrongAnswer: it takes too long, or a connection was closed.
        """
        arrivals = []
        give_up = time.monotonic() + PATIENCE
        tails = self.tails
        tails.clear()
        while waiting:
            ready = self.poll.poll(1.0)
            if not ready and time.monotonic() > give_up:
                raise WrongAnswer(f"{len(waiting)} of {len(self.sockets)} connections got nothing")
            for fileno, _ in ready:
                data = self.sockets[fileno].recv(65536)
                if not data:
                    raise WrongAnswer("a connection was closed")
                data = tails.get(fileno, b"") + data
                if mark in data:
                    waiting.discard(fileno)
                    arrivals.append(time.perf_counter())
                else:
                    tails[fileno] = data[-len(mark) - 1024 :]
        return arrivals

    def closed(self) -> int:
        """Return how many connections the server has closed meanwhile."""
        return sum(1 for fileno, _ in self.poll.poll(0, len(self.sockets)) if self._ended(fileno))

    def _ended(self, fileno: int) -> bool:
        try:
            return not self.sockets[fileno].recv(65536)
        except BlockingIOError:
            return False
        except OSError:
            return True


class Asking(Many):
    """Asks on every connection again as soon as it has its answer."""

    def run(self, seconds: float) -> Load:
        """Count answers."""
        sent = dict.fromkeys(self.sockets, time.perf_counter())
        begin = time.perf_counter()
        latencies = []
        message, mark, sockets, poll = self.message, self.mark, self.sockets, self.poll.poll
        for one in sockets.values():
            one.send(message)
        now = begin
        while now < begin + seconds:
            for fileno, _ in poll(1.0, len(sockets)):
                one = sockets[fileno]
                if not one.recv(65536).endswith(mark):
                    raise WrongAnswer("an answer came in parts or not at all")
                now = time.perf_counter()
                latencies.append((now - sent[fileno]) * 1000)
                sent[fileno] = now
                one.send(message)
        # What is under way is taken and counted, as its CPU time is: it is one per connection.
        late = self.wait_for(mark, set(sockets))
        latencies.sort()
        p50, p99 = quantile(latencies, 0.5), quantile(latencies, 0.99)
        return Load(len(latencies) + len(late), late[-1] - begin, p50, p99)


class Streams(Many):
    """Asks for a long answer again and again, and counts what has arrived of the answers.

    Counting whole answers would lose those that are under way at the end: 16 connections in step,
    with seven answers each, differ by a seventh or not at all.

    Args:
        port: of the server.
        path: of the answer.
        letter: the byte that its body is made of, and that a head hardly has.
        size: bytes of body that count for one.
        count: number of connections.
    """

    def __init__(self, port: int, path: str, letter: bytes, size: int, count: int) -> None:
        message = b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path.encode()
        super().__init__(port, message, END, count)
        self._letter = letter
        self._size = size

    def run(self, seconds: float) -> Load:
        """Count; what is under way at the end is taken without being counted."""
        sent = dict.fromkeys(self.sockets, time.perf_counter())
        begin = now = time.perf_counter()
        tails = dict.fromkeys(self.sockets, b"")
        latencies, letters = [], 0
        for one in self.sockets.values():
            one.send(self.message)
        while now < begin + seconds:
            for fileno, _ in self.poll.poll(1.0, len(self.sockets)):
                data = self.sockets[fileno].recv(65536)
                if not data:
                    raise WrongAnswer("a connection was closed")
                now = time.perf_counter()
                letters += data.count(self._letter)
                tail = tails[fileno] = (tails[fileno] + data[-len(END) :])[-len(END) :]
                if tail == END:
                    latencies.append((now - sent[fileno]) * 1000)
                    sent[fileno] = now
                    self.sockets[fileno].send(self.message)
            now = time.perf_counter()
        if not letters:
            raise NoAnswer(f"no answer in {seconds:g} s")
        latencies.sort()
        nothing = float("nan")
        p50, p99 = (quantile(latencies, s) if latencies else nothing for s in (0.5, 0.99))
        return Load(letters / self._size, now - begin, p50, p99)


class Subscribers(Many):
    """Readers of one stream of events, which a connection of its own publishes.

    Args:
        port: of the server.
        count: number of subscribers.
        burst: events that are published in one request.
    """

    def __init__(self, port: int, count: int, burst: int = 1) -> None:
        message = b"GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
        super().__init__(port, message, b"\r\n\r\n", count)
        self._publisher = Connection(port)
        self._burst = burst
        self._number = 0

    def __enter__(self) -> Self:
        super().__enter__()
        time.sleep(SETTLE)  # some subscribe only after they have sent the head
        for _ in range(2):
            self.publish()  # some find out only now that earlier subscribers are gone
        return self

    def __exit__(self, *_: object) -> None:
        self._publisher.socket.close()
        super().__exit__()

    def run(self, seconds: float) -> Load:
        """Publish; everybody has to have it before the next is published."""
        begin = now = time.perf_counter()
        latencies: list[float] = []
        while now < begin + seconds:
            sent = time.perf_counter()
            latencies += [(each - sent) * 1000 for each in self.publish()]
            now = time.perf_counter()
        latencies.sort()
        p50, p99 = quantile(latencies, 0.5), quantile(latencies, 0.99)
        return Load(len(latencies) * self._burst, now - begin, p50, p99)

    def publish(self) -> list[float]:
        """Publish a burst; return when its last event had arrived at each subscriber."""
        lines = []
        for _ in range(self._burst):
            self._number += 1
            lines.append(b'{"event": %08d, "text": "%b"}' % (self._number, b"x" * 40))
        self._publisher.send(publication(b"\n".join(lines)))
        arrivals = self.wait_for(lines[-1], set(self.sockets))
        self._publisher.skip()
        return arrivals


def publication(body: bytes) -> bytes:
    """Return the request that publishes a line per event."""
    head = b"POST /publish HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body
