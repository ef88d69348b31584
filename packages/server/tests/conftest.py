"""Fixtures for tests without sockets: everything runs in the test's own loop."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

DATE = re.compile(rb"date: [^\r]+\r\n")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def undated() -> Callable[[bytes], bytes]:
    """Take the Date fields out, the only bytes that differ from run to run."""
    return lambda data: DATE.sub(b"", data)
