"""Observing: probes on a schedule, each observation judged against its expectation and recorded."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace

from hormesis.engine.custody import Custodian
from hormesis.engine.live import Live
from hormesis.engine.waiting import Late, sleep_unless, wait_until
from hormesis.words.clock import Clock
from hormesis.words.expect import miss_of
from hormesis.words.experiment import Experiment, NamedProbe, ProbeTrack
from hormesis.words.history import Note, ProbeRecord
from hormesis.words.kind import Scalar
from hormesis.words.probe import Observation, Probe, World

BLIND_FACTOR = 3.0
BLIND_MARGIN_S = 3.0
UNTIL_GOOD_S = 0.1
"""How often is looked until the system is in its steady state."""
FIRST_LOOK_S = 5.0
"""How long it may take until what is told as a change was read for the first time."""
UNREAD = "it was not read when the run began, so what has changed since is unknown"


def patience_s(track: ProbeTrack) -> float:
    """Return how long *track* may go without a look before it counts as blind, in seconds."""
    return track.every_s * BLIND_FACTOR + BLIND_MARGIN_S


def looked_at(experiment: Experiment) -> dict[str, Probe]:
    """Return the probes of *experiment* by name, but those that only the steady state has."""
    found = {one.name: one.probe for one in experiment.probes}
    found |= {one.name: one.probe for one in experiment.final_probes}
    found |= {one.name: one.probe for one in experiment.stop_when if one.probe is not None}
    found |= {one.name: one.probe for one in experiment.end_when if one.probe is not None}
    return found


class CustodianWorld:
    """What a probe may ask besides its own connection: the custodian's reading of a service."""

    def __init__(self, custodian: Custodian) -> None:
        self._custodian = custodian

    async def service(self, name: str) -> Mapping[str, Scalar]:
        """Return ``state``, ``pid`` and ``generation`` of a service."""
        return await self._custodian.service(name)


class Observer:
    """Takes observations of named probes and records them."""

    def __init__(
        self,
        *,
        world: World,
        clock: Clock,
        sink: Callable[[ProbeRecord], None],
        live: Live,
    ) -> None:
        self._world = world
        self._clock = clock
        self._sink = sink
        self._live = live
        self._before: dict[str, Observation] = {}
        """What the next look at a probe that needed a first one is compared with."""
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def begin(
        self,
        probes: Mapping[str, Probe],
        *,
        given_up: Callable[[], bool],
        note: Callable[[Note], None],
    ) -> None:
        """Look a first time at those of *probes* that need it; *note* what cannot be read.

        These looks are not recorded: what is compared with them is.
        """
        first = [(name, one) for name, one in probes.items() if one.needs_first_look]
        await asyncio.gather(*(self._begin(name, one, given_up, note) for name, one in first))

    async def _begin(
        self, name: str, probe: Probe, given_up: Callable[[], bool], note: Callable[[Note], None]
    ) -> None:
        async def read() -> bool:
            self._before[name] = await self._read(probe)
            return self._before[name].carried is not None

        try:
            await wait_until(
                read,
                what=f"first look at {name!r}",
                deadline=self._clock.now() + FIRST_LOOK_S,
                clock=self._clock,
                every_s=0.25,
                given_up=given_up,
            )
        except Late:
            text = f"{name!r}: {UNREAD}: {self._before[name].reason}"
            note(Note(self._clock.now(), "warning", "monitor", text))

    async def look(self, name: str, probe: Probe) -> ProbeRecord:
        """Observe once, record it, return it."""
        began = self._clock.now()
        seen = await self._seen(name, probe)
        expected = probe.expect is not None
        miss = miss_of(probe.expect, seen.fields) if expected and not seen.reason else ""
        told_miss = probe.told_miss(miss, seen) if miss else ""
        record = ProbeRecord(
            probe=name,
            time=began,
            fields=seen.fields,
            reason=seen.reason,
            miss=told_miss,
            expected=expected,
            took_s=self._clock.now() - began,
            rows=seen.rows,
        )
        self._sink(record)
        fields = ", ".join(f"{name}={value}" for name, value in list(seen.fields.items())[:3])
        told = seen.reason or told_miss or fields
        self._live.probes[name] = (record.good if expected else None, told)
        return record

    async def _seen(self, name: str, probe: Probe) -> Observation:
        if not probe.needs_first_look:
            return await self._read(probe)
        # In turn, so that an answer that was overtaken does not pass for a change back.
        async with self._turns[name]:
            seen = await self._read(probe)
            before = self._before.get(name)
            if before is None or before.carried is None:
                return Observation(reason=seen.reason or UNREAD)
            try:
                told = probe.compared(seen, before)
            except Exception as error:  # noqa: BLE001 - a probe may be a plugin's
                return _broken(error)
            if told.carried is not None:
                self._before[name] = replace(told, rows=())
            return told

    async def _read(self, probe: Probe) -> Observation:
        try:
            return await probe.observe(self._world)
        except Exception as error:  # noqa: BLE001 - a probe may be a plugin's
            return _broken(error)

    async def repeat(
        self, track: ProbeTrack, *, over: asyncio.Event, note: Callable[[Note], None]
    ) -> None:
        """Observe every ``every_s`` until *over*; *note* each stretch it was blind.

        A monitor that did not look for several periods proves nothing about them, so such a
        note is fatal to the verdict. So is a look that never ends; it is noted when cancelled.
        """
        last = due = self._clock.now()
        try:
            while not over.is_set():
                await self.look(track.name, track.probe)
                now = self._clock.now()
                self._note_blindness(track, last, now, note)
                last = now
                due = max(due + track.every_s, now)
                await sleep_unless(over, due, self._clock)
        except asyncio.CancelledError:
            self._note_blindness(track, last, self._clock.now(), note)
            raise

    def _note_blindness(
        self, track: ProbeTrack, last: float, now: float, note: Callable[[Note], None]
    ) -> None:
        if now - last > patience_s(track):
            text = f"monitor {track.name!r} was blind from {last:.1f} s to {now:.1f} s"
            note(Note(now, "fatal", "monitor", text))

    async def until_good(self, named: NamedProbe, *, given_up: Callable[[], bool]) -> ProbeRecord:
        """Observe until the expectation is met or the probe's time is over; return the last one."""
        last: list[ProbeRecord] = []

        async def good() -> bool:
            last[:] = [await self.look(named.name, named.probe)]
            return last[0].good

        with contextlib.suppress(Late):
            await wait_until(
                good,
                what=f"steady state {named.name!r}",
                deadline=self._clock.now() + named.within_s,
                clock=self._clock,
                every_s=UNTIL_GOOD_S,
                given_up=given_up,
            )
        return last[0]


def _broken(error: Exception) -> Observation:
    return Observation(reason=f"the probe itself broke: {type(error).__name__}: {error}")
