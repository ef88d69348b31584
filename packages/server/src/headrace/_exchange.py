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
from typing import TYPE_CHECKING, Any, Final

from ._end import EndReason
from ._fields import announced_length, fields, has_content
from ._intake import Intake
from ._outflow import DONE, Outflow
from ._producers import dismiss, produce
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
    from collections.abc import Awaitable

    from ._drain import Draining
    from ._headers import Pairs
    from ._interfaces import Dispatcher, Peer, RequestLine, Wire

logger = logging.getLogger("headrace")

GONE: Final = EndReason.CLIENT_GONE
EAGERLY: Final[dict[str, Any]] = {"eager_start": True} if sys.version_info >= (3, 12) else {}
"""Runs a task until it first waits, without a turn of the loop in between."""


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
        "_begun",
        "_context",
        "_continued",
        "_dispatcher",
        "_outflow",
        "_paused",
        "_response",
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
        self._continued = False
        self._begun = False
        self._response: ResponseStream | None = None
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
        """Take bytes of the request's body. What nobody can read any more is dropped."""
        if self.intake is None or self.state >= State.LOST:
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
            self._wire.resume_reading()

    @property
    def peer(self) -> Peer:
        """The client's address."""
        return self._wire.peer

    @property
    def draining(self) -> Draining:
        """Tells when the server shuts down."""
        return self._dispatcher.draining

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
        length = announced_length(response)
        self._wire.start(status, fields(response), length, whole=False)
        self.state = advance(self.state, Step.HEAD)
        self.status = status
        self._response = response
        self._outflow = Outflow(
            self._wire.send,
            self._wire.buffered,
            length=length,
            cap=self._dispatcher.config.write_cap,
            paused=self._paused,
        )
        if has_content(self.head.method, status):
            self._outflow.schedule()
        else:
            self._complete()
        return response

    def write(self, data: bytes) -> Awaitable[None]:
        """Enqueue body bytes, see ``ResponseStream.write``."""
        if self.state is State.FINISHING and not has_content(self.head.method, self.status):
            return self._write_nowhere(data)
        self._must_be(State.RESPONDING, "the response has been ended")
        assert self._outflow is not None
        return self._outflow.write(data)

    def _write_nowhere(self, data: bytes) -> Awaitable[None]:
        """A response without content is out already: end whoever goes on to produce some."""
        if not data:
            return DONE
        if self.head.method == "HEAD":
            raise ExchangeEnded(EndReason.COMPLETE)
        raise ResponseError(f"a response with status {self.status} has no content")

    def flush(self) -> None:
        """Send what was written without waiting for the end of the turn."""
        if self.state is State.FINISHING and not has_content(self.head.method, self.status):
            return
        self._must_be(State.RESPONDING, "the response has been ended")
        assert self._outflow is not None
        self._outflow.flush()

    def end(self) -> None:
        """End the body; again is a no-op."""
        if self.state is State.FINISHING:
            return
        self._must_be(State.RESPONDING, "the response has not begun")
        left = 0 if self._outflow is None else self._outflow.left
        if left:
            raise ResponseError(f"the body is {left} bytes short of its content-length")
        self._complete()

    def _complete(self) -> None:
        assert self._outflow is not None
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
            assert self._response is not None
            self._response.retract()
            self._outflow = None
            self.state = advance(self.state, Step.RETRACT)

    def _must_be(self, state: State, otherwise: str) -> None:
        if self.state is not state:
            if self.state is State.LOST:
                raise self._gone()
            raise ResponseError(otherwise)

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

        A response that is out already is not lost: its handler goes on, without streams, unless
        the server stops.
        """
        before, self.state = self.state, advance(self.state, Step.LOSE)
        if before >= State.LOST:
            return
        self._close_streams(ClientGone() if reason is GONE else ExchangeEnded(reason))
        if before is State.FINISHING:
            if reason is EndReason.DRAINING:
                self._wire.cut(gently=True)
                self._cancel(reason)
            return
        self.reason = reason
        self._wire.cut(gently=reason is EndReason.FAILED)
        if before is State.RECEIVING:
            self._wire.ended(self)
        elif reason is not EndReason.FAILED:
            self._cancel(reason)

    def _close_streams(self, error: ExchangeEnded) -> None:
        if self.intake is not None:
            self.intake.fail(error)
        if self._outflow is not None:
            self._outflow.fail(error)

    def _cancel(self, reason: EndReason) -> None:
        # A task that is cancelled before its first step would never run, not even to clean up.
        if self._begun and self._task is not None:
            self._task.cancel(reason)

    def _gone(self) -> ExchangeEnded:
        assert self.reason is not None
        return ClientGone() if self.reason is GONE else ExchangeEnded(self.reason)

    # The task.

    async def _run(self) -> None:
        try:
            self._begun = True
            if self.state is State.HANDLING:
                await self._deliver(await self._dispatcher.call(self.request))
        except asyncio.CancelledError as error:
            await self._cancelled(error)
        except Exception as error:
            await self._recover(error)
        except BaseException:
            self.lose(EndReason.FAILED)
            raise
        finally:
            self._return()

    async def _cancelled(self, error: asyncio.CancelledError) -> None:
        """Tell a cancellation from outside from one that the handler came upon itself."""
        task = asyncio.current_task()
        if self.state < State.LOST and task is not None and not task.cancelling():
            failure = ResponseError("the handler raised CancelledError though nobody cancelled it")
            failure.__cause__ = error
            await self._recover(failure)
        else:
            self.lose(EndReason.FAILED)

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
        if self.state is State.RESPONDING:
            await produce(response.producer, out)
        else:
            await dismiss(response.producer)
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
