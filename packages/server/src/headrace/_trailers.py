"""What a streamed response says after its body: trailer fields, a digest of the body among them."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Final

from .exceptions import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from headrace_http_parser import Headers

ALGORITHMS: Final = {"sha-256": "sha256", "sha-512": "sha512"}
"""Names of the registry of RFC 9530 that are still meant for use, and hashlib's."""

DIGEST: Final = "content-digest"


def accepts_trailers(headers: Headers) -> bool:
    """Whether the sender of these fields said ``TE: trailers`` (RFC 9110, 10.1.4)."""
    for each in ",".join(headers.get_all("te")).lower().split(","):
        coding, _, weight = each.replace(" ", "").partition(";q=")
        if coding == "trailers" and (not weight or weight.strip("0.")):
            return True
    return False


class Digest:
    """The running digest of a body, as a ``Content-Digest`` field (RFC 9530).

    Args:
        algorithm: ``"sha-256"`` or ``"sha-512"``.

    Raises:
        ConfigError: another algorithm.
    """

    __slots__ = ("_algorithm", "_hash")

    def __init__(self, algorithm: str) -> None:
        if algorithm not in ALGORITHMS:
            known = ", ".join(ALGORITHMS)
            raise ConfigError(f"there is no digest {algorithm!r}; there are: {known}")
        self._algorithm = algorithm
        import hashlib  # 2 ms that most programs need not spend

        self._hash = hashlib.new(ALGORITHMS[algorithm])

    def through(
        self, send: Callable[[list[bytes], int, bool], None]
    ) -> Callable[[list[bytes], int, bool], None]:
        """Return a ``send`` that looks at every piece on its way."""

        def hashed(pieces: list[bytes], size: int, end: bool) -> None:
            self.update(pieces)
            send(pieces, size, end)

        return hashed

    def update(self, pieces: Iterable[bytes]) -> None:
        """Add what follows."""
        for piece in pieces:
            self._hash.update(piece)

    def field(self) -> tuple[str, str]:
        """Return the field for all that was added."""
        value = b64encode(self._hash.digest()).decode()
        return DIGEST, f"{self._algorithm}=:{value}:"
