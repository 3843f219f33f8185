"""``hormesis tasks …``: what those commands do."""

from __future__ import annotations

import asyncio
import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from random import SystemRandom
from tempfile import TemporaryDirectory

import typer
from rich.text import Text

from hormesis.cli.columns import columns
from hormesis.cli.confirmation import is_terminal
from hormesis.cli.console import err, out
from hormesis.cli.run_command import run_command
from hormesis.cli.run_options import RunOptions
from hormesis.compose.helper_variables import HelperVariables
from hormesis.compose.option_seconds import option_seconds
from hormesis.compose.restart_experiment import Restarted, restart_document
from hormesis.compose.task_helpers import FLOOD, new_user, performed, rows_of, task_variables
from hormesis.host.sql import Rows
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import UsageTrouble
from hormesis.words.units import text_of_seconds

_TAG = re.compile(r"[A-Za-z0-9_.:@/-]{0,100}")

_USERS = 10
"""How many create the tasks of a flood at a time."""


@dataclass(frozen=True)
class Where:
    """Where the system is, as a command line says it; empty: the environment says it."""

    base_url: str
    database_url: str
    system: Path | None

    @property
    def overrides(self) -> dict[str, str]:
        """Return the variables of the helpers that it sets."""
        given = {"queen": self.base_url, "dsn": self.database_url}
        return {name: text for name, text in given.items() if text}

    def variables(self, **more: str) -> HelperVariables:
        """Return all variables of the helpers."""
        overrides = {**self.overrides, **more}
        return task_variables(overrides, dict(os.environ), self.system)

    def of_flood(self) -> HelperVariables:
        """Return all variables of the flood."""
        return task_variables(self.overrides, dict(os.environ), self.system, FLOOD)


@dataclass(frozen=True)
class Flood:
    """A flood of tasks, as a command line says it."""

    count: int
    delay: float
    deadline: str
    kind: str
    tag: str
    auth: str
    patience: str


def user_command(where: Where, *, prefix: str, as_json: bool) -> int:
    """Make a user; print its token alone, or all about it as JSON."""
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,40}", prefix):
        raise UsageTrouble(f"--prefix {prefix}: expected up to 40 letters, digits, dots and dashes")
    made = asyncio.run(new_user(where.variables(), prefix, SystemRandom()))
    if as_json:
        out.tell_json(asdict(made))
    else:
        out.print(Text(made.token))
        err.print(Text(f"user {made.username}, id {made.user_id}"))
    return ExitCode.PASS


def flood_command(where: Where, wanted: Flood, *, out: Path, as_json: bool) -> int:
    """Run the flood, and return the exit code of its verdict.

    Raises:
        UsageTrouble: an option that the system's own body of a task has no place for.
    """
    _refuse_homeless(where, wanted)
    token = wanted.auth or os.environ.get("AUTH", "")
    if not token:
        token = asyncio.run(new_user(where.variables(), "flood", SystemRandom())).token
    given = {
        **where.overrides,
        "count": str(wanted.count),
        "users": str(min(_USERS, wanted.count)),
        "delay": f"{wanted.delay:g}",
        "deadline": _time("--deadline", wanted.deadline),
        "patience": _time("--patience", wanted.patience),
        "type": wanted.kind,
        "token": token,
    }
    if wanted.tag:
        given["label"] = _checked(wanted.tag)
    texts = tuple(f"{name}={text}" for name, text in given.items())
    options = RunOptions(variables=texts, out=out, system=where.system, yes=True, as_json=as_json)
    return run_command(str(FLOOD), options)


def _refuse_homeless(where: Where, wanted: Flood) -> None:
    """Refuse options that the body of a task, as the system's file describes it, does not hold."""
    variables = where.of_flood()
    given = {"--type": (wanted.kind, "delay", "type"), "--tag": (wanted.tag, "flood", "label")}
    for option, (value, usual, name) in given.items():
        if value not in (usual, "") and not variables.refers("create_body", name):
            raise UsageTrouble(
                f"{option} {value}: `create_body` in {where.system} has no place for it",
                hint=f"put ${{{name}}} there, or leave {option} out",
            )


def rows_command(
    where: Where, statement: str, *, tag: str, limit: int = 20, as_json: bool
) -> int:
    """Print what the database answers to the variable *statement*."""
    variables = where.variables(tag=_checked(tag), limit=str(limit))
    rows = asyncio.run(rows_of(variables, statement))
    if as_json:
        out.tell_json({"tag": tag, "count": len(rows.rows), "rows": list(rows.rows)})
        return ExitCode.PASS
    _show(rows, tag)
    return ExitCode.PASS


def clear_command(where: Where, *, tag: str, dry_run: bool, yes: bool, as_json: bool) -> int:
    """Delete completed tasks, or only count them; ask first on a terminal.

    Raises:
        UsageTrouble: nobody said in which database, or nobody can be asked and none said yes.
    """
    if not (where.database_url or where.system or os.environ.get("DATABASE_URL")):
        raise UsageTrouble(
            "nothing says in which database tasks are to be deleted, and none is guessed",
            hint="give --database-url, DATABASE_URL or --system",
        )
    if not (dry_run or yes or is_terminal()):
        raise UsageTrouble(
            "nobody is there to be asked whether to delete",
            hint="--yes deletes without asking, --dry-run only counts",
        )
    variables = where.variables(tag=_checked(tag))
    there = int(str(asyncio.run(rows_of(variables, "clearable_sql")).value or 0))
    told = f"{there} completed tasks" + (f" with the tag {tag}" if tag else "")
    deleted = 0
    if not dry_run and there:
        if not yes and not typer.confirm(f"delete {told}?", err=True):
            return ExitCode.INTERRUPTED
        deleted = asyncio.run(performed(variables, "clear_sql"))
    if as_json:
        data = {"tag": tag, "dry_run": dry_run, "completed": there, "deleted": deleted}
        out.tell_json(data)
    else:
        out.print(Text(f"{told} would be deleted" if dry_run else f"{deleted} tasks deleted"))
    return ExitCode.PASS


def restart_command(what: Restarted, *, out: Path, yes: bool, as_json: bool) -> int:
    """Run the restart, and return the exit code of its verdict."""
    document = restart_document(what)
    with TemporaryDirectory(prefix="hormesis-restart-") as folder:
        file = Path(folder) / "restart-service.json"
        file.write_text(json.dumps(document, indent=1), "utf-8")
        return run_command(str(file), RunOptions(out=out, yes=yes, as_json=as_json))


def _show(rows: Rows, tag: str) -> None:
    if not rows.rows:
        out.print(Text("no tasks" + (f" with the tag {tag}" if tag else "")))
        return
    head = [Text(name, style="bold") for name in rows.rows[0]]
    body = [["" if one is None else str(one) for one in row.values()] for row in rows.rows]
    for line in columns([head, *body]):
        out.print(line)
    if rows.count > len(rows.rows):
        out.print(Text(f"and {rows.count - len(rows.rows)} more"))


def _checked(tag: str) -> str:
    """Return *tag*, which stands in SQL statements as it is.

    Raises:
        UsageTrouble: it has other signs than a tag needs.
    """
    if not _TAG.fullmatch(tag):
        raise UsageTrouble(f"--tag {tag}: expected up to 100 letters, digits and _ . : @ / -")
    return tag


def _time(option: str, text: str) -> str:
    return text_of_seconds(option_seconds(option, text))
