"""The command ``headrace``: ``run`` serves an application, ``routes`` lists its routes."""

from __future__ import annotations

import dataclasses
import importlib
import sys
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click

from ._app import Headrace
from ._config import Config, hints_of
from ._version import __version__
from .exceptions import ConfigError, ListenError


def load(target: str, folder: str) -> Headrace:
    """Import ``module:attribute``, with the folder first on the import path.

    Raises:
        click.ClickException: there is no such module or attribute, or it is no application.
    """
    module_name, _, attribute = target.partition(":")
    attribute = attribute or "app"
    if module_name.endswith(".py"):
        hint = f"{Path(module_name).stem}:{attribute}"
        raise click.ClickException(f"{target!r} is a file; write its module's name: {hint}")
    if not module_name or module_name.startswith("."):
        raise click.ClickException(
            f"{target!r} names no module; write MODULE:APP, for a file main.py that says "
            "'app = Headrace()': main:app"
        )
    sys.path.insert(0, str(Path(folder).resolve()))
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise click.ClickException(
            f"there is no module {module_name!r} in {folder!r} or on the import path; "
            "write MODULE:APP, for a file main.py that says 'app = Headrace()': main:app"
        ) from None
    app: object = module
    for part in attribute.split("."):
        app = getattr(app, part, None)
    if not isinstance(app, Headrace):
        raise click.ClickException(
            f"{module_name}:{attribute} is {'missing' if app is None else type(app).__name__}, "
            "not a Headrace application"
        )
    return app


def option(each: dataclasses.Field[Any], kind: Any) -> click.Option:
    """Make the command-line option of one setting."""
    flag = "--" + each.name.replace("_", "-")
    extra: dict[str, Any] = {"help": each.metadata["help"], "default": None}
    if kind is bool:
        return click.Option([f"{flag}/--no-{flag[2:]}"], **extra)
    extra["help"] += f"  [default: {each.default}]"
    extra["type"] = click.Choice(get_args(kind)) if get_origin(kind) is Literal else kind
    return click.Option([flag], **extra)


@click.group()
@click.version_option(__version__, prog_name="headrace")
def main() -> None:
    """Serve streaming applications."""


@main.command()
@click.argument("target", metavar="MODULE:APP")
@click.option("--app-dir", default=".", help="Folder to import the module from.")
def run(target: str, app_dir: str, **settings: Any) -> None:
    """Serve an application until Ctrl-C or SIGTERM."""
    app = load(target, app_dir)
    given = {name: value for name, value in settings.items() if value is not None}
    try:
        app.run(**given)
    except (ConfigError, ListenError) as error:
        raise click.ClickException(str(error)) from None


hints = hints_of(Config)
run.params += [option(each, hints[each.name]) for each in dataclasses.fields(Config)]


@main.command()
@click.argument("target", metavar="MODULE:APP")
@click.option("--app-dir", default=".", help="Folder to import the module from.")
def routes(target: str, app_dir: str) -> None:
    """List an application's routes."""
    click.echo(str(load(target, app_dir).router().describe()))
