"""Injecting: the life of one fault on one target.

asked → injected → bite seen → released → bite gone. Each step is recorded as it happens; what does
not happen is recorded as well, and makes the run unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from hormesis.engine.custody import Custodian, Denied
from hormesis.engine.live import Live
from hormesis.engine.seeing import Eyes
from hormesis.engine.waiting import Late, wait_until
from hormesis.words.clock import Clock
from hormesis.words.experiment import Limits
from hormesis.words.history import FaultRecord
from hormesis.words.kind import Scalar
from hormesis.words.look import HolderLook, Look, Reading
from hormesis.words.timeline import FaultAction
from hormesis.words.verb import VerbCall

HOLD_MARGIN_S = 5.0
"""How much longer than asked the custodian lets an effect live before it reverts by itself."""


@dataclass(frozen=True)
class Surgery:
    """What injecting needs besides the fault itself."""

    custodian: Custodian
    eyes: Eyes
    clock: Clock
    limits: Limits
    control: str
    sink: Callable[[FaultRecord], None]
    live: Live
    stopping: Callable[[], bool]


class Injection:
    """Plays one fault action."""

    def __init__(self, action: FaultAction, surgery: Surgery, rng: Random) -> None:
        self.action = action
        self._with = surgery
        self._rng = rng
        self._effects: list[str] = []
        self._record = FaultRecord(
            id=action.id,
            track=action.track,
            kind=action.fault.kind,
            target=action.target.name,
            asked=surgery.clock.now(),
        )
        self._look: Look = action.fault.look(action.target)
        self._before: Reading = {}
        self._told: dict[str, Scalar] = {}

    async def play(self, began: float) -> None:
        """Inject at its time (*began* is when the tracks began), hold, release, see it heal."""
        await self._with.clock.sleep_until(began + self.action.at_s)
        if self._with.stopping():
            return
        self._update(asked=self._with.clock.now())
        self._before = await self._with.eyes.read(self._look)
        try:
            await self._inject()
            await self._hold()
        except Denied as error:
            self._update(trouble=str(error))
        finally:
            # Also on cancellation: the second net is that the engine always releases.
            await self._release()
        if self._record.released is not None and not self._record.trouble:
            await self._heal()
        self._with.live.faults_on.pop(self.action.id, None)

    def mark(self, **changes: Any) -> None:
        """Record something that was learned elsewhere, such as a revert by the custodian."""
        self._update(**changes)

    def holds(self, effect: str) -> bool:
        """Return whether *effect* is one of this fault's."""
        return effect in self._effects

    def _update(self, **changes: Any) -> None:
        self._record = replace(self._record, **changes)
        self._with.sink(self._record)

    def _say(self, text: str) -> None:
        where = f"{self.action.track} on {self.action.target.name}"
        self._with.live.say(self._with.clock.now(), f"{where}: {text}")

    async def _inject(self) -> None:
        hold_s = min(self.action.for_s + HOLD_MARGIN_S, self._with.limits.hold_s)
        calls = self.action.fault.verbs(self.action.target, self._rng)
        for number, call in enumerate(calls):
            effect = f"{self.action.id}/{number}"
            # Known before it is asked for, so that release covers a call that was cut off.
            self._effects.append(effect)
            result = await self._with.custodian.do(effect, self._completed(call), hold_s)
            # What a program reported of its own deed is evidence as well.
            self._told.update(result.get("report") or {})
        if isinstance(self._look, HolderLook):
            self._look = HolderLook(effect=self._effects[-1])
        self._update(injected=self._with.clock.now())
        self._with.live.faults_on[self.action.id] = "injected, bite not seen yet"
        self._say("injected")

    def _completed(self, call: VerbCall) -> VerbCall:
        if call.verb == "toxic":
            return VerbCall(call.verb, {**call.args, "control": self._with.control})
        return call

    async def _now(self) -> Reading:
        return {**self._told, **await self._with.eyes.read(self._look)}

    async def _bites(self) -> bool:
        if self._record.bitten is None:
            proof = self.action.fault.hurts(self._before, await self._now())
            if proof:
                self._update(bitten=self._with.clock.now(), proof=proof)
                self._with.live.faults_on[self.action.id] = proof
                self._say(f"bites: {proof}")
        return self._record.bitten is not None

    async def _hold(self) -> None:
        injected = self._record.injected or 0.0
        until = injected + self.action.for_s
        if self.action.fault.momentary:
            until = max(until, min(injected + self._with.limits.bite_within_s, until + 2.0))
        while not self._with.stopping() and (now := self._with.clock.now()) < until:
            bitten = await self._bites()
            if bitten and self.action.fault.momentary and now >= injected + self.action.for_s:
                break
            await self._with.clock.sleep_until(min(until, self._with.clock.now() + 0.1))
        if self._record.bitten is not None or self._with.stopping():
            # The last reading while it holds carries the best numbers.
            last = self.action.fault.hurts(self._before, await self._now())
            if last and self._record.bitten is not None:
                self._update(proof=last)
        else:
            await self._bites()

    async def _release(self) -> None:
        """Undo in reverse order; only what was asked for, never a fixed list."""
        if not self._effects or self._record.released is not None:
            return
        for effect in reversed(self._effects):
            try:
                await self._with.custodian.undo(effect)
            except Denied as error:
                if self._record.injected is not None and error.why != "gone":
                    self._update(trouble=f"release of {effect}: {error}")
        by = self._record.released_by or "engine"
        self._update(released=self._with.clock.now(), released_by=by)
        self._say("released")

    async def _heal(self) -> None:
        self._with.live.faults_on[self.action.id] = "released, healing"
        fault, before = self.action.fault, self._before
        if self._record.bitten is None:
            await self._bites()

        async def gone() -> str:
            now = dict(await self._with.eyes.read(self._look))
            if isinstance(self._look, HolderLook):
                now["ended"] = True
            return fault.healed(before, now)

        try:
            proof = await wait_until(
                gone,
                what=f"{self.action.id} heals",
                deadline=self._with.clock.now() + self._with.limits.heal_within_s,
                clock=self._with.clock,
                every_s=0.1,
            )
        except Late as late:
            self._update(trouble=f"its bite is not gone {late.waited_s:.1f} s after release")
            self._say("its bite is NOT gone")
        else:
            self._update(healed=self._with.clock.now(), proof_gone=proof)
            self._say(f"healed: {proof}")
