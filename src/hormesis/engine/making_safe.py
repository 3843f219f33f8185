"""Making safe: what ``on_fail`` does, in its order; its commands go through the custodian."""

from __future__ import annotations

import asyncio
import os
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


@dataclass(frozen=True)
class MakingSafe:
    """Does the parts of one run's ``on_fail``.

    ``clients`` lets clients do theirs; ``note`` takes level, source and text.
    """

    custodian: Custodian
    clients: Callable[[tuple[ClientKind, ...]], Awaitable[object]]
    note: Callable[[str, str, str], None]

    async def do(self, parts: Sequence[ClientKind | Command]) -> None:
        """Do all *parts*; one that goes wrong keeps no other from being done."""
        number = 0
        for part in _together(parts):
            if isinstance(part, Command):
                number += 1
                await self._run(number, part)
            else:
                await self.clients(part)

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
            return
        except asyncio.CancelledError:
            self.note("warning", ON_FAIL, f"`{told}` was cut off with the run")
            raise
        report = done.get("report") or {}
        self.note(*_told(told, command, report))


def _together(
    parts: Sequence[ClientKind | Command],
) -> Iterator[Command | tuple[ClientKind, ...]]:
    """Yield each command, and clients that follow one another together."""
    for is_command, several in groupby(parts, lambda one: isinstance(one, Command)):
        if is_command:
            yield from (one for one in several if isinstance(one, Command))
        else:
            yield tuple(one for one in several if not isinstance(one, Command))


def _told(told: str, command: Command, report: dict[str, Any]) -> tuple[str, str, str]:
    status, took = report.get("exit"), text_of_seconds(float(report.get("took_s") or 0))
    if report.get("late"):
        how = f"was killed, because it took longer than {text_of_seconds(command.timeout_s)}"
    else:
        how = f"ended with status {status} after {took}"
    lines = [line.strip() for line in str(report.get("output") or "").splitlines()]
    said = passwords_masked(" | ".join(filter(None, lines)))
    said = said if len(said) <= _SHOWN else "…" + said[1 - _SHOWN :]
    level = "info" if status == 0 and not report.get("late") else "warning"
    return level, ON_FAIL, f"`{told}` {how}; it said {said or 'nothing'}"
