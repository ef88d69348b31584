"""The README's example runs, and its lists agree with the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from headrace_routing._converters import BUILT_IN
from headrace_routing._hosts import MAX_HOST
from headrace_routing._pattern import MAX_SEGMENTS
from headrace_routing._regex import MAX_FORKED

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_example(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out.startswith("METHODS  PATH")


@pytest.mark.parametrize("name", [*BUILT_IN, "path", "ext"])
def test_types_are_listed(name: str) -> None:
    assert f":{name}>`" in README


@pytest.mark.parametrize("limit", [MAX_SEGMENTS, MAX_FORKED, MAX_HOST])
def test_limits_are_listed(limit: int) -> None:
    assert f" {limit} " in README or f" {limit};" in README
