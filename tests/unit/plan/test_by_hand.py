"""What a run by hand may do: every fault verb, on what is named, and never two of one state."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hormesis.plan.by_hand import actions_by_hand, means_of, opened, seen_on_use
from hormesis.plan.compile import compile_timeline
from hormesis.words.experiment import PROXY, SCRATCH, Experiment, FaultTrack
from hormesis.words.fault import Fault
from hormesis.words.target import Descent, Target
from hormesis.words.timeline import FaultAction
from hormesis.words.trouble import InputTrouble
from hormesis.words.verb import VerbCall
from tests.unit.spec.reading import GOOD, read_text
from tests.unit.spec.small_kinds import Kill, Latency, Stop

VERBS = ("kill", "mount", "pause", "scratch", "service", "stop", "toxic")


def good(folder: Path) -> Experiment:
    return replace(read_text(folder, GOOD), faults=())


def track(fault: Fault, target: str, **given: Any) -> FaultTrack:
    return FaultTrack(**{"name": fault.kind, "at_s": 0.0, "for_s": 5.0, **given,
                         "fault": fault, "target": target})  # fmt: skip


def taken(
    experiment: Experiment, track: FaultTrack, *active: FaultAction, turn: int = 1, before: int = 0
) -> tuple[FaultAction, ...]:
    return actions_by_hand(
        track, experiment, {}, turn=turn, at_s=0.0, before=before, active=active
    )


def test_every_fault_verb_is_permitted_on_what_is_named_and_for_a_while(tmp_path: Path) -> None:
    it = good(tmp_path)
    compiled = compile_timeline(it)
    permit = opened(compiled, VERBS).permit
    assert {*compiled.permit.allowed} <= {*permit.allowed}
    named = {"db", "web", "workers/worker-1", "workers/worker-2", "worker-1", "worker-2"}
    fault_verbs = {"kill", "pause", "stop", "toxic"}
    own = {("holder", PROXY), ("scratch", SCRATCH)} | {
        ("service", name) for name in ("db", "web", "worker-1", "worker-2")
    }
    assert {*permit.allowed} == {(verb, name) for verb in fault_verbs for name in named} | own
    assert {*permit.bounded} == {*permit.allowed} - own
    assert permit.refusal(VerbCall("pause", {"subject": "web"}), None, 0)
    assert permit.refusal(VerbCall("pause", {"subject": "elsewhere"}), 1.0, 0)
    assert not permit.refusal(VerbCall("pause", {"subject": "web"}), 1.0, 0)


def test_what_is_protected_is_not_permitted(tmp_path: Path) -> None:
    it = good(tmp_path)
    it = replace(it, limits=replace(it.limits, protected=("db", "workers")))
    permit = opened(compile_timeline(it), ["pause"]).permit
    assert {name for verb, name in permit.allowed if verb == "pause"} == {"web"}
    with pytest.raises(InputTrouble, match=r"no fault on db, which limits\.protected spares"):
        taken(it, track(Stop(), "db"))


def test_children_may_be_hit_below_their_parents(tmp_path: Path) -> None:
    it = good(tmp_path)
    slot = Target("young-1", service="young-1", descent=Descent(of=("web",)))
    it = replace(it, targets={**it.targets, "young": (slot,)})
    permit = opened(compile_timeline(it), ["pause"]).permit
    assert ("young-1", "web") in permit.children
    assert ("pause", "young-1") in permit.allowed


def test_each_time_is_a_round_of_its_own(tmp_path: Path) -> None:
    it = good(tmp_path)
    (first,) = taken(it, track(Kill(), "workers", pick=1))
    (second,) = taken(it, track(Kill(), "workers", pick=1), turn=2, before=1)
    assert (first.id, second.id, second.round) == ("kill-1", "kill-2", 2)
    assert first.by_hand and first.stream != second.stream
    assert taken(it, track(Kill(), "workers", pick=1)) == (first,)
    everyone = taken(it, track(Kill(), "workers"))
    assert [one.id for one in everyone] == ["kill-1", "kill-2"]


def test_a_state_that_is_set_cannot_be_set_again(tmp_path: Path) -> None:
    it = good(tmp_path)
    (stopped,) = taken(it, track(Stop(), "web"))
    with pytest.raises(InputTrouble) as caught:
        taken(it, track(Stop(), "web"), stopped, turn=2, before=1)
    assert str(caught.value) == (
        "stop: expected stop on web only once stop-1 is over, since both would stop web, found it "
        "still on"
    )
    assert taken(it, track(Stop(), "db"), stopped)
    assert taken(it, track(Kill(), "web"), stopped)


def test_toxics_of_one_link_stack(tmp_path: Path) -> None:
    it = good(tmp_path)
    (slow,) = taken(it, track(Latency(delay="1s"), "web"))
    (second,) = taken(it, track(Latency(delay="2s"), "web"), slow, turn=2, before=1)
    assert seen_on_use(slow, it.seed) and seen_on_use(second, it.seed)


def test_what_shows_by_itself_is_told_from_what_shows_on_use(tmp_path: Path) -> None:
    it = good(tmp_path)
    (stopped,) = taken(it, track(Stop(), "web"))
    assert not seen_on_use(stopped, it.seed)
    assert not seen_on_use(replace(stopped, skip="no means"), it.seed)
    assert means_of(Stop()) == frozenset()


def test_limits_hold_by_hand_too(tmp_path: Path) -> None:
    it = good(tmp_path)
    with pytest.raises(InputTrouble, match=r"stop: expected at most 10m \(limits\.hold\)"):
        taken(it, track(Stop(), "web", for_s=601.0))
    half = replace(it, limits=replace(it.limits, share_max=0.5))
    with pytest.raises(InputTrouble, match=r"expected at most 50% of workers"):
        taken(half, track(Kill(), "workers"))
