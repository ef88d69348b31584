"""Host patterns: ``example.com``, ``*.example.com``, ``example.com:8443``, ``[::1]:80``.

A pattern without a port takes any port. ``*.`` stands for one or more labels. Case and a final
dot do not count (RFC 9110 §4.2.3). Precedence: exact before wildcard, the longer wildcard
before the shorter, with port before without; routes bound to no host come last.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Generic, TypeVar

from ._errors import PatternError

if TYPE_CHECKING:
    from collections.abc import Callable

V = TypeVar("V")

# RFC 1035 §2.3.4 bounds a name at 253 characters; with a port and brackets to spare.
MAX_HOST = 300

# Compiled by the first route that is bound to a host.
LABEL = r"[^\s/?#@:*.\[\]<>]+"
ADDRESS = r"\[[0-9A-Fa-f:.]+\]"


def parse_host(text: str) -> str:
    """The canonical spelling of a host pattern; raises PatternError."""
    position = 0
    if text.startswith("["):
        found = re.match(ADDRESS, text)
        if found is None:
            raise PatternError("expected an address in brackets", text, 0)
        position = found.end()
    else:
        if text.startswith("*."):
            position = 2
        while True:
            found = re.compile(LABEL).match(text, position)
            if found is None:
                raise PatternError("expected a label of a host name", text, position)
            position = found.end()
            if text[position : position + 1] != ".":
                break
            position += 1
            if text[position : position + 1] in ("", ":"):
                break
    port = text[position:]
    if port and not (port[0] == ":" and port[1:].isascii() and port[1:].isdigit()):
        raise PatternError("expected ':' and a port, or the end", text, position)
    return text[:position].lower().removesuffix(".") + port


def split_host(host: str) -> tuple[str, str]:
    """Name and port (with its colon, or nothing) of a Host field's value."""
    host = host.lower()
    name, colon, port = host.rpartition(":")
    if not colon or "]" in port:
        name, port = host, ""
    return name.removesuffix("."), colon + port if port else ""


class HostMap(Generic[V]):
    """One value per host pattern, and the list of those that a host selects."""

    __slots__ = ("_depths", "_make", "_values", "used")

    def __init__(self, make: Callable[[], V]) -> None:
        self._make = make
        self._values: dict[str, V] = {}
        self._depths: list[int] = []
        self.used = False

    def get(self, pattern: str) -> V | None:
        """The value of a canonical pattern, if it has one."""
        return self._values.get(pattern)

    def setdefault(self, pattern: str) -> V:
        """The value of a canonical pattern, made if it has none."""
        if pattern not in self._values:
            self._values[pattern] = self._make()
            self.used = True
            if pattern.startswith("*."):
                depth = split_host(pattern)[0].count(".")
                self._depths = sorted({*self._depths, depth}, reverse=True)
        return self._values[pattern]

    def select(self, host: str) -> list[V]:
        """The values whose pattern takes this host, by precedence."""
        if len(host) > MAX_HOST:
            return []
        name, port = split_host(host)
        keys = [name + port, name]
        labels = name.split(".")
        for depth in self._depths:
            if depth < len(labels):
                suffix = "*." + ".".join(labels[-depth:])
                keys += (suffix + port, suffix)
        values = self._values
        return [values[key] for key in dict.fromkeys(keys) if key in values]
