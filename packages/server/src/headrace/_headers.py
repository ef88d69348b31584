"""Response headers: ordered, case-insensitive, several values for a name where they are wanted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TypeAlias

Pairs: TypeAlias = "Mapping[str, str] | Iterable[tuple[str, str]]"


class ResponseHeaders(MutableMapping[str, str]):
    """A mapping that replaces on assignment and repeats a name on :meth:`add`.

    Names and values are checked when the response begins, not here.
    """

    __slots__ = ("_pairs",)

    def __init__(self, pairs: Pairs | None = None) -> None:
        self._pairs: list[tuple[str, str]] = []
        if pairs is not None:
            if isinstance(pairs, ResponseHeaders):
                items: Iterable[tuple[str, str]] = pairs.pairs()
            else:
                items = pairs.items() if isinstance(pairs, Mapping) else pairs
            self._pairs += [(name, str(value)) for name, value in items]

    def __getitem__(self, name: str) -> str:
        wanted = name.lower()
        for each, value in self._pairs:
            if each.lower() == wanted:
                return value
        raise KeyError(name)

    def __setitem__(self, name: str, value: str) -> None:
        self.discard(name)
        self._pairs.append((name, str(value)))

    def __delitem__(self, name: str) -> None:
        if not self.discard(name):
            raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter({name.lower(): None for name, _ in self._pairs})

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self._pairs})

    def __repr__(self) -> str:
        return f"ResponseHeaders({self._pairs!r})"

    def add(self, name: str, value: str) -> None:
        """Append a field, keeping those of the same name (``Set-Cookie``, ``Link``)."""
        self._pairs.append((name, str(value)))

    def discard(self, name: str) -> bool:
        """Remove every field of that name; tell whether there was one."""
        wanted = name.lower()
        kept = [pair for pair in self._pairs if pair[0].lower() != wanted]
        found = len(kept) != len(self._pairs)
        self._pairs = kept
        return found

    def pairs(self) -> list[tuple[str, str]]:
        """Return the fields in order, repeated names included."""
        return self._pairs
