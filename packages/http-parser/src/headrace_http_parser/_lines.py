"""Lines and field sections out of pieces of any size: the exact and incremental road.

Strategy: each line is judged as soon as it is complete, and an incomplete one at the first byte
that cannot be right, so what is found and where does not depend on how the input was cut. Every
byte is looked at a fixed number of times, an incomplete line included.

Used for heads that did not arrive in one piece, for those the fast road refused (it explains why),
for chunk size lines that are not plain, and for trailers.
"""

from __future__ import annotations

from ._errors import RemoteProtocolError
from ._grammar import FIELD_LINE, FORBIDDEN, TOKEN

_CR = 13


class LineReader:
    """Cuts lines that end with CRLF, each bounded, and keeps the incomplete one.

    Attributes:
        start: stream offset of the line's first byte; the owner sets it before the first byte is
            read.
        kept: the incomplete line so far, empty between lines; to be read only.
    """

    __slots__ = ("_scanned", "kept", "start")

    def __init__(self) -> None:
        self.kept = bytearray()
        self._scanned = 0
        self.start = 0

    def read(
        self, data: bytes, pos: int, limit: int, too_long: tuple[int, str]
    ) -> tuple[bytes | None, int]:
        """Take the rest of one line from `data[pos:]`.

        Args:
            data: the input.
            pos: where to go on in it.
            limit: the most bytes a line may have, its end not counted.
            too_long: status and reason to raise beyond that.

        Returns:
            The line without its end, or None when it is not complete (the bytes are kept then),
            and the position after what was taken.

        Raises:
            RemoteProtocolError: too long, a control character, or a CR or LF that stands alone.
        """
        # Two bytes more than allowed settle every question about this line.
        stop = min(len(data), pos + limit + 2 - len(self.kept))
        end = data.find(b"\n", pos, stop) + 1
        taken = end or stop
        if self.kept:
            self.kept += data[pos:taken]
            line = bytes(self.kept) if end else self.kept
        else:
            line = data[pos:taken]
        self._judge(line, limit, bool(end), too_long)
        if end:
            self.kept.clear()
            self._scanned = 0
            return bytes(line[:-2]), end
        if not self.kept:
            self.kept += line
        # The last byte may be the CR of a pair, so it is looked at again.
        self._scanned = max(0, len(line) - 1)
        return None, taken

    def _judge(
        self, line: bytes | bytearray, limit: int, complete: bool, too_long: tuple[int, str]
    ) -> None:
        size = len(line)
        # The byte at the limit may be the CR, or the LF of a line one byte shorter.
        over = size > limit and line[limit] not in b"\r\n"
        found = FORBIDDEN.search(line, self._scanned, limit + 1 if over else size)
        if found is not None:
            what = "CR without LF" if line[found.start()] == _CR else "a control character"
            raise RemoteProtocolError(400, self.start + found.start(), f"{what} in a line")
        # A lone LF at the limit itself is a fault of its own, not one of length.
        if complete and line[-2:-1] != b"\r" and size - 1 <= limit:
            raise RemoteProtocolError(400, self.start + size - 1, "LF without CR in a line")
        if over:
            status, reason = too_long
            raise RemoteProtocolError(status, self.start + limit, reason)


class FieldSection:
    """Field lines up to the empty line, bounded in size and number.

    Attributes:
        pairs: names and values so far, values without the blanks around them.
    """

    __slots__ = ("_count", "_field", "_left", "_what", "lines", "pairs")

    def __init__(self, lines: LineReader, *, size: int, count: int, field: int, what: str) -> None:
        self.lines = lines
        self.pairs: list[tuple[bytes, bytes]] = []
        self._left = size
        self._count = count
        self._field = field
        self._what = what

    def read(self, data: bytes, pos: int) -> tuple[bool, int]:
        """Take lines from `data[pos:]`; whether the section is complete, and the position after.

        Raises:
            RemoteProtocolError: 431 beyond a limit, 400 for a line that is no field.
        """
        lines = self.lines
        while pos < len(data):
            # Each line costs two bytes more for its end; the empty one that ends all is free.
            limit = max(0, min(self._field, self._left - 2))
            what = "a field line" if limit == self._field else f"the {self._what} section"
            line, after = lines.read(data, pos, limit, (431, f"{what} is too long"))
            pos = after
            if line is None:
                return False, pos
            start = lines.start
            lines.start += len(line) + 2
            if not line:
                return True, pos
            self._left -= len(line) + 2
            self.pairs.append(self._field_line(line, start))
        return False, pos

    def _field_line(self, line: bytes, start: int) -> tuple[bytes, bytes]:
        if len(self.pairs) == self._count:
            raise RemoteProtocolError(431, start, f"too many fields in the {self._what} section")
        found = FIELD_LINE.fullmatch(line)
        if found is not None:
            name, value = found.groups()
            return name, value.rstrip(b" \t")
        reason = "an invalid field name"
        if line[0] in b" \t":
            reason = "a folded field line"
        elif b":" not in line:
            reason = "a field line without a colon"
        else:
            name = line.partition(b":")[0]
            if TOKEN.fullmatch(name.rstrip(b" \t")) is not None:
                reason = "a blank before the colon of a field"
        raise RemoteProtocolError(400, start, reason)
