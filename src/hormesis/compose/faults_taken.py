"""Faults taken: what a program has asked for in one run, each checked before anything happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from threading import Lock

from hormesis.compose.preparing import Prepared, check_drivers
from hormesis.compose.registry import catalogue
from hormesis.compose.selecting_containers import engines_missing
from hormesis.host.means import survey
from hormesis.plan.by_hand import actions_by_hand, means_of
from hormesis.spec.document import Document
from hormesis.spec.single_fault import read_single_fault
from hormesis.words.experiment import FaultTrack, Limits
from hormesis.words.timeline import FaultAction
from hormesis.words.trouble import CapabilityTrouble, Problem
from hormesis.words.units import text_of_seconds


class FaultsTaken:
    """Reads, checks and counts the faults of one run; may be used from any thread."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._lock = Lock()
        self._turns: Counter[str] = Counter()
        self._numbers: Counter[str] = Counter()
        self._active: list[FaultAction] = []
        self._missing: dict[str, str] = {}

    @property
    def limits(self) -> Limits:
        """What the run may do at most."""
        return self._prepared.experiment.limits

    @property
    def hold(self) -> str:
        """The longest that a fault may last, as files write it."""
        return text_of_seconds(self.limits.hold_s)

    @property
    def seed(self) -> int:
        """The run's seed."""
        return self._prepared.experiment.seed

    def read(self, document: Document) -> FaultTrack:
        """Return the fault that *document* says.

        Raises:
            InputTrouble: it has problems; all of them are listed.
            SkipTrouble: it needs an extra that is not installed.
        """
        experiment = self._prepared.experiment
        track = read_single_fault(document, catalogue=catalogue(), targets=experiment.targets)
        check_drivers([track.fault], experiment.title)
        return track

    def take(self, track: FaultTrack) -> tuple[FaultAction, ...]:
        """Return the actions of *track*, which begins now; they count as active.

        Raises:
            InputTrouble: it contradicts the limits or what is active.
            CapabilityTrouble: this machine can do it to none of the targets.
        """
        missing = self._lacking(track)
        experiment = self._prepared.experiment
        with self._lock:
            actions = actions_by_hand(
                track,
                experiment,
                missing,
                turn=self._turns[track.name] + 1,
                at_s=0.0,
                before=self._numbers[track.name],
                active=self._active,
            )
            if all(one.skip for one in actions):
                reasons = dict.fromkeys(one.skip for one in actions)
                raise CapabilityTrouble(
                    Problem(why, track.place, track.name, "see `hormesis doctor`")
                    for why in reasons
                )
            self._turns[track.name] += 1
            self._numbers[track.name] += len(actions)
            self._active += actions
        return actions

    def give_back(self, actions: Sequence[FaultAction]) -> None:
        """Note that *actions* are over."""
        gone = {one.id for one in actions}
        with self._lock:
            self._active = [one for one in self._active if one.id not in gone]

    def _lacking(self, track: FaultTrack) -> dict[str, str]:
        """Return why this machine lacks what it lacks; what was found out once is remembered."""
        asked = means_of(track.fault)
        with self._lock:
            known = dict(self._missing)
        new = asked - {*known}
        if new:
            starter = self._prepared.request.starter
            found = survey(new) if starter is None else starter.survey({*new})
            with self._lock:
                self._missing |= found
            known |= found
        return {**known, **engines_missing(self._prepared.experiment)}
