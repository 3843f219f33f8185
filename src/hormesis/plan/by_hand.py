"""By hand: what a run may do whose faults a program chooses while it runs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import product

from hormesis.plan.compile import round_of
from hormesis.plan.contradictions import (
    STACKABLE,
    STATES,
    beyond_limits,
    beyond_radius,
    is_protected,
)
from hormesis.words.experiment import Experiment, FaultTrack
from hormesis.words.fault import Fault, NoWay
from hormesis.words.randomness import stream_of
from hormesis.words.timeline import FaultAction, Timeline
from hormesis.words.trouble import InputTrouble, Problem
from hormesis.words.verb import VerbCall

_OF_THE_SYSTEM = frozenset({"service", "mount", "scratch"})
"""Verbs that bring the system up, which are no fault's."""
_ON_USE = frozenset({"toxic", "qdisc"})
"""Verbs whose effect shows only on what is sent meanwhile."""
_PROGRAMS_ON_USE = frozenset({"packets", "strace_io", "crash_on_syscall", "crash_in_flight"})
"""Programs whose effect shows only when something is sent, written or called meanwhile."""


def opened(timeline: Timeline, verbs: Iterable[str]) -> Timeline:
    """Return *timeline* with a permit to do each of *verbs* to every named target, for a while.

    What ``limits.protected`` spares is not permitted.
    """
    experiment = timeline.experiment
    members = [one for several in experiment.targets.values() for one in several]
    spared = {*experiment.limits.protected}
    subjects = {
        subject
        for name, several in experiment.targets.items()
        for one in several
        if not is_protected(name, one, spared)
        for subject in (one.name, one.service, one.link, one.volume, one.path, one.container)
        if subject
    }
    pairs = set(product(sorted({*verbs} - _OF_THE_SYSTEM), subjects))
    young = [(one.name, one.descent) for one in members if one.descent is not None]
    children = {(name, parent) for name, descent in young for parent in descent.of}
    permit = timeline.permit
    return replace(
        timeline,
        permit=replace(
            permit,
            allowed=tuple(sorted(pairs | {*permit.allowed})),
            bounded=tuple(sorted(pairs | {*permit.bounded})),
            children=tuple(sorted(children | {*permit.children})),
        ),
    )


def actions_by_hand(
    track: FaultTrack,
    experiment: Experiment,
    missing: Mapping[str, str],
    *,
    turn: int,
    at_s: float,
    before: int,
    active: Sequence[FaultAction],
) -> tuple[FaultAction, ...]:
    """Return what *track*, which begins *at_s* for the *turn*-th time, does beside *active* ones.

    *before* is how many actions the track had until now. ``missing`` says of each means that this
    machine lacks why it does.

    Raises:
        InputTrouble: it contradicts the limits, the target, or what is active.
    """
    problems: list[Problem] = []
    actions: list[FaultAction] = []
    try:
        for action in round_of(
            track, experiment, missing, turn=turn, at_s=at_s, before=before
        ):
            actions.append(replace(action, by_hand=True))
    except NoWay as error:
        problems.append(Problem(str(error), track.place, track.name))
    alone = replace(experiment, faults=(track,))
    problems += beyond_limits(alone, actions)
    problems += beyond_radius(alone, actions)
    problems += _meeting(track, actions, active, experiment.seed)
    if problems:
        raise InputTrouble([_at(problem, track) for problem in problems])
    return tuple(actions)


def seen_on_use(action: FaultAction, seed: int) -> bool:
    """Return whether *action* can be seen to bite only once its target is used."""
    return not action.skip and any(
        call.verb in _ON_USE or call.args.get("program") in _PROGRAMS_ON_USE
        for call in _calls(action, seed)
    )


def means_of(fault: Fault) -> frozenset[str]:
    """Return all means that *fault* could use."""
    return frozenset(name for way in fault.ways() for name in way.means)


def _at(problem: Problem, track: FaultTrack) -> Problem:
    """Return *problem* under the name that the program gave; it has no list of tracks."""
    return replace(problem, place=track.place, path=problem.path.removeprefix("tracks."))


def _meeting(
    track: FaultTrack, actions: Sequence[FaultAction], active: Sequence[FaultAction], seed: int
) -> Iterable[Problem]:
    """Yield a problem when the same state of the same thing is already set by an active fault."""
    for action in actions:
        if action.skip:
            continue
        mine = {*_states(action, seed)}
        for other in active:
            if met := sorted(mine & {*_states(other, seed)}):
                what = f"{action.fault.kind} on {action.target.name}"
                how = f"{met[0][0]} {met[0][1]}"
                yield Problem(
                    f"expected {what} only once {other.id} is over, since both would {how},"
                    f" found it still on",
                    track.place,
                    track.name,
                )
                break


def _states(action: FaultAction, seed: int) -> Iterable[tuple[str, str, str]]:
    """Yield what an action puts into a state that only one fault at a time can set."""
    for call in _calls(action, seed):
        if call.verb not in STACKABLE:
            which = str(call.args.get(STATES.get(call.verb, ""), ""))
            yield call.verb, str(call.args.get("subject", "")), which


def _calls(action: FaultAction, seed: int) -> Sequence[VerbCall]:
    return action.fault.verbs(action.target, stream_of(seed, action.stream))
