"""Left behind: what counts as dirty, for every command that asks before it goes on.

A dead run of which nothing is open has left nothing, although its pointer is still there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hormesis.custodian.registry import OpenRun, open_runs, state_folders


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A dead run that has left something, or may have; ``told`` says what."""

    run: OpenRun
    told: str


def dead_runs(environment: Mapping[str, str]) -> list[OpenRun]:
    """Return the runs whose custodian is gone while they are known, whatever they left."""
    states = state_folders(environment)
    return [run for state in states for run in open_runs(state) if not run.alive]


def left_behind(environment: Mapping[str, str]) -> list[LeftBehind]:
    """Return the dead runs that keep this host from being clean."""
    return list(_left_behind(environment))


def _left_behind(environment: Mapping[str, str]) -> Iterator[LeftBehind]:
    for run in dead_runs(environment):
        if run.lost:
            yield LeftBehind(run, f"the ledger of run {run.run_id} was deleted")
        elif run.hidden:
            who = "only another user may read what run"
            yield LeftBehind(run, f"{who} {run.run_id} left (sudo hormesis revert)")
        elif count := len(run.effects):
            yield LeftBehind(run, f"run {run.run_id} left {count} effects")
