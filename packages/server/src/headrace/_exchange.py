"""One request and its response: who owns the streams, the task and the end.

Strategy. The protocol below feeds an exchange (``receive``, ``receive_end``, ``receive_failed``,
``pause_writing``, ``resume_writing``, ``lose``) and is driven by it through a :class:`Wire`. The
exchange runs one task, which has the request answered and delivers the answer; whatever happens,
that task's last act is to hand the exchange back to the wire. Every change of state goes through
the table in ``_state``.

Rules for an editor: no framing, no transport and no clock here. A failure after the response began
is never a clean end: it goes through ``lose``, which cuts. Nothing is logged twice: what is
answered with an error is logged by the dispatcher, everything else in ``_report``.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterable, Awaitable
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final, Protocol

from headrace_streams import from_thread

from ._end import EndReason
from ._intake import Intake
from ._outflow import Outflow
from ._state import State, Step, advance
from .exceptions import (
    ClientGone,
    ExchangeEnded,
    ExpectationFailed,
    HeadraceException,
    PayloadTooLarge,
    ResponseError,
    TruncatedBody,
)
from .response import BaseResponse, HTTPResponse, ResponseStream, StreamingResponse, encoded

if TYPE_CHECKING:
    import contextvars

    from ._config import Config
    from ._headers import Pairs
    from ._wire import Peer, RequestLine, Wire
    from .request import Request

logger = logging.getLogger("headrace")

EAGERLY: Final[dict[str, Any]] = {"eager_start": True} if sys.version_info >= (3, 12) else {}
"""Runs a task until it first waits, without a turn of the loop in between."""


class Dispatcher(Protocol):
    """What an exchange asks of the application."""

    @property
    def config(self) -> Config:
        """The server's settings."""

    def request(self, head: RequestLine, exchange: Exchange) -> Request:
        """Make the request, with its endpoint, or with ``refused`` set to why there is none."""

    async def call(self, request: Request) -> BaseResponse | None:
        """Run middleware and handler; None means that the handler took the response in hand."""

    async def answer(self, request: Request, error: Exception) -> BaseResponse | None:
        """Turn what the handler raised into a response, and log it if the server is at fault."""


class Exchange:
    """One request and its response.

    Args:
        head: the request's head.
        wire: carries the response.
        dispatcher: the application.
        context: context variables that the handler's task starts with; it gets a copy.
        paused: whether the wire is above its high-water mark already.
    """

    __slots__ = (
        "_context",
        "_continued",
        "_dispatcher",
        "_left",
        "_outflow",
        "_paused",
        "_task",
        "_wire",
        "head",
        "intake",
        "reason",
        "request",
        "state",
        "status",
    )

    def __init__(
        self,
        head: RequestLine,
        wire: Wire,
        dispatcher: Dispatcher,
        context: contextvars.Context,
        *,
        paused: bool = False,
    ) -> None:
        self.head = head
        self.state = State.RECEIVING
        self.reason: EndReason | None = None
        self.status = 0
        self.intake: Intake | None = None
        self._wire = wire
        self._dispatcher = dispatcher
        self._context = context
        self._paused = paused
        self._outflow: Outflow | None = None
        self._task: asyncio.Task[None] | None = None
        self._left: int | None = None
        self._continued = False
        self.request = dispatcher.request(head, self)

    # The request: from the wire.

    def open(self) -> None:
        """Start the handler, or begin to collect the body for it."""
        if self.head.has_body and self.request.endpoint is not None:
            try:
                self._take_body(self.request.endpoint.stream)
            except HeadraceException as error:
                self.request.refused = error
        if self.intake is None or self.intake.receiver is not None:
            self._start()

    def _take_body(self, streams: bool) -> None:
        """Prepare for the body, or raise what its announcement is refused with."""
        config, head = self._dispatcher.config, self.head
        assert self.request.endpoint is not None
        limit = self.request.endpoint.body_limit(config)
        if head.expect is not None and head.expect != "100-continue":
            raise ExpectationFailed(f"cannot meet the expectation {head.expect!r}")
        if limit and head.content_length is not None and head.content_length > limit:
            raise PayloadTooLarge(limit)
        self.intake = Intake(limit)
        if streams:
            self.intake.open_pipe(
                config.request_buffer, self._wire.pause_reading, self._wire.resume_reading
            )
        else:
            self.ask_for_body()

    def _start(self) -> None:
        self.state = advance(self.state, Step.START)
        # Not eagerly where the body is still to come: what of it is here shall be there to be read.
        ready = self.intake is None or self.intake.complete
        self._task = asyncio.Task(
            self._run(),
            loop=asyncio.get_running_loop(),
            context=self._context.copy(),
            **(EAGERLY if ready else {}),
        )

    def receive(self, data: bytes) -> None:
        """Take bytes of the request's body. What nobody will read is dropped."""
        if self.intake is None or self.state >= State.FINISHING:
            return
        try:
            self.intake.receive(data)
        except PayloadTooLarge as error:
            self._refuse(error)

    def receive_end(self) -> None:
        """The request's body is complete."""
        if self.intake is not None:
            self.intake.finish()
            if self.state is State.RECEIVING:
                self.request.body = self.intake.collected()
                self._start()

    def receive_failed(self, error: HeadraceException | None = None) -> None:
        """The request's body will not be completed; by default because the client ended it."""
        error = error or TruncatedBody()
        if self.intake is not None:
            self.intake.fail(error)
            self._refuse(error)

    def _refuse(self, error: HeadraceException) -> None:
        if self.state is State.RECEIVING:
            self.request.refused = error
            self._start()

    @property
    def waits_to_continue(self) -> bool:
        """Whether the client holds its body back until it is told to go on."""
        intake = self.intake
        return (
            self.head.expect is not None
            and not self._continued
            and (intake is None or not (intake.received or intake.complete))
        )

    def ask_for_body(self) -> None:
        """Tell a client that waits with ``Expect: 100-continue`` to go on.

        Nothing is sent once the final response has left (RFC 9110, 10.1.1).
        """
        left = self._outflow is not None and self._outflow.begun
        if self.waits_to_continue and not left and self.state <= State.RESPONDING:
            self._continued = True
            self._wire.interim(100)

    @property
    def peer(self) -> Peer:
        """The client's address."""
        return self._wire.peer

    # The response: from the handler.

    @property
    def bytes_out(self) -> int:
        """Bytes that were written to a streamed response so far."""
        return 0 if self._outflow is None else self._outflow.total

    @property
    def coupled(self) -> Outflow | None:
        """The response if it is above its high-water mark, so that reading has to wait for it."""
        outflow = self._outflow
        return outflow if outflow is not None and outflow.paused else None

    def begin(self, status: int, headers: Pairs | None, content_type: str | None) -> ResponseStream:
        """Fix the head of a response that will be written, see ``Request.respond``."""
        self._must_be(State.HANDLING, "the response has begun already")
        response = ResponseStream(self, status, headers, content_type)
        announced = response.headers.get("content-length")
        if announced is not None:
            if not announced.isdecimal():
                raise ResponseError(f"content-length {announced!r} is not a number of bytes")
            response.headers.discard("content-length")
            self._left = int(announced)
        self._wire.start(status, fields(response), self._left, whole=False)
        self.state = advance(self.state, Step.HEAD)
        self.status = status
        self._outflow = Outflow(
            self._send,
            self._wire.buffered,
            cap=self._dispatcher.config.write_cap,
            paused=self._paused,
        )
        self._outflow.schedule()
        return response

    def write(self, data: bytes) -> Awaitable[None]:
        """Enqueue body bytes, see ``ResponseStream.write``."""
        self._must_be(State.RESPONDING, "the response has been ended")
        assert self._outflow is not None
        if self._left is not None:
            if len(data) > self._left:
                raise ResponseError(
                    f"the body is longer than its content-length by {len(data) - self._left} bytes"
                )
            waits = self._outflow.write(data)
            self._left -= len(data)
            return waits
        return self._outflow.write(data)

    def flush(self) -> None:
        """Send what was written without waiting for the end of the turn."""
        self._must_be(State.RESPONDING, "the response has been ended")
        assert self._outflow is not None
        self._outflow.flush()

    def end(self) -> None:
        """End the body; again is a no-op."""
        if self.state is State.FINISHING:
            return
        self._must_be(State.RESPONDING, "the response has not begun")
        assert self._outflow is not None
        if self._left and has_content(self.head.method, self.status):
            raise ResponseError(f"the body is {self._left} bytes short of its content-length")
        pieces, size = self._outflow.finish()
        self._wire.send(pieces, size, True)
        self.state = advance(self.state, Step.END)
        self.reason = EndReason.COMPLETE

    def break_off(self) -> None:
        """The producer failed: send what it wrote and cut, unless the response is out already."""
        if self.state is State.RESPONDING:
            assert self._outflow is not None
            self._outflow.flush()
            self.lose(EndReason.FAILED)

    def _retract(self) -> None:
        """Take back a response of which nothing has left yet."""
        outflow = self._outflow
        if self.state is State.RESPONDING and outflow is not None and not outflow.begun:
            outflow.finish()
            self._outflow = self._left = None
            self.state = advance(self.state, Step.RETRACT)

    def _must_be(self, state: State, otherwise: str) -> None:
        if self.state is not state:
            if self.state is State.LOST:
                raise self._gone()
            raise ResponseError(otherwise)

    def _send(self, pieces: list[bytes], size: int) -> None:
        self._wire.send(pieces, size, False)

    def _respond(self, response: HTTPResponse) -> None:
        """Send a finished response."""
        self._must_be(State.HANDLING, "the handler returned a response after it had begun one")
        body = encoded(response.body, coerce=False)  # middleware may have put a str there
        size = len(body)
        self._wire.start(response.status, fields(response), size, whole=True)
        self.state = advance(self.state, Step.HEAD)
        self.status = response.status
        self._wire.send([body], size, True)
        self.state = advance(self.state, Step.END)
        self.reason = EndReason.COMPLETE

    # The wire's state.

    def pause_writing(self) -> None:
        """The wire went above its high-water mark."""
        self._paused = True
        if self._outflow is not None:
            self._outflow.pause()

    def resume_writing(self) -> None:
        """The wire fell below its low-water mark."""
        self._paused = False
        if self._outflow is not None:
            self._outflow.resume()

    def lose(self, reason: EndReason) -> None:
        """The response cannot be completed: tell both streams, cut, and unwind the handler.

        A response that is out already is not lost, and its handler goes on.
        """
        before, self.state = self.state, advance(self.state, Step.LOSE)
        if self.state is before:
            return
        self.reason = reason
        error = self._gone()
        if self.intake is not None:
            self.intake.fail(error)
        if self._outflow is not None:
            self._outflow.fail(error)
        self._wire.cut(gently=reason is EndReason.FAILED)
        if before is State.RECEIVING:
            self._wire.ended(self)
        elif reason is not EndReason.FAILED and self._task is not None:
            self._task.cancel(reason)

    def _gone(self) -> ExchangeEnded:
        assert self.reason is not None
        if self.reason is EndReason.CLIENT_GONE:
            return ClientGone()
        return ExchangeEnded(self.reason)

    # The task.

    async def _run(self) -> None:
        try:
            await self._deliver(await self._dispatcher.call(self.request))
        except asyncio.CancelledError:
            self.lose(EndReason.FAILED)
        except Exception as error:
            await self._recover(error)
        except BaseException:
            self.lose(EndReason.FAILED)
            raise
        finally:
            self._return()

    async def _deliver(self, response: BaseResponse | None) -> None:
        if isinstance(response, HTTPResponse):
            self._respond(response)
        elif isinstance(response, StreamingResponse):
            await self._produce(response)
        elif self.state is State.HANDLING:
            raise ResponseError(
                "the handler returned None and had not begun a response; return text(…), "
                "stream(…) or another response"
            )
        elif self.state is not State.LOST:
            self.end()

    async def _produce(self, response: StreamingResponse) -> None:
        out = self.begin(response.status, response.headers.pairs(), response.content_type)
        producer = response.producer
        if isinstance(producer, AsyncIterable):
            try:
                if self.head.method != "HEAD":
                    async for item in producer:
                        await out.write(item)
            finally:
                close = getattr(producer, "aclose", None)
                if close is not None:
                    await close()
        elif self.head.method == "HEAD":
            pass
        elif callable(producer):
            result = producer(out)
            if not isawaitable(result):
                raise ResponseError(f"stream() needs an async function; {producer!r} is not one")
            await result
        else:
            async with from_thread(producer) as items:
                async for chunk in items:
                    await out.write(chunk)
        self.end()

    async def _recover(self, error: Exception) -> None:
        """Answer what was raised, or cut if it is too late to."""
        self._retract()
        if self.state is not State.HANDLING:
            self._report(error)
            self.break_off()
            return
        try:
            await self._deliver(await self._dispatcher.answer(self.request, error))
        except Exception as second:
            self._report(second)
            self._retract()
            if self.state is State.HANDLING:
                self._respond(HTTPResponse("Internal Server Error", 500))
            self.break_off()

    def _report(self, error: Exception) -> None:
        """Log what cannot be answered any more; what a client caused is no failure of ours."""
        if isinstance(error, ExchangeEnded):
            return
        text = "%s %s failed when its response could not be changed any more"
        arguments = (self.head.method, self.request.path)
        if isinstance(error, TruncatedBody | PayloadTooLarge):
            logger.info(text + ": %s", *arguments, error)
        else:
            logger.error(text, *arguments, exc_info=error)

    def _return(self) -> None:
        if self.state in (State.HANDLING, State.RESPONDING):
            self.lose(EndReason.FAILED)
        if self.intake is not None:
            self.intake.discard()
        self.state = advance(self.state, Step.RETURN)
        self._wire.ended(self)


def has_content(method: str, status: int) -> bool:
    """Whether a response to this method may have content (RFC 9110, 6.4.1)."""
    return method != "HEAD" and status not in (204, 304)


def fields(response: BaseResponse) -> list[tuple[str, str]]:
    """Return a response's fields, with its content type unless the handler set that itself."""
    pairs = response.headers.pairs()
    kind = response.content_type
    if kind is None or (pairs and "content-type" in response.headers):
        return pairs
    return [("content-type", kind), *pairs]
