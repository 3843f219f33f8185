"""Observing: probes on a schedule, each observation judged against its expectation and recorded."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping

from hormesis.engine.custody import Custodian
from hormesis.engine.live import Live
from hormesis.engine.waiting import Late, wait_until
from hormesis.words.clock import Clock
from hormesis.words.expect import miss_of
from hormesis.words.experiment import NamedProbe, ProbeTrack
from hormesis.words.history import Note, ProbeRecord
from hormesis.words.kind import Scalar
from hormesis.words.probe import Probe

BLIND_FACTOR = 3.0
BLIND_MARGIN_S = 3.0


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
        world: CustodianWorld,
        clock: Clock,
        sink: Callable[[ProbeRecord], None],
        live: Live,
    ) -> None:
        self._world = world
        self._clock = clock
        self._sink = sink
        self._live = live

    async def look(self, name: str, probe: Probe) -> ProbeRecord:
        """Observe once, record it, return it."""
        began = self._clock.now()
        seen = await probe.observe(self._world)
        expected = probe.expect is not None
        miss = miss_of(probe.expect, seen.fields) if expected and not seen.reason else ""
        record = ProbeRecord(
            probe=name,
            time=began,
            fields=seen.fields,
            reason=seen.reason,
            miss=miss,
            expected=expected,
            took_s=self._clock.now() - began,
            rows=seen.rows,
        )
        self._sink(record)
        fields = ", ".join(f"{name}={value}" for name, value in list(seen.fields.items())[:3])
        told = seen.reason or miss or fields
        self._live.probes[name] = (record.good if expected else None, told)
        return record

    async def repeat(self, track: ProbeTrack, *, over: Callable[[], bool]) -> list[Note]:
        """Observe every ``every_s`` until *over*; return a note for each stretch it was blind.

        A monitor that did not look for several periods proves nothing about them, so such a
        note is fatal to the verdict.
        """
        notes = []
        due = self._clock.now()
        patience = track.every_s * BLIND_FACTOR + BLIND_MARGIN_S
        last = due
        while not over():
            await self.look(track.name, track.probe)
            now = self._clock.now()
            if now - last > patience:
                text = f"monitor {track.name!r} was blind from {last:.1f} s to {now:.1f} s"
                notes.append(Note(now, "fatal", "monitor", text))
            last = now
            due = max(due + track.every_s, now)
            await self._clock.sleep_until(due)
        return notes

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
                every_s=0.25,
                given_up=given_up,
            )
        return last[0]
