"""One request and its response: who owns the streams, the task and the end.

Strategy. The protocol below feeds an exchange (``receive``, ``receive_end``, ``receive_failed``,
``pause_writing``, ``resume_writing``, ``time_out``, ``lose``) and is driven by it through a
:class:`Wire`. The exchange runs one task (``_handling``), which has the request answered and
delivers the answer; whatever happens, that task's last act is ``finish``. Every change of state
goes through the table in ``_state``.

Rules for an editor: no framing, no transport and no clock here. A failure after the response began
is never a clean end: it goes through ``lose``, which cuts.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Any, Final

from ._end import Ending, EndReason, Figures, Stopwatch
from ._fields import announced_length, fields, has_content
from ._handling import handle
from ._headers import ResponseHeaders
from ._intake import Intake
from ._outflow import DONE, Outflow
from ._state import State, Step, advance
from ._trailers import DIGEST, Digest
from .exceptions import (
    ClientGone,
    ExchangeEnded,
    ExpectationFailed,
    HandlerTimeout,
    HeadraceException,
    PayloadTooLarge,
    ResponseError,
    TruncatedBody,
)
from .response import HTTPResponse, ResponseStream, encoded

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Awaitable, Iterable

    from headrace_http_parser import Headers

    from ._drain import Draining
    from ._headers import Pairs
    from ._interfaces import Dispatcher, Peer, RequestLine, Wire
    from ._settings import RouteSettings

GONE: Final = EndReason.CLIENT_GONE
DISCONNECTED: Final = (GONE, EndReason.STALLED)
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

    Attributes:
        muted: whether the client is gone and the handler goes on unheard.
        shields: blocks of the handler that are not to be cancelled.
        verdict: why the exchange will have ended, where that is clear before it has.
    """

    __slots__ = (
        "_context",
        "_continued",
        "_digest",
        "_dispatcher",
        "_due",
        "_ending",
        "_outflow",
        "_paused",
        "_response",
        "_task",
        "_watch",
        "_whole",
        "_wire",
        "begun",
        "head",
        "intake",
        "muted",
        "reason",
        "request",
        "shields",
        "state",
        "status",
        "verdict",
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
        self.verdict: EndReason | None = None
        self.status = 0
        self.intake: Intake | None = None
        self.muted = False
        self.shields = 0
        self.begun = False  # the handler's task
        self._wire = wire
        self._dispatcher = dispatcher
        self._context = context
        self._paused = paused
        self._outflow: Outflow | None = None
        self._task: asyncio.Task[None] | None = None
        self._continued = False
        self._response: ResponseStream | None = None
        self._digest: Digest | None = None
        self._due: EndReason | None = None  # what to cancel the handler with after its shields
        self._ending: Ending | None = None
        self._whole = 0  # bytes of a response that was not streamed
        clock = dispatcher.clock
        self._watch = None if clock is None else Stopwatch(clock)
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
        head, limit = self.head, self.settings.max_body
        if head.expect is not None and head.expect != "100-continue":
            raise ExpectationFailed(f"cannot meet the expectation {head.expect!r}")
        if limit and head.content_length is not None and head.content_length > limit:
            raise PayloadTooLarge(limit)
        self.intake = Intake(limit)
        if streams:
            buffer = self._dispatcher.config.request_buffer
            self.intake.open_pipe(buffer, self._wire.pause_reading, self._wire.resume_reading)
        else:
            self.ask_for_body()

    def _start(self) -> None:
        self.state = advance(self.state, Step.START)
        # Not eagerly where the body is still to come: what of it is here shall be there to be read.
        ready = self.intake is None or self.intake.complete
        self._task = asyncio.Task(
            handle(self, self._dispatcher),
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

    def receive_end(self, trailers: Headers | None = None) -> None:
        """The request's body is complete."""
        if self.intake is not None:
            if trailers is not None:
                self.request.trailers = trailers
            self.intake.finish()
            if self.state is State.RECEIVING:
                self.request.body = self.intake.collected()
                self._start()

    def receive_failed(
        self, error: HeadraceException | None = None, verdict: EndReason = GONE
    ) -> None:
        """The request's body will not be completed; by default because the client ended it."""
        error = error or TruncatedBody()
        if self.intake is not None:
            self.verdict = self.verdict or verdict
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

    # What others may know.

    @property
    def settings(self) -> RouteSettings:
        """What the route allows, or the server where there is none."""
        endpoint = self.request.endpoint
        return self._dispatcher.settings if endpoint is None else endpoint.settings

    @property
    def peer(self) -> Peer:
        """The client's address."""
        return self._wire.peer

    @property
    def draining(self) -> Draining:
        """Tells when the server shuts down."""
        return self._dispatcher.draining

    @property
    def ending(self) -> Ending:
        """Tells when this exchange has ended."""
        if self._ending is None:
            self._ending = Ending(self.reason)
        return self._ending

    @property
    def bytes_in(self) -> int:
        """Bytes of the request's body that came so far."""
        return 0 if self.intake is None else self.intake.received

    @property
    def bytes_out(self) -> int:
        """Bytes of the response's body that were written so far."""
        return self._whole if self._outflow is None else self._outflow.total

    @property
    def buffered_in(self) -> int:
        """Bytes of the request's body that are held."""
        return 0 if self.intake is None else self.intake.buffered

    @property
    def buffered_out(self) -> int:
        """Bytes of the response that are held here, not counting those that the wire holds."""
        return 0 if self._outflow is None else self._outflow.buffered

    @property
    def coupled(self) -> Outflow | None:
        """The response if it is above its high-water mark, so that reading has to wait for it."""
        outflow = self._outflow
        return outflow if outflow is not None and outflow.paused else None

    # The response: from the handler.

    def interim(self, status: int, headers: Pairs | None) -> None:
        """Send an interim response, see ``Request.interim``."""
        self._must_be(State.HANDLING, "an interim response comes before the final one")
        if not self.muted:
            if status == 100:
                raise ResponseError("100 is sent when the request's body is first asked for")
            self._wire.interim(status, ResponseHeaders(headers).pairs())

    def begin(
        self,
        status: int,
        headers: Pairs | None,
        content_type: str | None,
        trailers: Iterable[str] = (),
        digest: str | None = None,
    ) -> ResponseStream:
        """Fix the head of a response that will be written, see ``Request.respond``."""
        self._must_be(State.HANDLING, "the response has begun already")
        response = ResponseStream(self, status, headers, content_type)
        length = announced_length(response)
        hasher = None if digest is None else Digest(digest)
        pairs = fields(response)
        named = [*trailers] if hasher is None else [*trailers, DIGEST]
        if named and length is None and self._wire.takes_trailers():
            self._digest = hasher
            pairs = [*pairs, ("trailer", ", ".join(named))]
        if not self.muted:
            self._wire.start(status, pairs, length, whole=False)
            self._respond_with(status)
        self._response = response
        self._outflow = Outflow(
            self._wire.send if self._digest is None else self._digest.through(self._wire.send),
            self._wire.buffered,
            length=length,
            cap=self._dispatcher.config.write_cap,
            paused=self._paused,
        )
        if self.muted:
            self._outflow.mute()
        elif has_content(self.head.method, status):
            self._outflow.schedule()
        else:
            self._complete()
        return response

    def _respond_with(self, status: int) -> None:
        self.state = advance(self.state, Step.HEAD)
        self.status = status
        if self._watch is not None:
            self._watch.respond()

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

    def end(self, trailers: Iterable[tuple[str, str]] = ()) -> None:
        """End the body; again is a no-op."""
        if self.state is State.FINISHING or self.muted:
            return
        self._must_be(State.RESPONDING, "the response has not begun")
        left = 0 if self._outflow is None else self._outflow.left
        if left:
            raise ResponseError(f"the body is {left} bytes short of its content-length")
        self._complete(trailers)

    def _complete(self, trailers: Iterable[tuple[str, str]] = ()) -> None:
        assert self._outflow is not None
        pairs = list(trailers)
        if pairs:
            self._wire.trail(pairs)
        pieces, size = self._outflow.finish()
        if self._digest is not None:
            self._digest.update(pieces)
            self._wire.trail([*pairs, self._digest.field()])
        self._wire.send(pieces, size, True)
        self._conclude_well()

    def respond(self, response: HTTPResponse) -> None:
        """Send a finished response."""
        if self.muted:
            return
        self._must_be(State.HANDLING, "the handler returned a response after it had begun one")
        body = encoded(response.body, coerce=False)  # middleware may have put a str there
        size = len(body)
        self._wire.start(response.status, fields(response), size, whole=True)
        self._respond_with(response.status)
        self._whole = size
        self._wire.send([body], size, True)
        self._conclude_well()

    def _conclude_well(self) -> None:
        self.state = advance(self.state, Step.END)
        self._conclude(self.verdict or EndReason.COMPLETE)

    def retract(self) -> None:
        """Take back a response of which nothing has left yet."""
        outflow = self._outflow
        if self.state is State.RESPONDING and outflow is not None and not outflow.begun:
            outflow.finish()
            assert self._response is not None
            self._response.retract()
            self._outflow = self._digest = None
            self.state = advance(self.state, Step.RETRACT)
            if self._watch is not None:
                self._watch.retract()

    def _must_be(self, state: State, otherwise: str) -> None:
        if self.state is not state:
            if self.state is State.LOST:
                if self.muted:
                    return
                raise self._gone()
            raise ResponseError(otherwise)

    # The wire's state.

    def pause_writing(self) -> None:
        """The wire went above its high-water mark."""
        self._paused = True
        if self._watch is not None:
            self._watch.pause()
        if self._outflow is not None:
            self._outflow.pause()

    def resume_writing(self) -> None:
        """The wire fell below its low-water mark."""
        self._paused = False
        if self._watch is not None:
            self._watch.resume()
        if self._outflow is not None:
            self._outflow.resume()

    # The end.

    def break_off(self) -> None:
        """The producer failed: send what it wrote and cut, unless the response is out already."""
        if self.state is State.RESPONDING:
            assert self._outflow is not None
            self._outflow.flush()
            self.lose(self.verdict or EndReason.FAILED, cancel=False)

    def time_out(self, message: str) -> None:
        """A deadline passed: answer 503 if that is still possible, cut otherwise."""
        if self.state is State.HANDLING:
            self.verdict = EndReason.TIMEOUT
            self.request.refused = HandlerTimeout(message)
            self._cancel(EndReason.TIMEOUT)
        else:
            self.lose(EndReason.TIMEOUT)

    def lose(self, reason: EndReason, *, cancel: bool = True) -> None:
        """The response cannot be completed: tell both streams, cut, and unwind the handler.

        A response that is out already is not lost: its handler goes on, without streams, unless
        the server stops. Where the route says so, a handler goes on unheard without its client.

        Args:
            reason: why.
            cancel: whether the handler has to be told. Where it failed by itself, what it wrote
                before is sent first.
        """
        before, self.state = self.state, advance(self.state, Step.LOSE)
        if before >= State.LOST:
            if self.muted and reason not in DISCONNECTED:
                self._cancel(reason)
            return
        error = ClientGone() if reason is GONE else ExchangeEnded(reason)
        if self.intake is not None:
            self.intake.fail(error)
        if before is State.FINISHING:
            if self._outflow is not None:
                self._outflow.fail(error)
            if reason is EndReason.DRAINING:
                self._wire.cut(gently=True)
                self._cancel(reason)
            return
        self._conclude(reason)
        finishes = self.settings.on_disconnect == "finish" and before is not State.RECEIVING
        self.muted = cancel and reason in DISCONNECTED and finishes
        if self._outflow is not None:
            if self.muted:
                self._outflow.mute()
            else:
                self._outflow.fail(error)
        self._wire.cut(gently=not cancel)
        if before is State.RECEIVING:
            self._over()
        elif cancel and not self.muted:
            self._cancel(reason)

    def _cancel(self, reason: EndReason) -> None:
        # A task that is cancelled before its first step would never run, not even to clean up.
        if self.shields:
            self._due = reason
        elif self.begun and self._task is not None:
            self._task.cancel(reason)

    def cancel_late(self) -> bool:
        """Cancel a handler whose last shield is gone, if that was put off; tell whether it was."""
        if self.shields or self._due is None:
            return False
        due, self._due = self._due, None
        self._cancel(due)
        return True

    def _conclude(self, reason: EndReason) -> None:
        self.reason = reason
        if self._ending is not None:
            self._ending.settle(reason)

    def _gone(self) -> ExchangeEnded:
        assert self.reason is not None
        return ClientGone() if self.reason is GONE else ExchangeEnded(self.reason)

    def finish(self) -> None:
        """The handler's task is done."""
        if self.state in (State.HANDLING, State.RESPONDING):
            self.lose(EndReason.FAILED, cancel=False)
        if self.intake is not None:
            self.intake.discard()
        self.state = advance(self.state, Step.RETURN)
        self._over()

    def _over(self) -> None:
        if self._watch is not None:
            self._dispatcher.ended(self.request, self.figures(self._watch))
        self._wire.ended(self)

    def figures(self, watch: Stopwatch) -> Figures:
        """Return what the exchange came to."""
        assert self.reason is not None
        return watch.figures(self.reason, self.status, self.bytes_in, self.bytes_out)
