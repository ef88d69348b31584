"""What a test asks of every client, in the client's own words underneath."""

from __future__ import annotations

import shutil
from typing import Protocol

PATIENCE = 20.0
"""Seconds after which any client is taken to hang."""


class Broken(Exception):
    """The client said that what it got is not whole; the text is its own."""


class NotInstalled(Exception):
    """The program is not on this machine."""


class Visit(Protocol):
    """A request under way, in the background."""

    def leave(self) -> float:
        """Drop it as the client's users would; return the monotonic time just before."""


class Client(Protocol):
    """One client."""

    def upload(self, url: str, size: int, *, chunked: bool) -> tuple[int, str]:
        """POST that much of the pattern; return the answer's status and text.

        Args:
            url: where to.
            size: bytes.
            chunked: without announcing the length, else with it.
        """

    def download(self, url: str) -> tuple[int, str]:
        """GET; return the body's size and its SHA-256 in hexadecimal.

        Raises:
            Broken: the client told that the body is not whole.
        """

    def begin(self, url: str) -> Visit:
        """GET in the background, reading what comes."""


def program(*names: str) -> str:
    """Return the path of the first of these programs that is installed.

    Raises:
        NotInstalled: none of them is.
    """
    for name in names:
        if found := shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin"):
            return found
    raise NotInstalled(f"there is no {names[0]} on this machine")
