"""An exchange without bytes: driven by calls, and what it says kept as values."""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING, Any

from headrace_http_parser import Headers

from .._config import override
from .._exchange import Exchange
from ..exceptions import ResponseError
from ._transport import FakeClock, settle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .._app import Headrace
    from .._interfaces import Peer


class MemoryHead:
    """A request's head as any version of HTTP could give it.

    Args:
        method: of the request.
        target: path and query.
        headers: fields.
        body: whether a body follows.
        length: its announced length in bytes; implies that one follows.
        expect: value of Expect in lower case.
    """

    def __init__(
        self,
        method: str = "GET",
        target: str = "/",
        headers: Iterable[tuple[str, str]] = (("host", "a"),),
        *,
        body: bool = False,
        length: int | None = None,
        expect: str | None = None,
    ) -> None:
        self.method = method
        self.target = target.encode()
        self.version = "2"
        self.headers = Headers(headers)
        self.content_length = length
        self.has_body = body or length is not None
        self.expect = expect


class MemoryWire:
    """Keeps what an exchange says as a list of values.

    Attributes:
        said: ``("start", status, length, whole)``, ``("data", bytes)``, ``("end", bytes)``,
            ``("interim", status, *fields)``, ``("trail", *fields)``, ``"pause"``, ``"resume"``,
            ``"drain"``, ``("cut", "gently" | "hard")`` and ``("ended", reason)``, in order.
        headers: the fields of the response.
        stalled: whether the client takes nothing, so that what is sent is held.
        held: bytes that are held.
        trails: whether the client takes trailers.
    """

    peer: Peer = ("192.0.2.1", 5)

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.headers: list[tuple[str, str]] = []
        self.stalled = False
        self.held = 0
        self.trails = False

    def start(
        self, status: int, headers: Iterable[tuple[str, str]], length: int | None, *, whole: bool
    ) -> None:
        """See ``Wire.start``; a line feed in a value cannot be sent."""
        fields = list(headers)
        for name, value in fields:
            if "\n" in value:
                raise ResponseError(f"bad value of {name}")
        self.headers = fields
        self.said.append(("start", status, length, whole))

    def answer(self, status: int, content_type: str | None, body: bytes) -> bool:
        """See ``Wire.answer``; here every response goes the usual way."""
        return False

    def send(self, pieces: list[bytes], size: int, end: bool) -> None:
        """See ``Wire.send``."""
        assert sum(map(len, pieces)) == size
        self.held += size if self.stalled else 0
        self.said.append(("end" if end else "data", b"".join(pieces)))

    def takes_trailers(self) -> bool:
        """See ``Wire.takes_trailers``."""
        return self.trails

    def trail(self, fields: list[tuple[str, str]]) -> None:
        """See ``Wire.trail``; a content-length is no trailer."""
        if any(name == "content-length" for name, _ in fields):
            raise ResponseError("content-length is no trailer")
        self.said.append(("trail", *fields))

    def interim(self, status: int, headers: Iterable[tuple[str, str]] = ()) -> None:
        """See ``Wire.interim``."""
        self.said.append(("interim", status, *headers))

    def buffered(self) -> int:
        """See ``Wire.buffered``."""
        return self.held

    def drain(self) -> None:
        """See ``Wire.drain``."""
        self.said.append("drain")

    def pause_reading(self) -> None:
        """See ``Wire.pause_reading``."""
        self.said.append("pause")

    def resume_reading(self) -> None:
        """See ``Wire.resume_reading``."""
        self.said.append("resume")

    def cut(self, *, gently: bool) -> None:
        """See ``Wire.cut``."""
        self.said.append(("cut", "gently" if gently else "hard"))

    def ended(self, exchange: Exchange) -> None:
        """See ``Wire.ended``."""
        self.said.append(("ended", exchange.reason))

    @property
    def body(self) -> bytes:
        """What was sent of the response's body."""
        return b"".join(said[1] for said in self.said if said[0] in ("data", "end"))


class MemoryExchange:
    """One exchange of an application, driven by calls.

    Args:
        app: the application.
        settings: replace the application's own.

    Attributes:
        clock: the time that figures are taken by.
        exchange: once :meth:`open` was called: takes ``receive``, ``receive_end``, ``lose``, …
        wire: keeps what it says.
    """

    def __init__(self, app: Headrace, **settings: Any) -> None:
        self.app = app
        self.clock = FakeClock()
        self.wire = MemoryWire()
        self.exchange: Exchange
        self._config = override(app.config, **settings)

    def open(self, head: MemoryHead | None = None, *, paused: bool = False) -> Exchange:
        """Let the request's head arrive.

        Args:
            head: ``GET /`` by default.
            paused: whether the wire is above its high-water mark already.
        """
        self.exchange = Exchange(
            head or MemoryHead(),
            self.wire,
            self.app.dispatch(self._config, self.clock),
            contextvars.copy_context(),
            paused=paused,
        )
        self.exchange.open()
        return self.exchange

    async def run(self, head: MemoryHead | None = None) -> list[Any]:
        """Let the request's head arrive and everything settle; return what was said."""
        self.open(head)
        await settle()
        return self.wire.said
