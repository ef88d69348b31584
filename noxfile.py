"""Every check of the project; ``nox -l`` lists them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import nox

ROOT = Path(__file__).parent
PACKAGES = ROOT / "packages"
DIST = ROOT / "dist"
GROUPS = nox.project.load_toml(ROOT / "pyproject.toml")
SUPPORTED = ("3.11", "3.12", "3.13")

# A machine's own interpreters are the matrix; uv must not go and download another.
os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")

nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = True
nox.options.sessions = ["tests", "lint", "types", "wheels"]


def runs(executable: str, version: str) -> bool:
    """Whether this file is a working Python of that version (a pyenv shim may not be)."""
    ask = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"
    try:
        told = subprocess.run([executable, "-c", ask], capture_output=True, text=True, timeout=30)
    except OSError:
        return False
    return told.stdout.strip() == version


def interpreters() -> list[str]:
    """The supported Pythons on this machine; those that only pyenv has are put on PATH."""
    found = []
    current = "{}.{}".format(*sys.version_info[:2])
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    if not pyenv.is_dir() and (command := shutil.which("pyenv")):
        pyenv = Path(command).resolve().parent.parent
    for version in SUPPORTED:
        candidates = [shutil.which(f"python{version}")]
        candidates += sorted(map(str, pyenv.glob(f"versions/{version}.*/bin/python{version}")))
        if version == current:
            candidates.append(sys.executable)
        for candidate in filter(None, candidates):
            if runs(candidate, version):
                if shutil.which(f"python{version}") != candidate:
                    folder = str(Path(candidate).parent)
                    os.environ["PATH"] = folder + os.pathsep + os.environ["PATH"]
                found.append(version)
                break
    return found or [current]


def project(folder: str) -> dict[str, Any]:
    """One package's ``[project]`` table."""
    table: dict[str, Any] = tomllib.loads((PACKAGES / folder / "pyproject.toml").read_text())
    return table["project"]  # type: ignore[no-any-return]


PYTHONS = interpreters()
FOLDERS = ("http-parser", "streams", "routing", "server")
FOLDER_OF = {project(folder)["name"]: folder for folder in FOLDERS}
each_suite = nox.parametrize(
    "suite", [nox.param(f, id=f, tags=[f]) for f in (*FOLDERS, "integration")]
)


IN_PARALLEL = ("-n", "3", "--dist", "loadfile")
"""The integration tests wait more than they work: three files at a time on two cores."""


def with_siblings(folder: str) -> list[str]:
    """The siblings that the package declares, leaves first, then the package."""
    found: list[str] = []
    for requirement in project(folder).get("dependencies", []):
        sibling = FOLDER_OF.get(re.split(r"[\s<>=!~;\[]", requirement, maxsplit=1)[0])
        if sibling is not None:
            found += [f for f in with_siblings(sibling) if f not in found]
    return [*found, folder]


def install(session: nox.Session, group: str, *folders: str) -> None:
    """Install tools and checkouts in one command.

    The resolver then takes each sibling from this checkout, and refuses one whose version lies
    outside the range that its dependant declares.
    """
    editable = [arg for f in folders for arg in ("-e", str(PACKAGES / f))]
    session.install(*nox.project.dependency_groups(GROUPS, group), *editable)


@nox.session(python=PYTHONS)
@each_suite
def tests(session: nox.Session, suite: str) -> None:
    """Each package alone, with nothing but what it declares; then all four over real sockets.

    Coverage has to be complete on the newest Python; tracing it on each doubles the time.
    """
    if suite == "integration":
        install(session, "integration", *FOLDERS)
        session.run("pytest", "tests", *IN_PARALLEL, *session.posargs)
        return
    install(session, f"test-{suite}", *with_siblings(suite))
    where = str(PACKAGES / suite / "tests")
    if session.python != PYTHONS[-1]:
        session.run("pytest", where, *session.posargs)
        return
    session.env["COVERAGE_FILE"] = f"{session.create_tmp()}/coverage"
    source = PACKAGES / suite / "src"
    session.run("coverage", "erase")
    session.run("coverage", "run", f"--source={source}", "-m", "pytest", where, *session.posargs)
    session.run("coverage", "combine", "--quiet")
    if not session.posargs:
        session.run("coverage", "report", "--fail-under=100", "--skip-covered")


@nox.session(python=PYTHONS[-1])
def lint(session: nox.Session) -> None:
    """Format, lint, import direction, slots."""
    install(session, "lint", *FOLDERS)
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")
    session.run("lint-imports", "--no-cache")
    modules = [project(f)["name"].replace("-", "_") for f in FOLDERS]
    session.run("slotscheck", *(arg for m in modules for arg in ("-m", m)))
    session.run("python", "tools/check_packages.py")


@nox.session(python=PYTHONS[0])
def types(session: nox.Session) -> None:
    """Strict mypy on what is published; what is annotated in tests is checked as well."""
    install(session, "types", *FOLDERS)
    session.run("mypy", *(f"packages/{folder}/src" for folder in FOLDERS), "noxfile.py", "tools")
    relaxed = ("--allow-untyped-defs", "--allow-incomplete-defs", "--allow-untyped-calls")
    # One run each, named from the top: two conftest.py would be one module twice.
    for tested in (*(f"packages/{folder}/tests" for folder in FOLDERS), "tests"):
        session.run("mypy", *relaxed, "--no-check-untyped-defs", "--explicit-package-bases", tested)


@nox.session(python=PYTHONS[0], reuse_venv=False)
def wheels(session: nox.Session) -> None:
    """Build what would be published; run the integration tests on the wheels."""
    session.install("hatchling>=1.27", *nox.project.dependency_groups(GROUPS, "integration"))
    shutil.rmtree(DIST, ignore_errors=True)
    for folder in FOLDERS:
        with session.chdir(PACKAGES / folder):
            session.run("hatchling", "build", "-d", str(DIST), silent=True)
    session.run("python", "tools/check_wheels.py", str(DIST))
    session.install(*sorted(map(str, DIST.glob("*.whl"))))
    session.run("pytest", "tests", *IN_PARALLEL, *session.posargs)


@nox.session(python=PYTHONS[-1], default=False)
def demo(session: nox.Session) -> None:
    """Serve the demo at http://127.0.0.1:8000 until Ctrl-C."""
    install(session, "demo", *FOLDERS)
    session.run("headrace", "run", "app:app", "--app-dir", "examples/demo", *session.posargs)


@nox.session(python=PYTHONS[-1], default=False)
def soak(session: nox.Session) -> None:
    """Good and bad clients for a time (--seconds 3600); at the end nothing may be left over."""
    install(session, "test", *FOLDERS)
    session.run("python", "-u", "-m", "tests.soak", *session.posargs)


@nox.session(python=PYTHONS[-1], default=False)
def bench(session: nox.Session) -> None:
    """Compare the server with others on one core each; --help tells how. Needs wrk."""
    install(session, "bench", *FOLDERS)
    for rival in nox.project.dependency_groups(GROUPS, "bench-native"):
        session.install(rival, success_codes=[0, 1, 2])
    session.run("python", "-u", "-m", "benchmarks.load", *session.posargs)


@nox.session(python=PYTHONS[-1], default=False)
def micro(session: nox.Session) -> None:
    """Time single packages beside their rivals, in process."""
    install(session, "micro", *FOLDERS)
    session.run("pytest", "benchmarks/micro/bench_parser.py", *session.posargs)
    session.run("pytest", "benchmarks/micro/bench_router.py", *session.posargs)
    session.run("python", "benchmarks/micro/bench_streams.py")
    session.run("python", "benchmarks/micro/bench_exchange.py")
