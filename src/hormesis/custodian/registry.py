"""Where open runs are known: one small file per run in the state folder of the machine or user.

It is written before the first effect and removed after the last is undone, so that the next
command finds what a crash of engine and custodian together has left.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hormesis.host.process import Identity
from hormesis.record.ledger import OpenEffect, open_effects, read_ledger
from hormesis.words.trouble import UsageTrouble

_SUFFIX = ".run.json"
MACHINE = Path("/var/lib/hormesis")
"""The machine's own state folder, of runs whose custodian is root's."""
HOMES = Path("/home")


def state_folder(environment: Mapping[str, str]) -> Path:
    """Return the state folder: ``HORMESIS_STATE``, else the machine's for root, else the user's."""
    given = environment.get("HORMESIS_STATE")
    if given:
        return Path(given)
    if os.geteuid() == 0:
        return MACHINE
    home = environment.get("XDG_STATE_HOME")
    return (Path(home) if home else Path.home() / ".local" / "state") / "hormesis"


def state_folders(environment: Mapping[str, str]) -> tuple[Path, ...]:
    """Return every folder where open runs of this user may be known, the own one first."""
    own = state_folder(environment)
    return (own,) if environment.get("HORMESIS_STATE") or own == MACHINE else (own, MACHINE)


def users_folders(homes: Path = HOMES) -> tuple[Path, ...]:
    """Return the usual state folders below *homes* that this user can look into.

    What they hold is written by those users, so nothing in it may be trusted with more rights than
    theirs. A folder that ``XDG_STATE_HOME`` moved elsewhere is not found.
    """
    found = sorted(homes.glob("*/.local/state/hormesis"))
    return tuple(one for one in found if one.is_dir() and os.access(one, os.R_OK | os.X_OK))


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run whose effects are not all known to be undone."""

    run_id: str
    ledger: Path
    custodian: Identity | None
    engine: Identity | None
    pointer: Path

    @property
    def alive(self) -> bool:
        """Whether its custodian lives, so that the run is nobody else's business."""
        return self.custodian is not None and self.custodian.alive

    @property
    def effects(self) -> list[OpenEffect]:
        """The effects that are open, oldest first; none when the ledger was deleted."""
        try:
            return open_effects(self.ledger)
        except OSError:
            return []

    @property
    def lost(self) -> bool:
        """Whether the ledger was deleted, so that nobody knows what is left of the run."""
        try:
            return not self.ledger.exists()
        except OSError:
            return False

    @property
    def over(self) -> bool:
        """Whether its custodian is gone and its ledger says that everything was undone."""
        try:
            return not self.alive and read_ledger(self.ledger).closed
        except OSError:
            return False

    @property
    def hidden(self) -> bool:
        """Whether this user may not read the ledger, so that others must say what is left."""
        try:
            with self.ledger.open("rb"):
                return False
        except FileNotFoundError:
            return False
        except OSError:
            return True


def make_usable(state: Path) -> None:
    """Make the state folder if it is not there, so that a run can be known in it.

    Raises:
        UsageTrouble: it cannot be made or read, with the reason.
    """
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o755)
        os.listdir(state)
    except OSError as error:
        raise UsageTrouble(
            f"the state folder {state} cannot be used: {error.strerror}",
            hint="set HORMESIS_STATE, or HOME, to a folder that you can write",
        ) from None


def open_runs(state: Path) -> list[OpenRun]:
    """Return the runs that are open, by name; live ones among them.

    A pointer that cannot be read stands for a run of which nothing more is known: it is lost, and
    a host that has one is not clean.
    """
    runs = []
    for pointer in sorted(state.glob(f"*{_SUFFIX}")):
        try:
            run = _open_run(pointer)
            if run.over:
                # Its custodian was killed after its last word, before it could take this away.
                with suppress(OSError):  # It may be another user's; that run is over all the same.
                    pointer.unlink(missing_ok=True)
                continue
            runs.append(run)
        except FileNotFoundError:
            continue  # Removed just now: that run has ended.
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            name = pointer.name.removesuffix(_SUFFIX)
            runs.append(OpenRun(name, pointer.with_suffix(".lost"), None, None, pointer))
    return runs


def _open_run(pointer: Path) -> OpenRun:
    data = json.loads(pointer.read_text())
    return OpenRun(
        run_id=str(data["run"]),
        ledger=Path(data["ledger"]),
        custodian=Identity.from_json(data["custodian"]),
        engine=Identity.from_json(data["engine"]),
        pointer=pointer,
    )


def pointer_of(state: Path, run_id: str) -> Path:
    """Return the file that makes the run known, whether it is there or not."""
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in run_id)
    return state / f"{name}{_SUFFIX}"


def register_run(
    state: Path, run_id: str, ledger: Path, custodian: Identity, engine: Identity
) -> Path:
    """Make a run known, durably, and return the file that does.

    Raises:
        OSError: the state folder cannot be written.
    """
    state.mkdir(parents=True, exist_ok=True, mode=0o755)
    pointer = pointer_of(state, run_id)
    data: dict[str, Any] = {
        "run": run_id, "ledger": str(ledger.resolve()),
        "custodian": custodian.to_json(), "engine": engine.to_json(),
    }  # fmt: skip
    draft = pointer.with_suffix(".draft")
    with open(draft, "w") as file:
        json.dump(data, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, pointer)
    folder = os.open(state, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(folder)
    os.close(folder)
    return pointer
