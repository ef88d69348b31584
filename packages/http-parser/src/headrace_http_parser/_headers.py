"""`Headers`: the field lines of one message, as they came, with look-up by name.

A parser makes one per message and often nobody looks, so the section is kept as the bytes it was.
The first few look-ups search these bytes (0.7 us each for ten browser fields); then an index pays
(4 us to build).

Rules for the next editor: `_fields` are the pairs, or until somebody wants them all bytes that
`SECTION` would accept, with or without something before the first CRLF; `_repeated` may know some
of their lines already; `_index` is the number of searches until it is an index. Few slots, since
one of these objects is made per message.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ._grammar import PAIRS, TEXT_PAIRS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ._repeated import Repeated

new = object.__new__

# From here on an index is cheaper than a search each.
_FEW_LOOKS = 4


@lru_cache(256)
def _key(name: str) -> bytes:
    """What to search for in a section in lower case; no section holds the key of no name."""
    # With a colon in the name, the beginning of a value could pass for a part of it.
    return b"\n%b:" % name.lower().encode() if name.isascii() and ":" not in name else b"\0"


def _bytes(text: str | bytes) -> bytes:
    return text.encode("latin-1") if isinstance(text, str) else bytes(text)


class Headers:
    """Ordered field lines; names compare without case, values are decoded as latin-1.

    Not validated when built by hand: an encoder does that when it writes them.

    Args:
        pairs: names and values, each `bytes` or `str` (encoded as latin-1).

    Raises:
        UnicodeEncodeError: a `str` has characters beyond latin-1.
    """

    __slots__ = ("_fields", "_index", "_repeated")

    def __init__(self, pairs: Iterable[tuple[str | bytes, str | bytes]] = ()) -> None:
        self._fields: bytes | tuple[tuple[bytes, bytes], ...] = tuple(
            (_bytes(name), _bytes(value)) for name, value in pairs
        )
        self._index: dict[str, list[str]] | int = 0
        self._repeated: Repeated | None = None

    @property
    def raw(self) -> tuple[tuple[bytes, bytes], ...]:
        """The pairs in the order and case they came; values without the blanks around them."""
        fields = self._fields
        if isinstance(fields, bytes):
            known = self._repeated
            if known is None:
                fields = tuple(PAIRS.findall(fields))
            else:  # the ends are shared with other messages: 1.1 us instead of 1.7
                first, last = known.ends or known.split()
                middle = PAIRS.findall(fields, known.start - 1, len(fields) - known.stop)
                fields = (*first, *middle, *last)
            self._fields = fields
        return fields

    def _by_name(self) -> dict[str, list[str]]:
        known = self._index
        if isinstance(known, dict):
            return known
        index: dict[str, list[str]] = {}
        for name, text in self.items():
            key = name.lower()
            if key in index:
                index[key].append(text)
            else:
                index[key] = [text]
        self._index = index  # not before it is whole: another thread may look
        return index

    def _first(self, name: str) -> str | None:
        section = self._fields
        looks = self._index
        if isinstance(section, bytes) and isinstance(looks, int) and looks < _FEW_LOOKS:
            self._index = looks + 1
            key = _key(name)
            at = section.lower().find(key)
            if at < 0:
                return None
            start = at + len(key)
            value = section[start : section.index(b"\r", start)]
            return value.strip(b" \t").decode("latin-1")
        values = self._by_name().get(name.lower())
        return None if values is None else values[0]

    def __getitem__(self, name: str) -> str:
        """The first value of that name.

        Raises:
            KeyError: no such field.
        """
        value = self._first(name)
        if value is None:
            raise KeyError(name)
        return value

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first value of that name, or the default."""
        value = self._first(name)
        return default if value is None else value

    def get_all(self, name: str) -> list[str]:
        """All values of that name in order; a new list, empty when there is none."""
        return list(self._by_name().get(name.lower(), ()))

    def keys(self) -> Iterator[str]:
        """The distinct names as `iter` gives them, so that `dict(headers)` has the first values."""
        return iter(self)

    def items(self) -> Iterator[tuple[str, str]]:
        """All pairs in order, in the case they came, repeated names included."""
        fields = self._fields
        if isinstance(fields, bytes):
            # Decoded before it is split: 1.9 us for ten browser fields, 3.8 the other way round.
            return iter(TEXT_PAIRS.findall(fields.decode("latin-1")))
        return iter([(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields])

    def __iter__(self) -> Iterator[str]:
        """The distinct names in lower case, in order of first appearance."""
        return iter(self._by_name())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._first(name) is not None

    def __len__(self) -> int:
        """The number of pairs."""
        return len(self.raw)

    def __eq__(self, other: object) -> bool:
        """Whether the pairs are the same bytes in the same order."""
        if not isinstance(other, Headers):
            return NotImplemented
        return self.raw == other.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __repr__(self) -> str:
        return f"Headers({list(self.items())!r})"


def from_section(section: bytes) -> Headers:
    """Headers over a section that `SECTION` has accepted, split when somebody asks."""
    made = new(Headers)
    made._fields = section
    made._index = 0
    made._repeated = None
    return made


def from_pairs(pairs: list[tuple[bytes, bytes]]) -> Headers:
    """Headers over pairs that are bytes and stripped already."""
    made = new(Headers)
    made._fields = tuple(pairs)
    made._index = 0
    made._repeated = None
    return made


NO_HEADERS = Headers()
