"""The machine under both parsers: which byte belongs to what.

Strategy. A message is a head, then a body, and each is tried on a fast road before the exact one:

- A head whose bytes all lie in the input is judged by one or two pattern matches and kept as bytes;
  its fields are split when somebody asks.
- Every other head goes line by line through `_lines`, which also explains what is wrong with one.
- A body of known length is counted; input that is all body passes on as the same object.

Measured with ten browser fields that differ from request to request, on one core: one pattern over
the whole head 1.2 us. llhttp without field callbacks 0.45 us, but it tells neither which fields
there are nor what is wrong with a target, and the patterns for that cost 0.75 and 0.2 us: 2.7 us
for a request in all, where the patterns alone take 2.2, and 1.65 on a connection whose client
repeats itself (`_repeated`). So no second state machine is kept in step.

Rules for the next editor:

- The fast road may decline, but never accepts what the exact road does not.
- Whether and where something is refused depends on the bytes alone, never on how they were cut.
- Each byte is looked at a fixed number of times.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Generic, TypeVar

from ._chunked import ChunkedDecoder
from ._errors import RemoteProtocolError
from ._events import END, Data, EndOfMessage
from ._framing import Facts, Fault
from ._grammar import DECISIVE, DECISIVE_NAMES, SECTION
from ._headers import Headers, from_pairs, from_section
from ._inlet import CHUNKED, CLOSED, HEAD, LENGTH, OFFERED, UNTIL_CLOSE, Inlet
from ._limits import DEFAULT_LIMITS, Limits
from ._lines import FieldSection, LineReader
from ._startline import RequestLine, StatusLine

if TYPE_CHECKING:
    from ._events import Event
    from ._framing import Fields

Line = TypeVar("Line", RequestLine, StatusLine)


class Receiver(Inlet, Generic[Line]):
    """What both parsers share: everything but the meaning of a head."""

    __slots__ = (
        "_at",
        "_decoder",
        "_left",
        "_line",
        "_lines",
        "_offer",
        "_section",
    )

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(limits)
        self._at = 0  # stream offset of the message in hand
        self._offer = False  # whether it offers to leave HTTP/1.1
        self._lines = LineReader()
        self._line: Line | None = None
        self._section: FieldSection | None = None
        self._decoder: ChunkedDecoder | None = None
        self._left = 0

    def _run(self, data: bytes, pos: int, events: list[Event]) -> int:
        size = len(data)
        while pos < size:
            state = self._state
            if state == HEAD:
                if not self._heads and self._between_messages:
                    return pos
                before = len(events)
                pos = self._head(data, pos, events)
                if len(events) > before:
                    self._heads -= 1
            elif state == LENGTH:
                pos = self._counted(data, pos, events)
            elif state == CHUNKED:
                pos = self._chunks(data, pos, events)
            elif state == UNTIL_CLOSE:
                events.append(Data(data[pos:]))
                return size
            elif state == CLOSED:
                pos = self._after_close(data, pos)
            else:
                return pos
        return pos

    @property
    def _between_messages(self) -> bool:
        return self._line is None and not self._lines.kept

    def _after_close(self, data: bytes, pos: int) -> int:
        # An empty line after a body is an old habit of clients, and harmless.
        rest = data[pos:].lstrip(b"\r\n")
        if rest:
            offset = self._base + len(data) - len(rest)
            raise RemoteProtocolError(400, offset, "data after the last message")
        return len(data)

    def _finish(self, offset: int, events: list[Event]) -> None:
        state = self._state
        if state == UNTIL_CLOSE:
            events.append(END)
            self._state = CLOSED
        elif state in (LENGTH, CHUNKED):
            raise RemoteProtocolError(400, offset, "the connection ended within a body")
        elif state == HEAD and not self._between_messages:
            raise RemoteProtocolError(400, offset, "the connection ended within a head")

    # Heads...

    def _head(self, data: bytes, pos: int, events: list[Event]) -> int:
        if self._between_messages:
            after = self._plain_head(data, pos, events) or self._whole_head(data, pos, events)
            if after:
                return after
        return self._exact_head(data, pos, events)

    def _plain_head(self, data: bytes, pos: int, events: list[Event]) -> int:
        """Take a head of the commonest kind that lies in the input as a whole; 0 if it is none."""
        return 0

    def _whole_head(self, data: bytes, pos: int, events: list[Event]) -> int:
        """Take a head that lies in the input as a whole; 0 if it does not, or is not good."""
        limits = self._limits
        end = data.find(b"\r\n", pos, pos + limits.request_line + 2)
        if end < 0:
            return 0
        found = SECTION.match(data, end, end + limits.header_bytes + 4)
        if found is None:
            return 0
        section = found[0]
        if len(section) > limits.field_bytes or section.count(b"\n") > limits.header_count + 2:
            return 0  # perhaps within the limits
        try:
            line = self._parse_line(data[pos:end])
        except Fault:
            return 0  # the exact road knows what to tell first
        self._at = self._base + pos
        self._blank_seen = False
        self._judge(line, from_section(section), DECISIVE.findall(section.lower()), events)
        return found.end()

    def _exact_head(self, data: bytes, pos: int, events: list[Event]) -> int:
        if self._line is None:
            pos = self._start_line(data, pos)
        section = self._section
        if self._line is None or section is None:
            return pos
        done, pos = section.read(data, pos)
        if done:
            line, self._line, self._section = self._line, None, None
            lower = [(name.lower(), value.lower()) for name, value in section.pairs]
            fields = [field for field in lower if field[0] in DECISIVE_NAMES]
            self._judge(line, from_pairs(section.pairs), fields, events)
        return pos

    def _judge(self, line: Line, headers: Headers, fields: Fields, events: list[Event]) -> None:
        """Begin a message whose lines are good; `fields` are the decisive ones in lower case."""
        try:
            self._begin(line, headers, self._facts(line.version, fields, headers), events)
        except Fault as fault:
            raise RemoteProtocolError(fault.status, self._at, fault.reason) from None

    def _start_line(self, data: bytes, pos: int) -> int:
        limits = self._limits
        lines = self._lines
        if not lines.kept:
            lines.start = self._base + pos
        too_long = (414, "the start line is too long")
        line, pos = lines.read(data, pos, limits.request_line, too_long)
        if line is None:
            return pos
        self._at = lines.start
        if not line:
            # One empty line before a message is to be ignored: RFC 9112 section 2.2.
            if self._blank_seen:
                raise RemoteProtocolError(400, self._at, "empty lines before a message")
            self._blank_seen = True
            return pos
        self._blank_seen = False
        lines.start += len(line) + 2
        try:
            self._line = self._parse_line(line)
        except Fault as fault:
            self._not_ours(line, data, pos)
            raise RemoteProtocolError(fault.status, self._at, fault.reason) from None
        self._section = FieldSection(
            lines,
            size=limits.header_bytes,
            count=limits.header_count,
            field=limits.field_bytes,
            what="header",
        )
        return pos

    @abstractmethod
    def _parse_line(self, line: bytes) -> Line:
        """Parse a start line. Raises: Fault."""

    def _not_ours(self, line: bytes, data: bytes, pos: int) -> None:
        """Raise if the refused start line is that of another protocol; `data[pos:]` follows it."""

    @abstractmethod
    def _facts(self, version: str, fields: Fields, headers: Headers) -> Facts:
        """Judge the decisive fields, which are in lower case. Raises: Fault."""

    @abstractmethod
    def _begin(self, line: Line, headers: Headers, facts: Facts, events: list[Event]) -> None:
        """Add the head's event, then set the state for its body. Raises: Fault."""

    # Bodies...

    def _begin_body(self, facts: Facts, events: list[Event]) -> None:
        """Set the state for a body in chunked coding or of known length."""
        if facts.chunked:
            self._decoder = ChunkedDecoder(self._limits, self._lines)
            self._state = CHUNKED
        elif facts.content_length:
            self._left = facts.content_length
            self._state = LENGTH
        else:
            self._end_body(END, events)

    def _end_body(self, end: EndOfMessage, events: list[Event]) -> None:
        events.append(end)
        self._state = OFFERED if self._offer else self._next

    def pass_over(self, size: int) -> bool:
        """Count bytes that were read from the peer, instead of receiving them.

        Input that is body of known length from end to end needs no look at it: this takes a tenth
        of the time that an event takes.

        Args:
            size: the number of bytes.

        Returns:
            Whether all of them are body, and more of it follows. Otherwise nothing has changed,
            and they are to be given to `receive_data`.
        """
        if self._state != LENGTH or size >= self._left or self._barred:
            return False
        self._left -= size
        self._base += size
        return True

    def _counted(self, data: bytes, pos: int, events: list[Event]) -> int:
        size = len(data)
        stop = pos + self._left
        if stop > size:
            events.append(Data(data[pos:]))  # a slice of all is the object itself
            self._left = stop - size
            return size
        events.append(Data(data[pos:stop]))
        self._end_body(END, events)
        return stop

    def _chunks(self, data: bytes, pos: int, events: list[Event]) -> int:
        decoder = self._decoder
        assert decoder is not None
        pieces: list[bytes | memoryview] = []
        try:
            done, pos = decoder.read(data, pos, self._base, pieces)
        finally:
            # bytes() of bytes is the object itself.
            payload = bytes(pieces[0]) if len(pieces) == 1 else b"".join(pieces)
            if payload:
                events.append(Data(payload))
        if done:
            self._decoder = None
            trailers = decoder.trailers
            self._end_body(EndOfMessage(trailers) if trailers else END, events)
        return pos
