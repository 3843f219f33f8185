"""Compile: an experiment → the timeline that the engine plays and the dry run prints. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import floor

from hormesis.words.experiment import PROXY, SCRATCH, Experiment, FaultTrack
from hormesis.words.fault import NoWay, chosen
from hormesis.words.load import Burst, Finite, Load, Ticked
from hormesis.words.permit import Permit
from hormesis.words.randomness import stream_of
from hormesis.words.target import Target
from hormesis.words.timeline import FaultAction, Moment, Timeline
from hormesis.words.trouble import InputTrouble, Problem
from hormesis.words.units import text_of_seconds
from hormesis.words.verb import VerbCall

Calls = Mapping[str, Sequence[VerbCall]]
"""The verb calls of every action, by its id."""
SORTS = ("probe", "load", "fault")
"""The sorts of moments, in the order in which those of one instant are listed."""


def compile_timeline(
    experiment: Experiment, missing: Mapping[str, str] | None = None
) -> Timeline:
    """Select targets, choose mechanisms, lay everything out in time, and say what may be done.

    ``missing`` says of each means that this machine lacks why it does. A fault that no mechanism
    can do here stays on the timeline and says why it is skipped.

    The same experiment always gives the same timeline: targets are picked with the sub-stream
    ``pick, TRACK`` of its seed, and the permit is made from the verbs that each fault becomes with
    the sub-stream that its action names (``stream_of(seed, action.stream)``).

    Raises:
        InputTrouble: tracks contradict each other or the limits; all contradictions are listed.
    """
    problems = [*_beyond_limits(experiment)]
    actions: list[FaultAction] = []
    for track in experiment.faults:
        try:
            actions.extend(_actions(track, experiment, missing or {}))
        except NoWay as error:
            problems.append(Problem(str(error), track.place, f"tracks.{track.name}"))
    calls = {
        action.id: tuple(
            action.fault.verbs(action.target, stream_of(experiment.seed, action.stream))
        )
        for action in actions
        if not action.skip
    }
    problems += [*_beyond_radius(experiment, actions), *_overlaps(actions, calls, experiment)]
    if problems:
        raise InputTrouble(problems)
    ends = [action.at_s + action.for_s for action in actions]
    ends += [track.at_s + load_duration_s(track.load) for track in experiment.loads]
    duration_s = max(ends, default=0.0) + experiment.limits.settle_s
    return Timeline(
        experiment=experiment,
        actions=tuple(sorted(actions, key=lambda action: action.at_s)),
        loads=experiment.loads,
        probes=experiment.probes,
        moments=_moments(experiment, actions, duration_s),
        permit=_permit(experiment, calls),
        duration_s=duration_s,
    )


def load_duration_s(load: Load) -> float:
    """Return how long *load* keeps sending, in seconds; 0 when only running it tells.

    The tracks go on until every load has ended, whatever was planned.
    """
    shape = load.shape()
    if isinstance(shape, Burst):
        return max(shape.rounds - 1, 0) * shape.gap_s
    return 0.0 if isinstance(shape, Finite | Ticked) else shape.duration_s


def picked(targets: Sequence[Target], track: FaultTrack, seed: int) -> tuple[Target, ...]:
    """Return the members of a selection that *track* hits, in the selection's order.

    A share is rounded to the nearest whole number, halves up, and picks at least one.
    """
    if track.pick is None:
        return tuple(targets)
    count = track.pick
    if isinstance(count, float):
        count = max(1, floor(count * len(targets) + 0.5))
    rng = stream_of(seed, "pick", track.name)
    chosen = set(rng.sample(range(len(targets)), min(count, len(targets))))
    return tuple(target for index, target in enumerate(targets) if index in chosen)


def _actions(
    track: FaultTrack, experiment: Experiment, missing: Mapping[str, str]
) -> Iterator[FaultAction]:
    """Yield one action for each picked target.

    Raises:
        NoWay: the target is of a sort that the fault cannot hit, whatever the machine.
    """
    targets = experiment.targets.get(track.target, ())
    for number, target in enumerate(picked(targets, track, experiment.seed), start=1):
        fault, skip = track.fault, ""
        try:
            fault = chosen(fault, target, missing)
        except NoWay as error:
            if not error.lacking:
                raise
            skip = str(error)
        yield FaultAction(
            id=f"{track.name}-{number}",
            track=track.name,
            fault=fault,
            target=target,
            at_s=track.at_s,
            for_s=track.for_s,
            stream=f"fault/{track.name}/{target.name}",
            skip=skip,
        )


def _beyond_limits(experiment: Experiment) -> Iterator[Problem]:
    limits = experiment.limits
    for track in experiment.faults:
        path = f"tracks.{track.name}"
        if not experiment.targets.get(track.target):
            yield Problem(f"expected a target called {track.target}", track.place, path)
        if track.at_s >= limits.duration_s:
            allowed, found = text_of_seconds(limits.duration_s), text_of_seconds(track.at_s)
            yield Problem(
                f"expected a start before {allowed} (limits.duration), found {found}",
                track.place,
                path,
                "the fault would never happen: raise limits.duration or begin earlier",
            )
        if track.for_s > limits.hold_s:
            allowed, found = text_of_seconds(limits.hold_s), text_of_seconds(track.for_s)
            yield Problem(
                f"expected at most {allowed} (limits.hold), found {found}",
                track.place,
                path,
                "raise limits.hold or shorten the fault",
            )


def _beyond_radius(
    experiment: Experiment, actions: Sequence[FaultAction]
) -> Iterator[Problem]:
    """Yield a problem for each track that reaches further than the limits allow."""
    limits = experiment.limits
    hit: dict[str, list[Target]] = {}
    for action in actions:
        hit.setdefault(action.track, []).append(action.target)
    touched = {action.target.name for action in actions}
    if limits.targets_max is not None and len(touched) > limits.targets_max:
        yield Problem(
            f"expected at most {limits.targets_max} targets to be hit (limits.targets_max),"
            f" found {len(touched)}: {', '.join(sorted(touched))}",
            path="limits.targets_max",
        )
    for track in experiment.faults:
        path, reached = f"tracks.{track.name}", hit.get(track.name, [])
        every = len(experiment.targets.get(track.target, ()))
        share = len(reached) / every if every > 1 else 0.0
        if limits.share_max is not None and share > limits.share_max:
            yield Problem(
                f"expected at most {limits.share_max:.0%} of {track.target} to be hit"
                f" (limits.share_max), found {len(reached)} of {every}",
                track.place,
                path,
                "give the track a `pick`",
            )
        spared = {*limits.protected}
        for target in reached:
            names = {track.target, target.name, target.service, target.link, target.container}
            names |= {_common(target.service)} if target.service else set()
            if met := sorted(spared & {name for name in names if name}):
                yield Problem(
                    f"expected no fault on {met[0]}, which limits.protected spares",
                    track.place,
                    path,
                )


def _common(service: str) -> str:
    """Return what the instances of one process are called together: ``worker`` for ``worker-2``."""
    stem, dash, number = service.rpartition("-")
    return stem if dash and number.isdigit() else service


STACKABLE = frozenset({"toxic", "holder", "program"})
"""Verbs of which one thing may bear several at a time, since each is undone by itself."""


STATES = {"pause": "", "cgroup": "controller", "limit": "resource"}
"""Verbs of one state per subject, or per subject and the argument that is named here."""


def _overlaps(
    actions: Sequence[FaultAction], calls: Calls, experiment: Experiment
) -> Iterator[Problem]:
    """Yield a problem for each pair of tracks that put one fault on one thing at one time.

    Two different faults that set the same state of one thing are one as well. One thing is one
    subject of verbs, whatever the targets that name it are called.
    """
    places = {track.name: track.place for track in experiment.faults}
    subjects = {
        id_: {call.args.get("subject") for call in its_calls if call.verb not in STACKABLE}
        for id_, its_calls in calls.items()
    }
    states = {id_: {*_states(its_calls)} for id_, its_calls in calls.items()}
    told: set[tuple[str, str]] = set()
    played = sorted((one for one in actions if not one.skip), key=lambda one: one.at_s)
    for first, second in combinations(played, 2):
        same = first.fault.kind == second.fault.kind and subjects[first.id] & subjects[second.id]
        shared = states[first.id] & states[second.id]
        pair = (first.track, second.track)
        overlap = second.at_s < first.at_s + first.for_s or second.at_s == first.at_s
        if (same or shared) and overlap and pair not in told:
            told.add(pair)
            end = text_of_seconds(first.at_s + first.for_s)
            what = f"{first.fault.kind} on {second.target.name} only once at a time"
            if first.fault.kind != second.fault.kind:
                how = " ".join(filter(None, sorted(shared)[0][::2]))
                what = f"{second.fault.kind} on {second.target.name} not beside"
                what = f"{what} {first.fault.kind}, since both are done by {how}"
            yield Problem(
                f"expected {what}, found {first.track} until {end}"
                f" and {second.track} from {text_of_seconds(second.at_s)}",
                places.get(second.track),
                f"tracks.{second.track}",
            )


def _states(calls: Sequence[VerbCall]) -> Iterator[tuple[str, str, str]]:
    """Yield what can be in one state only: two faults would take each other's state back."""
    for call in calls:
        if call.verb in STATES:
            which = str(call.args.get(STATES[call.verb], ""))
            yield call.verb, str(call.args.get("subject", "")), which


def _permit(experiment: Experiment, calls_by_id: Calls) -> Permit:
    pairs = {
        (call.verb, str(call.args.get("subject", "")))
        for calls in calls_by_id.values()
        for call in calls
    }
    bounded = tuple(sorted(pairs))
    pairs |= {("service", one.name) for one in experiment.services if not one.attached}
    pairs |= {("mount", one.name) for one in experiment.volumes}
    if experiment.links:
        # The fault proxy of the links is a holder.
        pairs.add(("holder", PROXY))
    pairs.add(("scratch", SCRATCH))
    return Permit(
        allowed=tuple(sorted(pairs)),
        bounded=bounded,
        watched=tuple(sorted(one.name for one in experiment.services if one.attached)),
        hold_s_max=experiment.limits.hold_s,
        effects_max=experiment.limits.effects,
    )


def _moments(
    experiment: Experiment, actions: Sequence[FaultAction], duration_s: float
) -> tuple[Moment, ...]:
    moments = [
        Moment(
            at_s=action.at_s,
            sort="fault",
            name=action.id,
            text=f"{action.fault.describe()} on {action.target.name}",
            mechanism=f"skipped: {action.skip}" if action.skip else action.fault.by,
            until_s=action.at_s + action.for_s if action.for_s else None,
        )
        for action in actions
    ]
    moments += [
        Moment(
            at_s=load.at_s,
            sort="load",
            name=load.name,
            text=f"{load.load.describe()} by {load.client.describe()}",
            mechanism=type(load.load.shape()).__name__.lower(),
            until_s=load.at_s + load_duration_s(load.load),
        )
        for load in experiment.loads
    ]
    moments += [
        Moment(
            at_s=probe.at_s,
            sort="probe",
            name=probe.name,
            text=f"{probe.probe.describe()} every {text_of_seconds(probe.every_s)}",
            until_s=duration_s,
        )
        for probe in experiment.probes
    ]
    return tuple(sorted(moments, key=lambda one: (one.at_s, SORTS.index(one.sort), one.name)))
