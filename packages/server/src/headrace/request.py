"""The request, as a handler sees it."""

from __future__ import annotations

import codecs
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from headrace_http_parser import Headers

from ._shield import Shield
from ._stream import RequestStream, preloaded
from .exceptions import BadRequest
from .response import codec, url_functions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ._app import Headrace
    from ._drain import Draining
    from ._end import Ending
    from ._endpoint import Endpoint
    from ._exchange import Exchange
    from ._headers import Pairs
    from ._interfaces import RequestLine
    from .exceptions import HeadraceException
    from .response import ResponseStream


NO_TRAILERS = Headers()

CHARSETS = frozenset(
    ["ascii", "big5", "big5hkscs", "euc_jp", "euc_kr", "gb18030", "gb2312", "gbk", "iso2022_jp"]
    + ["koi8-r", "koi8-u", "mac-cyrillic", "mac-roman", "shift_jis"]
    + ["utf-16", "utf-16-be", "utf-16-le", "utf-8"]
    + [f"cp{number}" for number in (866, 874, 932, *range(1250, 1259))]
    + [f"iso8859-{number}" for number in range(1, 17)]
)
"""Python's names of the encodings that the WHATWG Encoding Standard knows."""


class RequestParameters(dict[str, list[str]]):
    """Query or form fields: ``[name]`` is the list of values, ``get(name)`` the first."""

    __slots__ = ()

    def get(self, name: str, default: Any = None) -> Any:
        """Return the first value, or the default."""
        values = super().get(name)
        return default if values is None else values[0]

    def getlist(self, name: str, default: Any = None) -> Any:
        """Return every value, or the default."""
        return super().get(name, default)


class Request:
    """One request. Made by the server; a handler reads it.

    Attributes:
        app: the application that serves it.
        method: as sent, ``"GET"``.
        path: undecoded path without the query.
        headers: fields, case-insensitive; trailers never appear here.
        body: the whole body where the route does not stream, else ``b""``.
        match_info: the path's parameters, as passed to the handler.
        ctx: a namespace for middleware and handlers to keep things in.
        endpoint: the route's handler and settings, None where no route was found.
        refused: why no handler will run, or None.
        trailers: fields that came after the body; empty until the body has ended.
    """

    __slots__ = (
        "_args",
        "_authority",
        "_ctx",
        "_exchange",
        "_stream",
        "app",
        "body",
        "endpoint",
        "head",
        "headers",
        "match_info",
        "method",
        "path",
        "query_string",
        "refused",
        "trailers",
    )

    def __init__(self, app: Headrace, head: RequestLine, exchange: Exchange) -> None:
        self.app = app
        self.head = head
        self.method = head.method
        self.headers: Headers = head.headers
        self.body = b""
        self.match_info: dict[str, Any] = {}
        self.endpoint: Endpoint | None = None
        self.refused: HeadraceException | None = None
        self.trailers: Headers = NO_TRAILERS
        target = head.target.decode()
        if target.startswith("/"):  # as split_target does, whose call would take as long again
            if "?" in target:
                self.path, _, self.query_string = target.partition("?")
            else:
                self.path = target
                self.query_string = ""
            self._authority = ""
        else:
            self.path, self.query_string, self._authority = split_target(target)
        self._exchange = exchange
        self._args: RequestParameters | None = None
        self._ctx: SimpleNamespace | None = None
        self._stream: RequestStream | None = None

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.path}>"

    @property
    def version(self) -> str:
        """HTTP version, ``"1.1"``."""
        return self.head.version

    @property
    def ctx(self) -> SimpleNamespace:
        """A namespace of this request."""
        if self._ctx is None:
            self._ctx = SimpleNamespace()
        return self._ctx

    @property
    def ip(self) -> str:
        """The peer's address, ``""`` where it has none (a Unix socket)."""
        return self._exchange.peer[0]

    @property
    def port(self) -> int:
        """The peer's port, 0 where it has none."""
        return self._exchange.peer[1]

    @property
    def host(self) -> str:
        """The host that was asked for, with its port if there is one.

        That of the target where the client sent an absolute URL (RFC 9112, 3.2.2), else the Host
        field, ``""`` if HTTP/1.0 sent none.
        """
        return self._authority or self.headers.get("host") or ""

    @property
    def url(self) -> str:
        """Absolute URL, as the client would write it."""
        query = f"?{self.query_string}" if self.query_string else ""
        return f"http://{self.host}{self.path}{query}"

    @property
    def args(self) -> RequestParameters:
        """The query's fields, decoded; fields without a value are kept."""
        if self._args is None:
            self._args = parameters(self.query_string)
        return self._args

    @property
    def form(self) -> RequestParameters:
        """The fields of an ``application/x-www-form-urlencoded`` body; empty for other types."""
        kind = (self.headers.get("content-type") or "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            return RequestParameters()
        return parameters(self.text)

    @property
    def json(self) -> Any:
        """The body, decoded from JSON.

        Raises:
            BadRequest: the body is not JSON.
        """
        try:
            return codec().decode(self.body)
        except (ValueError, RecursionError) as error:  # msgspec.DecodeError is one
            raise BadRequest(f"the body is not valid JSON: {error}") from None

    @property
    def text(self) -> str:
        """The body, decoded by the charset of its content type (UTF-8 where none is named).

        Raises:
            BadRequest: the body is not in that charset, or nobody knows the charset.
        """
        kind = self.headers.get("content-type") or ""
        _, _, charset = kind.lower().partition("charset=")
        charset = charset.partition(";")[0].strip().strip('"') or "utf-8"
        try:
            return self.body.decode(known_charset(charset))
        except (UnicodeError, LookupError) as error:
            raise BadRequest(f"the body is not text in {charset}: {error}") from None

    @property
    def stream(self) -> RequestStream:
        """The body as it arrives; where the route does not stream, the body that was preloaded."""
        if self._stream is None:
            self.receive_through(preloaded(self.body))
            assert self._stream is not None
        return self._stream

    def receive_through(self, stream: RequestStream) -> None:
        """For the exchange: the body comes through this stream."""
        stream.attach(self._exchange)
        self._stream = stream

    def hold(self) -> None:
        """For the exchange: its response has to be looked at before the body is read on."""
        if self._stream is not None:
            self._stream.hold()

    @property
    def draining(self) -> Draining:
        """Set once the server shuts down: send a last message and end before its deadline."""
        return self._exchange.draining

    @property
    def ended(self) -> Ending:
        """Set once the exchange has ended: its response is out, or can no longer be sent."""
        return self._exchange.ending

    def shield(self) -> Shield:
        """Return a block that runs to its end: ``async with request.shield(): …``.

        Where the handler would be cancelled within it, because its client is gone or a deadline
        has passed, it is cancelled at the end of the block instead. What the block writes to the
        response may raise :class:`ExchangeEnded` all the same. After a deadline the block has
        ``linger_timeout`` to end if the client is to be answered; it runs on without one.
        """
        return Shield(self._exchange)

    def interim(self, status: int, headers: Pairs | None = None) -> None:
        """Send an interim response, such as ``103`` with ``Link`` fields (RFC 8297), at once.

        An HTTP/1.0 client gets none. Older nginx in front (before 1.29) takes an interim response
        for the final one.

        Args:
            status: 102 to 199; 100 is sent when the body is first asked for.
            headers: a mapping or pairs.

        Raises:
            ResponseError: the final response has begun, or this one cannot be sent as it is.
            ExchangeEnded: the client is gone or a deadline passed.
        """
        self._exchange.interim(status, headers)

    async def respond(
        self,
        status: int = 200,
        headers: Pairs | None = None,
        content_type: str | None = "text/plain; charset=utf-8",
        *,
        trailers: Iterable[str] = (),
        digest: str | None = None,
    ) -> ResponseStream:
        """Begin the response and take it in hand.

        Args:
            status: three digits.
            headers: a mapping or pairs; with ``content-length`` the body is checked against it.
            content_type: value of the Content-Type field; None sends none.
            trailers: names of the fields that ``eof(trailers=…)`` will send, for the Trailer field.
            digest: ``"sha-256"`` or ``"sha-512"`` sends a Content-Digest of the body as a trailer
                (RFC 9530). Trailers go only to a client that sent ``TE: trailers``, and not after
                a body with a Content-Length.

        Returns:
            The response's stream. Its head leaves with the first bytes, at the latest at the end of
            this turn of the loop. The body ends with ``eof()`` or when the handler returns.

        Raises:
            ResponseError: a response has begun already, or a header cannot be sent; then nothing
                has begun.
            ConfigError: there is no such digest.
            ExchangeEnded: the client is gone or a deadline passed.
        """
        return self._exchange.begin(status, headers, content_type, trailers, digest)


def parameters(text: str) -> RequestParameters:
    """Return the fields of a query or a form."""
    if "%" in text or "+" in text:
        return RequestParameters(url_functions().parse_qs(text, keep_blank_values=True))
    # Nothing to decode: 0.6 us for two fields instead of 2.1, with the same result.
    found = RequestParameters()
    for field in text.split("&"):
        if field:
            name, _, value = field.partition("=")
            if name in found:
                found[name].append(value)
            else:
                found[name] = [value]
    return found


def known_charset(name: str) -> str:
    """Return the codec of a charset.

    Raises:
        LookupError: nobody knows it, or it is none that the web has. Python has codecs besides
            whose time is quadratic.
    """
    codec = codecs.lookup(name).name
    if codec not in CHARSETS:
        raise LookupError(f"unknown encoding: {name}")
    return codec


def split_target(text: str) -> tuple[str, str, str]:
    """Return path, query and host of a request target, all as sent.

    Only the absolute form (RFC 9112, 3.2.2) has a host; the asterisk and authority forms are
    returned whole as path and match no route.
    """
    host = ""
    if not text.startswith("/") and "://" in text:
        authority = text.partition("://")[2]
        end = min(map(len, (authority.partition(mark)[0] for mark in "/?")))
        host, text = authority[:end].rpartition("@")[2], authority[end:]
        if not text.startswith("/"):
            text = f"/{text}"
    path, _, query = text.partition("?")
    return path, query, host
