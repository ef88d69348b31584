"""Hold what four packages have to have in common; prints what is wrong and fails."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
NEEDED = ("CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml", "src", "tests")


def problems(folder: Path) -> list[str]:
    """Return what is wrong with one package."""
    found = [f"{name} is missing" for name in NEEDED if not (folder / name).exists()]
    if found:
        return found
    settings = tomllib.loads((folder / "pyproject.toml").read_text())
    module = settings["project"]["name"].replace("-", "_")
    source = folder / "src" / module
    if not (source / "py.typed").exists():
        found.append("py.typed is missing")
    if (folder / "LICENSE").read_bytes() != (ROOT / "LICENSE").read_bytes():
        found.append("LICENSE differs from the one at the top")
    version = re.search(r'__version__ = "(.+)"', (source / "_version.py").read_text())
    newest = re.search(r"^## (\S+)", (folder / "CHANGELOG.md").read_text(), re.MULTILINE)
    if version is None or newest is None or version[1] != newest[1]:
        found.append("the newest entry of CHANGELOG.md is not that of the version")
    for requirement in settings["project"]["dependencies"]:
        if requirement.startswith("headrace") and not re.search(r">=[\d.]+,<[\d.]+$", requirement):
            found.append(f"{requirement!r} has to be a range, as '>=0.1,<0.2'")
    return found


def main() -> int:
    """Check every package."""
    wrong = [
        f"{folder.relative_to(ROOT)}: {problem}"
        for folder in sorted((ROOT / "packages").iterdir())
        for problem in problems(folder)
    ]
    print("\n".join(wrong) or "packages agree")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
