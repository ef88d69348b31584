"""An exchange's response as HTTP/1.1 bytes on a transport.

One object per connection carries its exchanges one after the other. All framing is written by
``headrace_http_parser``; what is decided here is when bytes leave and how they are put together:
small parts are joined into one ``write`` (no vector), large ones go down as ``writelines`` so that
no payload is copied; either is one system call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from headrace_http_parser import (
    CHUNK_PADDING,
    BodyFraming,
    LocalProtocolError,
    RequestHead,
    encode_chunk,
    encode_interim,
    encode_last_chunk,
    encode_response_head,
    response_framing,
)

from ._trailers import accepts_trailers
from .exceptions import ResponseError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    from ._dated import Dated
    from ._exchange import Exchange
    from ._interfaces import Peer
    from ._turn import Turn

JOIN_BYTES: Final = 16 * 1024
"""Up to this size one joined ``write`` beats ``writelines``; above it the copy costs more."""

JOIN_PIECE: Final = 1024
"""What that size grows by with each further piece: 1,000 of 32 bytes take 13 µs joined and 52 µs as
a vector, 16 of 4 KiB 8.1 and 7.3 µs."""

WITHOUT_CONTENT: Final = frozenset(["HEAD", "CONNECT"])
"""Methods whose 2xx has no content (RFC 9110, 9.3.2 and 9.3.6)."""

# A global costs less than an attribute of an enum.
CHUNKED: Final = BodyFraming.CHUNKED
CONTENT_LENGTH: Final = BodyFraming.CONTENT_LENGTH

LAST_CHUNK: Final = encode_last_chunk()

HEAD_START: Final = encode_interim(100)[:9]
"""``HTTP/1.1`` and a blank: the first bytes of every head, whatever is answered later."""


class LastChunk:
    """The small chunk encoded last: what is sent to many is encoded for the first of them.

    An event to 1,000 subscribers is 1,000 times the same object. To compare costs 0.03 us, as long
    as it is; what is held is less than twice ``JOIN_BYTES``, as the list of pieces is the wire's.

    Attributes:
        both: the pieces and the chunk; one object, as loops in other threads change it, too.
    """

    __slots__ = ("both",)

    def __init__(self) -> None:
        self.both: tuple[list[bytes], bytes] = [], b""

    def encode(self, pieces: list[bytes]) -> bytes:
        """Encode a chunk, and keep it."""
        data = b"".join(encode_chunk(pieces))
        self.both = pieces, data
        return data


LAST: Final = LastChunk()


class Owner(Protocol):
    """What the wire asks of the connection."""

    peer: Peer

    def pause_reading(self) -> None:
        """Take no more of the request's body."""

    def resume_reading(self) -> None:
        """Go on taking it."""

    def will_close(self, whole: bool) -> bool:
        """Whether the connection cannot be used after this response."""

    def drain_writes(self) -> None:
        """Say ``resume_writing`` when nothing is unsent any more."""

    def cut(self, *, gently: bool) -> None:
        """Close the connection, once what was sent is taken or at once with a reset."""

    def ended(self, exchange: Exchange) -> None:
        """The exchange is over."""


class Http1Wire:
    """Carries the exchanges of one HTTP/1.1 connection.

    Args:
        owner: the connection.
        transport: takes the bytes.
        dated: has the current Date field.
        turn: has small answers wait for the end of the loop's turn; None if nothing is gained.

    Attributes:
        asked_to_close: whether the client wants no further response.
        keep_alive: whether the connection can be used after the response.
        sent: bytes that were ever given to the transport.
    """

    __slots__ = (
        "_ahead",
        "_by_asyncio",
        "_dated",
        "_framing",
        "_head",
        "_held",
        "_last",
        "_late",
        "_owner",
        "_started",
        "_transport",
        "_turn",
        "asked_to_close",
        "keep_alive",
        "sent",
    )

    def __init__(
        self,
        owner: Owner,
        transport: asyncio.WriteTransport,
        dated: Dated,
        turn: Turn | None = None,
    ) -> None:
        self._owner = owner
        self._transport = transport
        self._dated = dated
        self._turn = turn
        self._late = b""  # what is written at the end of this turn
        self._by_asyncio = type(transport).__module__.startswith("asyncio")
        self._held = b""
        self._framing = BodyFraming.NONE
        self._head: RequestHead | None = None
        self._last = LAST_CHUNK
        self._started = False  # the response's head is on its way
        self._ahead = 0  # bytes of the next head that went out as probes
        self.asked_to_close = False
        self.keep_alive = True
        self.sent = 0

    @property
    def peer(self) -> Peer:
        """The other side's address."""
        return self._owner.peer

    def begin(self, head: RequestHead) -> None:
        """Get ready for the exchange of this request."""
        self._head = head
        self._held = b""
        self._last = LAST_CHUNK
        self._started = False
        self.keep_alive = head.keep_alive
        self.asked_to_close = not head.keep_alive

    def start(
        self,
        status: int,
        headers: Iterable[tuple[str, str]],
        length: int | None,
        *,
        whole: bool,
    ) -> None:
        """Validate and hold the head; see ``Wire.start``."""
        head = self._head
        assert head is not None
        if status < 200:
            raise ResponseError(f"status {status} is not that of a final response")
        framing = response_framing(
            method=head.method, version=head.version, status=status, content_length=length
        )
        if status == 304 and not length:
            length = None  # it would have to be that of the 200 (RFC 9110, 8.6), which is not known
        fields, close = self._own_fields(headers)
        if framing is BodyFraming.CLOSE or not self.keep_alive or self._owner.will_close(whole):
            close = True
        said: bool | None = None
        if close:
            said = True
        elif head.version == "1.0":
            said = False
        try:
            self._held = encode_response_head(
                status,
                fields,
                framing=framing,
                content_length=length,
                close=said,
            )
        except LocalProtocolError as error:
            raise ResponseError(f"the response's head cannot be sent: {error}") from error
        self._framing = framing
        self.keep_alive = not close

    def _own_fields(self, headers: Iterable[tuple[str, str]]) -> tuple[list[tuple[str, str]], bool]:
        """Return a handler's fields with Date, unless it sent its own; and whether it closes."""
        fields = list(headers)
        dated = close = False
        for name, value in fields:
            size = len(name)  # fewer lower() than names
            if size == 4:
                dated = dated or name.lower() == "date"
            elif size == 10 and name.lower() == "connection":
                close = close or "close" in value.lower().replace(",", " ").split()
        if not dated:
            fields.append(("date", self._dated.date()))
        return fields, close

    def answer(self, status: int, content_type: str | None, body: bytes) -> bool:
        """Send a whole response at once if nothing about it is unusual; see ``Wire.answer``."""
        head = self._head
        assert head is not None
        dated = self._dated
        prefix = dated.heads.get((status, content_type))
        if prefix is None:
            prefix = dated.head(status, content_type)
        if (
            prefix is None
            or not self.keep_alive
            or self._ahead
            or len(body) > JOIN_BYTES
            or head.version == "1.0"
            or head.method in WITHOUT_CONTENT
            or self._owner.will_close(True)
            or self._transport.is_closing()
        ):
            return False
        self._framing = CONTENT_LENGTH
        self._started = True
        data = b"%b%d\r\n\r\n%b" % (prefix, len(body), body)
        if self._turn is None:
            self.sent += len(data)  # as _write() does, for two calls less
            self._transport.write(data)
            return True
        if len(self._late) >= JOIN_BYTES:
            self.flush()
        if not self._late:
            self._turn.join(self)
        self._late += data
        self.sent += len(data)
        return True

    def flush(self) -> None:
        """Write what waits for the end of the turn."""
        late = self._late
        if late:
            self._late = b""
            if not self._transport.is_closing():
                self._transport.write(late)

    end_turn = flush

    def send(self, pieces: list[bytes], size: int, end: bool) -> None:
        """Send the held head, the pieces and the end; see ``Wire.send``."""
        if self._late:
            self.flush()
        framing = self._framing
        if framing is CHUNKED and 0 < size <= JOIN_BYTES and not end and not self._held:
            if not self._transport.is_closing():
                known, data = LAST.both
                if pieces != known:
                    data = LAST.encode(pieces)
                self.sent += len(data)
                self._transport.write(data)
            return
        joins = size <= JOIN_BYTES + JOIN_PIECE * (len(pieces) - 1)
        if framing is BodyFraming.NONE or not size:
            pieces = []
            joins = True
        elif framing is CHUNKED:
            pieces = encode_chunk(pieces)
        if end and framing is CHUNKED:
            pieces.append(self._last)
        if self._held:
            pieces.insert(0, self._held[self._ahead :] if self._ahead else self._held)
            self._held = b""
            self._ahead = 0
            self._started = True
        if not pieces or self._transport.is_closing():
            return
        if joins:
            self._write(b"".join(pieces))
        elif self._by_asyncio:
            # CPython 3.12 and 3.13.0: asyncio's writelines() neither pauses its protocol above the
            # high-water mark nor looks whether the connection is lost. Its write() does both.
            for piece in pieces:
                if self._transport.is_closing():
                    break
                self._write(piece)
        else:
            self.sent += sum(map(len, pieces))
            self._transport.writelines(pieces)

    def _write(self, data: bytes) -> None:
        self.flush()
        self.sent += len(data)
        self._transport.write(data)

    def refuse(self, status: int, reason: str) -> None:
        """Answer what never became an exchange, and announce the connection's end."""
        body = f"{status} {reason}\n".encode()
        head = encode_response_head(
            status,
            [("content-type", "text/plain; charset=utf-8"), ("date", self._dated.date())],
            framing=BodyFraming.CONTENT_LENGTH,
            content_length=len(body),
            close=True,
        )
        self._write_head(head + body)

    def takes_trailers(self) -> bool:
        """Whether trailer fields may follow a chunked body; see ``Wire.takes_trailers``."""
        assert self._head is not None
        return self._head.version != "1.0" and accepts_trailers(self._head.headers)

    def trail(self, fields: list[tuple[str, str]]) -> None:
        """Hold trailer fields for the last chunk; see ``Wire.trail``."""
        try:
            last = encode_last_chunk(fields)
        except LocalProtocolError as error:
            raise ResponseError(f"the trailers cannot be sent: {error}") from error
        if self.takes_trailers():
            self._last = last

    def interim(self, status: int, headers: Iterable[tuple[str, str]] = ()) -> None:
        """Send an interim response at once; an HTTP/1.0 client gets none (RFC 9110, 15.2)."""
        assert self._head is not None
        try:
            data = encode_interim(status, headers)
        except LocalProtocolError as error:
            raise ResponseError(f"the interim response cannot be sent: {error}") from error
        if self._head.version != "1.0" and not self._transport.is_closing():
            self._write_head(data)

    def probe(self) -> bool:
        """Send something that means nothing, so that a peer which is gone has to say so.

        At the border of two chunks that is a leading zero of the next chunk's size (RFC 9112, 7.1).
        Before a head it is the head's first bytes, one by one: they are the same for every head. An
        interim response would do no better: of eight clients and three proxies, each of 100, 102
        and 103 was taken for the final response, or for an error, by at least one.

        Returns:
            Whether anything was sent.
        """
        if self._transport.is_closing():
            return False
        if self._started:
            if self._framing is not BodyFraming.CHUNKED:
                return False
            self._write(CHUNK_PADDING)
            return True
        ahead = self._ahead
        if ahead == len(HEAD_START):
            return False
        self._write(HEAD_START[ahead : ahead + 1])
        self._ahead = ahead + 1
        return True

    def _write_head(self, head: bytes) -> None:
        """Send a head, or what probes have left of it."""
        self._write(head[self._ahead :])
        self._ahead = 0

    def buffered(self) -> int:
        """Return the bytes that the kernel has not taken yet."""
        return self._transport.get_write_buffer_size() + len(self._late)

    def drain(self) -> None:
        """Have ``resume_writing`` called once the kernel has taken everything."""
        self._owner.drain_writes()

    def pause_reading(self) -> None:
        """Take no more of the request's body."""
        self._owner.pause_reading()

    def resume_reading(self) -> None:
        """Go on taking it."""
        self._owner.resume_reading()

    def cut(self, *, gently: bool) -> None:
        """Close: only a closed connection tells a client that a body is not complete.

        Where the close itself is the body's regular end (HTTP/1.0), only a reset tells it.
        """
        looks_whole = self._framing is BodyFraming.CLOSE and self._started
        self._owner.cut(gently=gently and not looks_whole)

    def ended(self, exchange: Exchange) -> None:
        """The exchange is over."""
        self._owner.ended(exchange)
