"""Field lines to be written: checked, encoded, and remembered.

Strategy: an application sends the same few pairs over and over, so a pair that was found good is
kept with its line. The memory is bounded in number and in the length of a line, and emptied when
full.

Rules for the next editor: fields that frame a message (`OWN`) are never remembered, since each of
them has to be compared with what was decided; nor is what may be a secret.
"""

from __future__ import annotations

from typing import TypeAlias

from ._errors import LocalProtocolError
from ._grammar import TOKEN
from ._later import later

Pair: TypeAlias = tuple[str | bytes, str | bytes]

OWN = frozenset([b"content-length", b"transfer-encoding", b"connection"])
_SECRET = frozenset([b"set-cookie", b"cookie", b"authorization", b"proxy-authorization"])

# field-value without the blanks around it, RFC 9110 section 5.5: a recipient would cut them.
_VALUE = later(rb"(?![\t ])[\t -~\x80-\xff]*+(?<![\t ])")

_MOST_LINES = 1_024
_LONGEST_LINE = 256

LINES: dict[Pair, bytes] = {}


def validate_header(name: str | bytes, value: str | bytes) -> None:
    """Check that a field can be sent as it is, before anything is.

    Args:
        name: a token (RFC 9110 section 5.1).
        value: visible characters, blanks and HTAB inside; `str` must be latin-1.

    Raises:
        LocalProtocolError: it would not arrive as the field it is, or could split the message.
    """
    checked(name, value)


def checked(name: str | bytes, value: str | bytes) -> tuple[bytes, bytes]:
    """The field as bytes; arguments and errors as for `validate_header`."""
    try:
        raw_name = name.encode("ascii") if isinstance(name, str) else name
        raw_value = value.encode("latin-1") if isinstance(value, str) else value
        if TOKEN.fullmatch(raw_name) is None:
            raise LocalProtocolError(f"invalid field name {name!r}")
        if _VALUE.fullmatch(raw_value) is None:
            raise LocalProtocolError(f"invalid value of field {name!r}")
    except UnicodeEncodeError:
        raise LocalProtocolError(f"field {name!r} has characters beyond latin-1") from None
    except TypeError:
        raise LocalProtocolError(f"field {name!r} is neither str nor bytes") from None
    return raw_name, raw_value


def checked_pair(pair: Pair) -> tuple[bytes, bytes]:
    """As `checked`, for what ought to be a pair.

    A str would come apart too, if it has two letters: a dict and `Headers` are iterated by name.
    """
    if isinstance(pair, str | bytes) or len(pair) != 2:
        raise LocalProtocolError(f"{pair!r} is not a name and a value")
    return checked(*pair)


def new_line(pair: Pair, own: list[tuple[bytes, bytes]]) -> bytes:
    """Encode a pair that is not in `LINES`, and remember it if that is worth it.

    Args:
        pair: name and value.
        own: receives the field, name in lower case, if it is one of `OWN`; the line is empty then.

    Raises:
        LocalProtocolError: as for `validate_header`, or it is no pair.
    """
    name, value = checked_pair(pair)
    lower = name.lower()
    if lower in OWN:
        own.append((lower, value))
        return b""
    line = b"%b: %b\r\n" % (name, value)
    if len(line) <= _LONGEST_LINE and lower not in _SECRET:
        if len(LINES) >= _MOST_LINES:
            LINES.clear()
        LINES[pair] = line
    return line
