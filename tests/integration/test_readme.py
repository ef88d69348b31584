"""The README keeps its word: its example serves, its commands and its links are real."""

import hashlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGE = (ROOT / "examples" / "demo" / "page" / "index.html").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def test_the_example_hashes_an_upload(serve):
    (code,) = blocks("python")
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    body = bytes(range(256)) * 1000
    request = b"POST /upload HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
    received = serve(names["app"]).ask(request % len(body) + body)
    assert received.endswith(b'{"sha256":"%s"}' % hashlib.sha256(body).hexdigest().encode())


def test_the_two_commands_are_one_line_each():
    commands = [block for block in blocks("sh") if "nox" in block]
    assert [command.count("\n") for command in commands] == [1, 1]
    assert [command.split()[-1] for command in commands] == ["demo", "tests"]
    sessions = (ROOT / "noxfile.py").read_text()
    assert "def demo(" in sessions
    assert "def tests(" in sessions


def test_the_demo_s_lines_are_those_of_its_page():
    lines = [line for block in blocks("sh") for line in block.splitlines() if "curl -N" in line]
    assert len(lines) == 3
    shown = PAGE.replace("&amp;", "&").replace("&quot;", '"').replace("&gt;", ">")
    assert [line for line in lines if line not in shown] == []


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)#]+)", README))))
def test_a_link_leads_somewhere(link):
    assert (ROOT / link).exists()
