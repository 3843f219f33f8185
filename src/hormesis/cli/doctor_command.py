"""``hormesis doctor``: what this machine can do, and what to install for the rest."""

from __future__ import annotations

import json
import os
from dataclasses import asdict

from rich.text import Text

from hormesis.cli.columns import columns
from hormesis.cli.console import out
from hormesis.custodian.registry import open_runs, state_folder
from hormesis.host.capabilities import Capability, survey
from hormesis.words.outcome import ExitCode


def doctor_command(*, as_json: bool) -> int:
    """Print every capability; return LEFT_DIRTY when a dead run has left effects."""
    found = survey()
    left = [run for run in open_runs(state_folder(dict(os.environ))) if not run.alive]
    if as_json:
        data = {
            "capabilities": [asdict(one) for one in found],
            "dead_runs": [run.run_id for run in left],
        }
        out.print_json(json.dumps(data))
        return ExitCode.LEFT_DIRTY if left else ExitCode.PASS
    for line in columns([_row(one) for one in found]):
        out.print(line)
    for run in left:
        out.print(Text(f"run {run.run_id} died and left effects: hormesis revert", style="red"))
    return ExitCode.LEFT_DIRTY if left else ExitCode.PASS


def _row(one: Capability) -> tuple[Text, str, str]:
    if one.idle:
        state = "there" if one.there else "not there"
        told = "; ".join(filter(None, [f"{state}, no fault uses it yet", one.detail]))
        return Text("·"), one.name, told
    if one.there:
        return Text("✔", style="green"), one.name, one.detail
    get = f"to get it: {one.remedy}"
    return Text("–", style="yellow"), one.name, f"{one.detail}; {get}" if one.detail else get
