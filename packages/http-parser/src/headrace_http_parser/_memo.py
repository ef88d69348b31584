"""The fast road of a header section: one pattern match over all of it, or none at all.

Strategy: a section that lies whole in the input is matched as a whole and kept as bytes. The
    previous one
is remembered with what it came to, since a peer that keeps a connection tends to send the same
fields
again: equal bytes mean equal fields, which takes one comparison to see. When only other fields
have changed, at least what the decisive ones came to is used again.

Rule for the next editor: what is remembered depends on nothing but the section and the version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from ._grammar import DECISIVE, SECTION
from ._headers import from_section

if TYPE_CHECKING:
    from ._framing import Facts
    from ._headers import Headers
    from ._limits import Limits

Fields: TypeAlias = list[tuple[bytes, bytes]]


class Judge(Protocol):
    """What decisive fields, in lower case, come to. Raises: Fault."""

    def __call__(self, version: str, fields: Fields, headers: Headers) -> Facts: ...


class Memo:
    """A section that was accepted, and what it came to.

    Attributes:
        section: its bytes, from the start line's end to the empty line.
        minor: the digit of the version it was judged for.
        fields: its decisive fields.
        facts: what these came to.
        headers: all of it.
        plain: whether the message has no body and nothing special comes after it.
    """

    __slots__ = ("facts", "fields", "headers", "minor", "plain", "section", "version")

    def __init__(
        self, section: bytes, minor: bytes, fields: Fields, facts: Facts, headers: Headers
    ) -> None:
        self.section = section
        self.minor = minor
        self.version = "1.1" if minor == b"1" else "1.0"
        self.fields = fields
        self.facts = facts
        self.headers = headers
        self.plain = facts.keep_alive and not (
            facts.chunked or facts.content_length or facts.upgrade
        )


def recall(
    memo: Memo | None, data: bytes, pos: int, minor: bytes, limits: Limits, judge: Judge
) -> Memo | None:
    """Judge the section at `data[pos:]`, with help of the previous one.

    Args:
        memo: the previous one.
        data: the input.
        pos: where the start line ends in it.
        minor: the digit of the version.
        limits: what is accepted.
        judge: what to ask about fields that are new.

    Returns:
        The previous one or a new one; None if the section is not complete, not valid or not
        surely within the limits, which the exact road then finds out.

    Raises:
        Fault: its lines are good, but not what they say together.
    """
    if memo is not None and memo.minor != minor:
        memo = None
    if memo is not None and data.startswith(memo.section, pos):
        return memo
    found = SECTION.match(data, pos, pos + limits.header_bytes + 4)
    if found is None:
        return None
    section = found[0]
    if len(section) > limits.field_bytes or section.count(b"\n") > limits.header_count + 2:
        return None
    headers = from_section(section)
    fields = DECISIVE.findall(section.lower())
    if memo is not None and memo.fields == fields and not memo.facts.upgrade:
        facts = memo.facts
    else:
        facts = judge("1.1" if minor == b"1" else "1.0", fields, headers)
    return Memo(section, minor, fields, facts, headers)
