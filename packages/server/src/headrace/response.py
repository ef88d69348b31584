"""Responses: what a handler returns, and the stream that it may write instead.

A handler answers in one of four ways: it returns a finished :class:`HTTPResponse` (``text``,
``json``, …); it returns ``stream(producer)``; it is an async generator itself; or it takes the
response in hand with ``response = await request.respond()`` and writes to it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self, TypeAlias

from ._headers import Pairs, ResponseHeaders
from ._outflow import DONE, FIRST_BYTES, SMALL
from .exceptions import ConfigError, ResponseError

if TYPE_CHECKING:
    from types import ModuleType, TracebackType

    from ._outflow import Outflow
    from ._reply import Reply

TEXT = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"


@functools.cache
def url_functions() -> ModuleType:
    """Return ``urllib.parse``, for requests that need it: its import takes 2 ms."""
    import urllib.parse

    return urllib.parse


class BaseResponse:
    """What every response has: a status, headers and a content type.

    Args:
        status: three-digit status code.
        headers: a mapping or pairs; ``content-type`` in it wins over ``content_type``.
        content_type: value of the Content-Type field; None sends none.
    """

    __slots__ = ("_headers", "content_type", "status")

    def __init__(
        self, status: int = 200, headers: Pairs | None = None, content_type: str | None = TEXT
    ) -> None:
        self.status = status
        self.content_type = content_type
        self._headers = None if headers is None else ResponseHeaders(headers)

    @property
    def headers(self) -> ResponseHeaders:
        """The fields; what is assigned replaces them all."""
        if self._headers is None:
            self._headers = ResponseHeaders()
        return self._headers

    @headers.setter
    def headers(self, headers: Pairs) -> None:
        self._headers = ResponseHeaders(headers)

    @property
    def has_headers(self) -> bool:
        """Whether it may have fields besides its content type."""
        return self._headers is not None


class HTTPResponse(BaseResponse):
    """A response whose body is complete.

    ``body`` is str (sent as UTF-8) or bytes-like; anything else is a TypeError.
    """

    __slots__ = ("body",)

    def __init__(
        self,
        body: str | bytes = b"",
        status: int = 200,
        headers: Pairs | None = None,
        content_type: str | None = TEXT,
    ) -> None:
        # As in BaseResponse, and encoded(): their calls would be a third of this (0.2 us).
        self.status = status
        self.content_type = content_type
        self._headers = None if headers is None else ResponseHeaders(headers)
        if type(body) is bytes:
            self.body = body
        else:
            self.body = body.encode() if type(body) is str else encoded(body, coerce=False)


class StreamingResponse(BaseResponse):
    """A response that ``producer`` writes, see :func:`stream`."""

    __slots__ = ("digest", "producer", "trailers")

    def __init__(
        self,
        producer: Producer,
        status: int = 200,
        headers: Pairs | None = None,
        content_type: str | None = TEXT,
        *,
        trailers: Iterable[str] = (),
        digest: str | None = None,
    ) -> None:
        super().__init__(status, headers, content_type)
        self.producer = producer
        self.trailers = tuple(trailers)
        self.digest = digest


class ResponseStream(BaseResponse):
    """The body of a response that is being written, with back-pressure.

    Every method that takes data enqueues it when it is called, not when it is awaited. What is
    written within one turn of the event loop leaves as one chunk, and so does, for at most a
    millisecond, what a producer writes turn after turn; :meth:`flush` sends it at once.

    Leaving ``async with response:`` ends the body, or, when left by an exception, cuts the
    connection so that the client can tell that the body is not complete.
    """

    __slots__ = ("_exchange", "_outflow")

    def __init__(
        self, exchange: Reply, status: int, headers: Pairs | None, content_type: str | None
    ) -> None:
        super().__init__(status, headers, content_type)
        self._exchange = exchange
        self._outflow: Outflow | Retracted = RETRACTED  # until there is one to write to

    def carry(self, outflow: Outflow) -> None:
        """Take what bytes are to go through. Called by the exchange."""
        self._outflow = outflow

    def write(self, data: object) -> Awaitable[None]:
        """Enqueue ``data`` now; await the result to wait until the client has caught up.

        Args:
            data: bytes-like, str (sent as UTF-8), or anything else, sent as ``str(data)``. Empty
                data is a no-op.

        Raises:
            WriteOverflow: more than ``write_cap`` bytes are unsent because no write was awaited.
            ResponseError: the body was ended, or is longer than its Content-Length.
            ExchangeEnded: the client is gone or a deadline passed; ``reason`` tells which. Raised
                at the call, or where the write is awaited.

        A write whose awaiting is cancelled has been taken all the same.
        """
        outflow = self._outflow
        pieces = outflow.pieces  # as in send()
        if len(pieces) < outflow.limit and type(data) is bytes and len(data) <= SMALL:
            pieces.append(data)
            return DONE
        if type(data) is bytes:
            if outflow.idle and 0 < len(data) < FIRST_BYTES:
                return outflow.first(data)
            return self._exchange.write(data)
        return self._exchange.write(encoded(data, coerce=True))

    def send(
        self, data: str | bytes | bytearray | memoryview = b"", end_stream: bool = False
    ) -> Awaitable[None]:
        """Enqueue ``data`` now as :meth:`write` does, but refuse what is neither str nor bytes.

        Args:
            data: bytes-like or str.
            end_stream: end the body after this data.

        Raises:
            TypeError: ``data`` is of another type.
            WriteOverflow, ResponseError, ExchangeEnded: as for :meth:`write`.
        """
        outflow = self._outflow
        pieces = outflow.pieces  # what makes this allowed, and what it saves: see _outflow
        if (
            len(pieces) < outflow.limit
            and type(data) is bytes
            and len(data) <= SMALL
            and not end_stream
        ):
            pieces.append(data)
            return DONE
        if outflow.idle and type(data) is bytes and 0 < len(data) < FIRST_BYTES and not end_stream:
            return outflow.first(data)
        waits = self._exchange.write(
            data if type(data) is bytes else encoded(data, coerce=False)  # a call less for most
        )
        if end_stream:
            self._exchange.end()
        return waits

    async def flush(self) -> None:
        """Send what was written without waiting for the end of the turn, then wait as a write."""
        self._exchange.flush()
        await self._exchange.write(b"")

    async def eof(self, trailers: Pairs | None = None) -> None:
        """End the body. A second call does nothing; the handler's return ends it too.

        Args:
            trailers: fields to send after the body, to a client that takes them; see
                ``Request.respond``.

        Raises:
            ResponseError: the body is shorter than its Content-Length; the connection is cut. Or a
                trailer cannot be sent, or cannot be one (RFC 9110, 6.5.1); nothing has ended then.
            ExchangeEnded: the client is gone or a deadline passed.
        """
        self._exchange.end(ResponseHeaders(trailers).pairs())

    def retract(self) -> None:
        """Refuse all further use: another response was begun instead. Called by the exchange."""
        self._exchange = self._outflow = RETRACTED  # type: ignore[assignment]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._exchange.end()
        else:
            self._exchange.break_off()


class Retracted:
    """Stands in for the exchange of a response that an error handler's has replaced.

    And for its outflow: nothing may be appended to it.
    """

    __slots__ = ()

    idle: Final = False
    limit: Final = 0
    pieces: Final[list[bytes]] = []

    def write(self, data: bytes) -> NoReturn:
        """Refuse."""
        raise ResponseError("this response failed before it left, and another one was begun")

    first = write  # not that it is ever idle

    def flush(self) -> NoReturn:
        """Refuse."""
        self.write(b"")

    def end(self, trailers: object = ()) -> None:
        """Nothing is left to end."""

    def break_off(self) -> None:
        """Nothing is left to cut."""


RETRACTED: Final = Retracted()

Producer: TypeAlias = (
    "Callable[[ResponseStream], Awaitable[Any]] | AsyncIterable[Any] | Iterable[Any]"
)


def encoded(data: object, *, coerce: bool) -> bytes:
    """Return the bytes to send; copies what its owner could change later."""
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        return data.encode()
    if isinstance(data, bytearray | memoryview):
        return bytes(data)
    if coerce:
        return str(data).encode()
    raise TypeError(
        f"a body is str or bytes, not {type(data).__name__}; only write() takes anything"
    )


def checked(answer: Any) -> BaseResponse | None:
    """Return the response that a handler's answer stands for; None if it has written its own.

    Raises:
        ResponseError: it is no answer.
    """
    if isinstance(answer, BaseResponse):
        return None if isinstance(answer, ResponseStream) else answer
    if answer is None:
        return None
    if hasattr(answer, "__aiter__"):
        return StreamingResponse(answer)
    raise ResponseError(
        f"the handler returned {type(answer).__name__}; return text(…), json(…), stream(…) or "
        "another response"
    )


def stream(
    streaming_fn: Producer,
    status: int = 200,
    headers: Pairs | None = None,
    content_type: str | None = TEXT,
    *,
    trailers: Iterable[str] = (),
    digest: str | None = None,
) -> StreamingResponse:
    """Answer with a body that is produced while it is sent.

    Args:
        streaming_fn: a coroutine function that takes the :class:`ResponseStream` and writes to it,
            or an async iterable, or a plain iterable (which runs in a worker thread); items are
            taken as ``write`` takes them.
        status, headers, content_type: of the response.
        trailers, digest: fields after the body, see ``Request.respond``.

    Raises:
        ConfigError: the producer is none of those.

    The body ends when the producer does. If it raises, the client sees a 500 when nothing was sent
    yet, else a connection that is cut.
    """
    good = callable(streaming_fn) or isinstance(streaming_fn, AsyncIterable | Iterable)
    if not good or isinstance(streaming_fn, str | bytes | bytearray | memoryview):
        raise ConfigError(
            "stream() takes an async function of the response, an async iterable or an iterable, "
            f"not {type(streaming_fn).__name__}"
        )
    if inspect.isgeneratorfunction(streaming_fn) or inspect.isasyncgenfunction(streaming_fn):
        name = getattr(streaming_fn, "__name__", repr(streaming_fn))
        raise ConfigError(f"stream() takes the generator, not its function: stream({name}(…))")
    return StreamingResponse(
        streaming_fn, status, headers, content_type, trailers=trailers, digest=digest
    )


def text(
    body: str,
    status: int = 200,
    headers: Pairs | None = None,
    content_type: str | None = TEXT,
) -> HTTPResponse:
    """Answer with text, sent as UTF-8."""
    return HTTPResponse(body, status, headers, content_type)


def html(
    body: str | bytes,
    status: int = 200,
    headers: Pairs | None = None,
    content_type: str | None = HTML,
) -> HTTPResponse:
    """Answer with a page, sent as UTF-8."""
    return HTTPResponse(body, status, headers, content_type)


def json(
    body: Any,
    status: int = 200,
    headers: Pairs | None = None,
    content_type: str | None = "application/json",
    **options: Any,
) -> HTTPResponse:
    """Answer with JSON.

    Args:
        body: anything msgspec encodes: builtins, dataclasses, datetimes, UUIDs, Structs.
        status, headers, content_type: of the response.
        options: passed on to ``msgspec.json.encode`` (``enc_hook``, ``order``).

    Raises:
        TypeError: ``body`` holds what JSON cannot express.
    """
    encode = codec().encode
    data = encode(body, **options) if options else encode(body)
    return HTTPResponse(data, status, headers, content_type)


@functools.cache  # asked again 0.03 us; to import once more would be 0.1
def codec() -> ModuleType:
    """Return what knows JSON: 8 ms, which most programs need not spend."""
    import msgspec

    return msgspec.json


def raw(
    body: bytes,
    status: int = 200,
    headers: Pairs | None = None,
    content_type: str | None = "application/octet-stream",
) -> HTTPResponse:
    """Answer with bytes as they are."""
    return HTTPResponse(body, status, headers, content_type)


def empty(status: int = 204, headers: Pairs | None = None) -> HTTPResponse:
    """Answer without a body and without a content type."""
    return HTTPResponse(b"", status, headers, None)


def redirect(
    to: str,
    headers: Pairs | None = None,
    status: int = 302,
    content_type: str | None = HTML,
) -> HTTPResponse:
    """Send the client elsewhere.

    Args:
        to: absolute or relative URL; what a URL cannot hold is percent-encoded.
        headers, status, content_type: of the response.
    """
    response = HTTPResponse(b"", status, headers, content_type)
    response.headers["Location"] = url_functions().quote(to, safe=":/%#?&=@[]!$&'()*+,;~")
    return response
