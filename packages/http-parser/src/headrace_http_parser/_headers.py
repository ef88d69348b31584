"""`Headers`: the field lines of one message, as they came, with look-up by name.

A parser makes one per message and often nobody looks, so the section is kept as the bytes it was
and split on first use. The index for look-up is built on the first look-up.

Rules for the next editor: immutable, since a parser may hand the same object out with two messages;
`_section` is either None or bytes that `SECTION` has accepted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._grammar import PAIRS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


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

    __slots__ = ("_index", "_pairs", "_section")

    def __init__(self, pairs: Iterable[tuple[str | bytes, str | bytes]] = ()) -> None:
        self._section: bytes | None = None
        self._pairs: tuple[tuple[bytes, bytes], ...] | None = tuple(
            (_bytes(name), _bytes(value)) for name, value in pairs
        )
        self._index: dict[str, list[str]] | None = None

    @property
    def raw(self) -> tuple[tuple[bytes, bytes], ...]:
        """The pairs in the order and case they came; values without the blanks around them."""
        pairs = self._pairs
        if pairs is None:
            section = self._section
            assert section is not None
            found = PAIRS.findall(section)
            if b" \r" in section or b"\t\r" in section:
                found = [(name, value.rstrip(b" \t")) for name, value in found]
            pairs = self._pairs = tuple(found)
        return pairs

    def _by_name(self) -> dict[str, list[str]]:
        index: dict[str, list[str]] = {}
        for name, value in self.raw:
            key = name.decode("latin-1").lower()
            text = value.decode("latin-1")
            if key in index:
                index[key].append(text)
            else:
                index[key] = [text]
        self._index = index
        return index

    def __getitem__(self, name: str) -> str:
        """The first value of that name.

        Raises:
            KeyError: no such field.
        """
        return (self._index or self._by_name())[name.lower()][0]

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first value of that name, or the default."""
        values = (self._index or self._by_name()).get(name.lower())
        return default if values is None else values[0]

    def get_all(self, name: str) -> list[str]:
        """All values of that name in order; a new list, empty when there is none."""
        return list((self._index or self._by_name()).get(name.lower(), ()))

    def items(self) -> Iterator[tuple[str, str]]:
        """All pairs in order, in the case they came, repeated names included."""
        for name, value in self.raw:
            yield name.decode("latin-1"), value.decode("latin-1")

    def __iter__(self) -> Iterator[str]:
        """The distinct names in lower case, in order of first appearance."""
        return iter(self._index or self._by_name())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in (self._index or self._by_name())

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
    made = Headers.__new__(Headers)
    made._section = section
    made._pairs = None
    made._index = None
    return made


def from_pairs(pairs: list[tuple[bytes, bytes]]) -> Headers:
    """Headers over pairs that are bytes and stripped already."""
    made = Headers.__new__(Headers)
    made._section = None
    made._pairs = tuple(pairs)
    made._index = None
    return made


NO_HEADERS = Headers()
