"""Compiling an experiment: targets picked, everything in time, the permit, contradictions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from hormesis.plan.compile import compile_timeline, load_duration_s, picked
from hormesis.plan.text import PlanLine, plan_lines, plan_table
from hormesis.words.experiment import PROXY, SCRATCH, FaultTrack
from hormesis.words.target import Target
from hormesis.words.trouble import InputTrouble
from hormesis.words.verb import VerbCall
from tests.unit.spec.reading import GOOD, read_text
from tests.unit.spec.small_kinds import Barrier, Kill, Stop

TEN = tuple(Target(f"bots/bot-{n}", service=f"bot-{n}") for n in range(10))


def track(pick: int | float | None, name: str = "kill") -> FaultTrack:
    return FaultTrack(name, Kill(), "bots", at_s=0, for_s=0, pick=pick)


def test_actions(tmp_path: Path) -> None:
    timeline = compile_timeline(read_text(tmp_path, GOOD))
    stop, kill = timeline.actions
    assert (stop.id, stop.track, stop.at_s, stop.for_s) == ("stop-1", "stop", 10.0, 5.0)
    assert stop.stream == "fault/stop/db"
    assert kill.target.name in ("workers/worker-1", "workers/worker-2")
    assert timeline.duration_s == 32.0


def test_permit_holds_what_is_needed_and_no_more(tmp_path: Path) -> None:
    it = read_text(tmp_path, GOOD)
    permit = compile_timeline(it).permit
    killed = compile_timeline(it).actions[-1].target.service
    assert set(permit.allowed) == {
        *(("service", name) for name in ("db", "web", "worker-1", "worker-2")),
        ("holder", PROXY), ("scratch", SCRATCH), ("stop", "db"), ("kill", killed),
    }  # fmt: skip
    assert permit.bounded == (("kill", killed), ("stop", "db"))
    assert (permit.hold_s_max, permit.effects_max) == (600.0, 256)
    bare = replace(it, services=(), links=(), faults=(), targets={})
    assert compile_timeline(bare).permit.allowed == (("scratch", SCRATCH),)


@pytest.mark.parametrize(
    ("pick", "count"), [(None, 10), (1, 1), (3, 3), (10, 10), (0.5, 5), (0.25, 3), (0.01, 1)]
)
def test_how_many_are_picked(pick: int | float | None, count: int) -> None:
    chosen = picked(TEN, track(pick), seed=1)
    assert len(chosen) == len(set(chosen)) == count
    assert list(chosen) == [one for one in TEN if one in chosen]


def test_picking_depends_on_seed_and_track_alone() -> None:
    def names(seed: int, name: str) -> list[str]:
        return [one.name for one in picked(TEN, track(3, name), seed)]

    assert names(1, "a") == names(1, "a")
    assert len({tuple(names(seed, "a")) for seed in range(30)}) > 10
    assert len({tuple(names(1, f"a{n}")) for n in range(30)}) > 10


def test_moments_are_in_order(tmp_path: Path) -> None:
    moments = compile_timeline(read_text(tmp_path, GOOD)).moments
    assert [(one.at_s, one.sort, one.name) for one in moments] == [
        (0.0, "probe", "rows"),
        (0.0, "load", "constant-vus"),
        (10.0, "fault", "stop-1"),
        (12.0, "fault", "kill-1"),
    ]
    assert [one.until_s for one in moments] == [32.0, 30.0, 15.0, None]
    assert moments[2].mechanism == "signal"


def test_a_burst_lasts_as_long_as_its_gaps() -> None:
    assert load_duration_s(Barrier.model_validate({"vus": 2, "rounds": 4, "gap": "500ms"})) == 1.5
    assert load_duration_s(Barrier(vus=2)) == 0.0


def stops(first: str, second: str, limits: str = "") -> str:
    return f"""title: T
system: {{processes: {{a: {{run: [a]}}, b: {{run: [b]}}}},
         targets: {{a: {{process: a}}, b: {{process: b}}, both: {{process: "*"}}}}}}
tracks:
  - {{name: first, fault: stop, {first}}}
  - {{name: second, fault: stop, {second}}}
limits: {{{limits}}}
"""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("target: a, at: 1s, for: 5s", "target: a, at: 6s, for: 5s"),
        ("target: a, at: 6s, for: 5s", "target: a, at: 1s, for: 5s"),
        ("target: a, for: 5s", "target: b, for: 5s"),
    ],
)
def test_what_may_stand_side_by_side(tmp_path: Path, first: str, second: str) -> None:
    assert len(compile_timeline(read_text(tmp_path, stops(first, second))).actions) == 2


@pytest.mark.parametrize(
    ("first", "second", "limits", "line", "words"),
    [
        ("target: a, at: 1s, for: 5s", "target: a, at: 5s, for: 5s", "", 6,
         "stop on a only once at a time, found first until 6s and second from 5s"),
        ("target: a, at: 4s, for: 5s", "target: a, at: 1s, for: 5s", "", 5,
         "found second until 6s and first from 4s"),
        ("target: a, for: 1h", "target: b, for: 5s", "", 5, "at most 10m (limits.hold), found 60m"),
        ("target: a, for: 1s", "target: b, at: 30s, for: 5s", "duration: 30s", 6,
         "a start before 30s (limits.duration), found 30s"),
    ],
)  # fmt: skip
def test_contradictions(
    tmp_path: Path, first: str, second: str, limits: str, line: int, words: str
) -> None:
    it = read_text(tmp_path, stops(first, second, limits))
    with pytest.raises(InputTrouble) as caught:
        compile_timeline(it)
    [problem] = caught.value.problems
    assert words in problem.message
    assert problem.place is not None
    assert problem.place.line == line


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ("targets_max: 1", "at most 1 targets to be hit (limits.targets_max), found 3"),
        ("share_max: 50%", "at most 50% of both to be hit (limits.share_max), found 2 of 2"),
        ("protected: [b]", "no fault on b, which limits.protected spares"),
    ],
)
def test_the_blast_radius_is_enforced(tmp_path: Path, limits: str, words: str) -> None:
    text = stops("target: a, for: 1s", "target: both, at: 2s, for: 1s", limits)
    with pytest.raises(InputTrouble) as caught:
        compile_timeline(read_text(tmp_path, text))
    assert any(words in one.message for one in caught.value.problems)
    wide = stops("target: a, for: 1s", "target: both, at: 2s, for: 1s", "targets_max: 3")
    assert compile_timeline(read_text(tmp_path, wide)).actions


def test_a_pick_keeps_within_the_share(tmp_path: Path) -> None:
    text = stops("target: a, for: 1s", "target: both, at: 2s, for: 1s, pick: 50%", "share_max: 50%")
    assert len(compile_timeline(read_text(tmp_path, text)).actions) == 2


def test_one_process_under_two_targets_is_one_process(tmp_path: Path) -> None:
    text = stops("target: a, for: 5s", "target: both, at: 1s, for: 2s")
    with pytest.raises(InputTrouble, match="stop on both/a only once at a time"):
        compile_timeline(read_text(tmp_path, text))


class Slowed(Stop):
    """Held and let go all the time, as a duty cycle does."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        return [VerbCall("pause", {"subject": target.service, "stop": False})]


class Frozen(Stop):
    """Held by the same signal."""

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        return [VerbCall("pause", {"subject": target.service})]


class Squeezed(Stop):
    """In a control group of one controller."""

    controller: str = "cpu"

    def verbs(self, target: Target, rng: Random) -> Sequence[VerbCall]:
        return [VerbCall("cgroup", {"subject": target.service, "controller": self.controller})]


Frozen.kind = "frozen"


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (Frozen(), Slowed(), "test-compile on a not beside frozen, since both are done by pause"),
        (Frozen(), Squeezed(), ""),
    ],
)
def test_two_faults_cannot_set_one_state(
    tmp_path: Path, first: Stop, second: Stop, words: str
) -> None:
    it = read_text(tmp_path, stops("target: a, for: 5s", "target: a, at: 6s, for: 1s"))
    one, other = it.faults
    both = (replace(one, fault=first), replace(other, fault=second))
    assert compile_timeline(replace(it, faults=both)).actions, "one after the other they may be"
    beside = replace(it, faults=(both[0], replace(both[1], at_s=1.0)))
    if not words:
        assert compile_timeline(beside).actions
        return
    with pytest.raises(InputTrouble, match=words):
        compile_timeline(beside)


def test_all_contradictions_are_told(tmp_path: Path) -> None:
    text = stops("target: both, for: 1h", "target: both, for: 2h")
    with pytest.raises(InputTrouble) as caught:
        compile_timeline(read_text(tmp_path, text))
    assert len(caught.value.problems) == 3


def test_plan_table(tmp_path: Path) -> None:
    table = plan_table(compile_timeline(read_text(tmp_path, GOOD)))
    assert PlanLine("10s", "15s", "fault stop: stop", "db", "signal") in table
    assert PlanLine("before", "", "start db --port 20001", "db", "process") in table
    assert [line.time for line in table[-5:]] == ["after"] * 5


def test_plan_lines(tmp_path: Path) -> None:
    lines = plan_lines(compile_timeline(read_text(tmp_path, GOOD, time_scale=0.5)))
    assert lines[:3] == [
        "Good",
        "seed 1, tracks last 17s, time scale 0.5",
        "may do: holder hormesis-proxy; kill worker-1; scratch scratch; "
        "service db, web, worker-1, worker-2; stop db",
    ]
    assert any(line.startswith("5s      7.5s   fault stop: stop") for line in lines)
    assert lines == plan_lines(compile_timeline(read_text(tmp_path, GOOD, time_scale=0.5)))
