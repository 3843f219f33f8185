"""Making safe: what ``on_fail`` does, in its order; its commands go through the custodian."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from hormesis.engine.custody import Custodian, Denied
from hormesis.words.client import ClientKind
from hormesis.words.command import ON_FAIL, Command
from hormesis.words.secrets import passwords_masked
from hormesis.words.units import text_of_seconds
from hormesis.words.verb import VerbCall

MARGIN_S = 5.0
"""How much longer than the command itself the program around it may take."""
_SHOWN = 600
_CONSEQUENCE = "it did not bring the system into its safe state"
_STATUS = re.compile(r"\bhttp-(\d{3})\b")


@dataclass(frozen=True)
class MakingSafe:
    """Does the parts of one run's ``on_fail``.

    ``clients`` lets clients do theirs and returns what went wrong; ``note`` takes level, source and
    text. ``failed`` takes, of each part that did not succeed, what was asked and what came.
    """

    custodian: Custodian
    clients: Callable[[tuple[ClientKind, ...]], Awaitable[Sequence[str]]]
    note: Callable[[str, str, str], None]
    failed: Callable[[str], None]

    async def do(self, parts: Sequence[ClientKind | Command]) -> None:
        """Do all *parts*; one that goes wrong keeps no other from being done."""
        number = 0
        for part in _together(parts):
            if isinstance(part, Command):
                number += 1
                await self._run(number, part)
            else:
                await self._ask(part)

    async def _ask(self, clients: tuple[ClientKind, ...]) -> None:
        try:
            bad = await self.clients(clients)
        except asyncio.CancelledError:
            self.failed(f"{_asked(clients)} was cut off with the run; {_CONSEQUENCE}")
            raise
        if bad:
            came = _STATUS.sub(r"http \1", passwords_masked("; ".join(bad)))
            self.failed(f"{_asked(clients)} did not succeed: {came}; {_CONSEQUENCE}")

    async def _run(self, number: int, command: Command) -> None:
        config = {
            "run": list(command.run), "env": dict(command.env), "cwd": os.getcwd(),
            "timeout_s": command.timeout_s,
        }  # fmt: skip
        call = VerbCall(
            "program",
            {
                "subject": ON_FAIL, "program": "command", "do": config, "undo": None,
                "timeout_s": command.timeout_s + MARGIN_S,
            },
        )  # fmt: skip
        told = command.describe()
        try:
            done = await self.custodian.do(f"{ON_FAIL}/{number}", call, None)
        except Denied as error:
            self.note("warning", ON_FAIL, f"`{told}` was not run: {error}")
            self.failed(f"`{told}` could not be started: {error}; {_CONSEQUENCE}")
            return
        except asyncio.CancelledError:
            self.note("warning", ON_FAIL, f"`{told}` was cut off with the run")
            self.failed(f"`{told}` was cut off with the run; {_CONSEQUENCE}")
            raise
        report = done.get("report") or {}
        ended, said = _ended(command, report), _said(report)
        succeeded = report.get("exit") == 0 and not report.get("late")
        level = "info" if succeeded else "warning"
        self.note(level, ON_FAIL, f"`{told}` {ended}; it said {said or 'nothing'}")
        if not succeeded:
            came = f"it {ended}, it said {said}" if said else f"it {ended}"
            self.failed(f"`{told}` was run and did not succeed: {came}; {_CONSEQUENCE}")


def _together(
    parts: Sequence[ClientKind | Command],
) -> Iterator[Command | tuple[ClientKind, ...]]:
    """Yield each command, and clients that follow one another together."""
    for is_command, several in groupby(parts, lambda one: isinstance(one, Command)):
        if is_command:
            yield from (one for one in several if isinstance(one, Command))
        else:
            yield tuple(one for one in several if not isinstance(one, Command))


def _asked(clients: Sequence[ClientKind]) -> str:
    try:
        told = ", ".join(one.describe() for one in clients)
    except Exception:  # noqa: BLE001 - a client is user code, and all other parts must be done
        told = ", ".join(one.kind for one in clients)
    return f"asking {passwords_masked(told)}"


def _ended(command: Command, report: dict[str, Any]) -> str:
    """Return how *command* ended, as the end of a sentence."""
    if report.get("late"):
        return f"was killed, because it took longer than {text_of_seconds(command.timeout_s)}"
    status, how = report.get("exit"), "with an unknown status"
    if isinstance(status, int):
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
    return f"ended {how} after {text_of_seconds(float(report.get('took_s') or 0))}"


def _said(report: dict[str, Any]) -> str:
    lines = [line.strip() for line in str(report.get("output") or "").splitlines()]
    said = passwords_masked(" | ".join(filter(None, lines)))
    return said if len(said) <= _SHOWN else "…" + said[1 - _SHOWN :]
