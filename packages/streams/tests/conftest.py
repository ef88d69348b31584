"""Every async test runs on asyncio and on uvloop, in debug mode; blocking the loop is an error."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from blockbuster import blockbuster_ctx

from headrace_streams import PipeReceiver, pipe

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterator

BACKENDS: list[Any] = [pytest.param(("asyncio", {"debug": True}), id="asyncio")]
if sys.platform != "win32":
    import uvloop

    options = {"debug": True, "loop_factory": uvloop.new_event_loop}
    BACKENDS.append(pytest.param(("asyncio", options), id="uvloop"))


@pytest.fixture(params=BACKENDS)
def anyio_backend(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(autouse=True, scope="session")
def blocking_calls_fail() -> Iterator[None]:
    with blockbuster_ctx("headrace_streams") as blockers:
        # The lock of a worker thread's hand-over is held for a few assignments, never longer.
        for name in ("threading.Lock.acquire", "threading.Lock.acquire_lock"):
            blockers.functions[name].deactivate()
        yield


@pytest.fixture
def turns() -> Callable[..., Awaitable[None]]:
    """Let every ready callback run, a few times over."""

    async def run(count: int = 5) -> None:
        for _ in range(count):
            await asyncio.sleep(0)

    return run


@pytest.fixture
def cancelled_late(turns: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Cancel what waits for a worker thread, and see that it ends only when the thread may."""

    async def run(
        use: Callable[[], Coroutine[Any, Any, None]], entered: asyncio.Event, leave: threading.Event
    ) -> None:
        using = asyncio.create_task(use())
        await entered.wait()
        using.cancel()
        await turns()
        assert not using.done()
        leave.set()
        with pytest.raises(asyncio.CancelledError):
            await using

    return run


@pytest.fixture
def stream() -> Callable[..., PipeReceiver]:
    """A receiver of the given chunks that then ends, or fails with ``error``."""

    def make(*chunks: bytes, error: BaseException | None = None) -> PipeReceiver:
        sender, receiver = pipe()
        for chunk in chunks:
            sender.write(chunk)
        if error is None:
            sender.close()
        else:
            sender.fail(error)
        return receiver

    return make
