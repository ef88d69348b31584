from __future__ import annotations

import asyncio
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

import pytest

from headrace import ConfigError
from headrace._loop import address, loop_factory, run

if TYPE_CHECKING:
    from collections.abc import Callable

Kind = Literal["auto", "asyncio", "uvloop"]


@pytest.fixture
def without_uvloop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)


@pytest.fixture
def uvloop(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """A stand-in for uvloop, so that the choice is tested where it cannot be installed too."""

    def new_event_loop() -> asyncio.AbstractEventLoop:
        raise NotImplementedError

    module: Any = ModuleType("uvloop")
    module.new_event_loop = new_event_loop
    monkeypatch.setitem(sys.modules, "uvloop", module)
    return new_event_loop


@pytest.mark.parametrize("kind", ["auto", "uvloop"])
def test_uvloop_where_it_is_installed(uvloop: Callable[[], Any], kind: Kind) -> None:
    assert loop_factory(kind) is uvloop


@pytest.mark.usefixtures("uvloop")
def test_asyncio_when_asked_for() -> None:
    assert loop_factory("asyncio") is asyncio.new_event_loop


@pytest.mark.usefixtures("without_uvloop")
def test_auto_falls_back_to_asyncio() -> None:
    assert loop_factory("auto") is asyncio.new_event_loop


@pytest.mark.usefixtures("without_uvloop")
def test_uvloop_asked_for_and_missing() -> None:
    with pytest.raises(ConfigError) as caught:
        loop_factory("uvloop")
    assert str(caught.value) == (
        "loop='uvloop' needs uvloop, which is not installed: pip install uvloop"
    )
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("kind", ["asyncio", "auto"])
def test_run_returns_the_result_and_closes_the_loop(kind: Kind) -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def main() -> str:
        loops.append(asyncio.get_running_loop())
        return "done"

    assert run(main(), kind) == "done"
    assert loops[0].is_closed()


def test_run_uses_the_loop_it_was_told_to() -> None:
    async def main() -> str:
        return type(asyncio.get_running_loop()).__module__

    assert run(main(), "asyncio").startswith("asyncio.")


def test_run_passes_an_exception_on() -> None:
    async def main() -> None:
        raise LookupError("x")

    with pytest.raises(LookupError, match=r"^x$"):
        run(main(), "asyncio")


@pytest.mark.parametrize(
    ("module", "host", "expected"),
    [
        ("asyncio.unix_events", "::1", "::1"),
        ("uvloop", "::1", [b"::1"]),
        ("uvloop", "", ""),
        ("uvloop", "bücher.example", "bücher.example"),
    ],
)
def test_a_plain_host_needs_no_encoding(module: str, host: str, expected: Any) -> None:
    loop: Any = type("Loop", (), {"__module__": module})()
    assert address(loop, host) == expected
