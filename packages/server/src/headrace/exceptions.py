"""What goes wrong, by who did it.

::

    HeadraceException(status=500)       root; raise it, or a subclass, to answer with its status
    ├── BadRequest 400                  alias InvalidUsage
    │   └── TruncatedBody               the client ended its body early
    ├── Unauthorized 401
    ├── Forbidden 403
    ├── NotFound 404
    ├── MethodNotAllowed 405            carries ``allowed``
    ├── RequestTimeout 408
    ├── PayloadTooLarge 413             carries ``limit``
    ├── ExpectationFailed 417
    ├── ServerError 500
    │   ├── WriteOverflow               un-awaited writes reached the cap
    │   └── ResponseError               a response was begun twice, written after its end, …
    ├── ServiceUnavailable 503
    │   ├── HandlerTimeout              the handler did not respond in time
    │   └── ServerBusy                  the server holds as many bytes as it may
    └── ExchangeEnded                   nothing can be answered any more; carries ``reason``
        └── ClientGone                  the client closed or reset the connection
    ListenError                         (OSError) the address cannot be bound
    ConfigError                         (ValueError) wrong use of the API, raised at registration

A handler that raises one of these before its response began is answered with ``status`` and the
message; anything else is a 500 without detail (with a readable page in debug mode).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, NoReturn

from ._end import EndReason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class HeadraceException(Exception):
    """Root of everything that the server raises in a handler, or takes from one as an answer.

    Args:
        message: shown to the client; by default the status's standard phrase.
        status_code: overrides the class's status.
        headers: further response headers.
    """

    status_code: int = 500

    private: bool = False
    """Whether the message is for the log alone: the client is shown the status only."""

    def __init__(
        self,
        message: str | None = None,
        status_code: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if status_code is not None:
            self.status_code = status_code
        self.message = phrase(self.status_code) if message is None else message
        self.headers: dict[str, str] = dict(headers or {})
        super().__init__(self.message)


class BadRequest(HeadraceException):
    """The request cannot be understood."""

    status_code = 400


InvalidUsage = BadRequest


class TruncatedBody(BadRequest):
    """The client ended the request body before its announced end."""

    def __init__(self, message: str = "the request body ended early") -> None:
        super().__init__(message)


class Unauthorized(HeadraceException):
    """The request lacks valid credentials."""

    status_code = 401


class Forbidden(HeadraceException):
    """The request was understood and is refused."""

    status_code = 403


class NotFound(HeadraceException):
    """No route has this path."""

    status_code = 404


class MethodNotAllowed(HeadraceException):
    """A route has this path, for other methods. ``allowed`` holds them, sorted."""

    status_code = 405

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        self.allowed = tuple(sorted(allowed))
        listed = ", ".join(self.allowed)
        super().__init__(
            f"Method {method} not allowed; allowed: {listed}", headers={"allow": listed}
        )


class RequestTimeout(HeadraceException):
    """The request did not arrive in time."""

    status_code = 408


class PayloadTooLarge(HeadraceException):
    """The request body is longer than ``limit`` bytes."""

    status_code = 413

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(f"The request body is over the limit of {limit} bytes")


class ExpectationFailed(HeadraceException):
    """The request's ``Expect`` field asks for what the server does not do."""

    status_code = 417


class ServerError(HeadraceException):
    """The server failed; raise it to answer 500 with a message of your own."""

    status_code = 500


class WriteOverflow(ServerError):
    """More bytes were written and not awaited than the ``write_cap`` setting allows.

    The client reads more slowly than the handler writes. Await the writes: each one then waits
    until the client has caught up.
    """

    private = True

    def __init__(self, cap: int) -> None:
        self.cap = cap
        super().__init__(
            f"{cap} bytes wait for a client that reads slowly and no write was awaited; "
            "use 'await response.write(...)' or raise write_cap"
        )


class ResponseError(ServerError):
    """A handler used its response wrongly: began it twice, wrote after its end, and so on."""

    private = True


class ServiceUnavailable(HeadraceException):
    """The server is over a limit of its own, or is shutting down."""

    status_code = 503


class HandlerTimeout(ServiceUnavailable):
    """The handler did not respond within ``handler_timeout``, or ``timeout``, and was cancelled."""


class ServerBusy(ServiceUnavailable):
    """The server buffers as much as ``memory_budget`` allows, and cannot read a body now."""

    def __init__(self) -> None:
        super().__init__("the server holds as much as it may", headers={"retry-after": "1"})


class ExchangeEnded(HeadraceException):
    """The exchange is over: nothing more can be read or written. ``reason`` tells why."""

    reason: EndReason
    private = True

    def __init__(self, reason: EndReason, message: str | None = None) -> None:
        self.reason = reason
        super().__init__(message or f"the exchange has ended: {reason.value}")


class ClientGone(ExchangeEnded):
    """The client closed or reset the connection."""

    def __init__(self) -> None:
        super().__init__(EndReason.CLIENT_GONE)


class ListenError(OSError):
    """The server cannot listen on ``host`` and ``port``; ``errno`` and the cause tell why."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        self.host = host
        self.port = port
        super().__init__(error.errno, f"cannot listen on {host} port {port}: {error.strerror}")

    def __str__(self) -> str:
        return str(self.strerror)


class ConfigError(ValueError):
    """The API was used wrongly; raised where the wrong call is, before any request is served."""


_BY_STATUS: dict[int, type[HeadraceException]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    408: RequestTimeout,
    417: ExpectationFailed,
    500: ServerError,
    503: ServiceUnavailable,
}


def abort(status_code: int, message: str | None = None) -> NoReturn:
    """Raise the exception that is answered with this status."""
    raise _BY_STATUS.get(status_code, HeadraceException)(message, status_code)


@cache
def _phrases() -> dict[int, str]:
    from http import HTTPStatus  # 0.7 ms, for those who need a phrase

    return {int(each): each.phrase for each in HTTPStatus}


def phrase(status: int) -> str:
    """Return the standard reason phrase of a status, or ``""`` for an unknown one."""
    return _phrases().get(status, "")
