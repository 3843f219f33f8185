"""Forgetting: gives a dead run up whose last effects can never be undone.

A database that was thrown away cannot be repaired, and must not keep this host from further runs
for ever. What is given up is named, and stays in the ledger.
"""

from __future__ import annotations

from contextlib import suppress

from hormesis.custodian.recover import replay
from hormesis.custodian.registry import OpenRun
from hormesis.record.ledger import Ledger


def forget(run: OpenRun) -> list[str]:
    """Undo what can be undone of *run*, close its ledger, and return what was given up.

    Raises:
        DirtyTrouble: its custodian, or a replay, still holds the ledger.
        OSError: the ledger cannot be read or written.
    """
    given_up = [one.told for one in replay(run.ledger) if one.trouble]
    ledger = Ledger(run.ledger)
    try:
        ledger.write({"record": "closed", "because": "forgotten", "given_up": given_up})
        run.pointer.unlink(missing_ok=True)
        with suppress(OSError):
            ledger.hide_passwords()
    finally:
        ledger.close()
    return given_up
