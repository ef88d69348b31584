"""Every example of the README runs, and does what the text says."""

from __future__ import annotations

import csv
import gzip
import re
import sys
import tracemalloc
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

FOLDER = Path(__file__).parent.parent
README = (FOLDER / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.S)


def run(number: int) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "readme"}
    exec(compile(EXAMPLES[number], "README.md", "exec"), names)
    return names


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_there_are_these_examples() -> None:
    assert len(EXAMPLES) == 4


def test_the_first_example(capsys: pytest.CaptureFixture[str]) -> None:
    run(0)
    assert capsys.readouterr().out == "line 0\nline 1\nline 2\n"


def test_the_output_of_a_program() -> None:
    names = run(1)
    lines = gzip.decompress(Path("numbers.gz").read_bytes()).splitlines()
    assert lines == [b"%d" % number for number in range(10**5)]
    lots = (sys.executable, "-c", f"for n in range(400): print({'x' * 50_000!r})")
    tracemalloc.start()
    try:
        names["asyncio"].run(names["save"]("lots.gz", *lots))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 << 20  # of 19 MiB
    failing = (sys.executable, "-c", "print('begun', flush=True); raise SystemExit(3)")
    with pytest.raises(OSError, match="ended with 3"):
        names["asyncio"].run(names["save"]("failed.gz", *failing))
    with pytest.raises(EOFError):
        gzip.decompress(Path("failed.gz").read_bytes())


def test_log_lines_for_many(capsys: pytest.CaptureFixture[str]) -> None:
    run(2)
    assert capsys.readouterr().out == "archived 1000 lines, showed line 999 last\n"


def test_a_csv_file_read_in_a_thread(capsys: pytest.CaptureFixture[str]) -> None:
    with open("orders.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["name", "amount"])
        writer.writerows([f"order {number}", number] for number in range(1000))
    run(3)
    assert capsys.readouterr().out == f"{sum(range(1000))}\n"


def test_the_picture_is_there_and_well_formed() -> None:
    (picture,) = re.findall(r"!\[.+\]\((.+)\)", README)
    root = ElementTree.fromstring((FOLDER / picture).read_text(encoding="utf-8"))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
