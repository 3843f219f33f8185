"""Rounds: when a track comes again, whom it hits each time, and what the limits say of each."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from hormesis.plan.compile import compile_timeline
from hormesis.plan.rounds import starts_of
from hormesis.plan.text import plan_lines
from hormesis.words.experiment import Experiment, FaultTrack, Repeat
from hormesis.words.permit import Permit
from hormesis.words.target import Descent, Target
from hormesis.words.timeline import Timeline
from hormesis.words.trouble import InputTrouble
from tests.unit.spec.reading import read_text
from tests.unit.spec.small_kinds import Kill

FILE = """title: Again and again
system:
  processes: {hive: {run: [hive]}, web: {run: [web]}}
  targets:
    kids: {children: {of: hive, matching: kid, count: 4}}
    web: {process: web}
tracks:
  - {fault: kill, name: slain, target: kids, pick: %s, at: 2s, repeat: %s}
"""


def starts(repeat: Repeat, *, at_s: float = 2.0, for_s: float = 0.0, seed: int = 1) -> list[float]:
    track = FaultTrack("kill", Kill(), "bots", at_s=at_s, for_s=for_s, repeat=repeat)
    return list(starts_of(track, seed))


def timeline(folder: Path, pick: str, repeat: str, more: str = "") -> Timeline:
    return compile_timeline(read_text(folder, FILE % (pick, repeat) + more))


def troubles(folder: Path, pick: str, repeat: str, more: str) -> list[str]:
    with pytest.raises(InputTrouble) as caught:
        timeline(folder, pick, repeat, more)
    return [one.message for one in caught.value.problems]


def test_a_fixed_gap() -> None:
    assert starts(Repeat(3.0, 3.0, times=3)) == [2.0, 5.0, 8.0]
    assert starts(Repeat(3.0, 3.0, times=1)) == [2.0]
    assert starts(Repeat(3.0, 3.0, until_s=8.0)) == [2.0, 5.0]
    assert starts(Repeat(0.1, 0.1, times=4), at_s=0.0) == [0.0, 0.1, 0.2, 0.3]


@pytest.mark.parametrize(("gap_s", "until_s"), [(1.0, None), (0.0, 60.0)])
def test_a_repeat_has_an_end(gap_s: float, until_s: float | None) -> None:
    with pytest.raises(ValueError, match="come to an end"):
        Repeat(gap_s, gap_s, until_s=until_s)


def test_no_round_begins_before_the_one_before_is_released() -> None:
    assert starts(Repeat(1.0, 1.0, times=3), for_s=4.0) == [2.0, 6.0, 10.0]
    varied = starts(Repeat(1.0, 6.0, times=30), for_s=3.0)
    assert min(b - a for a, b in pairwise(varied)) >= 3.0


def test_gaps_are_drawn_from_the_seed_within_their_bounds() -> None:
    varied = starts(Repeat(1.0, 2.0, until_s=60.0))
    gaps = [b - a for a, b in pairwise(varied)]
    assert varied == starts(Repeat(1.0, 2.0, until_s=60.0))
    assert varied != starts(Repeat(1.0, 2.0, until_s=60.0), seed=2)
    assert len({round(gap, 3) for gap in gaps}) > 20
    assert 0.999 < min(gaps) < 1.2
    assert 1.8 < max(gaps) < 2.001
    assert 58.0 <= varied[-1] < 60.0


def test_each_round_picks_anew_and_has_streams_of_its_own(tmp_path: Path) -> None:
    actions = timeline(tmp_path, "2", "{every: 1s, times: 12}").actions
    assert [one.id for one in actions] == [f"slain-{number}" for number in range(1, 25)]
    assert [one.round for one in actions] == [1 + n // 2 for n in range(24)]
    assert len({one.stream for one in actions}) == 24
    pairs = [tuple(one.target.name for one in actions[n : n + 2]) for n in range(0, 24, 2)]
    assert all(a != b for a, b in pairs)
    assert len(set(pairs)) > 3
    once = timeline(tmp_path, "2", "{every: 1s, times: 1}").actions
    assert [one.target for one in once] == [one.target for one in actions[:2]]
    assert [one.stream for one in once] == [one.stream for one in actions[:2]]


def test_a_share_goes_with_each_action(tmp_path: Path) -> None:
    assert {one.share for one in timeline(tmp_path, "50%", "{every: 1s, times: 2}").actions} == {
        0.5
    }
    assert timeline(tmp_path, "2", "{every: 1s, times: 2}").actions[0].share is None


def test_the_permit_names_the_slots_that_are_hit_and_whose_children_they_are(
    tmp_path: Path,
) -> None:
    made = timeline(tmp_path, "1", "{every: 1s, times: 2}")
    hit = sorted({one.target.name for one in made.actions})
    assert set(made.permit.bounded) == {("kill", name) for name in hit}
    assert made.permit.children == tuple((name, "hive") for name in hit)
    assert Permit.from_json(made.permit.to_json()) == made.permit
    assert made.permit.watched == ()


def test_the_plan_prints_every_round_and_what_the_slots_are(tmp_path: Path) -> None:
    told = "\n".join(plan_lines(timeline(tmp_path, "1", "{every: 3s, times: 3}")))
    assert "children of hive like 'kid', oldest first, found at each injection" in told
    assert "kids-1 … kids-4" in told
    assert told.count("fault slain: ") == 3
    assert [line.split()[0] for line in told.splitlines() if "fault slain" in line] == [
        "2s", "5s", "8s",
    ]  # fmt: skip


def test_limits_hold_for_every_round(tmp_path: Path) -> None:
    every = "{every: 5s, times: 4}"
    (late,) = troubles(tmp_path, "1", every, "limits: {duration: 10s}\n")
    assert late == "expected a start before 10s (limits.duration), found 17s"
    (share,) = troubles(tmp_path, "3", every, "limits: {share_max: 50%}\n")
    assert "found 3 of 4" in share
    (many,) = troubles(tmp_path, "2", every, "limits: {targets_max: 1}\n")
    assert "expected at most 1 targets" in many
    for name in ("kids", "kids-1"):
        told = troubles(tmp_path, "100%", every, f"limits: {{protected: [{name}]}}\n")
        assert any(name in one and "protected spares" in one for one in told)
    allowed = timeline(tmp_path, "2", every, "limits: {share_max: 50%}\n")
    assert len(allowed.actions) == 8


def test_another_track_must_not_meet_a_later_round(tmp_path: Path) -> None:
    other = "  - {fault: kill, name: other, target: kids, at: %s}\n"
    told = troubles(tmp_path, "100%", "{every: 5s, times: 4}", other % "12s")
    assert len(told) == 1
    assert "found slain until" in told[0] or "found other until" in told[0]
    apart = timeline(tmp_path, "100%", "{every: 5s, times: 4}", other % "13s")
    assert len(apart.actions) == 20


def test_one_track_may_come_again_on_the_same_target(tmp_path: Path) -> None:
    it = read_text(tmp_path, FILE % ("1", "{every: 1s, times: 3}"))
    one = replace(it.faults[0], target="web", pick=None, for_s=5.0)
    assert [a.at_s for a in compile_timeline(replace(it, faults=(one,))).actions] == [2, 7, 12]
    # What a computer makes of tenths is no overlap.
    short = replace(one, at_s=0.5, for_s=0.3, repeat=Repeat(0.3, 0.3, times=5))
    assert len(compile_timeline(replace(it, faults=(short,))).actions) == 5


def test_a_slot_without_a_way_says_so() -> None:
    slot = Target("kids-1", service="kids-1", descent=Descent(("hive",), "kid", "newest", 1, 2))
    assert slot.descent is not None
    assert slot.descent.describe() == "children of hive like 'kid', newest first"
    it = Experiment(
        title="T", source="t", seed=1, targets={"kids": (slot,)},
        faults=(FaultTrack("kill", Kill(), "kids", at_s=0, for_s=0),),
    )  # fmt: skip
    assert compile_timeline(it).permit.children == (("kids-1", "hive"),)
