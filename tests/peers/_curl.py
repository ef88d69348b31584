"""curl, as on a command line."""

from __future__ import annotations

import hashlib
import os
import select
import subprocess
import time

from ._client import PATIENCE, Broken, program
from ._pattern import BLOCK, pattern


class CurlVisit:
    """A running curl; leaving is what Ctrl-C does."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def leave(self) -> float:
        left = time.monotonic()
        self._process.terminate()
        self._process.communicate(timeout=PATIENCE)
        return left


class CurlLines(CurlVisit):
    """A running curl whose output is read while it comes."""

    def next(self) -> bytes:
        """Return the next line."""
        assert self._process.stdout is not None
        return self._process.stdout.readline()


class CurlClient:
    """Commands are run with ``-sS``: errors are told, progress is not."""

    def __init__(self) -> None:
        self._command = [program("curl"), "-q", "-sS", "-N", "--noproxy", "*"]
        self._command += ["--max-time", str(PATIENCE)]

    def run(self, *arguments: str, data: bytes = b"") -> bytes:
        """Run to the end; return what it printed.

        Raises:
            Broken: it exited with an error.
        """
        command = [*self._command, *arguments]
        done = subprocess.run(command, input=data, capture_output=True, timeout=2 * PATIENCE)
        if done.returncode:
            raise Broken(f"exit code {done.returncode}: {done.stderr.decode()}")
        return done.stdout

    def upload(self, url: str, size: int, *, chunked: bool) -> tuple[int, str]:
        # "-T -" cannot know the length; "--data-binary @-" reads all of it first.
        how = ["-X", "POST", "-T", "-"] if chunked else ["--data-binary", "@-"]
        told = self.run(*how, "-w", "%{http_code}", url, data=pattern(size)).decode()
        return int(told[-3:]), told[:-3]

    def download(self, url: str) -> tuple[int, str]:
        body = self.run(url)
        return len(body), hashlib.sha256(body).hexdigest()

    def begin(self, url: str) -> CurlVisit:
        command = [*self._command, "-o", "/dev/null", url]
        return CurlVisit(subprocess.Popen(command, stderr=subprocess.PIPE))

    def begin_upload(self, url: str) -> CurlVisit:
        """POST in the background, waiting for more to send."""
        command = [*self._command, "-X", "POST", "-T", "-", url]
        pipe, null = subprocess.PIPE, subprocess.DEVNULL
        process = subprocess.Popen(command, stdin=pipe, stdout=null, stderr=pipe)
        assert process.stdin is not None
        process.stdin.write(pattern(BLOCK))
        process.stdin.flush()
        return CurlVisit(process)

    def lines(self, url: str) -> CurlLines:
        """GET in the background; the lines are to be read one by one."""
        pipe = subprocess.PIPE
        return CurlLines(subprocess.Popen([*self._command, url], stdout=pipe, stderr=pipe))

    def duplex(self, url: str, line: bytes) -> tuple[bytes, bytes]:
        """POST the line again and again until an answer comes, then end; return what was answered
        before the end and after it.

        curl waits for its input and meanwhile prints nothing; so no line can wait for its answer.
        """
        pipe = subprocess.PIPE
        command = [*self._command, "-X", "POST", "-T", "-", url]
        with subprocess.Popen(command, stdin=pipe, stdout=pipe) as process:
            assert process.stdin is not None and process.stdout is not None
            deadline = time.monotonic() + PATIENCE
            while not select.select([process.stdout], [], [], 0.02)[0]:
                assert time.monotonic() < deadline, "no answer came while the upload went on"
                process.stdin.write(line)
                process.stdin.flush()
            before = os.read(process.stdout.fileno(), 65536)
            after, _ = process.communicate(timeout=PATIENCE)
            assert process.returncode == 0
        return before, after
