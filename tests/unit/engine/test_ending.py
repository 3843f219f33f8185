"""End conditions: what ends the tracks early, and that everything ends in good order then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hormesis.engine.ending import Stuck
from hormesis.words.end_condition import EndCondition
from hormesis.words.experiment import Limits, LoadTrack, NamedProbe, ProbeTrack
from hormesis.words.history import History, ProbeRecord
from hormesis.words.judging import judge_run
from hormesis.words.load import Burst, Closed, Finite, Open
from hormesis.words.outcome import Outcome
from hormesis.words.probe import Observation
from hormesis.words.stop_condition import StopCondition
from tests.unit.engine.fake_custodian import Moment, Sore
from tests.unit.engine.fake_run import Run, action
from tests.unit.engine.scripted_client import Scripted, Shaped, taking
from tests.unit.engine.test_observing import Scripted as ScriptedProbe
from tests.unit.engine.test_observing import Sight
from tests.virtual_time import virtually

Patch = pytest.MonkeyPatch
See = Callable[[float], Observation]


def after(moment: float) -> See:
    """See 0 until *moment*, then 1."""
    return lambda now: Observation({"value": int(now >= moment)})


def sees(see: See, **given: Any) -> ScriptedProbe:
    return ScriptedProbe(see=Sight(see), **{"expect": 1, **given})


def done(see: See, **given: Any) -> EndCondition:
    return EndCondition("all done", probe=sees(see), every_s=0.5, **given)


def visitors(shape: Any = None, takes: float = 0.5, **given: Any) -> LoadTrack:
    shape = shape or Closed(lambda passed: 2, 2, 60.0)
    return LoadTrack("visitors", Shaped(given=shape), Scripted(work=taking(takes)), **given)


def parts(*conditions: EndCondition, **given: Any) -> dict[str, Any]:
    return {"loads": (visitors(),), "end_when": conditions, **given}


def early(history: History) -> dict[str, Any]:
    assert history.end is not None
    assert history.end["reason"] == "completed"
    told: dict[str, Any] = history.end["early"]
    return told


@virtually
async def test_a_probe_that_is_met_ends_the_tracks_and_the_run_goes_on_in_order(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    given = parts(
        done(after(10.0)),
        steady_state=(NamedProbe("ready", sees(after(0.0))),),
        probes=(ProbeTrack("jobs", sees(after(10.0)), 7.0),),
        final_probes=(NamedProbe("rest", sees(after(0.0))),),
        finish=(Scripted(work=taking(0.2, "tidy-up")),),
    )
    run = Run(tmp_path, monkeypatch, given, (action(Sore(), for_s=2.0),), duration_s=60.0)
    history = await run.play()
    assert run.clock.now() < 13.0
    assert early(history)["condition"] == "all done"
    assert early(history)["time"] == pytest.approx(10.0, abs=0.6)
    names = [phase.name for phase in history.phases]
    assert names[-5:] == ["tracks", "steady-after", "finishing", "closing", "ended"]
    assert len(history.observations("all done")) >= 20
    assert history.observations("jobs")[-1].good, "every monitor sees what ended the run"
    assert history.observations("rest")
    (load,) = history.loads
    assert load.ended == pytest.approx(10.0, abs=1.1)
    verdict = judge_run(history, [])
    evidence = {one.check: one for one in verdict.verdicts}
    assert {one.outcome for one in evidence.values()} == {Outcome.PASS}
    assert "ended early at 10." in evidence["the run completed"].summary
    assert "; the run ended early at 10." in verdict.reason
    (note,) = [one for one in history.notes if one.source == "end condition"]
    assert note.text == "'all done' ended the tracks early: its expectation is met: value is 1"
    assert any("the tracks end early: all done" in line for _, line in run.live.events)


@virtually
async def test_without_one_met_the_run_ends_as_planned(tmp_path: Path, monkeypatch: Patch) -> None:
    run = Run(tmp_path, monkeypatch, parts(done(after(99.0))), duration_s=60.0)
    history = await run.play()
    assert history.end is not None
    assert "early" not in history.end
    assert run.clock.now() >= 60.0


@virtually
async def test_it_must_be_met_for_as_long_as_asked_and_not_before(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    blink = {3, 4, 5, 20, 21, 22, 23, 24, 25, 26, 27}
    met = done(lambda now: Observation({"value": int(int(now) in blink)}), for_s=4.0)
    history = await Run(tmp_path, monkeypatch, parts(met), duration_s=60.0).play()
    assert 24.0 <= early(history)["time"] <= 25.0


@virtually
async def test_it_is_not_looked_at_before_its_time(tmp_path: Path, monkeypatch: Patch) -> None:
    given = parts(done(after(0.0), not_before_s=15.0))
    history = await Run(tmp_path, monkeypatch, given, duration_s=60.0).play()
    assert early(history)["time"] == pytest.approx(15.0, abs=0.2)
    assert len(history.observations("all done")) == 1


@virtually
async def test_what_is_met_before_anything_was_done_ends_nothing_until_it_was_unmet(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    left_over = done(after(0.0))
    history = await Run(tmp_path, monkeypatch, parts(left_over), duration_s=60.0).play()
    assert "early" not in (history.end or {})
    (note,) = [one for one in history.notes if one.source == "end condition"]
    assert note.level == "warning"
    assert note.text.startswith("'all done' was met before the tracks had done anything")

    def see(now: float) -> Observation:
        if 5 < now < 6:
            return Observation(reason="out of reach")
        return Observation({"value": int(not 10 < now < 20)})

    (tmp_path / "again").mkdir()
    history = await Run(tmp_path / "again", monkeypatch, parts(done(see)), duration_s=60.0).play()
    assert early(history)["time"] == pytest.approx(20.0, abs=0.6)


@virtually
async def test_one_that_cannot_be_read_is_not_met_and_that_is_said(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    blind = done(lambda now: Observation(reason="refused"))
    history = await Run(tmp_path, monkeypatch, parts(blind), duration_s=20.0).play()
    assert history.end is not None
    assert "early" not in history.end
    (note,) = [one for one in history.notes if one.source == "end condition"]
    assert note.level == "warning"
    assert "'all done' could not be read" in note.text
    assert note.text.endswith("times: refused")


@virtually
async def test_an_active_fault_is_released_and_seen_to_heal(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    actions = (
        action(Sore(), for_s=40.0),
        action(Sore(), number=2, at_s=5.0, for_s=40.0),
        action(Sore(), number=3, at_s=30.0),
    )
    run = Run(tmp_path, monkeypatch, parts(done(after(10.0))), actions, duration_s=60.0)
    history = await run.play()
    first, second, third = history.faults
    for one in (first, second):
        assert one.released == pytest.approx(10.5, abs=0.8)
        assert (one.released_by, one.trouble) == ("engine", "")
        assert one.healed is not None and one.bitten is not None
    assert third.injected is None
    assert (third.skipped, third.trouble) == ("", "")
    assert third.unreached.startswith("the run ended early at 10.")
    evidence = {one.check: one for one in judge_run(history, []).verdicts}
    short = evidence["fault sore-1 bit and healed"]
    assert short.outcome is Outcome.PASS
    assert short.summary.endswith("on 1 target; 1 cut short when the tracks ended early")
    never = evidence["fault sore-3 bit and healed"]
    assert never.outcome is Outcome.UNKNOWN
    assert never.summary.startswith("fault sore-3: the run ended early at 10.")
    assert never.summary.endswith("before it began")


@virtually
async def test_later_rounds_of_a_track_that_was_injected_are_no_loss(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    actions = tuple(
        replace(action(Moment(), number=n, at_s=at, for_s=0.0), track="kills", round=n)
        for n, at in enumerate((2.0, 20.0, 40.0), start=1)
    )
    run = Run(tmp_path, monkeypatch, parts(done(after(10.0))), actions, duration_s=60.0)
    history = await run.play()
    assert [bool(one.unreached) for one in history.faults] == [False, True, True]
    evidence = {one.check: one for one in judge_run(history, []).verdicts}
    told = evidence["fault kills bit and healed"]
    assert told.outcome is Outcome.PASS
    assert "on 1 target; 2 more were not reached" in told.summary
    assert told.figures["targets"] == 1


@pytest.mark.parametrize(
    ("settle_s", "own_s", "ends"),
    [(5.0, None, 15.0), (5.0, 1.0, 11.0), (0.0, 3.0, 13.0), (55.0, None, 60.0)],
)
@virtually
async def test_the_run_settles(
    settle_s: float, own_s: float | None, ends: float, tmp_path: Path, monkeypatch: Patch
) -> None:
    given = parts(
        done(after(10.0), settle_s=own_s),
        limits=Limits(settle_s=settle_s),
        probes=(ProbeTrack("jobs", sees(after(10.0)), 1.0),),
    )
    run = Run(tmp_path, monkeypatch, given, duration_s=60.0)
    history = await run.play()
    window = history.tracks_window
    assert window is not None
    assert window[1] - window[0] == pytest.approx(ends, abs=0.8)
    assert run.live.duration_s == pytest.approx(ends, abs=0.8)
    assert history.observations("jobs")[-1].time == pytest.approx(window[1], abs=0.1)


@pytest.mark.parametrize(("own_s", "ends"), [(None, 10.0), (0.0, 10.0), (4.0, 14.0), (99.0, 25.0)])
@virtually
async def test_what_is_met_while_the_run_settles_ends_it(
    own_s: float | None, ends: float, tmp_path: Path, monkeypatch: Patch
) -> None:
    shape = Closed(lambda passed: 1, 1, 5.0)
    given = parts(
        done(after(10.0), settle_s=own_s), loads=(visitors(shape),), limits=Limits(settle_s=20.0)
    )
    run = Run(tmp_path, monkeypatch, given, duration_s=25.0)
    history = await run.play()
    assert early(history)["time"] == pytest.approx(10.0, abs=0.6)
    assert run.clock.now() == pytest.approx(ends, abs=1.0)


SHAPES = {
    "closed": Closed(lambda passed: 3, 3, 60.0),
    "open": Open(lambda n: n * 0.5 if n < 120 else None, 10, 60.0, 10),
    "finite": Finite(3, 1000, each=True, duration_s_max=600.0),
    "burst": Burst(3, 10, 8.0),
}


@pytest.mark.parametrize("shape", sorted(SHAPES))
@virtually
async def test_loads_end_gracefully_and_count_as_complete(
    shape: str, tmp_path: Path, monkeypatch: Patch
) -> None:
    load = visitors(SHAPES[shape], takes=4.0, processes=1)
    late = LoadTrack("late", load.load, Scripted(work=taking(0.1)), at_s=30.0, processes=1)
    given = parts(done(after(9.0)), loads=(load, late))
    run = Run(tmp_path, monkeypatch, given, duration_s=60.0)
    history = await run.play()
    assert {(op.outcome.value, op.error) for op in history.ops} == {("ok", "")}
    (record,) = history.loads
    assert record.ended is not None and record.ended < 14.0
    assert (record.trouble, record.dropped) == ("", 0)
    tracks = [{"name": name, "sort": "load"} for name in ("visitors", "late")]
    told = judge_run(replace(history, manifest={"run": "r1", "tracks": tracks}), []).verdicts
    evidence = {one.check: one for one in told}
    assert evidence["load visitors ran"].outcome is Outcome.PASS
    assert evidence["load late ran"].outcome is Outcome.UNKNOWN
    assert evidence["load late ran"].summary.endswith("before it began")


@virtually
async def test_a_stop_outranks_an_early_end(tmp_path: Path, monkeypatch: Patch) -> None:
    stop = StopCondition("no harm", probe=sees(after(99.0)), every_s=0.5, for_s=9.8)
    given = parts(done(after(10.0)), stop_when=(stop,), limits=Limits(settle_s=30.0))
    run = Run(tmp_path, monkeypatch, given, (action(Sore(), for_s=40.0),), duration_s=60.0)
    history = await run.play()
    assert history.end is not None
    assert history.end["reason"] == "stopped"
    assert run.clock.now() < 14.0
    assert history.faults[0].released is not None


@virtually
async def test_an_interruption_while_it_settles_ends_the_run(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    run = Run(
        tmp_path, monkeypatch, parts(done(after(5.0)), limits=Limits(settle_s=30.0)),
        duration_s=60.0,
    )  # fmt: skip
    run.later(8.0, lambda: run.conductor.stop("interrupted", "SIGINT received"))
    history = await run.play()
    assert history.end is not None
    assert history.end["reason"] == "interrupted"
    assert run.clock.now() < 10.0
    assert "; the run ended early" not in judge_run(history, []).reason


@virtually
async def test_no_progress_for_long_is_given_up(tmp_path: Path, monkeypatch: Patch) -> None:
    count: See = lambda now: Observation({"value": min(int(now), 12), "ms": now})  # noqa: E731
    given = parts(
        EndCondition("stuck", gives_up_on="jobs", unchanged_s=8.0),
        probes=(ProbeTrack("jobs", sees(count, expect=None), 1.0),),
    )
    history = await Run(tmp_path, monkeypatch, given, duration_s=60.0).play()
    assert early(history)["gave_up"]
    assert early(history)["time"] == pytest.approx(20.0, abs=1.5)
    assert early(history)["told"] == "no progress for 8s: value stayed at 12"
    verdict = judge_run(history, [])
    assert "gave up at 2" in verdict.reason
    assert verdict.outcome is not Outcome.PASS, "giving up proves nothing by itself"


def look(time: float, value: int | None, **given: Any) -> ProbeRecord:
    fields = {} if value is None else {"value": value, "ms": time}
    return ProbeRecord("jobs", time, fields, reason="" if value is not None else "down", **given)


def gave_up(looks: list[ProbeRecord], **given: Any) -> float | None:
    """Return at which look it is given up after 10 s of no progress; the tracks begin at 0."""
    condition = EndCondition("stuck", gives_up_on="jobs", **{"unchanged_s": 10.0, **given})
    stuck = Stuck(condition)
    return next((one.time for one in looks if stuck.told(one, 0.0)), None)


def test_what_cannot_be_seen_is_not_taken_for_no_progress() -> None:
    assert gave_up([look(float(t), 7) for t in range(30)]) == 10.0
    assert gave_up([look(float(t), None if t % 2 else 7) for t in range(30)]) is None
    down = [look(float(t), None if 4 < t < 15 else 7) for t in range(40)]
    assert gave_up(down) == 21.0, "4 s before it was down, 6 s after it"
    assert gave_up([look(float(t), t // 9) for t in range(60)]) is None
    assert gave_up([look(float(t), 7) for t in range(30)], not_before_s=5.0) == 15.0


def test_rows_count_unless_fields_are_named() -> None:
    rows = [look(float(t), 7, rows=({"status": "done", "count": t // 5},)) for t in range(40)]
    assert gave_up(rows) is None
    assert gave_up(rows, fields=("value",)) == 10.0
    pair = ({"task": "a"}, {"task": "b"})
    turned = [look(float(t), t % 2, rows=pair[:: 1 - 2 * (t % 2)]) for t in range(40)]
    assert gave_up(turned) == 10.0, "in whatever order they come"
