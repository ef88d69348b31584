"""`Headers`: the field lines of one message, as they came, with look-up by name.

A parser makes one per message and often nobody looks, so the section is kept as the bytes it was.
The first few look-ups search these bytes (0.7 us each for ten browser fields); then an index pays
(4 us to build).

Rules for the next editor: `_fields` are the pairs, or bytes that `SECTION` would accept until
somebody wants them all; `_index` is the number of searches until it is an index. Two slots, since
one of these objects is made per message.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from ._grammar import PAIRS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


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

    __slots__ = ("_fields", "_index")

    def __init__(self, pairs: Iterable[tuple[str | bytes, str | bytes]] = ()) -> None:
        self._fields: bytes | tuple[tuple[bytes, bytes], ...] = tuple(
            (_bytes(name), _bytes(value)) for name, value in pairs
        )
        self._index: dict[str, list[str]] | int = 0

    @property
    def raw(self) -> tuple[tuple[bytes, bytes], ...]:
        """The pairs in the order and case they came; values without the blanks around them."""
        fields = self._fields
        if isinstance(fields, bytes):
            fields = self._fields = tuple(PAIRS.findall(fields))
        return fields

    def _by_name(self) -> dict[str, list[str]]:
        known = self._index
        if isinstance(known, dict):
            return known
        index: dict[str, list[str]] = {}
        for name, value in self.raw:
            key = name.decode("latin-1").lower()
            text = value.decode("latin-1")
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

    def items(self) -> Iterator[tuple[str, str]]:
        """All pairs in order, in the case they came, repeated names included."""
        for name, value in self.raw:
            yield name.decode("latin-1"), value.decode("latin-1")

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
    return made


def from_pairs(pairs: list[tuple[bytes, bytes]]) -> Headers:
    """Headers over pairs that are bytes and stripped already."""
    made = new(Headers)
    made._fields = tuple(pairs)
    made._index = 0
    return made


NO_HEADERS = Headers()
