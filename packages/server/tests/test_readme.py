from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from headrace import Config
from headrace.testing import Conversation

pytestmark = pytest.mark.anyio

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def app() -> Any:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    found: dict[str, Any] = {"__name__": "readme"}
    exec(compile(example, "README.md", "exec"), found)
    return found["app"]


async def test_the_example_sends_as_it_counts(app: Any) -> None:
    conversation = Conversation(app)
    await conversation.send(b"GET /count/3 HTTP/1.1\r\nHost: a\r\n\r\n")
    head, _, body = conversation.take().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body == b"6\r\n0\n1\n2\n\r\n0\r\n\r\n"


async def test_the_example_answers_while_the_upload_arrives(app: Any) -> None:
    conversation = Conversation(app)
    await conversation.send(b"POST /shout HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc")
    head, _, body = conversation.take().partition(b"\r\n\r\n")
    assert b"\r\ncontent-type: text/plain\r\n" in head
    assert body == b"3\r\nABC\r\n"
    await conversation.send(b"def")
    assert conversation.take() == b"3\r\nDEF\r\n0\r\n\r\n"


def test_the_table_of_settings_is_in_step_with_the_class() -> None:
    section = README.partition("\n## Settings\n")[2]
    rows = re.findall(r"^\| `(\w+)` \| `(.*?)` \| (.*) \|$", section, re.MULTILINE)
    assert rows == [
        (field.name, repr(field.default), field.metadata["help"])
        for field in dataclasses.fields(Config)
    ]


def test_the_install_line() -> None:
    assert "\npip install headrace\n" in README
