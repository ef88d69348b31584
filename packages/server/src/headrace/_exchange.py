"""One request and its response: who owns the streams, the task and the end.

Strategy. The protocol below feeds an exchange (``receive``, ``receive_end``, ``receive_failed``,
``pause_writing``, ``resume_writing``, ``time_out``, ``lose``) and is driven by it through a
:class:`Wire`. The exchange runs one task (``_handling``), which has the request answered and
delivers the answer through the half that is in ``_reply``; whatever happens, that task's last act
is ``finish``. Every change of state goes through the table in ``_state``.

Rules for an editor: no framing, no transport and no clock here. A failure after the response began
is never a clean end: it goes through ``lose``, which cuts.
"""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final

from ._end import EndReason, Figures, Stopwatch
from ._handling import handle
from ._intake import Intake
from ._reply import Reply, gone_by
from ._state import ENDED, FINISHING, HANDLING, RECEIVING, State, Step, advance
from .exceptions import (
    ExpectationFailed,
    HandlerTimeout,
    HeadraceException,
    PayloadTooLarge,
    TruncatedBody,
)

if TYPE_CHECKING:
    import contextvars

    from headrace_http_parser import Headers

    from ._interfaces import Dispatcher, RequestLine, Wire

EAGER: Final = sys.version_info >= (3, 12)

GONE: Final = EndReason.CLIENT_GONE
DISCONNECTED: Final = (GONE, EndReason.STALLED)


class Exchange(Reply):
    """One request and its response.

    Args:
        head: the request's head.
        wire: carries the response.
        dispatcher: the application.
        context: context variables that the handler's task starts with; it gets a copy.
        paused: whether the wire is above its high-water mark already.

    Attributes:
        request: as the handler sees it.
        settings: what the route allows, or the server where there is none.
        intake: the request's body, None where it has none or nobody wants it.
        shields: blocks of the handler that are not to be cancelled.
        begun: whether the handler's task has run at all.
        fault: the last error that reading the body raised because of what the client sent.
        parting: whether all is done but that the kernel has to take the rest of the response.
    """

    intake: Intake | None = None
    _came = 0  # bytes of a body that came whole with its head
    shields = 0
    fault: Exception | None = None
    parting = False
    _continued = False
    _due: EndReason | None = None  # what to cancel the handler with after its shields

    def __init__(
        self,
        head: RequestLine,
        wire: Wire,
        dispatcher: Dispatcher,
        context: contextvars.Context,
        paused: bool = False,
    ) -> None:
        # Those of Reply as well: a call for them would be 1 % of a request.
        self.head = head
        self.state = RECEIVING
        self.status = 0
        self.reason = None
        self.paused = paused
        self.begun = False
        self._wire = wire
        self._dispatcher = dispatcher
        self._whole = 0
        if dispatcher.clock is not None:
            self._watch = Stopwatch(dispatcher.clock)
        self._context = context
        self._task: asyncio.Task[None] | None = None
        self.request = dispatcher.request(head, self)
        endpoint = self.request.endpoint
        self.settings = dispatcher.settings if endpoint is None else endpoint.settings

    # The request: from the wire.

    def open(self, body: bytes | None = None) -> None:
        """Start the handler, or begin to collect the body for it.

        Args:
            body: the request's whole body, if it is here already; :meth:`receive` gets none then.
        """
        head = self.head
        endpoint = self.request.endpoint
        if endpoint is not None and (head.expect is not None or head.has_body):
            try:
                self._take_body(endpoint.stream, body)
            except HeadraceException as error:
                self.request.refused = error
        if self.intake is None or self.intake.receiver is not None:
            self._start()

    def _take_body(self, streams: bool, body: bytes | None) -> None:
        """Prepare for the body, or raise what its announcement is refused with."""
        head, limit = self.head, self.settings.max_body
        if head.expect is not None and head.expect != "100-continue":
            raise ExpectationFailed(f"cannot meet the expectation {head.expect!r}")
        if not head.has_body:
            return
        if limit and head.content_length is not None and head.content_length > limit:
            raise PayloadTooLarge(limit)
        if body is not None and not streams:  # an intake for it would be 1 us of its request
            self.request.body = body
            self._came = len(body)
            return
        self.intake = Intake(limit)
        if streams:
            buffer = self._dispatcher.config.request_buffer
            pause, resume = self._wire.pause_reading, self._wire.resume_reading
            self.request.receive_through(self.intake.open_pipe(buffer, pause, resume))
            if body is not None:
                self.intake.receive(body)
                self.intake.finish()
        else:
            self.ask_for_body()

    def _start(self) -> None:
        self.state = HANDLING if self.state is RECEIVING else advance(self.state, Step.START)
        # Not eagerly where the body is still to come: what of it is here shall be there to be read.
        ready = EAGER and (self.intake is None or self.intake.complete)
        running = handle(self, self._dispatcher)
        loop, context = asyncio.get_running_loop(), self._context.copy()
        if ready:
            # Until it first waits it runs here, without a turn of the loop in between.
            self._task = asyncio.Task(running, loop=loop, context=context, eager_start=True)  # type: ignore[call-arg]
        else:
            self._task = asyncio.Task(running, loop=loop, context=context)

    def refuse(self, error: HeadraceException) -> None:
        """Answer with this error instead of asking the handler; before :meth:`open`."""
        self.request.endpoint = None
        self.request.refused = error
        self.settings = self._dispatcher.settings

    def receive(self, data: bytes) -> bool:
        """Take bytes of the request's body; False if nobody can read them any more."""
        if self.intake is None or self.state >= State.LOST:
            return False
        try:
            return self.intake.receive(data)
        except PayloadTooLarge as error:
            self._refuse(error)
            return False

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
        if self.waits_to_continue and self.state <= State.RESPONDING:
            self._continued = True
            if not left:
                self._wire.interim(100)
            self._wire.resume_reading()

    def pause_writing(self) -> None:
        super().pause_writing()
        self.request.hold()

    # What others may know.

    @property
    def bytes_in(self) -> int:
        """Bytes of the request's body that came so far."""
        return self._came if self.intake is None else self.intake.received

    @property
    def buffered_in(self) -> int:
        """Bytes of the request's body that are held."""
        return self._came if self.intake is None else self.intake.buffered

    # The end.

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
        error = gone_by(reason)
        if self.intake is not None:
            self.intake.fail(error)
        disconnected = cancel and reason in DISCONNECTED
        alone = before in (State.HANDLING, State.RESPONDING) and disconnected
        self.muted = alone and self.settings.on_disconnect == "finish"
        if self._outflow is not None:
            if self.muted:
                self._outflow.mute()
            else:
                self._outflow.fail(error)
        if before is State.FINISHING:
            self._lose_behind(reason)
            return
        self._conclude(reason)
        self._wire.cut(gently=not cancel)
        if before is State.RECEIVING:
            self._over()
        elif cancel and not self.muted:
            self._cancel(reason)

    def _lose_behind(self, reason: EndReason) -> None:
        """The response has been given to the wire, and something happens behind it."""
        if self.unsettled:
            self.unsettled = False
            self._conclude(reason)
            self._wire.cut(gently=reason is EndReason.DRAINING)
        elif reason is EndReason.DRAINING:
            self._wire.cut(gently=True)
        self.part()
        if reason in (EndReason.DRAINING, EndReason.TIMEOUT) or self.contentless:
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

    def finish(self) -> None:
        """The handler's task is done."""
        if self.state is not FINISHING and self.state < FINISHING:
            self.lose(self.verdict or EndReason.FAILED, cancel=False)
        if self.intake is not None:
            self.intake.discard()
        if self._outflow is not None:
            self._outflow.resume()  # whoever still waits need not any longer
        if self.unsettled:
            self.parting = True
        else:
            returns = self.state is FINISHING
            self.state = ENDED if returns else advance(self.state, Step.RETURN)
            self._over()

    def part(self) -> None:
        """Go, if the task is done and the kernel has taken the response meanwhile.

        To be called after a ``resume_writing`` that ``Wire.drain`` asked for, once the wire may be
        closed.
        """
        if self.parting and not self.unsettled:
            self.parting = False
            self.state = advance(self.state, Step.RETURN)
            self._over()

    def _over(self) -> None:
        if self._watch is not None:
            self._dispatcher.ended(self.request, self.figures(self._watch))
        self._wire.ended(self)
        # Both refer to the exchange: what goes now need not be found by the garbage collector,
        # whose work on such cycles was a twentieth of a request.
        if self._response is not None:
            self._response = None
        del self.request

    def figures(self, watch: Stopwatch) -> Figures:
        """Return what the exchange came to."""
        assert self.reason is not None
        return watch.figures(self.reason, self.status, self.bytes_in, self.bytes_out)
