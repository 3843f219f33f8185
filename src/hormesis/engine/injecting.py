"""Injecting: the life of one fault on one target.

asked → injected → bite seen → released → bite gone. Each step is recorded as it happens; what does
not happen is recorded as well, and makes the run unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Protocol

from hormesis.engine.custody import Denied
from hormesis.engine.live import Live
from hormesis.engine.seating import Seats, seated
from hormesis.engine.waiting import Late, sleep_unless, wait_until
from hormesis.words.clock import Clock
from hormesis.words.experiment import Limits
from hormesis.words.history import RELEASE_OF, FaultRecord
from hormesis.words.kind import Scalar
from hormesis.words.look import EffectLook, LinkLook, Look, ProcessLook, Reading, figure
from hormesis.words.timeline import FaultAction
from hormesis.words.verb import Undone, VerbCall

HOLD_MARGIN_S = 5.0
"""How much longer than asked the custodian lets an effect live before it reverts by itself."""
LAST_LOOK_S = 0.5
"""How long the last look of a fault may take that was not seen to bite in time, in seconds."""
LOOK_S = 0.1
"""How often the bite of a fault is looked for, in seconds."""
NOT_LASTING = "the bite did not last"
ENDED_EARLY = f"{NOT_LASTING}: it was seen, but was gone before it was released"
ENDED_LATE = "it was released, but the child is gone, so nothing shows that it got over it"
FOREIGN = "what is there now is somebody else's, and was left alone"
MOMENT_S = 2.0
"""How much longer than asked a momentary fault that was not seen to bite is looked at."""


class Hands(Seats, Protocol):
    """What does and undoes effects: the custodian, as far as a fault knows it."""

    async def do(self, effect: str, call: VerbCall, hold_s: float | None) -> dict[str, Any]:
        """Perform a verb as *effect*; raises Denied when it is not done."""
        ...

    async def undo(self, effect: str) -> str:
        """Undo *effect*; raises Denied when it is not undone."""
        ...


class Sight(Protocol):
    """What takes readings."""

    async def read(self, look: Look) -> Reading:
        """Return a reading; what went wrong is its ``error`` entry."""
        ...


@dataclass(frozen=True)
class Surgery:
    """What injecting needs besides the fault itself; ``stop`` ends every fault early."""

    custodian: Hands
    eyes: Sight
    clock: Clock
    limits: Limits
    control: str
    sink: Callable[[FaultRecord], None]
    live: Live
    stop: asyncio.Event
    early: Callable[[], str] = lambda: ""
    """Why the tracks end early but in good order, if that is why ``stop`` is set."""
    chosen: Callable[[str, int], None] = lambda service, pid: None
    """Hears which process a slot stands for."""
    note: Callable[[str, str, str], None] = lambda level, source, text: None

    @property
    def in_haste(self) -> bool:
        """Whether the run is stopped, so that nothing more is looked at than must be."""
        return self.stop.is_set() and not self.early()


class Injection:
    """Plays one fault action."""

    def __init__(self, action: FaultAction, surgery: Surgery, rng: Random) -> None:
        self.action = action
        self.over = asyncio.Event()
        """Set once nothing more comes of it, whatever did."""
        self.after: tuple[Injection, ...] = ()
        """What must be over before it begins: the round before."""
        self._with = surgery
        self._rng = rng
        self._effects: list[str] = []
        self._record = FaultRecord(
            id=action.id,
            track=action.track,
            kind=action.fault.kind,
            target=action.target.name,
            asked=surgery.clock.now(),
            by=action.fault.by,
            length_s=None if action.fault.momentary or action.by_hand else action.for_s,
        )
        self._looks: tuple[Look, ...] = () if action.skip else _looks_of(action)
        self._before: Reading = {}
        self._told: dict[str, Scalar] = {}
        self._now: Reading = {}
        self._held: Reading = {}
        self._look_s = 0.0
        self.ran_out = False
        """Whether it came to its own end, rather than that it was ended early."""
        self._ended_held = False
        """Whether the process was seen gone before it was let go, rather than after."""

    async def play(self, began: float) -> None:
        """Inject at its time (*began* is when the tracks began), hold, release, see it heal."""
        try:
            if await sleep_unless(self._with.stop, began + self.action.at_s, self._with.clock):
                self._not_reached()
            else:
                await self._play_in_turn()
        finally:
            self.over.set()

    async def _play_in_turn(self) -> None:
        for one in self.after:
            await one.over.wait()
        if self.after and self._with.stop.is_set():
            self._not_reached()
            return
        self._record = replace(self._record, asked=self._with.clock.now())
        if self.action.skip:
            self._update(skipped=self.action.skip)
            self._say(f"skipped: {self.action.skip}")
            return
        try:
            async with seated(self._with.custodian, self.action) as pid:
                if pid is None:
                    self._pass_over()
                    return
                self._update()
                if pid:
                    self._with.chosen(self.action.target.name, pid)
                await self._live_through()
        except Denied as error:
            # Only a fault that never began is skipped; one that broke halfway is trouble.
            missing = error.why == "missing" and len(self._effects) == 1
            self._update(**{"skipped" if missing else "trouble": str(error)})
        except Exception as error:  # noqa: BLE001 - a fault may be a plugin's
            self._update(trouble=f"the fault itself broke: {type(error).__name__}: {error}")
        finally:
            self._with.live.faults_on.pop(self.action.id, None)

    def _not_reached(self) -> None:
        """Record that the tracks ended before it was to begin; of a stopped run that is plain."""
        if early := self._with.early():
            self._update(asked=self._with.clock.now(), unreached=f"the run {early}")

    def _pass_over(self) -> None:
        """Say that no child is left for this member of the round; the others are hit."""
        told = f"{self.action.id}: fewer children live than slots were picked, so it has none"
        self._with.note("info", "fault", told)

    async def _live_through(self) -> None:
        self._before = await self._read()
        try:
            await self._inject()
            await self._hold()
        finally:
            # Also on cancellation: the second net is that the engine always releases.
            await self._release()
        # What was not there all the while must be gone all the same before anything goes on.
        if self._record.released is not None and not self._record.trouble.startswith(RELEASE_OF):
            await self._heal()

    @property
    def record(self) -> FaultRecord:
        """What is recorded of it so far."""
        return self._record

    @property
    def readings(self) -> tuple[Reading, Reading]:
        """What was seen last before it was released, and what was seen last of all."""
        last = self._now or self._before
        return self._held or last, last

    @property
    def unseen(self) -> str:
        """Why its bite was not seen, in the fault's own words, if it has any for that."""
        if self._record.bitten is not None or self.action.skip:
            return ""
        return self.action.fault.unseen(self._before, self.readings[0])

    @property
    def lasting(self) -> bool:
        """Whether it was injected and nobody has said yet that it was released."""
        return self._record.injected is not None and self._record.released is None

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
        calls = self.action.fault.verbs(self.action.target, self._rng)
        for number, call in enumerate(calls):
            effect = self._effect(number)
            # Known before it is asked for, so that release covers a call that was cut off.
            self._effects.append(effect)
            hold_s = self.action.for_s + HOLD_MARGIN_S
            completed = self._completed(call, effect, hold_s)
            result = await self._with.custodian.do(effect, completed, hold_s)
            # What a program reported of its own deed is evidence as well.
            self._told.update(result.get("report") or {})
        self._looks = tuple(
            replace(look, effect=self._effects[look.number])
            if isinstance(look, EffectLook) and self._effects
            else look
            for look in self._looks
        )
        self._update(injected=self._with.clock.now())
        self._with.live.faults_on[self.action.id] = "injected, bite not seen yet"
        self._say("injected")

    def _effect(self, number: int) -> str:
        return f"{self.action.id}/{number}"

    def _completed(self, call: VerbCall, effect: str, hold_s: float) -> VerbCall:
        """Return *call* with what only the run knows: where its proxy is, how long it may last."""
        if call.verb == "toxic":
            control = call.args.get("control") or self._with.control
            return VerbCall(call.verb, {**call.args, "control": control, "name": effect})
        if call.verb == "holder":
            config = {**(call.args.get("config") or {}), "hold_s": hold_s}
            return VerbCall(call.verb, {**call.args, "config": config})
        return call

    async def _read(self) -> dict[str, Scalar]:
        """Take all readings of this fault, as one."""
        found: dict[str, Scalar] = {}
        began = self._with.clock.now()
        for look in self._looks:
            found.update(await self._with.eyes.read(look))
        self._look_s = self._with.clock.now() - began
        return found

    def _readable(self, reading: Reading) -> bool:
        """Return whether *reading* says anything; a holder's error line still holds its counts."""
        return "error" not in reading or any(isinstance(one, EffectLook) for one in self._looks)

    def _only_states(self) -> bool:
        """Return whether it is seen by the state of a process alone, which comes and goes."""
        return all(isinstance(one, ProcessLook) for one in self._looks)

    async def _hurts(self) -> str:
        """Look, and return the proof that it hurts; a look that failed proves nothing."""
        now = self._now = {**self._told, **await self._read()}
        comparable = not self._only_states() or self._readable(self._before)
        if not (self._readable(now) and comparable):
            return ""
        fault = self.action.fault
        proof = fault.hurts(self._before, now)
        if proof and (measure := fault.measured(self._before, now)) is not None:
            self._update(asked_value=measure.asked, seen_value=measure.seen, unit=measure.unit)
        return proof

    async def _bites(self) -> bool:
        if self._record.bitten is None and (proof := await self._hurts()):
            self._update(bitten=self._with.clock.now(), proof=proof)
            self._with.live.faults_on[self.action.id] = proof
            self._say(f"bites: {proof}")
        return self._record.bitten is not None

    async def _hold(self) -> None:
        injected = self._record.injected or 0.0
        until = injected + self.action.for_s
        if self.action.fault.momentary:
            patience = min(injected + self._with.limits.bite_within_s, until + MOMENT_S)
            until = max(until, patience)
        looked = False
        while (now := self._with.clock.now()) < until:
            await self._by(until, self._bites)
            bitten = self._record.bitten is not None
            if bitten and self.action.fault.momentary and now >= injected + self.action.for_s:
                break
            # Begun early enough that a slow look does not make the fault last longer than asked.
            if bitten and not looked and now >= until - 1.5 * self._look_s - LOOK_S:
                await self._by(until, self._look_last)
                looked = True
            pause = min(until, self._with.clock.now() + LOOK_S)
            if await sleep_unless(self._with.stop, pause, self._with.clock):
                break
        if not looked and not (self._with.in_haste and self._record.bitten is not None):
            await self._by(self._with.clock.now() + LAST_LOOK_S, self._look_last)

    async def _by(self, moment: float, look: Callable[[], Awaitable[object]]) -> None:
        """Take a look that ends at *moment* at the latest; a slow one would hold the fault on."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(moment - self._with.clock.now(), LOOK_S)):
                await look()

    async def _look_last(self) -> None:
        """Take the last reading while it holds: it carries the best numbers."""
        if not await self._bites():
            return
        if last := await self._hurts():
            self._update(proof=last)
        elif not self.action.fault.momentary and self._is_to_last():
            self._update(trouble=self._record.trouble or self._why_gone())

    def _is_lost(self) -> bool:
        """Return whether a child is gone, which its slot never gets back."""
        gone = self._only_states() and self._now.get("state") == "gone"
        return gone and self.action.target.descent is not None

    def _is_to_last(self) -> bool:
        """Return whether its bite is to be seen until the release."""
        return self.action.fault.holds or self._only_states()

    def _why_gone(self) -> str:
        """Return why the bite was gone before the release, as far as the last reading says."""
        if outside := figure(self._now, "outside"):
            whose = "1 process" if outside == 1 else f"{outside:.0f} processes"
            return f"{NOT_LASTING}: {whose} of the service, born or started since, escaped it"
        if error := self._now.get("error"):
            return f"{NOT_LASTING}: {error}"
        return ENDED_EARLY

    async def _release(self) -> None:
        """Undo in reverse order; only what was asked for, never a fixed list."""
        refused = foreign = ""
        self._held = self._now
        self.ran_out = not self._with.stop.is_set()
        self._ended_held = self._now.get("state") == "gone"
        for effect in reversed(self._effects):
            try:
                undone = await self._with.custodian.undo(effect)
            except Denied as error:
                refused = refused or f"{RELEASE_OF} {effect}: {error}"
            else:
                self._ended_held |= undone == Undone.GONE.value
                if undone == Undone.NOT_MINE.value:
                    foreign = foreign or f"{RELEASE_OF} {effect}: {FOREIGN}"
        if self._record.injected is None:
            return
        if refused:
            # What puts it back now, the custodian or a replay, is what records its release.
            self._update(trouble=self._record.trouble or refused)
        elif self._record.released is None:
            trouble = self._record.trouble or foreign
            now = self._with.clock.now()
            self._update(released=now, released_by="engine", trouble=trouble)
            self._say("released")

    async def _heal(self) -> None:
        self._with.live.faults_on[self.action.id] = "released, healing"
        # Counters outlive a toxic and a program, so a late look may still find the bite.
        if not await self._bites() and (unseen := self.unseen):
            self._update(unseen=unseen)
        fault, before = self.action.fault, self._before

        async def gone() -> str:
            now = self._now = await self._read()
            if any(isinstance(one, EffectLook) for one in self._looks):
                now["ended"] = True
            now["ended_held"] = self._ended_held
            return fault.healed(before, now) if self._readable(now) else ""

        try:
            proof = await wait_until(
                gone,
                what=f"{self.action.id} heals",
                deadline=self._with.clock.now() + self._with.limits.heal_within_s,
                clock=self._with.clock,
                every_s=LOOK_S,
                given_up=lambda: self._with.in_haste or self._is_lost(),
            )
        except Late as late:
            why = "the run was stopped" if self._with.in_haste else "it took too long"
            told = f"its bite was not seen gone {late.waited_s:.1f} s after release: {why}"
            told = ENDED_LATE if self._is_lost() else told
            self._update(trouble="; ".join(filter(None, (self._record.trouble, told))))
            self._say("its bite is NOT gone")
        else:
            self._update(healed=self._with.clock.now(), proof_gone=proof)
            self._say(f"healed: {proof}")


def in_rounds(injections: Sequence[Injection]) -> None:
    """Let each round of a track wait for the one before it."""
    rounds: dict[tuple[str, int], list[Injection]] = {}
    for one in injections:
        rounds.setdefault((one.action.track, one.action.round), []).append(one)
    for (track, number), members in rounds.items():
        for one in members:
            one.after = tuple(rounds.get((track, number - 1), ()))


def _looks_of(action: FaultAction) -> tuple[Look, ...]:
    """Return the looks of an action; a toxic goes by the id of its effect, the first one."""
    looks = action.fault.look(action.target)
    every = looks if isinstance(looks, tuple) else (looks,)
    return tuple(
        replace(look, toxic=look.toxic or f"{action.id}/0") if isinstance(look, LinkLook) else look
        for look in every
    )
