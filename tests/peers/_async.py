"""The clients that are coroutines: httpx and aiohttp."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from concurrent.futures import CancelledError, Future
from typing import Any

import aiohttp
import httpx

from ._aside import Aside
from ._client import PATIENCE, Broken
from ._pattern import BLOCK, pattern


class TaskVisit:
    """A request in a task; leaving cancels it."""

    def __init__(self, future: Future[Any]) -> None:
        self._future = future

    def leave(self) -> float:
        left = time.monotonic()
        self._future.cancel()
        with contextlib.suppress(CancelledError):
            self._future.result(PATIENCE)
        return left


async def blocks(size: int) -> AsyncIterator[bytes]:
    data = pattern(size)
    for at in range(0, size, BLOCK):
        yield data[at : at + BLOCK]


async def unfinished() -> AsyncIterator[bytes]:
    yield pattern(BLOCK)
    await asyncio.Event().wait()


async def summed(pieces: AsyncIterator[bytes]) -> tuple[int, str]:
    size, digest = 0, hashlib.sha256()
    async for piece in pieces:
        size += len(piece)
        digest.update(piece)
    return size, digest.hexdigest()


class HttpxClient:
    """httpx.AsyncClient; its HTTP/1.1 sends all of a request before it reads."""

    def __init__(self, aside: Aside) -> None:
        self._aside = aside

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(trust_env=False, timeout=PATIENCE)

    def upload(self, url: str, size: int, *, chunked: bool) -> tuple[int, str]:
        async def upload() -> tuple[int, str]:
            async with self._client() as client:
                content = blocks(size) if chunked else pattern(size)
                response = await client.post(url, content=content)
                return response.status_code, response.text

        return self._aside.run(upload())

    def download(self, url: str) -> tuple[int, str]:
        return self._aside.run(self._download(url))

    async def _download(self, url: str) -> tuple[int, str]:
        async with self._client() as client, client.stream("GET", url) as response:
            try:
                return await summed(response.aiter_raw())
            except httpx.TransportError as error:
                raise Broken(repr(error)) from error

    def begin(self, url: str) -> TaskVisit:
        return TaskVisit(self._aside.start(self._download(url)))

    def begin_upload(self, url: str) -> TaskVisit:
        """POST in the background, waiting for more to send."""

        async def upload() -> None:
            async with self._client() as client:
                await client.post(url, content=unfinished())

        return TaskVisit(self._aside.start(upload()))


class AiohttpClient:
    """aiohttp's client; it reads while it sends."""

    def __init__(self, aside: Aside) -> None:
        self._aside = aside

    def _run(self, do: Callable[[aiohttp.ClientSession], Coroutine[Any, Any, Any]]) -> Any:
        return self._aside.run(self._with_session(do))

    async def _with_session(
        self, do: Callable[[aiohttp.ClientSession], Coroutine[Any, Any, Any]]
    ) -> Any:
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            return await do(session)

    def upload(self, url: str, size: int, *, chunked: bool) -> tuple[int, str]:
        async def upload(session: aiohttp.ClientSession) -> tuple[int, str]:
            data = blocks(size) if chunked else io.BytesIO(pattern(size))
            async with session.post(url, data=data) as response:
                return response.status, await response.text()

        status, text = self._run(upload)
        return status, text

    def download(self, url: str) -> tuple[int, str]:
        size, digest = self._run(lambda session: self._download(session, url))
        return size, digest

    async def _download(self, session: aiohttp.ClientSession, url: str) -> tuple[int, str]:
        async with session.get(url) as response:
            try:
                return await summed(response.content.iter_any())
            except aiohttp.ClientError as error:
                raise Broken(repr(error)) from error

    def begin(self, url: str) -> TaskVisit:
        visit = self._with_session(lambda session: self._download(session, url))
        return TaskVisit(self._aside.start(visit))

    def begin_upload(self, url: str) -> TaskVisit:
        """POST in the background, waiting for more to send."""

        async def upload(session: aiohttp.ClientSession) -> None:
            await session.post(url, data=unfinished())

        return TaskVisit(self._aside.start(self._with_session(upload)))

    def converse(self, url: str, lines: Iterable[bytes]) -> list[bytes]:
        """POST each line after the answer to the one before has come; return the answers."""

        async def converse(session: aiohttp.ClientSession) -> list[bytes]:
            queue: asyncio.Queue[bytes] = asyncio.Queue()

            async def body() -> AsyncIterator[bytes]:
                while line := await queue.get():
                    yield line

            answers = []
            queue.put_nowait(next(waiting))
            async with session.post(url, data=body()) as response:
                answers.append(await response.content.readline())
                for line in waiting:
                    queue.put_nowait(line)
                    answers.append(await response.content.readline())
                queue.put_nowait(b"")
                assert await response.content.read() == b""
            return answers

        waiting = iter(lines)
        answers: list[bytes] = self._run(converse)
        return answers
