"""What is made anew each second: the Date field, and response heads that hold it.

Most responses differ in their length alone from one sent a moment before. Their heads are kept up
to that length, for as long as their date is right.
"""

from __future__ import annotations

import time
from typing import Final

from headrace_http_parser import BodyFraming, LocalProtocolError, encode_response_head

from ._fields import has_content

MOST: Final = 64
"""Heads that are kept; a content type may be the application's to make up."""

EMPTY: Final = b"0\r\n\r\n"
"""What a head ends with whose Content-Length is 0."""

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def now_as_date() -> str:
    """Return the time as a Date field has it; ``email.utils`` would take 3 ms to import."""
    now = time.gmtime()
    day = f"{DAYS[now.tm_wday]}, {now.tm_mday:02} {MONTHS[now.tm_mon - 1]} {now.tm_year}"
    return f"{day} {now.tm_hour:02}:{now.tm_min:02}:{now.tm_sec:02} GMT"


class Dated:
    """The Date field and the heads of one second.

    Attributes:
        heads: those that :meth:`head` has made, by status and content type; to be read only.
    """

    __slots__ = ("_date", "_since", "heads")

    def __init__(self) -> None:
        self._since = float("-inf")
        self._date = ""
        self.heads: dict[tuple[int, str | None], bytes] = {}

    def turn(self, now: float) -> None:
        """Forget what was made a second ago or earlier; to be called several times a second."""
        if now - self._since >= 1:
            self._since = now
            self._date = ""
            self.heads.clear()

    def date(self) -> str:
        """The Date field's value (RFC 9110, 6.6.1)."""
        if not self._date:
            self._date = now_as_date()
        return self._date

    def head(self, status: int, content_type: str | None) -> bytes | None:
        """Return a head up to the value of its Content-Length.

        None where that cannot be: the status is that of another kind of response, or a field is
        wrong. Whoever finds it among ``heads`` has it in 0.1 us; making it takes 1.3.
        """
        if status < 200 or not has_content("GET", status):
            return None
        fields = [("date", self.date())]
        if content_type is not None:
            fields.insert(0, ("content-type", content_type))
        try:
            head = encode_response_head(
                status, fields, framing=BodyFraming.CONTENT_LENGTH, content_length=0
            )
        except LocalProtocolError:  # told where the response is sent the usual way
            return None
        if len(self.heads) >= MOST:
            self.heads.clear()
        head = self.heads[status, content_type] = head.removesuffix(EMPTY)
        return head
