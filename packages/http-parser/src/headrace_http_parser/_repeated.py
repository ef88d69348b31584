"""What a client repeats: the lines that begin and end its header sections, request after request.

Strategy: on one connection most fields stay and a few in the middle change (Referer, Cookie), so
the lines that plain sections had in common are kept. In the next one these are compared only, and
the lines between are judged by themselves. Ten browser fields of which two change: 1.7 us for a
request instead of 2.1, and 1.2 us to read all of them instead of 2.1. What it costs once: nearly
4 us at the second request of a connection, which eight more bring in again.

Why nothing can pass that way which the whole pattern would refuse: a plain section is one Host and
else ordinary lines, each judged without its neighbours. `before` are whole lines of a section that
was judged plain, its Host among them; `after` are whole lines behind these. Put together with
ordinary lines between, the section is plain again.

Rules for the next editor:

- Only what was judged plain comes in here, and it never leaves its connection.
- It only shrinks, and a few times: a client without habits must not pay for a search each time.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from ._grammar import PAIRS, PLAIN_FIELD_BYTES
from ._later import later

Pairs: TypeAlias = tuple[tuple[bytes, bytes], ...]

# Most sections of browsers fit. With its pairs, which are kept too once somebody reads them, one
# of this size takes 7 KiB.
MOST_BYTES = 1_500
MOST_LINES = 20

_MOST_SHRINKS = 8
# Below this, comparing costs what it saves.
_LEAST_BYTES = 32

_HOST = later(rb"\n[Hh]ost:")


class Repeated:
    """Lines that plain sections of one connection had in common.

    Attributes:
        before: the version and whole lines from the start, Host among them.
        after: whole lines up to the end, at least the empty one.
        start: the length of `before`.
        stop: the length of `after`.
        most: up to this length a section with them is surely within the limit of lines.
        ends: the pairs of `before` and of `after`, once somebody has asked for them.
    """

    __slots__ = ("_header_count", "_shrinks", "after", "before", "ends", "most", "start", "stop")

    def __init__(
        self, before: bytes, after: bytes, header_count: int, lines: int, shrinks: int
    ) -> None:
        self.before = before
        self.after = after
        self.start = len(before)
        self.stop = len(after)
        self.most = self.start + self.stop + (header_count - lines) * PLAIN_FIELD_BYTES
        self.ends: tuple[Pairs, Pairs] | None = None
        self._header_count = header_count
        self._shrinks = shrinks

    def split(self) -> tuple[Pairs, Pairs]:
        """Make `ends`."""
        after = b"\n" + self.after
        self.ends = tuple(PAIRS.findall(self.before)), tuple(PAIRS.findall(after))
        return self.ends

    def shrunk(self, section: bytes) -> Repeated | None:
        """What another plain section has in common with these; None if that is not worth it."""
        if not self._shrinks:
            return None
        mine = self.before + self.after
        return in_common(mine, section, self._header_count, self._shrinks - 1)


def in_common(
    one: bytes, other: bytes, header_count: int, shrinks: int = _MOST_SHRINKS
) -> Repeated | None:
    """What two plain sections have in common, each from the version on.

    Args:
        one: a section.
        other: another.
        header_count: the limit of that name.
        shrinks: how many times the result may be compared with yet another one.

    Returns:
        Their common lines, or None if they are too few, too many, or Host is not among the first.
    """
    size = min(len(one), len(other)) - 2
    same = _common(one[:size], other[:size], "big")
    start = other.rfind(b"\n", 0, same) + 1
    before = other[:start]
    size = min(len(one), len(other)) - start
    same = _common(one[-size:], other[-size:], "little")
    # From the first line that begins within what is common.
    after = other[other.index(b"\n", len(other) - same - 1) + 1 :]
    # Neither the version's line nor the empty one is a field.
    lines = before.count(b"\n") + after.count(b"\n") - 2
    if lines > MOST_LINES or start + len(after) < _LEAST_BYTES or _HOST.search(before) is None:
        return None
    return Repeated(before, after, header_count, lines, shrinks)


def _common(one: bytes, other: bytes, order: Literal["big", "little"]) -> int:
    """How many bytes two strings of one length have in common: at the start if "big", else end."""
    differ = int.from_bytes(one, order) ^ int.from_bytes(other, order)
    return len(one) - (differ.bit_length() + 7) // 8
