"""Who asks what of whom, between a server, its connections, their exchanges and the application.

An exchange knows responses as a head, pieces of body and an end. How those are framed, and what has
to happen to the connection afterwards, is the affair of the :class:`Wire` that carries it: HTTP/1.1
is one, a test's memory another. What the answer is, is the affair of the :class:`Dispatcher`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    import contextvars
    from collections.abc import Callable, Iterable

    from headrace_http_parser import Headers, Limits

    from ._budget import Budget
    from ._config import Config
    from ._connection import Connection
    from ._dated import Dated
    from ._drain import Draining
    from ._end import Figures
    from ._exchange import Exchange
    from ._probe import Watched
    from ._settings import RouteSettings
    from ._sweeper import Sweeper
    from ._turn import Turn
    from .request import Request
    from .response import BaseResponse


Peer: TypeAlias = tuple[str, int]
"""Address and port of the other side; ``("", 0)`` where it has none."""


class RequestLine(Protocol):
    """The part of a request's head that every version of HTTP has."""

    @property
    def method(self) -> str:
        """Method, as sent."""

    @property
    def target(self) -> bytes:
        """Request target, as sent."""

    @property
    def version(self) -> str:
        """``"1.0"``, ``"1.1"``, …"""

    @property
    def headers(self) -> Headers:
        """Fields, as sent."""

    @property
    def content_length(self) -> int | None:
        """Announced length of the body, None if there is none or it is not known."""

    @property
    def has_body(self) -> bool:
        """Whether a body follows."""

    @property
    def expect(self) -> str | None:
        """Value of Expect in lower case."""


class Wire(Protocol):
    """Carries one exchange at a time."""

    @property
    def peer(self) -> Peer:
        """The other side's address."""

    def start(
        self,
        status: int,
        headers: Iterable[tuple[str, str]],
        length: int | None,
        *,
        whole: bool,
    ) -> None:
        """Validate a response's head and hold it until the first ``send``.

        Args:
            status: three digits.
            headers: fields in order.
            length: bytes of the body, None when it is not known.
            whole: the body follows at once, so what has not arrived of the request by now will
                not be read.

        Raises:
            ResponseError: the head cannot be sent as it is; nothing has changed.
        """

    def answer(self, status: int, content_type: str | None, body: bytes) -> bool:
        """Send a whole response that has no further fields, if nothing is unusual about it.

        Returns:
            Whether it was sent. If not, nothing has changed, and ``start`` and ``send`` are to do
            it.
        """

    def send(self, pieces: list[bytes], size: int, end: bool) -> None:
        """Send the held head, these pieces (whose list now belongs to the wire), and the end."""

    def takes_trailers(self) -> bool:
        """Whether trailer fields may follow the body, if it has no length (RFC 9110, 6.5.1)."""

    def trail(self, fields: list[tuple[str, str]]) -> None:
        """Hold trailer fields for the end of the body; dropped where they cannot be sent.

        Raises:
            ResponseError: one of them is invalid, or none of a trailer.
        """

    def interim(self, status: int, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Send an interim response (1xx) at once.

        Raises:
            ResponseError: it cannot be sent as it is.
        """

    def buffered(self) -> int:
        """Return the bytes that were sent here and have not been taken by the kernel."""

    def drain(self) -> None:
        """Call the exchange's ``resume_writing`` once the kernel has taken all; then its ``part``.

        The latter where the wire may be closed, which need not be where the former is.
        """

    def pause_reading(self) -> None:
        """Take no more of the request's body from the peer."""

    def resume_reading(self) -> None:
        """Go on taking the request's body."""

    def cut(self, *, gently: bool) -> None:
        """End the exchange so that the peer can tell that the response is not complete.

        Args:
            gently: let what was sent before reach the peer.
        """

    def ended(self, exchange: Exchange) -> None:
        """Nothing of this exchange runs any more; the next one may start."""


class Dispatcher(Protocol):
    """What an exchange asks of the application."""

    @property
    def config(self) -> Config:
        """The server's settings."""

    @property
    def settings(self) -> RouteSettings:
        """What holds where no route was found."""

    @property
    def clock(self) -> Callable[[], float] | None:
        """Seconds, monotonic; None if nobody wants the figures of an exchange."""

    @property
    def draining(self) -> Draining:
        """Tells when the server shuts down."""

    def request(self, head: RequestLine, exchange: Exchange) -> Request:
        """Make the request, with its endpoint, or with ``refused`` set to why there is none."""

    def call(self, request: Request) -> Any:
        """Run middleware and handler; return the handler's answer, or what gives it when awaited.

        None means that the handler took the response in hand.
        """

    async def answer(self, request: Request, error: Exception) -> BaseResponse | None:
        """Turn what the handler raised into a response, and log it if the server is at fault."""

    def ended(self, request: Request, figures: Figures) -> None:
        """Tell whoever wants to know what an exchange came to."""


class Host(Protocol):
    """What a connection asks of its server."""

    budget: Budget
    config: Config
    context: contextvars.Context
    dated: Dated
    draining: bool
    limits: Limits
    requests: int
    sweeper: Sweeper
    turn: Turn | None

    @property
    def dispatcher(self) -> Dispatcher:
        """The application."""

    def admit(self, connection: Connection) -> str | None:
        """Keep a connection that was made; or return why it is refused."""

    def closed(self, connection: Connection) -> None:
        """A connection is gone and nothing of it runs any more."""

    def watch(self, connection: Watched) -> None:
        """Look now and then whether this connection's client is still there."""
