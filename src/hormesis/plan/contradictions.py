"""Contradictions: what tracks may not do to each other, and what the limits do not allow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations

from hormesis.words.experiment import Experiment
from hormesis.words.load import Burst, Finite, Ticked
from hormesis.words.target import Target
from hormesis.words.timeline import FaultAction
from hormesis.words.trouble import Problem
from hormesis.words.units import text_of_seconds
from hormesis.words.verb import VerbCall

Calls = Mapping[str, Sequence[VerbCall]]
"""The verb calls of every action, by its id."""


def beyond_limits(
    experiment: Experiment, actions: Sequence[FaultAction]
) -> Iterator[Problem]:
    """Yield a problem for each track that begins too late, or lasts too long, for the limits."""
    limits = experiment.limits
    for track in experiment.faults:
        path = f"tracks.{track.name}"
        if not experiment.targets.get(track.target):
            yield Problem(f"expected a target called {track.target}", track.place, path)
        last_s = max((one.at_s for one in actions if one.track == track.name), default=track.at_s)
        if last_s >= limits.duration_s:
            allowed, found = text_of_seconds(limits.duration_s), text_of_seconds(last_s)
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


def beyond_end(experiment: Experiment, duration_s: float) -> Iterator[Problem]:
    """Yield a problem for each end condition that counts only after the tracks have ended.

    They go on longer than *duration_s* seconds while a load lasts of which only running tells how
    long it is; nothing is said then.
    """
    if any(isinstance(one.load.shape(), Burst | Finite | Ticked) for one in experiment.loads):
        return
    for one in experiment.end_when:
        if one.not_before_s >= duration_s:
            allowed, found = text_of_seconds(duration_s), text_of_seconds(one.not_before_s)
            yield Problem(
                f"expected not_before to be less than {allowed}, when the tracks end anyway,"
                f" found {found}",
                one.place,
                f"end_when.{one.name}",
                "it would never be looked at: let it begin earlier, or the tracks last longer",
            )


def beyond_radius(
    experiment: Experiment, actions: Sequence[FaultAction]
) -> Iterator[Problem]:
    """Yield a problem for each track that reaches further than the limits allow."""
    limits = experiment.limits
    hit: dict[str, dict[int, list[Target]]] = {}
    for action in actions:
        hit.setdefault(action.track, {}).setdefault(action.round, []).append(action.target)
    touched = {action.target.name for action in actions}
    if limits.targets_max is not None and len(touched) > limits.targets_max:
        yield Problem(
            f"expected at most {limits.targets_max} targets to be hit (limits.targets_max),"
            f" found {len(touched)}: {', '.join(sorted(touched))}",
            path="limits.targets_max",
        )
    for track in experiment.faults:
        path, rounds = f"tracks.{track.name}", hit.get(track.name, {})
        every = len(experiment.targets.get(track.target, ()))
        most = max(map(len, rounds.values()), default=0)
        share = most / every if every > 1 else 0.0
        if limits.share_max is not None and share > limits.share_max:
            yield Problem(
                f"expected at most {limits.share_max:.0%} of {track.target} to be hit"
                f" (limits.share_max), found {most} of {every}",
                track.place,
                path,
                "give the track a `pick`",
            )
        spared = {*limits.protected}
        for target in dict.fromkeys(one for several in rounds.values() for one in several):
            if met := is_protected(track.target, target, spared):
                yield Problem(
                    f"expected no fault on {met}, which limits.protected spares",
                    track.place,
                    path,
                )


def is_protected(selection: str, target: Target, spared: Collection[str]) -> str:
    """Return by which name of those *spared* a member of *selection* is, if by any."""
    names = {selection, target.name, target.service, target.link, target.container}
    names |= {_common(target.service)} if target.service else set()
    return min({name for name in names if name} & {*spared}, default="")


def _common(service: str) -> str:
    """Return what the instances of one process are called together: ``worker`` for ``worker-2``."""
    stem, dash, number = service.rpartition("-")
    return stem if dash and number.isdigit() else service


STACKABLE = frozenset({"toxic", "holder", "program"})
"""Verbs of which one thing may bear several at a time, since each is undone by itself."""


STATES = {"pause": "", "cgroup": "controller", "limit": "resource"}
"""Verbs of one state per subject, or per subject and the argument that is named here."""


def overlaps(
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
        end_s = round(first.at_s + first.for_s, 6)
        # A round waits for the one before it, so they never meet.
        in_turn = first.track == second.track and first.round != second.round
        overlap = not in_turn and (second.at_s < end_s or second.at_s == first.at_s)
        if (same or shared) and overlap and pair not in told:
            told.add(pair)
            end = text_of_seconds(end_s)
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
