from __future__ import annotations

import dataclasses
import runpy
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import pytest
from click.testing import CliRunner, Result

from headrace import Config, Headrace, __version__, _server
from headrace._cli import main
from headrace._config import hints_of
from headrace.exceptions import ListenError

if TYPE_CHECKING:
    from pathlib import Path

Invoke = Callable[..., Result]
Served = list[tuple[Headrace, Config]]

KINDS = hints_of(Config)

SOURCE = """
from types import SimpleNamespace

from headrace import Config, Headrace, text

app = Headrace("books", config=Config(port=7))
other = Headrace("other")
inner = SimpleNamespace(app=Headrace("inner"))
number = 5

@app.get("/books/<id:int>")
def book(request, id):
    return text("x")

@app.post("/books", stream=True, name="new")
async def create(request):
    return text("x")
"""


@pytest.fixture(autouse=True)
def imports() -> Iterator[None]:
    """Forget what a test imported, and from where."""
    path, modules = sys.path.copy(), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with an application in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop_main.py").write_text(SOURCE)
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "web.py").write_text(SOURCE)
    (tmp_path / "shop_broken.py").write_text("import module_that_is_missing\n")
    (tmp_path / "shop_wrong.py").write_text("1 / 0\n")
    return tmp_path


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    """What would have been served."""
    calls: Served = []
    monkeypatch.setattr(_server, "serve", lambda app, config: calls.append((app, config)))
    return calls


@pytest.fixture
def invoke(folder: Path) -> Invoke:
    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, prog_name="headrace")

    return invoke


# Which application


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("shop_main:app", "books"),
        ("shop_main", "books"),
        ("shop_main:", "books"),
        ("shop_main:other", "other"),
        ("shop_main:inner.app", "inner"),
        ("shop.web:other", "other"),
    ],
)
def test_run_serves_the_application(invoke: Invoke, served: Served, target: str, name: str) -> None:
    result = invoke("run", target)
    assert (result.exit_code, result.output) == (0, "")
    assert [app.name for app, _ in served] == [name]


def test_run_takes_the_folder_to_import_from(
    invoke: Invoke, served: Served, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "shop_far.py").write_text("from headrace import Headrace\napp = Headrace('far')\n")
    assert invoke("run", "shop_far").exit_code == 1
    assert invoke("run", "shop_far", "--app-dir", "elsewhere").exit_code == 0
    assert [app.name for app, _ in served] == ["far"]


FILE = "'shop_main.py' is a file; write its module's name: shop_main:app"
NO_MODULE = (
    "there is no module {!r} in '.' or on the import path; write MODULE:APP, for a file main.py "
    "that says 'app = Headrace()': main:app"
)


@pytest.mark.parametrize("command", ["run", "routes"])
@pytest.mark.parametrize(
    ("target", "message"),
    [
        pytest.param("shop_none:app", NO_MODULE.format("shop_none"), id="no-module"),
        pytest.param("shop.none:app", NO_MODULE.format("shop.none"), id="no-submodule"),
        pytest.param("none.web:app", NO_MODULE.format("none.web"), id="no-package"),
        pytest.param("shop_main.py", FILE, id="file"),
        pytest.param(
            "shop_main:none",
            "shop_main:none is missing, not a Headrace application",
            id="no-attribute",
        ),
        pytest.param(
            "shop_main:none.app",
            "shop_main:none.app is missing, not a Headrace application",
            id="no-attribute-on-the-way",
        ),
        pytest.param(
            "shop_main:number",
            "shop_main:number is int, not a Headrace application",
            id="no-application",
        ),
        pytest.param(
            "shop_main:Headrace",
            "shop_main:Headrace is type, not a Headrace application",
            id="class",
        ),
    ],
)
def test_no_application(
    invoke: Invoke, served: Served, command: str, target: str, message: str
) -> None:
    result = invoke(command, target)
    assert (result.exit_code, result.output) == (1, f"Error: {message}\n")
    assert served == []


@pytest.mark.parametrize("target", ["", ":app", ".shop_main:app"])
def test_no_module_name(invoke: Invoke, served: Served, target: str) -> None:
    result = invoke("run", target)
    assert (result.exit_code, result.output) == (
        1,
        f"Error: {target!r} names no module; write MODULE:APP, for a file main.py that says "
        "'app = Headrace()': main:app\n",
    )
    assert served == []


@pytest.mark.parametrize(
    ("target", "error"),
    [("shop_broken", ModuleNotFoundError), ("shop_wrong", ZeroDivisionError)],
)
def test_what_the_module_itself_raises_is_shown_as_it_is(
    invoke: Invoke, target: str, error: type[Exception]
) -> None:
    assert type(invoke("run", target).exception) is error


# Settings


def test_without_options_the_applications_own_settings_hold(invoke: Invoke, served: Served) -> None:
    invoke("run", "shop_main")
    assert [config for _, config in served] == [Config(port=7)]


VALUES: dict[type, tuple[str, Any]] = {
    int: ("11", 11),
    float: ("2.5", 2.5),
    str: ("::1", "::1"),
}


@pytest.mark.parametrize("field", dataclasses.fields(Config), ids=lambda field: field.name)
def test_every_setting_has_an_option(
    invoke: Invoke, served: Served, field: dataclasses.Field[Any]
) -> None:
    flag = "--" + field.name.replace("_", "-")
    value: Any = True
    arguments = [flag]
    if get_origin(kind := KINDS[field.name]) is Literal:
        value = get_args(kind)[-1]
        arguments.append(value)
    elif type(field.default) is not bool:
        text, value = VALUES[type(field.default)]
        arguments.append(text)
    result = invoke("run", "shop_main", *arguments)
    assert result.output == ""
    assert getattr(served[0][1], field.name) == value


def test_a_flag_can_be_switched_off(invoke: Invoke, served: Served, folder: Path) -> None:
    (folder / "shop_debug.py").write_text(
        "from headrace import Config, Headrace\napp = Headrace(config=Config(debug=True))\n"
    )
    invoke("run", "shop_debug")
    invoke("run", "shop_debug", "--no-debug")
    assert [config.debug for _, config in served] == [True, False]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--port", "70000"], 1, "Error: port must be at most 65535, not 70000\n"),
        (["--port", "http"], 2, "'http' is not a valid integer"),
        (["--loop", "trio"], 2, "'trio' is not one of"),
        (["--workers", "2"], 2, "No such option"),
    ],
    ids=["bounds", "type", "choice", "unknown"],
)
def test_wrong_settings(
    invoke: Invoke, served: Served, arguments: list[str], code: int, message: str
) -> None:
    result = invoke("run", "shop_main", *arguments)
    assert result.exit_code == code
    assert message in result.output
    assert served == []


def test_an_address_that_cannot_be_bound(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    def serve(app: Headrace, config: Config) -> None:
        raise ListenError("::1", 80, OSError(98, "address in use"))

    monkeypatch.setattr(_server, "serve", serve)
    result = invoke("run", "shop_main")
    assert result.output == "Error: cannot listen on ::1 port 80: address in use\n"
    assert result.exit_code == 1


# Help


@pytest.mark.parametrize("field", dataclasses.fields(Config), ids=lambda field: field.name)
def test_help_shows_the_setting_and_its_default(
    invoke: Invoke, field: dataclasses.Field[Any]
) -> None:
    words = " ".join(invoke("run", "--help").output.split())
    assert field.metadata["help"] in words
    if type(field.default) is not bool:
        assert f"[default: {field.default}]" in words


def test_commands(invoke: Invoke) -> None:
    output = invoke("--help").output
    assert "run     Serve an application until Ctrl-C or SIGTERM." in output
    assert "routes  List an application's routes." in output


def test_version(invoke: Invoke) -> None:
    assert invoke("--version").output == f"headrace, version {__version__}\n"


def test_a_target_is_needed(invoke: Invoke) -> None:
    result = invoke("run")
    assert result.exit_code == 2
    assert "Missing argument 'MODULE:APP'" in result.output


# Routes


def test_routes(invoke: Invoke) -> None:
    result = invoke("routes", "shop_main")
    assert result.exit_code == 0
    header, *rows = (line.split() for line in result.output.splitlines())
    assert header == ["METHODS", "PATH", "NAME", "HOST", "STREAM", "HANDLER"]
    assert rows == [
        ["GET", "/books/<id:int>", "book", "-", "-", "book"],
        ["POST", "/books", "new", "-", "yes", "create"],
    ]


# python -m headrace


def test_the_module_is_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["headrace", "--version"])
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("headrace", run_name="__main__")
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"headrace, version {__version__}\n"
