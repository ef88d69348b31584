"""Any order of writes, reads, endings and task cancellations, against a model of a few lines."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from headrace_streams import BrokenError, ClosedError, _buffer, pipe

if sys.platform != "win32":
    import uvloop

if TYPE_CHECKING:
    from collections.abc import Callable

HIGH, LOW = 20, 5


class PipeMachine(RuleBasedStateMachine):
    new_loop: Callable[[], asyncio.AbstractEventLoop] = staticmethod(asyncio.new_event_loop)

    def __init__(self) -> None:
        super().__init__()
        self.loop = self.new_loop()
        self.loop.set_debug(True)
        self.calls: list[str] = []
        self.sender, self.receiver = pipe(
            high=HIGH,
            low=LOW,
            on_pause=lambda: self.calls.append("pause"),
            on_resume=lambda: self.calls.append("resume"),
        )
        self.written = b""
        self.read = b""
        self.peak = 0
        self.ended: str | None = None
        self.cancelled = False
        self.reader: asyncio.Task[Any] | None = None
        self.writers: list[asyncio.Task[Any]] = []
        self.reason = KeyError("reason")
        self.error = OSError("failure")

    def turn(self) -> None:
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.run_until_complete(asyncio.sleep(0))
        if self.reader is not None and self.reader.done():
            self.take(self.reader)
            self.reader = None
        self.writers = [task for task in self.writers if not self.finished(task)]

    def finished(self, task: asyncio.Task[Any]) -> bool:
        if task.done() and not task.cancelled() and task.exception() is not None:
            assert isinstance(task.exception(), BrokenError)
            assert self.cancelled
        return task.done()

    def take(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            if task.result() is None:
                assert self.ended == "close"
                assert self.read == self.written
            else:
                assert task.result()
                self.read += task.result()
        elif self.cancelled:
            assert isinstance(error, ClosedError)
        else:
            assert error is self.error
            assert self.read == self.written

    async def awaited(self, awaitable: Any) -> None:
        await awaitable

    @rule(data=st.binary(max_size=12), awaiting=st.booleans())
    def write(self, data: bytes, awaiting: bool) -> None:
        try:
            awaitable = self.sender.write(data)
        except BrokenError as broken:
            reason = broken.reason
            assert self.cancelled
            assert reason is self.reason
        except ClosedError:
            assert self.ended
        else:
            assert not self.ended
            assert not self.cancelled
            self.written += data
            self.peak = max(self.peak, len(self.written) - len(self.read))
            if awaiting:
                self.writers.append(self.loop.create_task(self.awaited(awaitable)))
        self.turn()

    @precondition(lambda self: self.reader is None)
    @rule(size=st.one_of(st.none(), st.integers(1, 15)))
    def start_read(self, size: int | None) -> None:
        reading: Any = self.receiver.get() if size is None else self.receiver.read(size)

        async def read() -> bytes | None:
            return await reading or None

        self.reader = self.loop.create_task(read())
        self.turn()

    @precondition(lambda self: self.reader is not None)
    @rule(first=st.binary(max_size=3))
    def cancel_read(self, first: bytes) -> None:
        assert self.reader is not None
        if first and not self.ended and not self.cancelled:
            self.sender.write(first)
            self.written += first
            self.peak = max(self.peak, len(self.written) - len(self.read))
        self.reader.cancel()
        self.turn()
        assert self.reader is None

    @precondition(lambda self: self.writers)
    @rule()
    def cancel_write(self) -> None:
        self.writers[0].cancel()
        self.turn()

    @rule(kind=st.sampled_from(["close", "fail"]))
    def end(self, kind: str) -> None:
        self.sender.close() if kind == "close" else self.sender.fail(self.error)
        if not self.ended and not self.cancelled:
            self.ended = kind
        self.turn()

    @rule()
    def cancel(self) -> None:
        over = self.receiver.at_end or self.receiver._error is not None
        self.receiver.cancel(self.reason)
        self.cancelled = self.cancelled or not over
        self.turn()

    @invariant()
    def marks_are_honoured(self) -> None:
        statistics = self.receiver.statistics()
        assert self.calls == ["pause", "resume"] * (len(self.calls) // 2) + ["pause"] * (
            len(self.calls) % 2
        )
        assert statistics.paused == (len(self.calls) % 2 == 1)
        assert statistics.paused or statistics.buffered <= HIGH
        assert not statistics.paused or statistics.buffered > LOW
        assert not self.writers or statistics.paused
        assert statistics.writers_waiting == len(self.writers)
        assert statistics.peak <= self.peak

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.written.startswith(self.read)
        statistics = self.receiver.statistics()
        assert statistics.bytes_in == len(self.written)
        assert (
            statistics.bytes_in
            == statistics.bytes_out + statistics.buffered + statistics.bytes_dropped
        )
        if not self.cancelled:
            assert self.receiver.buffered == len(self.written) - len(self.read)

    def teardown(self) -> None:
        self.end("close")
        self.cancel()
        try:
            for _ in range(3):
                self.turn()
        finally:
            self.loop.close()
        assert self.reader is None
        assert not self.writers


class UvloopMachine(PipeMachine):
    if sys.platform != "win32":
        new_loop = staticmethod(uvloop.new_event_loop)


class HurriedMachine(PipeMachine):
    """Every quota of the buffer is used up after a few bytes, writes and reads."""

    def __init__(self) -> None:
        quotas = {"QUOTA": 8, "STRIDE": 3, "PART": 2}
        self.usual = {name: getattr(_buffer, name) for name in quotas}
        vars(_buffer).update(quotas)
        super().__init__()

    def turn(self) -> None:
        super().turn()
        super().turn()  # what has yielded goes on

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            vars(_buffer).update(self.usual)


PipeMachine.TestCase.settings = UvloopMachine.TestCase.settings = settings(
    max_examples=50, stateful_step_count=30, deadline=None, database=None
)
HurriedMachine.TestCase.settings = PipeMachine.TestCase.settings
TestPipeMachine = PipeMachine.TestCase
TestUvloopMachine = UvloopMachine.TestCase
TestHurriedMachine = HurriedMachine.TestCase
