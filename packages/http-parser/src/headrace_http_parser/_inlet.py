"""What goes into a parser and what is held back of it; the parsing itself is `_receiver`'s.

Rules for the next editor: what is held stays in the pieces it came in and is neither joined nor cut
again, so that no order of calls makes a byte move more than once. All refusals of a call are in
`_check_open`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from typing import TYPE_CHECKING

from ._errors import LocalProtocolError, RemoteProtocolError
from ._events import Upgrade
from ._limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    from ._events import Event

# What the next byte belongs to.
HEAD, LENGTH, CHUNKED, UNTIL_CLOSE = range(4)
# The message in front can be left for another protocol: `take_upgrade` does, any further call
# declines.
OFFERED = 4
# The peer has left HTTP/1.1 already: only `take_upgrade` goes on from here.
SWITCHED = 5
# The peer said that nothing follows.
CLOSED = 6
# The connection is no longer ours.
TAKEN = 7

_STATE_NAMES = (
    "HEAD",
    "LENGTH",
    "CHUNKED",
    "UNTIL_CLOSE",
    "OFFERED",
    "SWITCHED",
    "CLOSED",
    "TAKEN",
)


class Inlet(ABC):
    """The calls of both parsers.

    Attributes:
        idle: whether there is nothing but the next byte, and it begins a message; to be read only.
    """

    __slots__ = (
        "_barred",
        "_base",
        "_blank_seen",
        "_eof",
        "_error",
        "_heads",
        "_held",
        "_held_from",
        "_limits",
        "_next",
        "_state",
        "idle",
    )

    # The status of every error, where the peer is not one that gets an answer.
    _always_status: int | None = None

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._state = HEAD
        self._next = HEAD  # the state after the message in hand
        self.idle = True
        self._blank_seen = False  # whether an empty line stands before it
        self._heads = 0  # how many more may be taken in this call
        self._base = 0  # stream offset of the first byte of the piece in hand
        self._held: deque[bytes] | None = None  # an empty one would be 760 bytes per connection
        self._held_from = 0  # in the first of them
        self._eof = False
        self._barred = False  # whether a call needs a look at the three reasons to refuse it
        self._error: RemoteProtocolError | None = None

    def __repr__(self) -> str:
        state = "ERROR" if self._error else _STATE_NAMES[self._state]
        return f"<{type(self).__name__} {state} held={self.held}>"

    @property
    def pending(self) -> bool:
        """Whether `receive_data(b"")` would go on with bytes that were held back.

        That is so after more than `Limits.pipelined` heads in one call, and behind a message
        that offers an upgrade.
        """
        return bool(self._held) and self._state != SWITCHED

    @property
    def in_head(self) -> bool:
        """Whether the beginning of a message's head was received, and not its end."""
        return not self.idle and self._state == HEAD and not self._between_messages

    @property
    def held(self) -> int:
        """The number of bytes held back: never more than the caller passed in."""
        return sum(map(len, self._held or ())) - self._held_from

    def receive_data(self, data: bytes | bytearray | memoryview) -> list[Event]:
        """Take what was read from the peer; return what it completes.

        Args:
            data: any number of bytes. `b""` goes on with what was held back. `bytes` that are body
                from end to end come out as the very same object.

        Returns:
            Events in order. All of a call's bytes are used, but for those that are held back.

        Raises:
            RemoteProtocolError: the peer's bytes are not acceptable; raised again by all later
                calls.
            LocalProtocolError: the connection was taken over, or its end was told before.
            TypeError: it is no bytes.
        """
        if self._barred:
            self._check_open(bool(data))
        if type(data) is not bytes:
            data = memoryview(data).tobytes()  # bytes() would take a number, and make zeros of it
        events: list[Event] = []
        self._advance(data, 0, events)
        return events

    def receive_eof(self) -> list[Event]:
        """Say that the peer sends nothing more. A second call changes nothing.

        Returns:
            The events that this completes. While `pending` is true afterwards, go on with
            `receive_data(b"")`, which then judges the end.

        Raises:
            RemoteProtocolError: the end came within a message, or as for `receive_data`.
            LocalProtocolError: the connection was taken over.
        """
        self._eof = self._barred = True
        self.idle = False
        return self.receive_data(b"")

    def take_upgrade(self) -> Upgrade:
        """Leave HTTP/1.1: after a message that offers an upgrade, or whose answer made the switch.

        For a request with `upgrade`, and for CONNECT, call it once the `EndOfMessage` is there and
        before any further byte is parsed, since that declines the offer.

        Returns:
            What was received beyond the message. The parser is unusable from here on.

        Raises:
            LocalProtocolError: there is no such message in front, or its body is not complete.
        """
        if self._error is not None or self._state not in (OFFERED, SWITCHED):
            raise LocalProtocolError("there is no upgrade to take")
        rest = b"".join(self._held or ())[self._held_from :]
        self._held = None
        self._held_from = 0
        self._state = TAKEN
        self.idle = False
        self._barred = True
        return Upgrade(rest)

    def _check_open(self, has_data: bool) -> None:
        if self._error is not None:
            raise self._error.again()
        if self._state == TAKEN:
            raise LocalProtocolError("the connection was taken over by another protocol")
        if has_data:
            raise LocalProtocolError("data after the end of the connection")

    def _advance(self, data: bytes, pos: int, events: list[Event]) -> None:
        """Go on with what is held, then with `data[pos:]`."""
        held = deque() if self._held is None else self._held
        self._heads = self._limits.pipelined - bool(events)
        if self._state == OFFERED and (held or data):
            self._state = self._next
        if not held:
            self._held_from = pos
        if data:
            held.append(data)
        try:
            while held:
                piece = held[0]
                self._held_from = self._run(piece, self._held_from, events)
                if self._held_from < len(piece):
                    break
                held.popleft()
                self._held_from = 0
                self._base += len(piece)
            if self._eof and not held:
                self._finish(self._base, events)
        except RemoteProtocolError as error:
            if self._always_status is not None:
                error.status = self._always_status
                error.args = (error.status, error.offset, error.reason)
            error.events = events
            self._error = error.again()
            self._barred = True
            held.clear()
            self._held_from = 0
            raise
        finally:
            self._held = held or None
            self.idle = (
                self._state == HEAD
                and self._between_messages
                and not (held or self._eof or self._blank_seen or self._error)
            )

    @abstractmethod
    def _run(self, data: bytes, pos: int, events: list[Event]) -> int:
        """Turn `data[pos:]` into events; return the position from which on it is held."""

    @abstractmethod
    def _finish(self, offset: int, events: list[Event]) -> None:
        """Judge the end of the connection."""

    @property
    @abstractmethod
    def _between_messages(self) -> bool:
        """Whether in state HEAD no byte of the next message was seen."""
