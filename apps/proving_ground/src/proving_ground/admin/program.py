"""What administrators do straight in the database, also while the API is down."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Any, LiteralString

from proving_ground.database import Database
from proving_ground.database_address import checked_dsn
from proving_ground.database_trouble import DatabaseTrouble
from proving_ground.queen import accounts, statistics, tasks
from proving_ground.queen.canaries import (
    MONITORING_BREAKS,
    MONITORING_SAYS_NOTHING,
)
from proving_ground.queen.endpoint import ROLES
from proving_ground.queen.schema import SCHEMA
from proving_ground.usage import MissingPart, UsageError, did_you_mean

_TIMEOUT_S = 5.0
_EXIT_BROKEN = 70
_TOKEN_LIFE_S = 86400.0
_COMPLETED: LiteralString = """status = 'completed'
    AND (%(tag)s::text IS NULL OR tags @> ARRAY[%(tag)s::text])"""
_COUNT: LiteralString = f"SELECT count(*) AS count FROM tasks WHERE {_COMPLETED}"
_CLEAR: LiteralString = f"""
WITH gone AS (DELETE FROM tasks WHERE {_COMPLETED} RETURNING id), executions AS (
    DELETE FROM task_executions e USING gone WHERE e.task_id = gone.id
) SELECT count(*) AS count FROM gone"""
_SHORT = ("id", "type", "status", "attempt", "tags")

_Action = Callable[[Database, argparse.Namespace], Awaitable[str]]


def run_admin(database_url: str, options: argparse.Namespace) -> int:
    """Perform one action; return the exit status.

    Raises ``MissingPart`` when the database is out of reach, ``UsageError`` for bad input.
    """
    text = asyncio.run(_perform(checked_dsn(database_url), options))
    sys.stdout.write(text + "\n")
    return 0


async def _perform(dsn: str, options: argparse.Namespace) -> str:
    database = Database(dsn, timeout_s=_TIMEOUT_S, connections_max=2, canaries=frozenset())
    action = _ACTIONS[options.action]
    try:
        await database.fetch(SCHEMA)
        return await action(database, options)
    except DatabaseTrouble as trouble:
        raise MissingPart(f"the database does not answer: {trouble}") from None
    finally:
        await database.close()


async def _task_stats(database: Database, options: argparse.Namespace) -> str:
    found = await statistics.of_tag(database, frozenset(), tag=options.tag, owner=None)
    if MONITORING_BREAKS in options.canaries and found["completed"]:
        sys.exit(_EXIT_BROKEN)
    if MONITORING_SAYS_NOTHING in options.canaries:
        found = {**dict.fromkeys(found, 0), "tag": options.tag}
    if options.only:
        if options.only not in found:
            known = did_you_mean(options.only, found)
            raise UsageError(f"--only: unknown {options.only!r};{known}")
        return str(found[options.only])
    if options.json:
        return json.dumps(found)
    return "\n".join(f"{name}: {value}" for name, value in found.items())


async def _list_tasks(database: Database, options: argparse.Namespace) -> str:
    found = await tasks.listed(
        database,
        owner=None,
        tag=options.tag,
        status=None,
        type=None,
        limit=options.limit,
        offset=0,
    )
    if options.json:
        return json.dumps({"tasks": list(found)})
    lines = [_line(task, verbose=options.verbose) for task in found]
    return "\n".join([*lines, f"{len(found)} tasks"])


def _line(task: dict[str, Any], *, verbose: bool) -> str:
    names = tuple(task) if verbose else _SHORT
    return "  ".join(f"{name}={json.dumps(task[name])}" for name in names)


async def _clear_completed(database: Database, options: argparse.Namespace) -> str:
    query = _COUNT if options.dry_run else _CLEAR
    count = (await database.fetch(query, {"tag": options.tag}))[0]["count"]
    return f"would delete {count} tasks" if options.dry_run else f"deleted {count} tasks"


async def _create_user(database: Database, options: argparse.Namespace) -> str:
    if options.role not in ROLES:
        raise UsageError(f"--role: unknown {options.role!r};{did_you_mean(options.role, ROLES)}")
    password = options.password or secrets.token_urlsafe(16)
    if len(password) < accounts.PASSWORD_MIN:
        raise UsageError(f"--password: at least {accounts.PASSWORD_MIN} characters were expected")
    try:
        user = await accounts.register(
            database,
            username=options.username,
            email=None,
            password=password,
            role=options.role,
        )
    except accounts.NameTaken:
        raise UsageError(f"--username: another user is called {options.username!r}") from None
    token = await accounts.issue(database, user, _TOKEN_LIFE_S)
    return json.dumps({"user_id": user.id, "token": token, "role": user.role})


_ACTIONS: dict[str, _Action] = {
    "task-stats": _task_stats,
    "list-tasks": _list_tasks,
    "clear-completed": _clear_completed,
    "create-user": _create_user,
}
