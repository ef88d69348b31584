"""Node: its fetch, and its older http module, which can do more."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from ._client import PATIENCE, Broken, program

SCRIPT = str(Path(__file__).with_name("node.mjs"))


class Node:
    """A process that stays for many tests and runs the commands of the script beside this file."""

    def __init__(self) -> None:
        pipe = subprocess.PIPE
        command = [program("node"), SCRIPT]
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.terminate()
        self._process.communicate(timeout=PATIENCE)

    def ask(self, command: str, *arguments: object) -> Any:
        """Run a command; return its result.

        Raises:
            Broken: the client told of an error.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps([command, *arguments]) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        if "broken" in told:
            raise Broken(told["broken"])
        return told.get("result")


class NodeVisit:
    """A fetch with an AbortController."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def leave(self) -> float:
        left = time.monotonic()
        assert self._node.ask("leave") == "AbortError"
        return left


class NodeFetch:
    """fetch, which is undici."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def upload(self, url: str, size: int, *, chunked: bool) -> tuple[int, str]:
        status, text = self._node.ask("upload", url, size, chunked)
        return status, text

    def download(self, url: str) -> tuple[int, str]:
        size, digest = self._node.ask("download", url)
        return size, digest

    def converse(self, url: str, lines: Iterable[bytes]) -> list[bytes]:
        """POST each line after the answer to the one before has come; return the answers."""
        answers = self._node.ask("fetchConverse", url, [line.decode() for line in lines])
        return [answer.encode() for answer in answers]

    def begin(self, url: str) -> NodeVisit:
        self._node.ask("begin", url)
        return NodeVisit(self._node)

    def begin_upload(self, url: str) -> NodeVisit:
        """POST in the background, waiting for more to send."""
        self._node.ask("beginUpload", url)
        return NodeVisit(self._node)


class NodeHttp:
    """http.request: reads while it sends, has trailers; and a socket below it."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def converse(self, url: str, lines: Iterable[bytes]) -> list[bytes]:
        """POST each line after the answer to the one before has come; return the answers."""
        answers = self._node.ask("converse", url, [line.decode() for line in lines])
        return [answer.encode() for answer in answers]

    def send_trailers(self, url: str, body: bytes, trailers: Mapping[str, str]) -> Any:
        """POST with trailers; return the decoded JSON."""
        return self._node.ask("sendTrailers", url, body.decode(), dict(trailers))

    def read_trailers(self, url: str) -> Any:
        """GET with ``TE: trailers``; return headers, text and trailers."""
        return self._node.ask("readTrailers", url)

    def half_close(self, url: str) -> bytes:
        """GET, shut the sending side, return all that comes."""
        text: str = self._node.ask("halfClose", url)
        return text.encode("latin-1")
