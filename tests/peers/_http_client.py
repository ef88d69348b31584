"""Python's own http.client."""

from __future__ import annotations

import hashlib
import http.client
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from ._client import PATIENCE, Broken
from ._pattern import BLOCK, pattern


class HttpClientVisit:
    """A connection on which a request was sent; the response stays unread."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self._connection = connection

    def leave(self) -> float:
        left = time.monotonic()
        self._connection.close()
        return left


class HttpClient:
    """One connection per request."""

    def upload(self, url: str, size: int, *, chunked: bool) -> tuple[int, str]:
        data = pattern(size)
        body = (data[at : at + BLOCK] for at in range(0, size, BLOCK)) if chunked else data
        with opened(url) as (connection, path):
            connection.request("POST", path, body, encode_chunked=chunked)
            response = connection.getresponse()
            return response.status, response.read().decode()

    def download(self, url: str) -> tuple[int, str]:
        with opened(url) as (connection, path):
            connection.request("GET", path)
            return self._read(connection.getresponse())

    def _read(self, response: http.client.HTTPResponse) -> tuple[int, str]:
        size, digest = 0, hashlib.sha256()
        try:
            while block := response.read(BLOCK):
                size += len(block)
                digest.update(block)
        except (http.client.IncompleteRead, ConnectionError) as error:
            raise Broken(repr(error)) from error
        if response.length:  # read(amount) returns what there is of a counted body, and no error
            raise Broken(f"{response.length} bytes are missing")
        return size, digest.hexdigest()

    def begin(self, url: str) -> HttpClientVisit:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
        connection.request("GET", parts.path)
        return HttpClientVisit(connection)

    def begin_upload(self, url: str) -> HttpClientVisit:
        """POST part of a chunked body."""
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
        connection.putrequest("POST", parts.path)
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        connection.send(b"%x\r\n%b\r\n" % (BLOCK, pattern(BLOCK)))
        return HttpClientVisit(connection)

    def converse(self, url: str, lines: Iterable[bytes]) -> list[bytes]:
        """POST each line after the answer to the one before has come; return the answers."""
        answers, response = [], None
        with opened(url) as (connection, path):
            connection.putrequest("POST", path)
            connection.putheader("Transfer-Encoding", "chunked")
            connection.endheaders()
            for line in lines:
                connection.send(b"%x\r\n%b\r\n" % (len(line), line))
                response = response or connection.getresponse()
                answers.append(response.readline())
            connection.send(b"0\r\n\r\n")
            assert response is not None and response.read() == b""
        return answers

    def send_trailers(self, url: str, body: bytes, trailers: Mapping[str, str]) -> Any:
        """POST with trailers, which http.client leaves to its caller; return the decoded JSON."""
        with opened(url) as (connection, path):
            connection.putrequest("POST", path)
            connection.putheader("Transfer-Encoding", "chunked")
            connection.putheader("Trailer", ", ".join(trailers))
            connection.endheaders()
            fields = "".join(f"{name}: {value}\r\n" for name, value in trailers.items())
            chunk = b"%x\r\n%b\r\n" % (len(body), body)
            connection.send(chunk + b"0\r\n" + fields.encode() + b"\r\n")
            return json.loads(connection.getresponse().read())


@contextmanager
def opened(url: str) -> Iterator[tuple[http.client.HTTPConnection, str]]:
    """Give a connection, closed in the end, and the path to ask for."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=PATIENCE)
    try:
        yield connection, parts.path
    finally:
        connection.close()
