"""Task helpers: a user of the API, and statistics straight from the database of a task system."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

from hormesis.compose.helper_variables import HelperVariables
from hormesis.host.json_path import Missing, at_path
from hormesis.host.sql import Rows, SqlTrouble, ask, perform
from hormesis.wire.http_get import NoAnswer, http_ask
from hormesis.words.outcome import ExitCode
from hormesis.words.shown_address import shown_address
from hormesis.words.trouble import CapabilityTrouble, Trouble

_FOLDER = Path(str(files("hormesis").joinpath("suites", "tasks", "commands")))
FLOOD = _FOLDER / "flood.yaml"
_STATEMENTS = _FOLDER / "statements.yaml"
_PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"
_PASSWORD_LENGTH = 20
_LISTED_MAX = 10_000
_SHOWN = 200


class RefusedTrouble(Trouble):
    """The system answered, and said no."""

    code = ExitCode.FAIL


@dataclass(frozen=True)
class NewUser:
    """A user that was made, and the token it has."""

    username: str
    user_id: str
    token: str


def task_variables(
    overrides: Mapping[str, str],
    environment: Mapping[str, str],
    system: Path | None,
    file: Path = _STATEMENTS,
) -> HelperVariables:
    """Return what the helpers know about the system, or with *file*, what a flood does.

    Raises:
        InputTrouble: the system file has problems.
    """
    return HelperVariables(file, overrides=overrides, environment=environment, system=system)


async def new_user(variables: HelperVariables, prefix: str, rng: Random) -> NewUser:
    """Make a user with a made-up password, and log it in.

    Raises:
        CapabilityTrouble: the API does not answer.
        RefusedTrouble: it refused to.
    """
    username = f"{prefix}_{rng.randrange(16**8):08x}"
    password = "".join(rng.choice(_PASSWORD_LETTERS) for _ in range(_PASSWORD_LENGTH))
    who = {"username": username, "password": password}
    made = await _posted(variables, "register_path", who)
    answer = await _posted(variables, "login_path", who)
    token = _taken(answer, variables["bearer_at"], "token")
    return NewUser(username, _taken(made, variables["user_id_at"], "id"), token)


async def rows_of(variables: HelperVariables, statement: str) -> Rows:
    """Return the answer of the database to the variable *statement*.

    Raises:
        CapabilityTrouble: the database does not answer, or not to that.
    """
    try:
        return await ask(
            variables["dsn"], variables[statement], timeout_s=10.0, rows_max=_LISTED_MAX
        )
    except SqlTrouble as trouble:
        raise _no_database(trouble, statement, variables) from None


async def performed(variables: HelperVariables, statement: str) -> int:
    """Perform the variable *statement* in the database; return how many rows it touched.

    Raises:
        CapabilityTrouble: the database does not answer, or not to that.
    """
    try:
        return await perform(variables["dsn"], variables[statement])
    except SqlTrouble as trouble:
        raise _no_database(trouble, statement, variables) from None


def _no_database(
    trouble: SqlTrouble, statement: str, variables: HelperVariables
) -> CapabilityTrouble:
    hint = (
        "say with --database-url or DATABASE_URL where it is, or describe the system in a "
        "target file (`hormesis init tasks`) and give it with --system"
    )
    if variables.system:
        hint = (
            f"say in {variables.system} what fits: `dsn` under `vars`, `{statement}` under "
            "`overrides`"
        )
    return CapabilityTrouble(
        f"the database at {shown_address(variables['dsn'])} did not answer {statement}: {trouble}",
        hint=hint,
    )


async def _posted(variables: HelperVariables, path: str, document: Mapping[str, str]) -> Any:
    url = variables["base_url"].rstrip("/") + variables[path]
    body = json.dumps(document).encode()
    headers = {"Content-Type": "application/json"}
    try:
        got = await http_ask("POST", url, body=body, headers=headers, timeout_s=10.0)
    except (NoAnswer, ValueError) as error:
        where = f"`queen` in {variables.system}" if variables.system else "BASE_URL"
        hint = f"say with --base-url or {where} where the API is"
        raise CapabilityTrouble(f"POST {url}: {error}", hint=hint) from None
    text = got.answer.body.decode("utf-8", "replace")
    if not 200 <= got.answer.status < 300:
        raise RefusedTrouble(
            f"POST {url}: answered {got.answer.status}: {text[:_SHOWN]}",
            hint=f"`api` and `{path}` under the `overrides` of a target file (--system) say where "
            "a user is made; a flood with --auth needs none",
        )
    try:
        return json.loads(text)
    except ValueError:
        raise RefusedTrouble(f"POST {url}: expected JSON, found {text[:_SHOWN]!r}") from None


def _taken(document: Any, path: str, what: str) -> str:
    try:
        return str(at_path(document, path))
    except Missing:
        shown = ", ".join(document) if isinstance(document, dict) else "something else"
        raise RefusedTrouble(
            f"expected the {what} at {path!r} in the answer, found {shown}"
        ) from None
