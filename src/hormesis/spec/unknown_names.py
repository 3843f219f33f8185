"""Unknown names: what an experiment refers to and does not have, or not with what is needed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from hormesis.spec.check_forms import Names, check_references
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.included import Included
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Problems, found
from hormesis.spec.play import Play
from hormesis.spec.stage import Stage
from hormesis.spec.substitution import substituted
from hormesis.spec.tracks import Tracks
from hormesis.spec.variables import Variables
from hormesis.words.client import ClientKind
from hormesis.words.command import Command
from hormesis.words.fault import Fault
from hormesis.words.target import Target

LOAD_TAGS = ("load", "scenario")
"""The tags by which a load is named."""


def find_unknown_names(
    included: Included,
    play: Play,
    stage: Stage,
    variables: Variables,
    forms: Forms,
    *,
    by_hand: bool = False,
) -> None:
    """Add a problem for every target, process, link, fault, probe and load that there is not.

    Faults *by_hand* are not known yet.
    """
    check_targets(play.tracks, stage.targets, stage.absent, forms.problems)
    _check_protected(included, stage, variables, forms.problems)
    _check_checks(play, stage, forms, by_hand)


def check_targets(
    tracks: Tracks,
    targets: Mapping[str, Sequence[Target]],
    absent: Mapping[str, str],
    problems: Problems,
) -> None:
    """Add a problem for every target that there is not, or that lacks what a fault needs.

    *absent* tells, by target, why it is not there although it is declared.
    """
    for at in tracks.target_nodes:
        if at.value not in targets:
            hint = did_you_mean(at.value, targets, noun="declared targets")
            problems.add(at, f"expected the name of a target, found {found(at.value)}", hint)
    for track, node in zip(tracks.faults, tracks.fault_nodes, strict=True):
        at = node.under("target")
        members = targets.get(track.target, ())
        for target in members:
            missing = _lacking(track.fault, target)
            if missing:
                held = ", ".join(sorted(one.value for one in target.facets)) or "nothing"
                needs = " and ".join(missing)
                message = f"expected a target with {needs} for the fault {track.fault.kind}"
                why = absent.get(track.target, "")
                hint = why or _facet_hint(missing[0], target, track.fault)
                problems.add(at, f"{message}, found {target.name}, which has {held}", hint)
                break
        # How many containers a pattern selects is known when they are looked up.
        counted = members and not members[0].container
        if isinstance(track.pick, int) and counted and track.pick > len(members):
            message = f"expected at most {len(members)}, the members of {track.target}"
            problems.add(node.under("pick"), f"{message}, found {track.pick}")


def _check_protected(
    included: Included, stage: Stage, variables: Variables, problems: Problems
) -> None:
    """Find names that protect nothing; an included file may name those of other systems."""
    if not included.own.has("limits"):
        return
    node = substituted(included.own.under("limits"), variables)
    members = [one for several in stage.targets.values() for one in several]
    if any(one.container for one in members):
        return  # What containers are called is known when they are looked up.
    services = [*stage.processes.services, *stage.attached]
    known = {
        *stage.targets, *stage.processes.left_out, *variables.upstreams,
        *(one.name for one in members),
        *(one.name for one in services),
        *(one.name for one in stage.links),
    }  # fmt: skip
    listed = node.has("protected") and isinstance(node.value["protected"], list)
    for at in node.under("protected").elements() if listed else ():
        if at.value not in known:
            hint = did_you_mean(str(at.value), sorted(known), noun="what faults can hit")
            problems.expected(at, "the name of a target, process or link", hint)


def _lacking(fault: Fault, target: Target) -> list[str]:
    """Return which facets *target* lacks for the way of *fault* that lacks the fewest."""
    ways = [way for way in fault.ways() if way.name == fault.by] or list(fault.ways())
    needed = min((way.needs - target.facets for way in ways), key=len)
    return sorted(facet.value for facet in needed)


def _facet_hint(facet: str, target: Target, fault: Fault) -> str:
    name = target.name.partition("/")[0]
    able = "back" in type(fault).model_fields
    if facet == "restartable" and target.descent is not None:
        said = ": say `back: false`" if able else f", so it is not for {fault.kind}"
        return f"a child is started again by its parent, {', '.join(target.descent.of)}{said}"
    if facet == "restartable":
        said = ", or `back: false` where nobody is to" if able else ""
        return f"say with `start:` how the process of {name} is started again{said}"
    if facet in _HINTS:
        return _HINTS[facet].format(target=name)
    return f"add `{facet}:` to the target {name}"


_HINTS = {
    "network": "give the target {target} a process, port, address, container or netns",
    "fuse": "give the target {target} a `volume:` of `kind: fuse`",
    "clock": "start the process of {target} with `clock: adjustable`",
}
"""What to add for facets that are no keys of a target."""


def _check_checks(play: Play, stage: Stage, forms: Forms, by_hand: bool) -> None:
    given = play.tracks.names
    services = [one.name for one in stage.processes.services]
    services += [one.name for one in stage.attached]
    loads: dict[str, Collection[str] | None] = dict.fromkeys(given.get("load", ()))
    loads |= {one.name: one.client.operations() for one in play.tracks.loads}
    for key in ("prepare", "finish", "on_fail"):
        if clients := getattr(play, key):
            loads[key] = _operations_of(clients)
    looked_at = {one.name for one, _ in play.stops if one.probe is not None}
    looked_at |= {one.name for one in play.ends if one.probe is not None}
    names = Names(
        faults=sorted(given.get("fault", ())),
        probes=sorted(given.get("probe", ())),
        loads=dict(sorted(loads.items())),
        services=[*services, *stage.processes.left_out],
        any_fault=by_hand,
        left_out=play.tracks.left_out - looked_at,
        load_tags={
            one.tags[tag] for one in play.tracks.loads for tag in LOAD_TAGS if tag in one.tags
        },
    )
    live = [read for _, read in play.stops if read is not None]
    for one in (*play.checks, *live):
        check_references(one.check, one.node, names, forms)


def _operations_of(clients: Sequence[ClientKind | Command]) -> set[str] | None:
    """Return the names of all operations of *clients*; None when one of them does not tell."""
    names: set[str] = set()
    for one in clients:
        told = one.operations() if isinstance(one, ClientKind) else frozenset[str]()
        if told is None:
            return None
        names |= told
    return names
