"""The keeper: what the custodian decides, on every turn of its loop.

It answers the engine, ends holds that have run out, starts services again that fell over by
themselves, and reverts everything when the engine is gone or silent.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from hormesis.custodian.effects import Effect, Effects, Phase, Reverted, closing
from hormesis.custodian.lease import Lease
from hormesis.custodian.loop import Loop
from hormesis.custodian.sweep import sweep_descendants
from hormesis.host.companion import Companion
from hormesis.host.process import open_pidfd
from hormesis.host.service import Service
from hormesis.host.services import Services
from hormesis.host.steps import Steps, Wait
from hormesis.host.verbs import reader_of
from hormesis.record.ledger import Ledger
from hormesis.words.outcome import ExitCode
from hormesis.words.permit import Permit
from hormesis.words.verb import Undone

_TRY_AGAIN_S = 1.0
_IDLE_S = 60.0
_LOOK_S = 0.02

Settled = Callable[[Reverted], None]


def _ignore(outcome: Reverted) -> None:
    """Nobody waits for this outcome; the keeper remembers it."""


class Keeper:
    """Keeps one run's promises."""

    def __init__(
        self, *, run: str, permit: Permit, ledger: Ledger, pointer: Path, effects: Effects,
        services: Services, loop: Loop, lease_s: float,
    ) -> None:  # fmt: skip
        self.run = run
        self.permit = permit
        self.effects = effects
        self.services = services
        self.loop = loop
        self.companions: dict[str, Companion] = {}
        self.reports: dict[str, dict[str, Any]] = {}
        self.expired = False
        self._finished = False
        self._waiting: list[Settled] = []
        self._ledger = ledger
        self._pointer = pointer
        self._leaving: str = ""
        self._settled: Reverted | None = None
        self._strangers: dict[str, int] = {}
        self._told_ended: set[str] = set()
        self._past: dict[str, Effect] = {}
        loop.lease = Lease(lease_s, time.monotonic() + lease_s)

    def tell(self, event: dict[str, Any]) -> None:
        """Tell the engine what happened by itself."""
        self.loop.channel.send(event)

    def serve(self, answer: Callable[[dict[str, Any]], None]) -> None:
        """Run until everything is reverted and the engine is gone; *answer* handles requests."""
        while not self._finished or (self.loop.channel.pending and not self.loop.engine_gone):
            for message in self.loop.turn(self._next_deadline(), self._watched(), self._ended):
                if self.loop.lease is not None:
                    self.loop.lease.renew(time.monotonic())
                answer(message)
            if not self._finished:
                self._judge(time.monotonic())

    def leave(self, because: str, settle: Settled) -> None:
        """Revert everything, and then call *settle*; a second call waits for the first."""
        if self._settled is not None:
            settle(self._settled)
            return
        self._waiting.append(settle)
        if self._leaving:
            return
        self._leaving = because
        self.loop.lease = None
        told = self._tell_foreign if because == "close" else self._tell_reverted(because)

        def settled(outcome: Reverted | None, error: BaseException | None) -> None:
            self._settled = outcome or Reverted(dirty=[str(error)])
            while self._waiting:
                self._waiting.pop(0)(self._settled)

        self.loop.spawn(self._revert(because, told), settled)

    @property
    def leaving(self) -> bool:
        """Whether the run is being reverted, or has been."""
        return bool(self._leaving)

    def finish(self) -> None:
        """Stop serving once the engine has what is owed to it."""
        self._finished = True

    @property
    def exit_status(self) -> int:
        """What the custodian exits with: 0, or the exit code of a host that is left dirty."""
        clean = self._settled is not None and not self._settled.dirty
        return 0 if clean else ExitCode.LEFT_DIRTY

    def undo(self, effect: Effect, settle: Callable[[Any, Any], None]) -> None:
        """Undo one effect because the engine asks; waits for what is under way with it."""
        self.loop.spawn(self._undo(effect), settle)

    def _undo(self, effect: Effect) -> Steps[Undone]:
        while effect.phase in (Phase.DOING, Phase.UNDOING):
            yield Wait(time.monotonic() + _LOOK_S)
        if effect.phase is Phase.DONE:
            return Undone.GONE
        return (yield from self._undo_held(effect, "asked"))

    def _undo_held(self, effect: Effect, because: str) -> Steps[Undone]:
        self.reports[effect.name] = self.report_of(effect.name)
        self._past[effect.name] = effect
        return (yield from self.effects.undo(effect, because))

    def report_of(self, name: str) -> dict[str, Any]:
        """Return what an effect's verb reads, or the last line that its program printed."""
        known = self.effects.find(name) or self._past.get(name)
        reader = reader_of(known.call.verb) if known is not None else None
        if known is not None and reader is not None:
            return reader(known.scene, known.call.args, known.facts)
        companion = self.companions.get(name)
        if companion is not None:
            companion.pump()
            return companion.report
        effect = self.effects.find(name)
        return self.reports.get(name) or (effect.facts.get("report", {}) if effect else {})

    def _revert(
        self, because: str, told: Callable[[Effect, Undone], None] | None
    ) -> Steps[Reverted]:
        outcome = yield from self.effects.revert_all(because, told)
        restored = {
            who.pid
            for service in self.services if not service.owned and not service.slot
            for who in service.members(self.run)
        }  # fmt: skip
        try:
            yield from sweep_descendants(restored)
        except TimeoutError as error:
            outcome.dirty.append(str(error))
        if not outcome.dirty:
            self._ledger.write(closing(outcome, because))
            self._pointer.unlink(missing_ok=True)
            with suppress(OSError):
                self._ledger.hide_passwords()
        return outcome

    def _judge(self, now: float) -> None:
        if self.loop.engine_gone:
            if not self.leaving:
                self.leave("lifeline", _ignore)
            if self._settled is not None:
                self._last_try_or_finish(self._settled)
            return
        if self.leaving:
            return
        if self.loop.lease is not None and self.loop.lease.over(now):
            self.expired = True
            self.leave("lease", _ignore)
            return
        for effect in self.effects.open:
            if effect.phase is Phase.HELD and effect.until is not None and effect.until <= now:
                self.loop.spawn(self._undo_held(effect, "hold"), self._hold_over(effect))
        for service in self.services.due(now):
            self._start_again(service)

    def _last_try_or_finish(self, outcome: Reverted) -> None:
        """The engine is gone: what could not be undone in its time gets one last attempt."""
        if not outcome.dirty or self._leaving == "lifeline":
            self.finish()
            return
        self._settled, self._leaving = None, ""
        self.leave("lifeline", _ignore)

    def _hold_over(self, effect: Effect) -> Callable[[Any, Any], None]:
        def settled(undone: Undone | None, error: BaseException | None) -> None:
            if undone is not None:
                self._tell_reverted("hold")(effect, undone)
                return
            effect.until = time.monotonic() + _TRY_AGAIN_S
            self.tell({
                "event": "dirty", "effect": effect.name, "error": effect.told,
                "at": time.monotonic(),
            })  # fmt: skip

        return settled

    def _tell_reverted(self, because: str) -> Callable[[Effect, Undone], None]:
        def told(effect: Effect, undone: Undone) -> None:
            self.tell({
                "event": "reverted", "effect": effect.name, "because": because,
                "undone": undone.value, "at": time.monotonic(),
            })  # fmt: skip

        return told

    def _tell_foreign(self, effect: Effect, undone: Undone) -> None:
        if undone is Undone.NOT_MINE:
            self.tell({
                "event": "left-alone", "effect": effect.name, "at": time.monotonic(),
                "error": "what is there now is somebody else's",
            })  # fmt: skip

    def _start_again(self, service: Service) -> None:
        service.restart_at = None

        def settled(result: object, error: BaseException | None) -> None:
            # One that started and ended at once has planned its next start by its exit.
            if error is not None and service.restart_at is None and service.wanted:
                self.services.put_off(service, time.monotonic())

        steps = self.services.start(
            service, lambda facts: self.effects.note(service.effect, facts)
        )
        self.loop.spawn(steps, settled)

    def _ended(self) -> None:
        for pid in self.services.children.reap():
            self.services.exited(pid)
            for name, companion in self.companions.items():
                if companion.who.pid == pid:
                    self._companion_ended(name, companion)

    def _companion_ended(self, name: str, companion: Companion) -> None:
        effect = self.effects.find(name)
        if effect is None or effect.phase is not Phase.HELD or name in self._told_ended:
            return
        self._told_ended.add(name)
        companion.pump()
        self.tell({
            "event": "ended", "effect": name, "status": companion.status,
            "error": companion.report.get("error") or companion.complaint(),
            "at": time.monotonic(),
        })  # fmt: skip

    def _watched(self) -> dict[int, Callable[[], Any]]:
        watched: dict[int, Callable[[], Any]] = {
            companion.stdout: companion.pump
            for companion in self.companions.values() if companion.stdout >= 0
        }  # fmt: skip
        self._watch_strangers()
        watched.update((pidfd, self.services.vanished) for pidfd in self._strangers.values())
        return watched

    def _watch_strangers(self) -> None:
        """Keep a pidfd of every adopted service, since nobody hands in the end of a stranger."""
        wanted = {
            f"{service.name}/{service.generation}": service
            for service in self.services
            if service.process and not service.told_end
            and service.process.pid not in self.services.children
        }  # fmt: skip
        for key in self._strangers.keys() - wanted.keys():
            os.close(self._strangers.pop(key))
        for key in wanted.keys() - self._strangers.keys():
            process = wanted[key].process
            pidfd = open_pidfd(process) if process is not None else None
            if pidfd is None:
                self.services.vanished()
            else:
                self._strangers[key] = pidfd

    def _next_deadline(self) -> float:
        later = time.monotonic() + _IDLE_S
        if self.leaving:
            return later
        holds = (effect.until for effect in self.effects.open)
        starts = (service.restart_at for service in self.services)
        return min([later, *(moment for moment in (*holds, *starts) if moment is not None)])
