"""Compile: an experiment → the timeline that the engine plays and the dry run prints. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import floor

from hormesis.plan.contradictions import Calls, beyond_end, beyond_limits, beyond_radius, overlaps
from hormesis.plan.rounds import starts_of
from hormesis.words.command import ON_FAIL, Command
from hormesis.words.experiment import PROXY, SCRATCH, Experiment, FaultTrack
from hormesis.words.fault import NoWay, chosen
from hormesis.words.load import Burst, Finite, Load, Ticked
from hormesis.words.permit import Permit
from hormesis.words.randomness import stream_of
from hormesis.words.target import Target
from hormesis.words.timeline import FaultAction, Moment, Timeline
from hormesis.words.trouble import InputTrouble, Problem
from hormesis.words.units import text_of_seconds

SORTS = ("probe", "load", "fault")
"""The sorts of moments, in the order in which those of one instant are listed."""


def compile_timeline(
    experiment: Experiment, missing: Mapping[str, str] | None = None
) -> Timeline:
    """Select targets, choose mechanisms, lay everything out in time, and say what may be done.

    ``missing`` says of each means that this machine lacks why it does. A fault that no mechanism
    can do here stays on the timeline and says why it is skipped.

    The same experiment always gives the same timeline: targets are picked with the sub-stream
    ``pick, TRACK`` of its seed (``pick, TRACK, ROUND`` from the second round on), and the permit is
    made from the verbs that each fault becomes with the sub-stream that its action names
    (``stream_of(seed, action.stream)``).

    Raises:
        InputTrouble: tracks contradict each other or the limits; all contradictions are listed.
    """
    problems: list[Problem] = []
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
    problems += beyond_limits(experiment, actions)
    problems += beyond_radius(experiment, actions)
    problems += overlaps(actions, calls, experiment)
    ends = [action.at_s + action.for_s for action in actions]
    ends += [track.at_s + load_duration_s(track.load) for track in experiment.loads]
    duration_s = max(ends, default=0.0) + experiment.limits.settle_s
    problems += beyond_end(experiment, duration_s)
    if problems:
        raise InputTrouble(problems)
    return Timeline(
        experiment=experiment,
        actions=tuple(sorted(actions, key=lambda action: action.at_s)),
        loads=experiment.loads,
        probes=experiment.probes,
        moments=_moments(experiment, actions, duration_s),
        permit=_permit(experiment, actions, calls),
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


def picked(
    targets: Sequence[Target], track: FaultTrack, seed: int, number: int = 1
) -> tuple[Target, ...]:
    """Return the members of a selection that round *number* of *track* hits, in their order.

    A share is rounded to the nearest whole number, halves up, and picks at least one.
    """
    if track.pick is None:
        return tuple(targets)
    count = track.pick
    if isinstance(count, float):
        count = max(1, floor(count * len(targets) + 0.5))
    rng = stream_of(seed, "pick", track.name, *_later(number))
    chosen = set(rng.sample(range(len(targets)), min(count, len(targets))))
    return tuple(target for index, target in enumerate(targets) if index in chosen)


def _actions(
    track: FaultTrack, experiment: Experiment, missing: Mapping[str, str]
) -> Iterator[FaultAction]:
    """Yield one action for each picked target of each round.

    Raises:
        NoWay: the target is of a sort that the fault cannot hit, whatever the machine.
    """
    number = 0
    for turn, at_s in enumerate(starts_of(track, experiment.seed), start=1):
        for action in round_of(track, experiment, missing, turn=turn, at_s=at_s, before=number):
            number += 1
            yield action


def round_of(
    track: FaultTrack,
    experiment: Experiment,
    missing: Mapping[str, str],
    *,
    turn: int,
    at_s: float,
    before: int,
) -> Iterator[FaultAction]:
    """Yield one action for each target that round *turn* of *track* picks, beginning at *at_s*.

    *before* is how many actions the track had in earlier rounds.

    Raises:
        NoWay: the target is of a sort that the fault cannot hit, whatever the machine.
    """
    targets = experiment.targets.get(track.target, ())
    for number, target in enumerate(picked(targets, track, experiment.seed, turn), before + 1):
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
            at_s=at_s,
            for_s=track.for_s,
            stream="/".join(("fault", track.name, target.name, *map(str, _later(turn)))),
            skip=skip,
            round=turn,
            share=track.pick if isinstance(track.pick, float) else None,
        )


def _later(number: int) -> tuple[int, ...]:
    """Return what names the streams of round *number*; nothing for the first, as ever."""
    return (number,) if number > 1 else ()


def _permit(
    experiment: Experiment, actions: Sequence[FaultAction], calls_by_id: Calls
) -> Permit:
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
    if any(isinstance(one, Command) for one in experiment.on_fail):
        pairs.add(("program", ON_FAIL))
    children = {
        (action.target.name, parent)
        for action in actions
        if action.target.descent is not None and not action.skip
        for parent in action.target.descent.of
    }
    return Permit(
        allowed=tuple(sorted(pairs)),
        bounded=bounded,
        watched=tuple(sorted(one.name for one in experiment.services if one.attached)),
        hold_s_max=experiment.limits.hold_s,
        effects_max=experiment.limits.effects,
        children=tuple(sorted(children)),
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
