from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def test_the_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(__file__).parent.parent / "README.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out == (
        "GET b'/hello' example.org\n"
        "b'HTTP/1.1 204 No Content\\r\\nserver: mine\\r\\nconnection: keep-alive\\r\\n\\r\\n'\n"
    )
