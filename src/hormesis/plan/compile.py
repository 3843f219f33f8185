"""Compile: an experiment → the timeline that the engine plays and the dry run prints. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import floor

from hormesis.words.experiment import PROXY, SCRATCH, Experiment, FaultTrack
from hormesis.words.load import Burst, Load
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


def compile_timeline(experiment: Experiment) -> Timeline:
    """Select targets, lay everything out in time, and say what the run may do at most.

    The same experiment always gives the same timeline: targets are picked with the sub-stream
    ``pick, TRACK`` of its seed, and the permit is made from the verbs that each fault becomes with
    the sub-stream that its action names (``stream_of(seed, action.stream)``).

    Raises:
        InputTrouble: tracks contradict each other or the limits; all contradictions are listed.
    """
    actions = tuple(action for track in experiment.faults for action in _actions(track, experiment))
    calls = {
        action.id: tuple(
            action.fault.verbs(action.target, stream_of(experiment.seed, action.stream))
        )
        for action in actions
    }
    problems = [*_beyond_limits(experiment), *_overlaps(actions, calls, experiment)]
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
    """Return how long *load* keeps sending, in seconds."""
    shape = load.shape()
    if isinstance(shape, Burst):
        return max(shape.rounds - 1, 0) * shape.gap_s
    return shape.duration_s


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


def _actions(track: FaultTrack, experiment: Experiment) -> Iterator[FaultAction]:
    targets = experiment.targets.get(track.target, ())
    for number, target in enumerate(picked(targets, track, experiment.seed), start=1):
        yield FaultAction(
            id=f"{track.name}-{number}",
            track=track.name,
            fault=track.fault,
            target=target,
            at_s=track.at_s,
            for_s=track.for_s,
            stream=f"fault/{track.name}/{target.name}",
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


def _overlaps(
    actions: Sequence[FaultAction], calls: Calls, experiment: Experiment
) -> Iterator[Problem]:
    """Yield a problem for each pair of tracks that put one fault on one thing at one time.

    One thing is one subject of verbs, whatever the targets that name it are called.
    """
    places = {track.name: track.place for track in experiment.faults}
    subjects = {
        id_: {call.args.get("subject") for call in its_calls} for id_, its_calls in calls.items()
    }
    told: set[tuple[str, str]] = set()
    for first, second in combinations(sorted(actions, key=lambda one: one.at_s), 2):
        same = first.fault.kind == second.fault.kind and subjects[first.id] & subjects[second.id]
        pair = (first.track, second.track)
        overlap = second.at_s < first.at_s + first.for_s or second.at_s == first.at_s
        if same and overlap and pair not in told:
            told.add(pair)
            end = text_of_seconds(first.at_s + first.for_s)
            what = f"{first.fault.kind} on {second.target.name} only once at a time"
            yield Problem(
                f"expected {what}, found {first.track} until {end}"
                f" and {second.track} from {text_of_seconds(second.at_s)}",
                places.get(second.track),
                f"tracks.{second.track}",
            )


def _permit(experiment: Experiment, calls_by_id: Calls) -> Permit:
    calls = [call for calls in calls_by_id.values() for call in calls]
    started = [service.name for service in experiment.services if not service.attached]
    verbs = {call.verb for call in calls} | ({"service"} if started else set())
    if experiment.links:
        # The fault proxy of the links is a holder.
        verbs.add("holder")
        started.append(PROXY)
    subjects = {str(call.args["subject"]) for call in calls if call.args.get("subject")}
    verbs.add("scratch")
    started.append(SCRATCH)
    return Permit(
        verbs=tuple(sorted(verbs)),
        subjects=tuple(sorted(subjects.union(started))),
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
            mechanism=action.fault.mechanism,
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
