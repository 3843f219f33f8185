"""The effects of one run: do with undo written first, undo once, all of them last in first out.

The order is the whole point: capture what undo needs, write the intent durably, perform, write
that it was applied durably, and only then reply. Everything here is stepwise; the loop or a
replay drives it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from hormesis.custodian.failpoint import Failpoint
from hormesis.host.process import boot_id
from hormesis.host.steps import Steps, Wait
from hormesis.host.verb_protocol import Facts, NothingDone, Scene
from hormesis.host.verbs import load_verb
from hormesis.record.ledger import Ledger
from hormesis.words.verb import Undone, VerbCall, left_of

_TRIES = 3
_TRY_AGAIN_S = 0.3
_LOOK_S = 0.02


class Phase(Enum):
    """Where an effect stands."""

    DOING = "doing"
    HELD = "held"
    UNDOING = "undoing"
    DONE = "done"


@dataclass(slots=True, eq=False)
class Effect:
    """One effect; ``until`` is its hold deadline in seconds of CLOCK_MONOTONIC."""

    name: str
    call: VerbCall
    scene: Scene
    facts: Facts
    boot: str
    phase: Phase = Phase.DOING
    until: float | None = None
    trouble: str = ""
    cancel: Callable[[], None] | None = None

    @property
    def told(self) -> str:
        """Which one it is, and why it is not undone."""
        return left_of(self.name, self.call.verb, self.trouble)


@dataclass(slots=True)
class Reverted:
    """The outcome of reverting everything."""

    undone: dict[str, Undone] = field(default_factory=dict)
    dirty: list[str] = field(default_factory=list)


class Effects:
    """Does and undoes effects, and writes down every step before it takes the next."""

    def __init__(self, ledger: Ledger, failpoint: Failpoint | None = None) -> None:
        self._ledger = ledger
        self._failpoint = failpoint or Failpoint()
        self._by_name: dict[str, Effect] = {}
        self.leaving = False

    @property
    def open(self) -> list[Effect]:
        """The effects that are not undone, oldest first."""
        return list(self._by_name.values())

    def find(self, name: str) -> Effect | None:
        """Return the open effect called *name*, or None."""
        return self._by_name.get(name)

    def note(self, name: str, facts: Facts) -> None:
        """Add facts to an effect, durably."""
        self._ledger.write({"record": "note", "effect": name, "facts": facts})
        effect = self._by_name.get(name)
        if effect is not None:
            effect.facts.update(facts)

    def recall(self, effect: Effect) -> None:
        """Take over an effect from a ledger."""
        effect.phase = Phase.HELD
        self._by_name[effect.name] = effect

    def do(self, effect: Effect, hold_s: float | None) -> Steps[Facts]:
        """Perform *effect* and return what its verb found out.

        Raises:
            NothingDone: it was refused, or failed before it changed anything.
            Exception: it failed; what it had done is undone, or stays open when even that fails.
        """
        call = effect.call
        verb = load_verb(call.verb)
        self._failpoint.reach("before-intent", call.verb)
        effect.facts = verb.capture(effect.scene, call.args)
        self._ledger.intend(
            effect.name, call.verb, dict(call.args), facts=effect.facts, boot=effect.boot
        )
        self._by_name[effect.name] = effect
        self._failpoint.reach("after-intent", call.verb)
        try:
            found = yield from verb.perform(effect.scene, call.args, effect.facts)
            self._failpoint.reach("after-perform", call.verb)
            effect.facts.update(found)
            self._ledger.write({"record": "applied", "effect": effect.name, "facts": found})
        except NothingDone:
            effect.phase = Phase.HELD  # Should the ledger fail now, it can still be undone.
            self._finish(effect, Undone.GONE, "refused")
            raise
        except Exception:
            # Also when only the ledger failed: an effect that nobody is told of must not be held.
            try:
                yield from self.undo(effect, "failed")
            except Exception as error:  # noqa: BLE001  (kept with the effect: the first is told)
                effect.trouble = effect.trouble or str(error)
            raise
        self._failpoint.reach("after-applied", call.verb)
        effect.phase = Phase.HELD
        effect.until = None if hold_s is None else time.monotonic() + hold_s
        return found

    def undo(self, effect: Effect, because: str) -> Steps[Undone]:
        """Undo *effect* and close it in the ledger.

        Raises:
            Exception: it is not undone; the effect stays open, its ``trouble`` says why.
        """
        effect.phase = Phase.UNDOING
        effect.until = None
        try:
            verb = load_verb(effect.call.verb)
            self._failpoint.reach("before-undo", effect.call.verb)
            if effect.boot != boot_id() and not verb.survives_reboot:
                undone = Undone.GONE
            else:
                scene = replace(effect.scene, leaving=self.leaving)
                undone = yield from verb.undo(scene, effect.call.args, effect.facts)
            self._failpoint.reach("after-undo", effect.call.verb)
            self._finish(effect, undone, because)
        except Exception as error:
            effect.trouble = str(error) or type(error).__name__
            effect.phase = Phase.HELD
            raise
        self._failpoint.reach("after-done", effect.call.verb)
        return undone

    def revert_all(
        self, because: str, told: Callable[[Effect, Undone], None] | None = None
    ) -> Steps[Reverted]:
        """Undo everything, the latest first; a failure never stops the rest.

        An effect that is still being done is interrupted first, one that is being undone is
        waited for. What fails is tried again a few times after the others.
        """
        self.leaving = True
        outcome = Reverted()
        for effect in self.open:
            if effect.phase is Phase.DOING and effect.cancel is not None:
                effect.cancel()
        for attempt in range(_TRIES):
            for effect in reversed(self.open):
                while effect.phase is Phase.UNDOING:
                    yield Wait(time.monotonic() + _LOOK_S)
                if effect.phase is Phase.DONE:
                    continue
                try:
                    undone = yield from self.undo(effect, because)
                except Exception as error:  # noqa: BLE001  (kept with the effect, told below)
                    effect.trouble = effect.trouble or str(error)
                    continue
                outcome.undone[effect.name] = undone
                if told is not None:
                    told(effect, undone)
            if not self._by_name:
                break
            if attempt + 1 < _TRIES:
                yield Wait(time.monotonic() + _TRY_AGAIN_S)
        outcome.dirty = [effect.told for effect in self.open]
        return outcome

    def _finish(self, effect: Effect, undone: Undone, because: str) -> None:
        self._ledger.write({
            "record": "done", "effect": effect.name, "undone": undone.value, "because": because,
        })  # fmt: skip
        effect.phase = Phase.DONE
        effect.trouble = ""
        self._by_name.pop(effect.name, None)


def closing(outcome: Reverted, because: str) -> Mapping[str, Any]:
    """Return the record that closes a ledger."""
    return {"record": "closed", "because": because, "reverted": len(outcome.undone)}
