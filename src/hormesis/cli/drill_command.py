"""``hormesis drill``: proves, on the experiment at hand, that its faults always go away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from rich.text import Text

from hormesis.cli.columns import columns
from hormesis.cli.console import complain, err, out
from hormesis.cli.variables import variables_from
from hormesis.compose.conformance import shortcomings
from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.custodian.drill import Attached, Round, drill
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import UsageTrouble


def drill_command(
    file: Path, variables: Sequence[str], *, kills: int, seed: int, as_json: bool
) -> int:
    """Drill and tell; return FAIL when a fault breaks a rule, LEFT_DIRTY when something is left."""
    if not file.is_file():
        raise UsageTrouble(f"there is no file {file}")
    prepared = prepare(_request(file, variables))
    if short := shortcomings(prepared.timeline):
        complain(short, hint="a fault must keep these rules before it is worth a drill")
        return ExitCode.FAIL
    options = [word for one in variables for word in ("--set", one)]
    services = prepared.experiment.services
    attached = [Attached(one.pid, one.port) for one in services if one.attached]
    rounds = drill(
        file, options, kills=kills, rng=Random(seed), tell=_progress, attached=attached
    )
    if as_json:
        out.tell_json([data_of(one) for one in rounds])
    else:
        for line in columns([_row(one) for one in rounds]):
            out.print(line)
        for one in rounds:
            for text in filter(None, [*one.left, one.trouble]):
                out.print(Text(f"  {_name(one)}: {text}; see {one.folder}", style="red"))
    for one in rounds:
        if one.held or one.skipped:
            shutil.rmtree(one.folder, ignore_errors=True)
    if any(one.left for one in rounds):
        return ExitCode.LEFT_DIRTY
    if rounds[0].skipped:
        return ExitCode.CAPABILITY_MISSING
    return ExitCode.PASS if all(one.held for one in rounds) else ExitCode.FAIL


def _request(file: Path, variables: Sequence[str]) -> RunRequest:
    return RunRequest(
        file=file,
        out=Path(),
        overrides=variables_from(tuple(variables)),
        environment=dict(os.environ),
    )


def data_of(one: Round) -> dict[str, Any]:
    """Return a round as plain data."""
    return {
        "victim": one.victim or "none",
        "held": one.held,
        "undone_s": one.undone_s,
        "struck": one.struck,
        "left": one.left,
        "trouble": one.trouble,
        "skipped": one.skipped,
        "faults": one.faults,
    }


def _progress(one: Round) -> None:
    err.print(Text(f"{_name(one)}: {_state(one)}"))


def _name(one: Round) -> str:
    return f"{one.victim} killed" if one.victim else "nobody killed"


def _state(one: Round) -> str:
    if one.skipped:
        return f"skipped: {one.skipped}"
    if one.left:
        return "not everything went back"
    if one.trouble:
        return "the round proves nothing"
    return "everything went back"


def _row(one: Round) -> tuple[Text, str, str]:
    sign = Text("✔", style="green") if one.held else Text("✘", style="red")
    took = "" if one.undone_s is None else f" within {one.undone_s * 1000:.0f} ms"
    proofs = "" if one.victim else "; ".join(_proof(record) for record in one.faults)
    told = f"{_state(one)}{took}" + (f"; {proofs}" if proofs else "")
    return sign, _name(one), told


def _proof(record: Mapping[str, Any]) -> str:
    return f"{record['track']}: {record.get('proof') or record.get('skipped') or 'never bit'}"
