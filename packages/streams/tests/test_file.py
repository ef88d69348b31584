from __future__ import annotations

import asyncio
import errno
import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from headrace_streams import ClosedError, PipeReceiver, _file, from_file

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.anyio


class Cache:
    """Reads a file in place of the page cache, which no test can rely on.

    Attributes:
        present: bytes that are in memory, None for the whole file.
        answer: what is raised where it would have to wait.
        sizes: what was asked for.
    """

    def __init__(self) -> None:
        self.present: int | None = None
        self.answer = errno.EAGAIN
        self.sizes: list[int] = []

    def read(self, fd: int, size: int, offset: int) -> bytes:
        self.sizes.append(size)
        if self.present is not None:
            if offset >= self.present:
                raise OSError(self.answer, os.strerror(self.answer))
            size = min(size, self.present - offset)
        return os.pread(fd, size, offset)


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> Cache:
    cache = Cache()
    monkeypatch.setattr(_file, "read_at_once", cache.read)
    monkeypatch.setattr(_file, "CAN_ASK", True)
    return cache


@pytest.fixture(autouse=True)
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What is known of folders: that files of the test's are read at once."""
    known = {str(tmp_path)}
    monkeypatch.setattr(_file, "KNOWN", known)
    return known


@pytest.fixture
def threads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the threads that were started; none is left behind."""
    names: list[str] = []
    start = threading.Thread.start

    def started(thread: threading.Thread) -> None:
        names.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", started)
    before = threading.active_count()
    yield names
    assert threading.active_count() == before


@pytest.fixture
def descriptors() -> Iterator[None]:
    """Every file is closed again."""
    before = set(os.listdir("/dev/fd"))
    yield
    assert set(os.listdir("/dev/fd")) == before


async def sizes(path: Path, **options: int) -> list[int]:
    async with from_file(path, **options) as receiver:
        return [len(chunk) async for chunk in receiver]


@pytest.mark.parametrize("size", [0, 1, 10, 25], ids=str)
@pytest.mark.parametrize("at_once", [True, False], ids=["at-once", "thread"])
async def test_a_file_is_read_in_pieces(
    tmp_path: Path, cache: Cache, known: set[str], size: int, at_once: bool
) -> None:
    if not at_once:
        known.clear()
    path = tmp_path / "data"
    path.write_bytes(b"x" * size)
    whole, rest = divmod(size, 10)
    assert await sizes(path, chunk_size=10) == [10] * whole + [rest] * bool(rest)


async def test_what_is_in_memory_is_read_without_a_thread(
    tmp_path: Path, cache: Cache, threads: list[str], descriptors: None
) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * 100)
    assert await sizes(path) == [100]
    assert not threads
    assert cache.sizes == [101], "one read has to tell the end too"


async def test_a_thread_goes_on_where_it_would_have_to_wait(
    tmp_path: Path, cache: Cache, threads: list[str], descriptors: None
) -> None:
    path = tmp_path / "data"
    path.write_bytes(data := bytes(range(100)))
    cache.present = 35
    async with from_file(path, chunk_size=10) as receiver:
        assert await receiver.read_exactly(30) == data[:30]
        assert not threads
        assert await receiver.read_all(100) == data[30:]
        assert len(threads) == 1
        assert await receiver.get() is None


@pytest.mark.parametrize("number", sorted(_file.NO_ANSWER))
async def test_a_thread_goes_on_where_nobody_can_tell(
    tmp_path: Path, cache: Cache, threads: list[str], number: int
) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * 25)
    cache.present, cache.answer = 0, number
    assert await sizes(path, chunk_size=10) == [10, 10, 5]
    assert len(threads) == 1


@pytest.mark.parametrize("at_once", [True, False], ids=["at-once", "thread"])
async def test_a_read_that_fails(
    tmp_path: Path, cache: Cache, at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * 25)
    cache.present, cache.answer = 10, errno.EIO if at_once else errno.EAGAIN

    def fail(*_: object) -> bytes:
        raise OSError(errno.EIO, "torn")

    async with from_file(path, chunk_size=10) as receiver:
        assert await receiver.get() == b"x" * 10
        monkeypatch.setattr(os, "pread", fail)
        for _ in range(2):
            with pytest.raises(OSError, match=rf"Errno {errno.EIO}\b"):
                await receiver.get()


async def test_a_failure_while_the_block_is_left_is_raised_at_its_end(
    tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch, descriptors: None
) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * 25)
    cache.present = 0
    leave = threading.Event()

    def read(fd: int, size: int, offset: int) -> bytes:
        if offset:
            leave.wait()
            raise OSError(errno.EIO, "torn")
        return b"a"

    async def use() -> None:
        async with from_file(path) as receiver:
            assert await receiver.get() == b"a"
            asyncio.get_running_loop().call_soon(leave.set)

    monkeypatch.setattr(os, "pread", read)
    with pytest.raises(OSError, match="torn"):
        await use()


@pytest.mark.parametrize("at_once", [True, False], ids=["at-once", "thread"])
async def test_a_file_that_is_not_there(tmp_path: Path, known: set[str], at_once: bool) -> None:
    if not at_once:
        known.clear()
    async with from_file(tmp_path / "missing") as receiver:
        with pytest.raises(FileNotFoundError):
            await receiver.get()


@pytest.mark.parametrize("at_once", [True, False], ids=["at-once", "thread"])
async def test_a_folder_is_no_file(
    tmp_path: Path, known: set[str], at_once: bool, descriptors: None
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    if not at_once:
        known.clear()
    async with from_file(folder) as receiver:
        with pytest.raises(IsADirectoryError):
            await receiver.get()


@pytest.mark.parametrize("written", [b"more", b"m" * 50], ids=["little", "much"])
async def test_a_file_that_grows_ends_where_it_ends_then(
    tmp_path: Path, cache: Cache, written: bytes
) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * 20)
    async with from_file(path, chunk_size=10) as receiver:
        got = [await receiver.get()]
        with path.open("ab") as file:
            file.write(written)
        got += [chunk async for chunk in receiver]
        with path.open("ab") as file:
            file.write(b"too late")
        assert await receiver.get() is None
    assert b"".join(chunk or b"" for chunk in got) == b"x" * 20 + written


async def test_a_file_that_grows_while_its_last_chunk_is_read(tmp_path: Path, cache: Cache) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * 5)
    async with from_file(path) as receiver:
        with path.open("ab") as file:
            file.write(b"more")
        assert await receiver.read_all(99) == b"xxxxxmore"


async def test_a_file_that_shrinks_ends_early(tmp_path: Path, cache: Cache) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * 40)
    async with from_file(path, chunk_size=10) as receiver:
        assert await receiver.get() == b"x" * 10
        os.truncate(path, 15)
        assert await receiver.get() == b"x" * 5
        assert await receiver.get() is None


async def test_a_reader_that_never_waits_gives_others_a_turn(tmp_path: Path, cache: Cache) -> None:
    path = tmp_path / "data"
    path.write_bytes(bytes(8 * 2**20))
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    assert sum(await sizes(path)) == 8 * 2**20
    task.cancel()
    assert turns >= 7


async def test_a_thread_that_reads_is_waited_for_even_when_cancelled(
    tmp_path: Path,
    cache: Cache,
    monkeypatch: pytest.MonkeyPatch,
    threads: list[str],
    descriptors: None,
    cancelled_late: Callable[..., Awaitable[None]],
) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * 25)
    cache.present = 0
    entered, leave, loop = asyncio.Event(), threading.Event(), asyncio.get_running_loop()

    def read(*_: object) -> bytes:
        loop.call_soon_threadsafe(entered.set)
        leave.wait()
        return b""

    monkeypatch.setattr(os, "pread", read)

    async def use() -> None:
        async with from_file(path) as receiver:
            await receiver.get()

    await cancelled_late(use, entered, leave)


async def test_a_read_that_waits_is_woken_by_cancel(
    tmp_path: Path,
    cache: Cache,
    monkeypatch: pytest.MonkeyPatch,
    turns: Callable[..., Awaitable[None]],
) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * 25)
    cache.present = 0
    leave = threading.Event()
    monkeypatch.setattr(os, "pread", lambda *_: b"a" * leave.wait())
    async with from_file(path) as receiver:
        reading = asyncio.create_task(receiver.get())
        await turns()
        receiver.cancel()
        with pytest.raises(ClosedError):
            await reading
        leave.set()


async def test_a_receiver_that_nobody_left_closes_its_file(
    tmp_path: Path, cache: Cache, descriptors: None
) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * 25)
    assert await (await from_file(path).__aenter__()).get() == b"x" * 25


# What is known of folders ...


async def test_the_first_file_of_a_folder_is_opened_in_a_thread(
    tmp_path: Path, cache: Cache, known: set[str], threads: list[str]
) -> None:
    known.clear()
    path = tmp_path / "data"
    path.write_bytes(b"x")
    assert await sizes(path) == [1]
    assert len(threads) == 1
    assert await sizes(path) == [1]
    assert len(threads) == 1


@pytest.mark.parametrize("before", [True, False], ids=["known", "new"])
@pytest.mark.parametrize(
    ("answer", "after"),
    [(errno.EAGAIN, True), (errno.EOPNOTSUPP, False), (errno.ESPIPE, None)],
    ids=["cold", "far", "pipe"],
)
async def test_what_is_learnt_of_a_folder(
    tmp_path: Path, cache: Cache, known: set[str], before: bool, answer: int, after: bool | None
) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x")
    if not before:
        known.clear()
    cache.present, cache.answer = 0, answer
    with path.open("rb") as file:
        _file.learn(str(path), file.fileno())
    assert (str(tmp_path) in known) is (before if after is None else after)


async def test_no_more_folders_are_known_than_a_number(
    cache: Cache, tmp_path: Path, known: set[str]
) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x")
    known.update(map(str, range(_file.MOST_KNOWN)))
    with path.open("rb") as file:
        _file.learn(str(path), file.fileno())
    assert known == {str(tmp_path)}


async def test_where_the_system_cannot_be_asked_nothing_is_learnt(
    tmp_path: Path, known: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    known.clear()
    monkeypatch.setattr(_file, "CAN_ASK", False)
    path = tmp_path / "data"
    path.write_bytes(b"x" * 25)
    async with from_file(path) as receiver:
        assert isinstance(receiver, PipeReceiver)
        assert await receiver.read_all(99) == b"x" * 25
    assert not known


async def test_a_named_pipe_is_opened_once(
    tmp_path: Path, cache: Cache, known: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    known.add(str(tmp_path))

    def no_open(*call: object) -> int:
        pytest.fail("whoever opens it and goes away again breaks its writer")

    monkeypatch.setattr(os, "open", no_open)
    assert _file.open_at_once(str(path)) is None


async def test_a_file_that_became_something_else_meanwhile(
    tmp_path: Path,
    cache: Cache,
    known: set[str],
    descriptors: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x")
    known.add(str(tmp_path))

    def no_seek(*call: object) -> int:
        raise OSError(errno.ESPIPE, "not a file")

    monkeypatch.setattr(os, "lseek", no_seek)
    assert _file.open_at_once(str(path)) is None


async def test_a_link_may_lead_to_another_file_system(
    tmp_path: Path, cache: Cache, known: set[str], threads: list[str]
) -> None:
    known.add(str(tmp_path))
    (tmp_path / "data").write_bytes(b"x")
    (tmp_path / "link").symlink_to("data")
    assert await sizes(tmp_path / "link") == [1]
    assert len(threads) == 1


async def test_a_named_pipe_is_read_in_a_thread(
    tmp_path: Path, cache: Cache, threads: list[str], descriptors: None
) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    assert stat.S_ISFIFO(path.lstat().st_mode)
    async with from_file(path) as receiver:
        await asyncio.to_thread(path.write_bytes, b"hello")
        assert await receiver.read_all(99) == b"hello"
    assert not cache.sizes or cache.sizes == [1], "it was only tried, by the thread"


@pytest.mark.skipif(not _file.CAN_ASK, reason="the system has no RWF_NOWAIT")
async def test_reading_at_once(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        try:
            read = [_file.read_at_once(file.fileno(), 4, at) for at in (0, 8, 10)]
        except OSError as exc:
            if exc.errno not in {errno.EAGAIN, *_file.NO_ANSWER}:
                raise
            pytest.skip(f"not for files of this folder: {exc}")
    assert read == [b"0123", b"89", b""]
    assert {type(chunk) for chunk in read} == {bytes}


def test_a_chunk_has_at_least_one_byte() -> None:
    with pytest.raises(ValueError, match="chunk_size must be at least 1"):
        from_file("any", chunk_size=0)
