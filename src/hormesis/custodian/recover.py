"""Replay: undo what a ledger still holds open, after its custodian is gone.

Used by ``hormesis revert``, by the next command that finds an open run, and by the engine itself
when its custodian dies. A replay may be killed and repeated at any point.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hormesis.custodian.effects import Effect, Effects, closing
from hormesis.custodian.failpoint import Failpoint
from hormesis.custodian.registry import OpenRun
from hormesis.custodian.sweep import sweep_marked
from hormesis.host.children import Children
from hormesis.host.companion import Companion
from hormesis.host.leftovers import leftovers
from hormesis.host.owner import Owner
from hormesis.host.services import Services
from hormesis.host.steps import Steps, Wait, drive
from hormesis.host.verb_protocol import Scene
from hormesis.host.verbs import scratch
from hormesis.record.ledger import Ledger, LedgerBusy, LedgerContent
from hormesis.words.trouble import DirtyTrouble
from hormesis.words.verb import Undone, VerbCall, left_of

_BUSY_S = 2.0
_LOOK_S = 0.01


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one open effect: ``undone``, or ``trouble`` while it is still open."""

    effect: str
    verb: str
    undone: Undone | None
    trouble: str = ""

    @property
    def told(self) -> str:
        """Which one it is, and why it is still open."""
        return left_of(self.effect, self.verb, self.trouble)

    def to_json(self) -> dict[str, Any]:
        """Return plain data that :meth:`from_json` understands."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Replayed:
        """Rebuild one from :meth:`to_json`'s data."""
        undone = data.get("undone")
        return cls(
            str(data["effect"]), str(data["verb"]),
            None if undone is None else Undone(undone), str(data.get("trouble", "")),
        )  # fmt: skip


def replay(ledger: Path) -> list[Replayed]:
    """Undo the open effects of *ledger*, the latest first, and close it when none is left.

    One failure never stops the rest; what failed stays open for the next replay. A closed ledger
    gives an empty list. Processes that bear the run's mark are killed at the end, whatever started
    them. Blocks for as long as the undos take.

    Raises:
        DirtyTrouble: the custodian, or another replay, still holds the ledger.
        FileNotFoundError: there is no such ledger.
    """
    if not ledger.exists():
        raise FileNotFoundError(f"there is no ledger {ledger}")
    return drive(_replay(ledger))


@dataclass(frozen=True, slots=True)
class EndedLost:
    """What became of a run without a ledger: ``left`` is what still bears its mark."""

    killed: int
    left: list[str]


def end_lost(run: OpenRun) -> EndedLost:
    """End the processes of a run whose ledger was deleted, remove its scratch folder, forget it.

    That is all that can be done for it: what else it did to this host, only its ledger knew.

    Raises:
        TimeoutError: a process did not die; the run stays known.
        OSError: the folder cannot be removed; the run stays known.
    """
    killed = drive(sweep_marked(run.run_id))
    scratch.remove_marked(scratch.folder_of(run.run_id), run.run_id)
    run.pointer.unlink(missing_ok=True)
    return EndedLost(killed, leftovers(run.run_id))


def _replay(path: Path) -> Steps[list[Replayed]]:
    ledger = yield from _take(path)
    try:
        content = ledger.read()
        if content.closed or not content.header:
            return []  # Without a durable header nothing was ever done.
        effects, recalled = _recall(ledger, content)
        outcome = yield from effects.revert_all("replay")
        replayed = [
            Replayed(one.name, one.call.verb, outcome.undone.get(one.name), one.trouble)
            for one in reversed(recalled)
        ]
        yield from sweep_marked(content.header["run"])
        if not outcome.dirty:
            ledger.write(closing(outcome, "replay"))
            Path(content.header["pointer"]).unlink(missing_ok=True)
            with suppress(OSError):
                ledger.hide_passwords()
        return replayed
    finally:
        ledger.close()


def _take(path: Path) -> Steps[Ledger]:
    """Open the ledger; a custodian that is just dying is given a moment to let go."""
    until = time.monotonic() + _BUSY_S
    while True:
        try:
            return Ledger(path)
        except LedgerBusy:
            if time.monotonic() >= until:
                raise DirtyTrouble(
                    f"{path} is still held by a living custodian or by another replay",
                    hint="wait until that run has ended, and try again",
                ) from None
        yield Wait(time.monotonic() + _LOOK_S)


def _recall(ledger: Ledger, content: LedgerContent) -> tuple[Effects, list[Effect]]:
    run = str(content.header["run"])
    services = Services(run, Children(Owner.from_json(content.header.get("owner"))))
    effects = Effects(ledger, Failpoint())
    companions: dict[str, Companion] = {}
    recalled = []
    for entry in content.effects.values():
        scene = Scene(
            run=run, effect=entry.effect, services=services, companions=companions,
            note=partial(effects.note, entry.effect),
        )  # fmt: skip
        call = VerbCall(entry.verb, entry.args)
        effect = Effect(entry.effect, call, scene, dict(entry.facts), entry.boot)
        effects.recall(effect)
        recalled.append(effect)
    return effects, recalled
