"""The response half of an exchange: from the handler's calls to the wire.

Rules for an editor: no framing here. A response is begun once, and ended once; what is out cannot
be taken back, and what cannot be sent any more raises the reason.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Final

from ._end import Ending, EndReason, Stopwatch
from ._fields import announced_length, fields, has_content
from ._headers import ResponseHeaders
from ._outflow import DONE, Outflow
from ._state import FINISHING, HANDLING, RESPONDING, State, Step, advance
from ._trailers import DIGEST, Digest
from .exceptions import ClientGone, ExchangeEnded, ResponseError
from .response import HTTPResponse, ResponseStream, encoded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable

    from ._drain import Draining
    from ._headers import Pairs
    from ._interfaces import Dispatcher, Peer, RequestLine, Wire

COMPLETE: Final = EndReason.COMPLETE

SWALLOWED: Final = 64 * 1024
"""Unsent bytes up to which a response that has ended counts as taken by the kernel."""


class Reply:
    """The response of one exchange, which fills its attributes in.

    Not an ABC: Python 3.13 calls only classes of the plain kind without a detour (50 ns).

    Attributes:
        head: the request's head.
        state: where the exchange stands.
        status: of the response, 0 while there is none.
        reason: why the exchange has ended, None while it has not.
        verdict: why it will have ended, where that is clear before it has.
        muted: whether the client is gone and the handler goes on unheard.
        paused: whether the wire is above its high-water mark.
        unsettled: whether the response has ended and the kernel has not taken all of it.
    """

    head: RequestLine
    state: State
    status: int
    reason: EndReason | None
    paused: bool
    _wire: Wire
    _dispatcher: Dispatcher
    _whole: int  # bytes of a response that was not streamed

    # Most exchanges never change these. As attributes of the class they cost a request nothing.
    # What each one sets is not among them: that would be 40 ns each time instead of 3 (3.13).
    verdict: EndReason | None = None
    muted = False
    unsettled = False
    _outflow: Outflow | None = None
    _response: ResponseStream | None = None
    _digest: Digest | None = None
    _ending: Ending | None = None
    _watch: Stopwatch | None = None

    # What others may know.

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
    def bytes_out(self) -> int:
        """Bytes of the response's body that were written so far."""
        return self._whole if self._outflow is None else self._outflow.total

    @property
    def buffered_out(self) -> int:
        """Bytes of the response that are held here, not counting those that the wire holds."""
        return 0 if self._outflow is None else self._outflow.buffered

    @property
    def contentless(self) -> bool:
        """Whether the response is out, and nothing that is written will ever be sent."""
        finished = self.state is State.FINISHING
        return finished and not has_content(self.head.method, self.status)

    @property
    def coupled(self) -> Outflow | None:
        """The response if it is above its high-water mark, so that reading has to wait for it."""
        outflow = self._outflow
        return outflow if outflow is not None and outflow.paused else None

    # From the handler.

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
            paused=self.paused,
        )
        response.carry(self._outflow)
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
        if self.state is not RESPONDING:
            if self.contentless:
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
        if self.contentless:
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
        if self.state is not HANDLING:
            self._must_be(State.HANDLING, "the handler returned a response after it had begun one")
        body = response.body
        if type(body) is not bytes:
            body = encoded(body, coerce=False)  # middleware may have put a str there
        status = response.status
        if response._headers is None and self._wire.answer(status, response.content_type, body):
            self.state = FINISHING
            self.status = status
            self._whole = len(body)
            if self._watch is not None:
                self._watch.respond()
            # It was small: the kernel has it, or will soon. As _settle() does, for two calls less.
            failed = self.verdict if status >= 400 else None
            self.reason = failed or COMPLETE
            if self._ending is not None:
                self._ending.settle(self.reason)
        else:
            self._respond_in_parts(response, body)

    def _respond_in_parts(self, response: HTTPResponse, body: bytes) -> None:
        size = length = len(body)
        if response.status == 205:
            body, size, length = b"", 0, 0  # RFC 9110, 15.3.6
        elif not size and not has_content(self.head.method, response.status):
            length = announced_length(response) or 0  # that of the content which GET would give
        self._wire.start(response.status, fields(response), length, whole=True)
        self._respond_with(response.status)
        self._whole = size if has_content(self.head.method, response.status) else 0
        self._wire.send([body], size, True)
        self._conclude_well()

    def _conclude_well(self) -> None:
        self.state = advance(self.state, Step.END)
        if self.bytes_out > SWALLOWED and self._wire.buffered() > SWALLOWED:
            self.unsettled = True
            self._wire.drain()
        else:
            self._settle()

    def _settle(self) -> None:
        """The kernel has taken the response, or will soon."""
        self.unsettled = False
        failed = self.verdict if self.status >= 400 else None
        self._conclude(failed or EndReason.COMPLETE)

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
                raise gone_by(self.reason)
            raise ResponseError(otherwise)

    # The wire's state.

    def pause_writing(self) -> None:
        """The wire went above its high-water mark."""
        self.paused = True
        if self._watch is not None:
            self._watch.pause()
        if self._outflow is not None:
            self._outflow.pause()

    def resume_writing(self) -> None:
        """The wire fell below its low-water mark."""
        self.paused = False
        if self._watch is not None:
            self._watch.resume()
        if self._outflow is not None:
            self._outflow.resume()
        if self.unsettled:
            self._settle()

    # The end.

    def break_off(self) -> None:
        """The producer failed: send what it wrote and cut, unless the response is out already.

        A response of which nothing has left is taken back instead, so that another can be sent.
        """
        self.retract()
        if self.state is State.RESPONDING:
            assert self._outflow is not None
            self._outflow.flush()
            self.lose(self.verdict or EndReason.FAILED, cancel=False)

    @abstractmethod
    def lose(self, reason: EndReason, *, cancel: bool = True) -> None:
        """The response cannot be completed."""

    def _conclude(self, reason: EndReason) -> None:
        self.reason = reason
        if self._ending is not None:
            self._ending.settle(reason)


def gone_by(reason: EndReason | None) -> ExchangeEnded:
    """Return what is raised where nothing can be sent or read any more."""
    assert reason is not None
    return ClientGone() if reason is EndReason.CLIENT_GONE else ExchangeEnded(reason)
