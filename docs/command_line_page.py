"""The reference page of the command line, from the commands themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath
from typing import Any

import typer

from docs.kind_page import NOTE, cell_of
from hormesis.cli.main import app


def command_line_page() -> str:
    """Return the Markdown page that tells every command and option."""
    group: Any = typer.main.get_command(app)
    lines = [NOTE, "", "# The command line", "", group.help or "", ""]
    lines += ["All commands end with one of the [exit codes](exit-codes.md).", ""]
    for name, command in _commands(group):
        lines += [f"## `hormesis {name}`", "", command.help or "", ""]
        shown = [one for one in command.params if one.name != "help"]
        if shown:
            lines += ["| option | default | |", "|---|---|---|", *(_row(one) for one in shown), ""]
    return "\n".join(lines)


def _commands(group: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{above}{name} ")
        else:
            yield f"{above}{name}", command


def _row(parameter: Any) -> str:
    value = (parameter.metavar or parameter.name.upper().replace("_", "-")).strip()
    if parameter.param_type_name == "argument":
        shown = f"`{value}`"
    else:
        tail = "" if parameter.is_flag else f" {value}"
        shown = ", ".join(f"`{option}{tail}`" for option in parameter.opts)
    default = "required" if parameter.required else "-"
    if isinstance(parameter.default, str | float | PurePath):
        default = f"`{parameter.default}`"
    return f"| {cell_of(shown)} | {default} | {cell_of(parameter.help or '')} |"
