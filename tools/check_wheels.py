"""Look into built wheels: what has to be inside is, what does not belong is not."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path


def problems(wheel: Path) -> list[str]:
    """Return what is wrong with one wheel."""
    module = wheel.name.split("-")[0]
    names = zipfile.ZipFile(wheel).namelist()
    found = []
    if f"{module}/py.typed" not in names:
        found.append("py.typed is missing")
    if not any(name.endswith(".dist-info/licenses/LICENSE") for name in names):
        found.append("the licence is missing")
    strangers = {name.split("/")[0] for name in names if ".dist-info/" not in name} - {module}
    found += [f"{name} does not belong" for name in sorted(strangers)]
    return found


def main(folder: str) -> int:
    """Check every wheel of a folder; there have to be four."""
    wheels = sorted(Path(folder).glob("*.whl"))
    wrong = [f"{wheel.name}: {problem}" for wheel in wheels for problem in problems(wheel)]
    if len(wheels) != 4:
        wrong.append(f"{len(wheels)} wheels were built, not 4")
    print("\n".join(wrong) or f"{len(wheels)} wheels are complete")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
