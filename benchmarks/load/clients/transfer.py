"""Large bodies, one way or both at once, over a few connections with a thread each."""

from __future__ import annotations

import time
from threading import Thread
from typing import Self

from . import Load, quantile
from .raw import Connection

MIB = 2**20


class Transfers:
    """Repeats one exchange.

    Args:
        port: of the server.
        message: the whole request, as it goes over the wire.
        size: bytes of body that one exchange moves in one direction.
        expected: bytes of body that the answer has at least.
        duplex: read the answer while the request is being sent.
        connections: how many at once.
    """

    def __init__(
        self,
        port: int,
        message: bytes,
        size: int,
        expected: int = 0,
        duplex: bool = False,
        connections: int = 2,
    ) -> None:
        self._message = message
        self._size = size
        self._expected = expected
        self._duplex = duplex
        self._connections = [Connection(port) for _ in range(connections)]
        self._took: list[float] = []
        self._failed: list[BaseException] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._connections:
            connection.socket.close()

    def run(self, seconds: float) -> Load:
        """Exchange until the time is over; what has begun then is brought to its end."""
        self._took.clear()
        begin = time.perf_counter()
        arguments = [(connection, begin + seconds) for connection in self._connections]
        threads = [Thread(target=self._repeat, args=each, daemon=True) for each in arguments]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - begin
        if self._failed:
            raise self._failed[0]
        latencies = sorted(each * 1000 for each in self._took)
        amount = len(latencies) * self._size / MIB
        return Load(amount, took, quantile(latencies, 0.5), quantile(latencies, 0.99))

    def _repeat(self, connection: Connection, until: float) -> None:
        try:
            while True:
                begin = time.perf_counter()
                self._exchange(connection)
                now = time.perf_counter()
                self._took.append(now - begin)
                if now >= until:
                    return
        except BaseException as error:
            self._failed.append(error)

    def _exchange(self, connection: Connection) -> None:
        if not self._duplex:
            connection.send(self._message)
            connection.skip(self._expected)
            return
        sender = Thread(target=connection.send_aside, args=(self._message,), daemon=True)
        sender.start()
        connection.skip(self._expected)
        sender.join()
