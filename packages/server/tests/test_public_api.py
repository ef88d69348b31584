"""The public names are a decision: a change here is a change for users."""

from __future__ import annotations

import importlib
import subprocess
import sys
from importlib import metadata
from types import ModuleType

import pytest

import headrace

NAMES = [
    "__version__",
    "Blueprint",
    "BlueprintGroup",
    "ClientGone",
    "Config",
    "ConfigError",
    "empty",
    "EndReason",
    "ExchangeEnded",
    "Figures",
    "Headrace",
    "HeadraceException",
    "html",
    "HTTPResponse",
    "json",
    "raw",
    "redirect",
    "Request",
    "ResponseStream",
    "Server",
    "stream",
    "text",
]


def test_names() -> None:
    assert headrace.__all__ == NAMES


def test_names_are_sorted() -> None:
    names = headrace.__all__
    assert names == sorted(names, key=str.lower)


def test_names_exist_and_nothing_else_is_public() -> None:
    public = {
        name
        for name, value in vars(headrace).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public | {"__version__"} == set(NAMES)


def test_version() -> None:
    assert headrace.__version__ == metadata.version("headrace")


PATHS = {
    "headrace.blueprints": "Blueprint BlueprintGroup",
    "headrace.exceptions": """
        abort BadRequest ClientGone ConfigError ExchangeEnded ExpectationFailed Forbidden
        HandlerTimeout HeadraceException InvalidUsage MethodNotAllowed NotFound PayloadTooLarge
        phrase RequestTimeout ResponseError ServerBusy ServerError ServiceUnavailable
        TruncatedBody Unauthorized WriteOverflow
    """,
    "headrace.request": "Request RequestParameters RequestStream",
    "headrace.response": """
        BaseResponse empty html HTTPResponse json raw redirect ResponseStream stream
        StreamingResponse text
    """,
    "headrace.views": "CompositionView HTTPMethodView stream",
}
IMPORTS = [(path, name) for path, names in PATHS.items() for name in names.split()]


@pytest.mark.parametrize(("path", "name"), IMPORTS, ids=[f"{p}.{n}" for p, n in IMPORTS])
def test_ported_code_can_import(path: str, name: str) -> None:
    assert callable(getattr(importlib.import_module(path), name))


SAME = [
    ("headrace.blueprints", "Blueprint"),
    ("headrace.exceptions", "HeadraceException"),
    ("headrace.request", "Request"),
    ("headrace.response", "HTTPResponse"),
    ("headrace.response", "stream"),
]


@pytest.mark.parametrize(("path", "name"), SAME)
def test_both_paths_lead_to_the_same_thing(path: str, name: str) -> None:
    assert getattr(importlib.import_module(path), name) is getattr(headrace, name)


def test_the_two_streams_are_two_things() -> None:
    # One answers with a stream, the other marks a handler that reads one.
    assert importlib.import_module("headrace.views").stream is not headrace.stream


LATER = {
    "click",
    "decimal",
    "email",
    "hashlib",
    "headrace._statistics",
    "headrace_routing._regex",
    "headrace_streams._broadcast",
    "headrace_streams._transforms",
    "html",
    "msgspec",
    "uvloop",
}


def test_what_a_plain_server_does_not_need_is_loaded_later() -> None:
    code = "import headrace, sys; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not LATER & set(told.stdout.split())
