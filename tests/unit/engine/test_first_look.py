"""Probes that tell what has changed since the run began."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hormesis.engine.observing import FIRST_LOOK_S, UNREAD
from hormesis.words.end_condition import EndCondition
from hormesis.words.experiment import NamedProbe, ProbeTrack
from hormesis.words.history import ProbeRecord
from hormesis.words.probe import Observation, World
from hormesis.words.stop_condition import StopCondition
from tests.unit.engine.fake_run import Run
from tests.unit.engine.scripted_client import Scripted as Client
from tests.unit.engine.scripted_client import taking
from tests.unit.engine.test_observing import Desk, Scripted, Sight
from tests.virtual_time import virtually


class Growing(Scripted):
    """Tells by how much what it reads has changed since the look before it."""

    @property
    def needs_first_look(self) -> bool:
        return True

    def compared(self, seen: Observation, before: Observation) -> Observation:
        if seen.carried is None or before.carried is None:
            return seen
        last, so_far = before.carried["last"], before.carried.get("so_far", 0)
        grown = so_far + seen.carried["last"] - last
        return Observation({"value": grown}, carried={**seen.carried, "so_far": grown})


def read(value: int) -> Observation:
    return Observation({"value": value}, carried={"last": value})


def growing(see: Callable[[float], Observation], **given: Any) -> Growing:
    return Growing(see=Sight(see), **given)


async def begun(desk: Desk, probe: Growing) -> None:
    await desk.observer.begin({"lost": probe}, given_up=lambda: False, note=desk.notes.append)


async def value_at(desk: Desk, probe: Growing, moment: float) -> ProbeRecord:
    await desk.clock.sleep_until(moment)
    return await desk.observer.look("lost", probe)


def by_the_second(moment: float) -> Observation:
    return read(100 + int(moment + 0.001))


@virtually
async def test_later_looks_are_compared_with_the_first() -> None:
    desk, probe = Desk(), growing(by_the_second)
    await begun(desk, probe)
    assert desk.records == []
    told = [(await value_at(desk, probe, moment)).fields["value"] for moment in (0.0, 3.0, 8.0)]
    assert told == [0, 3, 8]
    assert desk.notes == []


@virtually
async def test_a_first_look_is_tried_again() -> None:
    def late(moment: float) -> Observation:
        return by_the_second(moment) if moment > 1.9 else Observation(reason="refused")

    desk, probe = Desk(), growing(late)
    await begun(desk, probe)
    assert desk.clock.now() == pytest.approx(2.0)
    assert (await value_at(desk, probe, 9.0)).fields["value"] == 7


@virtually
async def test_without_a_first_look_there_is_never_a_value() -> None:
    def late(moment: float) -> Observation:
        return read(7) if moment > FIRST_LOOK_S + 1.0 else Observation(reason="refused")

    desk, probe = Desk(), growing(late, expect=0)
    await begun(desk, probe)
    assert desk.clock.now() == pytest.approx(FIRST_LOOK_S)
    (note,) = desk.notes
    assert (note.level, note.text) == ("warning", f"'lost': {UNREAD}: refused")
    assert (await desk.observer.look("lost", probe)).reason == "refused"
    for moment in (10.0, 11.0):
        record = await value_at(desk, probe, moment)
        assert (record.reason, dict(record.fields), record.good) == (UNREAD, {}, False)


@virtually
async def test_before_the_start_there_is_no_value() -> None:
    desk, probe = Desk(), growing(by_the_second)
    assert (await desk.observer.look("lost", probe)).reason == UNREAD


@virtually
async def test_a_look_that_fails_does_not_lose_the_start() -> None:
    def gone_for_a_while(moment: float) -> Observation:
        if 2.0 <= moment < 3.0:
            return Observation(reason="refused")
        if 3.0 <= moment < 4.0:
            raise ZeroDivisionError("oops")
        return by_the_second(moment)

    desk, probe = Desk(), growing(gone_for_a_while)
    await begun(desk, probe)
    assert (await value_at(desk, probe, 2.5)).reason == "refused"
    assert (await value_at(desk, probe, 3.5)).reason.startswith("the probe itself broke")
    assert (await value_at(desk, probe, 6.0)).fields["value"] == 6


class Overtaken(Growing):
    """Reads at once, and takes its time to answer."""

    async def observe(self, world: World) -> Observation:
        clock = self.see.clock
        seen: Observation = self.see(clock.now())
        await clock.sleep_until(clock.now() + (1.0 if 2.0 < clock.now() < 3.0 else 0.0))
        return seen


@virtually
async def test_looks_at_one_probe_do_not_overtake_each_other() -> None:
    desk, probe = Desk(), Overtaken(see=Sight(by_the_second))
    await begun(desk, probe)
    await asyncio.gather(*(value_at(desk, probe, moment) for moment in (2.5, 3.1)))
    assert [one.fields["value"] for one in desk.records] == [2, 3]


@virtually
async def test_a_broken_comparison_is_a_reason() -> None:
    desk, probe = Desk(), growing(lambda moment: Observation({"value": 1}, carried={}))
    await begun(desk, probe)
    record = await desk.observer.look("lost", probe)
    assert record.reason == "the probe itself broke: KeyError: 'last'"


@virtually
async def test_a_run_reads_first_what_tracks_and_its_end_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = {
        "prepare": (Client(work=taking(2.0)),),
        "probes": (ProbeTrack("lost", growing(by_the_second), 1.0),),
        "final_probes": (NamedProbe("lost-in-all", growing(by_the_second, expect="> 8")),),
    }
    history = await Run(tmp_path, monkeypatch, parts).play()
    lost = [int(one.fields["value"] or 0) for one in history.observations("lost")]
    (last,) = [one for one in history.probes if one.probe == "lost-in-all"]
    assert lost[0] in (2, 3)  # what was done to prepare counts
    assert lost == sorted(lost)
    assert last.good
    assert last.fields["value"] in (12, 13)
    assert history.probes[0].time >= 2.0


@virtually
async def test_conditions_of_the_run_are_read_first_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guard = StopCondition("too-many", growing(by_the_second, expect="< 5"), every_s=0.5)
    end = EndCondition("enough", growing(by_the_second, expect=">= 3"), every_s=0.5)
    run = Run(tmp_path, monkeypatch, {"stop_when": (guard,)})
    assert "'too-many' was met" in str((await run.play()).end)
    (tmp_path / "2").mkdir()
    ended = await Run(tmp_path / "2", monkeypatch, {"end_when": (end,)}).play()
    assert ended.end is not None
    assert 2.5 < ended.end["time"] < 4.5
