"""The bounds of everything a peer may send, with the precedent of each default.

A limit is the largest value that is accepted. Beyond it a parser raises `RemoteProtocolError`,
except for `pipelined`, beyond which it holds the rest back.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from ._value import FrozenValue


@dataclass(slots=True, frozen=True, repr=False, eq=False)
class Limits(FrozenValue):
    """What a parser accepts. All are counts of bytes unless said otherwise, and at least 1.

    Attributes:
        request_line: a request or status line without its line end; beyond: 414.
        header_bytes: all field lines of a head, line ends included; beyond: 431.
        header_count: number of field lines of a head; beyond: 431.
        field_bytes: one field line without its line end, in heads and trailers; beyond: 431.
        chunk_size_digits: hex digits of a chunk size, leading zeros included; beyond: 400.
        chunk_extensions: all chunk extensions of one body together, from each `;` or blank before
            it to the line's end; beyond: 400.
        trailer_bytes: all trailer lines of a body, line ends included; beyond: 431.
        trailer_count: number of trailer lines of a body; beyond: 431.
        pipelined: message heads taken in one `receive_data` call; the rest is held back, see
            `pending`.

    Raises:
        ValueError: one of them is below 1.
    """

    # RFC 9112 section 3 recommends at least 8000; nginx and Apache take 8 KiB.
    request_line: int = 8_192
    # nginx takes four buffers of 8 KiB; Node.js and h11 16 KiB; hyper some 400 KiB.
    header_bytes: int = 32_768
    # Apache's LimitRequestFields and hyper.
    header_count: int = 100
    # Apache and nginx 8 KiB, Node.js 16 KiB for all: room for large cookies and tickets.
    field_bytes: int = 16_384
    # A 64-bit size has 16 digits, which is where llhttp and hyper overflow.
    chunk_size_digits: int = 16
    # hyper. RFC 9112 section 7.1.1 demands a limit.
    chunk_extensions: int = 16_384
    # hyper.
    trailer_bytes: int = 16_384
    # hyper counts trailers as it counts headers.
    trailer_count: int = 100
    # nginx and HAProxy take one at a time; a few save calls when a load generator pipelines.
    pipelined: int = 16

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise ValueError(f"{field.name} must be at least 1")


DEFAULT_LIMITS = Limits()
