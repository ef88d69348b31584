from __future__ import annotations

import dataclasses
import logging
import re
from pathlib import Path
from typing import Any

import pytest

from headrace import Config
from headrace.testing import Conversation, settle

pytestmark = pytest.mark.anyio

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def application(number: int) -> Any:
    """Run one of the README's examples and return its application."""
    example = re.findall(r"```python\n(.*?)```", README, re.DOTALL)[number]
    found: dict[str, Any] = {"__name__": "readme"}
    exec(compile(example, "README.md", "exec"), found)
    return found["app"]


@pytest.fixture
def app() -> Any:
    return application(0)


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (b"POST /order HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", b"accepted"),
        (b"POST /pay HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n5$", b"paid"),
        (
            b"GET /report HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n",
            b"\r\ncontent-digest: sha-256=:1fGFRgC686xP3sKHksKrQm3g/h4MbAbtTbmEGo/4xyc=:\r\n\r\n",
        ),
    ],
    ids=["order", "pay", "report"],
)
async def test_how_an_exchange_ends(
    request_: bytes, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    conversation = Conversation(application(1))
    await conversation.send(request_)
    for _ in range(20):  # a thread reads the rows
        await settle()
    taken = conversation.take()
    assert taken.endswith(answer)
    assert taken.startswith(b"HTTP/1.1 103 Early Hints\r\nlink: ") is (b"/report" in request_)
    assert "EndReason.COMPLETE" in caplog.text


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
