"""The conductor: one run from its first effect to its last undo, written down as it happens.

starting → steady-before → preparing → tracks → steady-after → finishing → failing → closing →
ended; *failing* only with ``on_fail``. Whatever goes wrong, the run goes through *closing*:
everything is undone, the end is recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from hormesis.engine.by_hand import Hand
from hormesis.engine.chores import Chores
from hormesis.engine.clock import LoopClock
from hormesis.engine.crew.crew import Crew
from hormesis.engine.custody import Custodian
from hormesis.engine.ending import Ending
from hormesis.engine.equipping import equipped
from hormesis.engine.failing import why_not_passing
from hormesis.engine.followed_writer import FollowedWriter, Follower
from hormesis.engine.guarding import Guard
from hormesis.engine.injecting import HOLD_MARGIN_S, Injection, Surgery, in_rounds
from hormesis.engine.live import Live
from hormesis.engine.making_safe import MakingSafe
from hormesis.engine.observing import CustodianWorld, Observer, looked_at, patience_s
from hormesis.engine.seeing import Eyes
from hormesis.engine.staging import Stage
from hormesis.engine.stand import Stand
from hormesis.engine.undoing import Undoing
from hormesis.engine.waiting import sleep_unless
from hormesis.engine.witness import Witness
from hormesis.record.history_tail import HistoryTail
from hormesis.record.history_writer import HistoryWriter
from hormesis.words.client import ClientKind
from hormesis.words.command import ON_FAIL
from hormesis.words.experiment import LoadTrack
from hormesis.words.history import Note, Phase
from hormesis.words.permit import Permit
from hormesis.words.randomness import stream_of
from hormesis.words.timeline import Timeline
from hormesis.words.trouble import Trouble

FLUSH_S = 0.2
DRAIN_S = 15.0
"""How long a run that is stopped may take to end in good order before it is cut off."""
PATIENCE_S = 5.0
"""How long a stop condition's last look may take once the tracks have ended."""


class Conductor:
    """Plays one timeline."""

    def __init__(
        self,
        timeline: Timeline,
        stand: Stand,
        writer: HistoryWriter,
        *,
        clock: LoopClock,
        live: Live,
        watch: Callable[[Live], None] = lambda live: None,
        followers: Sequence[Follower] = (),
        hand: Hand | None = None,
    ) -> None:
        self.timeline = timeline
        self.live = live
        self.reason = "completed"
        self.detail = ""
        self._stand = stand
        self._writer = writer
        self._clock = clock
        self._watch = watch
        self._hand = hand
        self._stop = asyncio.Event()
        self._unsafe: list[str] = []
        self._may_need_making_safe = bool(timeline.experiment.on_fail)
        self._injections: list[Injection] = []
        self._recording = FollowedWriter(writer, live, followers)
        self._crew = Crew(
            timeline.loads,
            seed=timeline.experiment.seed,
            clock=clock,
            zero_ns=clock.zero_ns,
            writer=self._recording,
            processes=stand.processes,
            cluster=stand.cluster,
            run=stand.run_id,
            unmade=self._no_client,
        )
        self._ending = Ending(
            timeline.experiment.end_when,
            clock=clock,
            live=live,
            settle_s=timeline.experiment.limits.settle_s,
            writer=writer,
            ended=self._crew.end,
        )
        self._custodian: Custodian | None = None
        self._playing: asyncio.Task[None] | None = None
        self._undoing = Undoing(
            stand.ledger,
            starter=stand.starter,
            services=timeline.experiment.services,
            note=self._note,
        )
        self._witness = Witness(
            writer=writer,
            clock=clock,
            live=live,
            injections=lambda: self._injections,
            stop=self.stop,
            note=self._note,
        )

    def stop(self, reason: str, detail: str) -> None:
        """End the run early, in good order. The first reason stays."""
        if not self._stop.is_set():
            self.reason, self.detail = reason, detail
            self.live.say(self._clock.now(), f"stopping: {detail}")
            self._stop.set()
            self._ending.stop()
            self._crew.stop()

    def insist(self) -> None:
        """Cut everything off at once; what is active is still undone."""
        if self._playing is not None:
            self._playing.cancel()

    async def play(self) -> None:
        """Run. Raises nothing for what the system under test does.

        Raises:
            Trouble: the custodian or the system could not be started; everything is undone first.
        """
        ticking = asyncio.create_task(self._tick())
        failure: Exception | None = None
        try:
            await self._start_custodian()
            self._playing = asyncio.create_task(self._play_phases())
            await self._playing
        except asyncio.CancelledError:
            self.stop("interrupted", "cut off")
        except Trouble as error:
            failure = self._failed("failed-to-start", error, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, everything is undone first
            failure = self._failed("crashed", error, f"{type(error).__name__}: {error}")
        finally:
            dirty = await self._close()
            ticking.cancel()
            self._phase("ended")
            self._writer.end({**self._so_far(), "dirty": dirty, **self._not_made_safe()})
            self._watch(self.live)
        if failure is not None:
            raise failure

    def _so_far(self) -> dict[str, Any]:
        end = {"time": self._clock.now(), "reason": self.reason, "detail": self.detail}
        return {**end, **self._ending.told()}

    def _not_made_safe(self) -> dict[str, list[str]]:
        """Return what ``on_fail`` did not succeed in, for the end of the record."""
        if self._may_need_making_safe and self.live.tracks_began is not None:
            why = f"was not done at all, because the run ended before it could be: {self.detail}"
            self._unsafe.append(f"{ON_FAIL} {why}")
        return {"unsafe": self._unsafe} if self._unsafe else {}

    def _failed(self, reason: str, error: Exception, told: str) -> Exception | None:
        """Stop because of *error*; return it unless it only follows from an earlier stop."""
        if self._custodian is not None and self._custodian.died.is_set():
            self._custodian_died()
        if self._stop.is_set():
            self._note("warning", "engine", f"while stopping: {told}")
            return None
        self.stop(reason, told)
        return error

    def _custodian_died(self) -> None:
        if not self._undoing.begun:
            self._note("fatal", "custodian", "the custodian died during the run")
            self.stop("custodian-died", "the custodian died; the engine reverts by itself")
            self._undoing.at_once()

    async def _start_custodian(self) -> None:
        self._custodian = await Custodian.start(
            ledger=self._stand.ledger,
            run_id=self._stand.run_id,
            permit=self._permit(),
            lease_s=self.timeline.experiment.limits.lease_s,
            state=self._stand.state,
            starter=self._stand.starter,
        )
        self._custodian.on_event = self._witness.heard

    def _permit(self) -> Permit:
        """Return the plan's permit with what the engine itself needs."""
        permit = self.timeline.permit
        # The margin lets the engine release first, also what is held as long as permitted.
        return replace(permit, hold_s_max=permit.hold_s_max + HOLD_MARGIN_S)

    @property
    def custodian(self) -> Custodian:
        """Return the running custodian."""
        if self._custodian is None:
            raise Trouble("the custodian is not running")
        return self._custodian

    async def _play_phases(self) -> None:
        experiment = self.timeline.experiment
        world = CustodianWorld(self.custodian)
        observer = Observer(world=world, clock=self._clock, sink=self._ending.seen, live=self.live)
        guard = asyncio.create_task(self._guard())
        try:
            self._phase("starting")
            if self._stop.is_set():
                return
            await self._crew.hire()
            stage = Stage(
                experiment,
                custodian=self.custodian,
                clock=self._clock,
                run=self._stand.directory,
                scratch=self._stand.scratch,
                control=self._stand.control,
                given_up=self._stop.is_set,
                say=lambda text: self.live.say(self._clock.now(), text),
                attached=self._witness.attached,
            )
            await stage.up()
            await self._play_on_stage(observer)
            await self._make_safe()
        finally:
            guard.cancel()
            await self._crew.close()

    async def _play_on_stage(self, observer: Observer) -> None:
        experiment = self.timeline.experiment
        if not await self._steady(observer, "steady-before"):
            return
        await observer.begin(
            looked_at(experiment), given_up=self._stop.is_set, note=self._writer.note
        )
        if not await self._once(experiment.prepare, "prepare", "preparing"):
            return
        async with equipped(
            self.timeline.loads, given_up=self._stop.is_set, note=self._note
        ) as clients:
            self._crew.equip(clients)
            await self._tracks(observer)
            await self._steady(observer, "steady-after")
            for named in experiment.final_probes:
                if not self._stop.is_set():
                    await observer.until_good(named, given_up=self._stop.is_set)
            await self._once(experiment.finish, "finish", "finishing")

    async def _make_safe(self) -> None:
        """Do what ``on_fail`` says when the run does not pass as it stands."""
        experiment = self.timeline.experiment
        if not experiment.on_fail:
            return
        self._writer.flush()
        tail, so_far = HistoryTail(self._stand.directory), self._so_far()
        why = await asyncio.to_thread(
            lambda: why_not_passing(tail.read(), experiment.checks, so_far)
        )
        self._may_need_making_safe = False
        if why:
            self._note("info", ON_FAIL, f"performed because the run does not pass: {why}")
            self._phase("failing")
            # Also when the run was stopped: the guard sees to it that this ends.
            over = asyncio.Event()
            clients = partial(self._done_once, load=ON_FAIL, over=over)
            safe = MakingSafe(self.custodian, clients, self._note, self._unsafe.append)
            await safe.do(experiment.on_fail)

    async def _steady(self, observer: Observer, phase: str) -> bool:
        """Observe every steady-state probe (all of them); tell whether all were met."""
        if self._stop.is_set():
            return False
        self._phase(phase)
        probes = self.timeline.experiment.steady_state
        records = [await observer.until_good(named, given_up=self._stop.is_set) for named in probes]
        missed = [one for one in records if not one.good]
        if missed and not self._stop.is_set():
            told = "; ".join(f"{one.probe}: {one.reason or one.miss}" for one in missed)
            if phase == "steady-before":
                self.stop("not-steady", f"the system was not in its steady state: {told}")
            else:
                self._note("warning", "steady-state", f"not met after the faults: {told}")
        return not missed

    async def _once(self, clients: tuple[ClientKind, ...], load: str, phase: str) -> bool:
        """Let one user do each client's iteration once; tell whether every operation was ok."""
        if self._stop.is_set():
            return False
        if not clients:
            return True
        self._phase(phase)
        bad = await self._done_once(clients, load, self._stop)
        if bad and load == "prepare":
            self.stop("not-prepared", "preparation failed: " + "; ".join(bad[:3]))
        return not bad

    async def _done_once(
        self, clients: tuple[ClientKind, ...], load: str, over: asyncio.Event
    ) -> list[str]:
        """Let one user do each client's iteration until *over*; note and return what went wrong."""
        chores = Chores(
            load=load,
            seed=self.timeline.experiment.seed,
            clock=self._clock,
            meter=self._crew.meter,
            output=self._recording.shard(0),
            over=over,
        )
        bad = await chores.do(clients)
        if bad and load != "prepare":
            self._note("warning", load, "; ".join(bad[:3]))
        return bad

    async def _tracks(self, observer: Observer) -> None:
        if self._stop.is_set():
            return
        await self._crew.ready()
        self._phase("tracks")
        began = self._clock.now() + self._crew.lead_s
        self.live.tracks_began = began
        self._ending.begin(began, self.timeline.duration_s)
        surgery = self._surgery()
        self._make_injections(surgery)
        over = asyncio.Event()
        monitors = {
            asyncio.create_task(self._monitor(observer, track, began, over))
            for track in self.timeline.probes
        }
        monitors |= {asyncio.create_task(guard.watch(over)) for guard in self._guards(observer)}
        monitors |= {*self._ending.watches(observer)}
        try:
            # One that fails cancels the others, and every fault that is cancelled is released.
            async with asyncio.TaskGroup() as group:
                for injection in self._injections:
                    group.create_task(injection.play(began))
                for track in self.timeline.loads:
                    group.create_task(self._announce(track, began))
                group.create_task(self._ending.plays(self._crew.play(began)))
                group.create_task(self._until(began + self.timeline.duration_s))
                if self._hand is not None:
                    seed = self.timeline.experiment.seed
                    group.create_task(self._hand.guide(surgery, seed, self._injections))
            await self._ending.settle(self._stop, observer, self.timeline.probes)
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        finally:
            over.set()
            self._ending.over.set()
            await self._end(monitors)

    def _guards(self, observer: Observer) -> list[Guard]:
        record = HistoryTail(self._stand.directory)
        return [
            Guard(
                condition,
                observer=observer,
                clock=self._clock,
                record=record,
                flush=self._writer.flush,
                stop=partial(self.stop, condition.reason),
                note=self._writer.note,
            )
            for condition in self.timeline.experiment.stop_when
        ]

    async def _end(self, monitors: set[asyncio.Task[None]]) -> None:
        """Let monitors finish their last look; cut off one that hangs, which it notes itself."""
        if not monitors:
            return
        patience = max((patience_s(track) for track in self.timeline.probes), default=PATIENCE_S)
        try:
            await asyncio.wait(monitors, timeout=patience)
        finally:
            for monitor in monitors:
                monitor.cancel()
        for outcome in await asyncio.gather(*monitors, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome

    def _surgery(self) -> Surgery:
        return Surgery(
            custodian=self.custodian,
            eyes=Eyes(self.custodian, self._stand.control),
            clock=self._clock,
            limits=self.timeline.experiment.limits,
            control=self._stand.control,
            sink=self._writer.fault,
            live=self.live,
            stop=self._ending.over,
            early=self._ending.why,
            chosen=self._witness.chosen,
            note=self._note,
        )

    def _make_injections(self, surgery: Surgery) -> None:
        seed = self.timeline.experiment.seed
        self._injections = [
            Injection(action, surgery, stream_of(seed, action.stream))
            for action in self.timeline.actions
        ]
        in_rounds(self._injections)

    async def _announce(self, track: LoadTrack, began: float) -> None:
        await self._until(began + track.at_s)
        if not self._ending.over.is_set():
            self.live.say(self._clock.now(), f"load {track.name} starts")

    def _no_client(self, told: str) -> None:
        """End the run: without its users nothing would be proven, so nothing more is broken."""
        self.stop("no-client", told)

    async def _monitor(
        self, observer: Observer, track: Any, began: float, over: asyncio.Event
    ) -> None:
        if not await sleep_unless(over, began + track.at_s, self._clock):
            await observer.repeat(track, over=over, note=self._writer.note)

    async def _until(self, moment: float) -> None:
        """Wait until *moment* or until the tracks are to end."""
        await sleep_unless(self._ending.over, moment, self._clock)

    async def _guard(self) -> None:
        """Stop the run when it takes too long or the custodian dies; then see that it ends."""
        limit = self.timeline.experiment.limits.duration_s
        custodian = asyncio.create_task(self._watch_custodian())
        try:
            if not await sleep_unless(self._stop, limit, self._clock):
                self.stop("stopped", f"the run reached its limit of {limit:g} s")
            await self._clock.sleep_until(self._clock.now() + DRAIN_S)
            text = f"the run did not end in good order within {DRAIN_S:g} s and was cut off"
            self._note("warning", "engine", text)
            self.insist()
        finally:
            custodian.cancel()

    async def _watch_custodian(self) -> None:
        await self.custodian.died.wait()
        if not self.custodian.closed:
            self._custodian_died()

    async def _close(self) -> list[str]:
        """Undo everything; return what could not be undone."""
        self._phase("closing")
        if self._custodian is None:
            return []
        dirty = await self._undoing.all(self._custodian)
        for injection in self._injections:
            if injection.lasting and self._undoing.undid(injection.holds):
                injection.mark(released=self._clock.now(), released_by="engine")
        return dirty

    def _note(self, level: str, source: str, text: str) -> None:
        self._writer.note(Note(self._clock.now(), level, source, text))
        self.live.say(self._clock.now(), f"{source}: {text}")

    def _phase(self, name: str) -> None:
        # The picture's time goes along: lines that were said since have later times than its last.
        self.live.now = self._clock.now()
        self._writer.phase(Phase(name, self.live.now))
        self.live.phase = name

    async def _tick(self) -> None:
        told = ""
        while True:
            self.live.now = self._clock.now()
            self.live.users = self._crew.users
            try:
                self._writer.flush()
                self._watch(self.live)
            except Exception as error:  # noqa: BLE001 - a full disk, or a door's picture
                # What the disk refused is kept for the next time; ticking goes on.
                if told != (told := f"{type(error).__name__}: {error}"):
                    self._note("warning", "engine", f"the record or its picture: {told}")
            await asyncio.sleep(FLUSH_S)
