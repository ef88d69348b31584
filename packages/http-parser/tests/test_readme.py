from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def test_the_examples_run(capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(__file__).parent.parent / "README.md").read_text()
    examples = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    for example in examples:
        exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out == (
        "GET b'/hello' example.org\n"
        "b'HTTP/1.1 204 No Content\\r\\nserver: mine\\r\\nconnection: keep-alive\\r\\n\\r\\n'\n"
        "b'PUT /a HTTP/1.1\\r\\nHost: a\\r\\ntransfer-encoding: chunked\\r\\n\\r\\n"
        "2\\r\\nhi\\r\\n0\\r\\n\\r\\n'\n"
    )
    assert len(examples) == 2
