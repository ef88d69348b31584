"""Read HTTP/1.1 answers strictly: a second opinion on what a server sends.

Chunk sizes may have leading zeros (RFC 9112, 7.1: ``1*HEXDIG``); everything else that a server has
a choice about is taken in the one form that it is to be sent in, and refused otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from ._line import Line

HEAD_LIMIT = 64 * 1024
STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-9]\d\d) [ -~]*")
FIELD_LINE = re.compile(rb"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
SIZE = re.compile(rb"[0-9a-fA-F]{1,32}")

Feed = Callable[[bytes], str | None]
"""Takes the next bytes of a body; returns what is wrong with them, or None."""


class BadAnswer(Exception):
    """The server broke HTTP's rules, or the body is not the one that was expected."""


@dataclass(slots=True)
class Answer:
    """One final answer.

    Attributes:
        status: three digits.
        fields: pairs of lower-case name and value, in order.
        body: unless a ``feed`` took it.
        trailers: as ``fields``.
    """

    status: int
    fields: list[tuple[str, str]]
    body: bytes = b""
    trailers: list[tuple[str, str]] = field(default_factory=list)

    def field(self, name: str) -> str | None:
        """Return a field's value, None where it is absent.

        Raises:
            BadAnswer: it is there more than once.
        """
        values = [value for key, value in self.fields if key == name]
        if len(values) > 1:
            raise BadAnswer(f"{name} is there {len(values)} times")
        return values[0] if values else None


class AnswerReader:
    """Reads answers one after the other from a line.

    Attributes:
        statuses: of the final answers that have begun.
        interim: of the interim answers.
    """

    def __init__(self, line: Line) -> None:
        self.statuses: list[int] = []
        self.interim: list[int] = []
        self._line = line
        self._buffer = bytearray()

    async def read(self, method: str = "GET", feed: Feed | None = None) -> Answer:
        """Read the next final answer to a request of this method.

        Args:
            method: that of the request: an answer to HEAD has no body.
            feed: takes the body of a 200 piece by piece; otherwise it is collected.

        Raises:
            EOFError: the server closed before the answer was whole.
            ConnectionError: the server reset the connection.
            BadAnswer: as its docstring says.
        """
        answer = await self.head()
        collected: list[bytes] = []
        if feed is None or answer.status != 200:
            feed = collecting(collected)
        if method != "HEAD" and answer.status not in (204, 304):
            await self._body(answer, feed)
        answer.body = b"".join(collected)
        return answer

    async def head(self) -> Answer:
        """Read up to the end of the next final answer's head."""
        while True:
            line = await self._line_to(HEAD_LIMIT)
            found = STATUS_LINE.fullmatch(line)
            if found is None:
                raise BadAnswer(f"no status line: {line[:80]!r}")
            answer = Answer(int(found[1]), await self._fields())
            if answer.status >= 200:
                self.statuses.append(answer.status)
                return answer
            self.interim.append(answer.status)

    async def _fields(self) -> list[tuple[str, str]]:
        fields: list[tuple[str, str]] = []
        left = HEAD_LIMIT
        while line := await self._line_to(left):
            found = FIELD_LINE.fullmatch(line)
            if found is None:
                raise BadAnswer(f"no field line: {line[:80]!r}")
            fields.append((found[1].decode().lower(), found[2].decode("latin-1")))
            left -= len(line)
        return fields

    async def _body(self, answer: Answer, feed: Feed) -> None:
        coding, length = answer.field("transfer-encoding"), answer.field("content-length")
        if coding is not None and length is not None:
            raise BadAnswer("both Transfer-Encoding and Content-Length")
        if coding is not None:
            if coding != "chunked":
                raise BadAnswer(f"the transfer coding is {coding!r}")
            await self._chunks(feed)
            answer.trailers = await self._fields()
        elif length is not None:
            if not length.isdecimal():
                raise BadAnswer(f"the content length is {length!r}")
            await self._exactly(int(length), feed)
        elif answer.field("connection") == "close":
            await self._to_the_end(feed)
        else:
            raise BadAnswer("a body without an end on a connection that stays")

    async def _chunks(self, feed: Feed) -> None:
        while True:
            line = await self._line_to(64)
            if SIZE.fullmatch(line) is None:
                raise BadAnswer(f"no chunk size: {line[:40]!r}")
            size = int(line, 16)
            if not size:
                return
            await self._exactly(size, feed)
            if end := await self._line_to(2):
                raise BadAnswer(f"a chunk is followed by {end!r}")

    async def _exactly(self, size: int, feed: Feed) -> None:
        while size:
            if not self._buffer:
                await self._more()
            piece = bytes(self._buffer[:size])
            del self._buffer[:size]
            size -= len(piece)
            given(feed(piece))

    async def _to_the_end(self, feed: Feed) -> None:
        while True:
            if self._buffer:
                given(feed(bytes(self._buffer)))
                self._buffer.clear()
            try:
                await self._more()
            except EOFError:
                return

    async def _line_to(self, limit: int) -> bytes:
        """Read a line, without its end."""
        start = 0
        while (end := self._buffer.find(b"\r\n", start)) < 0:
            if len(self._buffer) > limit:
                raise BadAnswer(f"a line of more than {limit} bytes: {self._buffer[:80]!r}")
            start = max(len(self._buffer) - 1, 0)
            await self._more()
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    async def _more(self) -> None:
        data = await self._line.receive()
        if not data:
            raise EOFError("closed before the answer was whole")
        self._buffer += data

    def rest(self) -> bytes:
        """Return what was received and belongs to no answer that was read."""
        return bytes(self._buffer)


def collecting(pieces: list[bytes]) -> Feed:
    """Return a feed that keeps everything."""

    def feed(data: bytes) -> str | None:
        pieces.append(data)
        return None

    return feed


def given(wrong: str | None) -> None:
    """Raise what a feed complains of."""
    if wrong is not None:
        raise BadAnswer(wrong)
