"""A clean start: no chaos test begins on a machine on which a dead run has left something."""

from __future__ import annotations

import pytest

from hormesis.compose.running import refuse_if_dirty
from hormesis.custodian.recover import replay
from hormesis.custodian.registry import open_runs, state_folders
from hormesis.testing.dirt import TO_DO
from hormesis.testing.said import Said
from hormesis.testing.session import ChaosSession
from hormesis.words.trouble import DirtyTrouble, Trouble


def refuse_unless_clean(item: pytest.Item, session: ChaosSession) -> None:
    """Fail *item*, and let no other chaos test begin, while effects of a dead run are left.

    With ``--chaos-recover`` they are undone first.
    """
    if session.options.recover:
        _recover(session)
    try:
        refuse_if_dirty(session.environment)
    except DirtyTrouble as trouble:
        told = "; ".join(problem.message for problem in trouble.problems)
        Said(item).put("dirty", f"{told}; {TO_DO}")
        raise pytest.fail.Exception(f"{told}; {TO_DO}", pytrace=False) from None


def _recover(session: ChaosSession) -> None:
    for state in state_folders(session.environment):
        for run in open_runs(state):
            if run.alive or run.lost or run.hidden:
                continue
            try:
                replay(run.ledger)
            except (Trouble, OSError):
                # What is left after that is told by whoever looks whether the machine is clean.
                continue
