"""Requests as bytes: written short, and taken apart as far as a client needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def head(method: str, target: str, *fields: str) -> bytes:
    """Return a request's head; ``fields`` are whole lines besides Host."""
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: a", *fields, "", ""]).encode()


def get(target: str, *fields: str) -> bytes:
    """Return a GET request."""
    return head("GET", target, *fields)


def sized(target: str, body: bytes, *fields: str) -> bytes:
    """Return a POST request with a Content-Length."""
    return head("POST", target, f"Content-Length: {len(body)}", *fields) + body


def chunked(target: str, *fields: str) -> bytes:
    """Return the head of a POST request with a chunked body."""
    return head("POST", target, "Transfer-Encoding: chunked", *fields)


def chunks(pieces: Iterable[bytes], *trailers: str) -> Iterator[bytes]:
    """Frame pieces as chunks, and end them."""
    for piece in pieces:
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield "\r\n".join(["0", *trailers, "", ""]).encode()


def method_of(request: bytes) -> str:
    """Return a request's method: an answer to HEAD has no body."""
    return request.partition(b" ")[0].decode("latin-1")
