"""The experiment file: everything it says, checked, as one frozen value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hormesis.spec.bindings import Bindings
from hormesis.spec.check_forms import Names, ReadCheck, check_references, read_check
from hormesis.spec.client_forms import read_client
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.document import Document
from hormesis.spec.end_conditions import read_end_conditions
from hormesis.spec.frames import HeadFrame, LimitsFrame, SkipFrame
from hormesis.spec.included import Included
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Node, Problems, found
from hormesis.spec.on_fail import read_on_fail
from hormesis.spec.processes import Processes, read_processes
from hormesis.spec.stop_conditions import aborting, read_stop_condition
from hormesis.spec.substitution import substituted
from hormesis.spec.system import system_section, variables_of
from hormesis.spec.targets import Targets, read_links
from hormesis.spec.threshold_forms import read_thresholds
from hormesis.spec.tracks import Tracks
from hormesis.spec.translate import keys_of
from hormesis.spec.variables import Unresolved, Variables
from hormesis.spec.volumes import read_volumes
from hormesis.words.catalogue import Catalogue
from hormesis.words.client import ClientKind
from hormesis.words.end_condition import EndCondition
from hormesis.words.experiment import Experiment, Limits, Link, Volume
from hormesis.words.fault import Fault
from hormesis.words.secrets import masked, masked_data
from hormesis.words.stop_condition import StopCondition
from hormesis.words.target import Target
from hormesis.words.trouble import Problem, SkipTrouble


def read_experiment(
    path: Path,
    *,
    catalogue: Catalogue,
    bindings: Bindings,
    overrides: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    time_scale: float = 1.0,
    seed: int | None = None,
    systems: Mapping[str, Path] | None = None,
    system: Path | None = None,
    written: Document | None = None,
) -> Experiment:
    """Read, check and return the experiment in the YAML or JSON file at *path*.

    Args:
        path: the file; files it includes and a system file are read as well, and nothing else.
        catalogue: the kinds there are.
        bindings: what ``${run.dir}``, ``${port.NAME}`` and the like stand for.
        overrides, environment: values for declared variables; what ``${env.NAME}`` sees.
        time_scale, seed: multiplies durations of its own shape; replaces its seed.
        systems: installed systems, by name: the path of each one's system file.
        system: a system file that replaces the one the experiment names.
        written: the experiment itself, written out of a shorter form that *path* holds.

    Raises:
        InputTrouble: the files have problems; all of them are listed, with places.
        SkipTrouble: they say that it cannot be run on this system; no more of them is checked.
    """
    problems = Problems()
    included = Included(problems).read(path, written)
    forms = Forms(catalogue, {"time_scale": time_scale}, problems)
    section = system_section(included.last("system"), systems or {}, system, forms)
    given = included.each("vars")
    variables = variables_of(
        given,
        section,
        bindings,
        overrides or {},
        environment or {},
        forms,
        included.each("variants"),
    )
    head = _head(included, variables, forms)
    _skip_if_asked(included, head.title, variables, forms)
    limits = _limits(included, variables, forms)
    scale = max(time_scale, limits.time_scale_min or 0.0)
    forms = Forms(catalogue, {"time_scale": scale}, problems)
    stage = _stage(included, section.part, variables, forms)
    play = _Play.read(included, variables, forms)
    _check_names(included, play, stage, variables, forms)
    known = _known_variables(variables)
    problems.raise_if_any()
    return replace(
        _experiment(included, head, stage, play),
        source=str(path),
        seed=head.seed if seed is None else seed,
        time_scale=scale,
        limits=_limits_of(limits),
        variables=known,
    )


def _experiment(included: Included, head: HeadFrame, stage: _Stage, play: _Play) -> Experiment:
    """Return what the files alone say."""
    return Experiment(
        title=head.title,
        source=included.own.document.file,
        seed=head.seed,
        description=head.description.strip(),
        id=head.id,
        services=(*stage.processes.services, *stage.attached),
        links=stage.links,
        volumes=stage.volumes,
        targets=stage.targets,
        prepare=play.prepare,
        finish=play.finish,
        on_fail=play.on_fail,
        steady_state=tuple(play.tracks.conditions.get("steady_state", ())),
        faults=tuple(play.tracks.faults),
        loads=tuple(play.tracks.loads),
        probes=tuple(play.tracks.probes),
        final_probes=tuple(play.tracks.conditions.get("final", ())),
        checks=tuple(one.check for one in play.checks),
        left_out=play.left_out,
        stop_when=play.conditions(),
        end_when=play.ends,
        attached_addresses=stage.attached_addresses,
        document=masked_data(included.own.value),
    )


def _head(included: Included, variables: Variables, forms: Forms) -> HeadFrame:
    own = included.own
    fields = {
        key: substituted(node, variables)
        for key in keys_of(HeadFrame)
        if (node := included.last(key)) is not None
    }
    if not own.has("title"):
        fields.pop("title", None)
    frame = forms.frame_from(HeadFrame, fields, own)
    return frame or HeadFrame(title="-")


def _skip_if_asked(included: Included, title: str, variables: Variables, forms: Forms) -> None:
    """Raise what `skip` says, before parts of the system that are not there count as mistakes."""
    reasons = []
    for raw in included.elements("skip"):
        node = substituted(raw, variables, as_texts=True)
        frame = forms.frame(SkipFrame, node)
        if frame is not None and frame.when.strip():
            because = " ".join(frame.because.split())
            reasons.append(Problem(because, node.place, node.path))
    if reasons:
        forms.problems.raise_if_any()
        raise SkipTrouble(reasons, title=title)


def _limits(included: Included, variables: Variables, forms: Forms) -> LimitsFrame:
    fields: dict[str, Node] = {}
    for node in included.each("limits"):
        if isinstance(node.value, dict):
            fields.update(substituted(node, variables).items())
        else:
            forms.problems.expected(node, "a mapping")
    return forms.frame_from(LimitsFrame, fields, included.own) or LimitsFrame()


def _limits_of(frame: LimitsFrame) -> Limits:
    return Limits(
        duration_s=frame.duration,
        hold_s=frame.hold,
        effects=frame.effects,
        lease_s=frame.lease,
        bite_within_s=frame.bite_within,
        heal_within_s=frame.heal_within,
        settle_s=frame.settle,
        targets_max=frame.targets_max,
        share_max=frame.share_max,
        protected=tuple(frame.protected),
    )


@dataclass(frozen=True)
class _Stage:
    """What there is before anything happens."""

    processes: Processes
    links: tuple[Link, ...]
    volumes: tuple[Volume, ...]
    targets: Mapping[str, tuple[Target, ...]]
    attached: tuple[Any, ...]
    attached_addresses: tuple[str, ...]
    absent: Mapping[str, str]


def _stage(
    included: Included,
    part: Callable[[str], Node | None],
    variables: Variables,
    forms: Forms,
) -> _Stage:
    processes = read_processes(part("processes"), variables, forms)
    links = read_links(part("links"), variables, forms)
    volumes = read_volumes(part("volumes"), variables, forms)
    reader = Targets(processes, links, volumes, variables, forms)
    targets = reader.read(part("targets"), *included.each("targets"))
    return _Stage(
        processes,
        links,
        volumes,
        targets,
        tuple(reader.attached),
        reader.attached_addresses(),
        reader.absent,
    )


@dataclass(frozen=True)
class _Play:
    """What happens, and what is claimed about it."""

    tracks: Tracks
    prepare: tuple[ClientKind, ...]
    finish: tuple[ClientKind, ...]
    checks: tuple[ReadCheck, ...]
    left_out: tuple[str, ...]
    stops: tuple[tuple[StopCondition, ReadCheck | None], ...]
    ends: tuple[EndCondition, ...]
    on_fail: tuple[ClientKind, ...]

    def conditions(self) -> tuple[StopCondition, ...]:
        """Return what ends the run: what the file says, and checks that abort it."""
        said = (one for one, _ in self.stops)
        return (*said, *aborting([one.check for one in self.checks]))

    @classmethod
    def read(cls, included: Included, variables: Variables, forms: Forms) -> _Play:
        def both(key: str) -> Iterator[tuple[Node, Node, Forms]]:
            for raw in included.elements(key):
                node = substituted(raw, variables)
                folder = {**forms.context, "folder": node.document.folder}
                yield raw, node, Forms(forms.catalogue, folder, forms.problems)

        def resolved(key: str) -> Iterator[tuple[Node, Forms]]:
            return ((node, local) for _, node, local in both(key))

        tracks = Tracks()
        for node, local in resolved("tracks"):
            tracks.read_track(node, local)
        for section in ("steady_state", "final"):
            for node, local in resolved(section):
                tracks.read_condition(section, node, local)
        clients = {
            key: tuple(
                client
                for node, local in resolved(key)
                if (client := read_client(node, local)) is not None
            )
            for key in ("prepare", "finish")
        }
        read = [
            (one, raw)
            for raw, node, local in both("checks")
            if (one := read_check(node, local)) is not None
        ]
        for raw in included.each("thresholds"):
            read += read_thresholds(substituted(raw, variables), raw, forms)
        stops = []
        for node, local in resolved("stop_when"):
            if (stop := read_stop_condition(node, local)) is not None:
                tracks.refuse_mixing(stop[0], node, local)
                stops.append(stop)
        return cls(
            tracks,
            clients["prepare"],
            clients["finish"],
            tuple(one for one, _ in read if not one.unless),
            tuple(one.left_out(raw) for one, raw in read if one.unless),
            tuple(stops),
            read_end_conditions(resolved("end_when"), tracks),
            tuple(read_on_fail(resolved("on_fail"))),
        )


def _check_names(
    included: Included, play: _Play, stage: _Stage, variables: Variables, forms: Forms
) -> None:
    """Find every name that is nothing's."""
    _check_targets(play.tracks, stage, forms.problems)
    _check_protected(included, stage, variables, forms.problems)
    _check_checks(play, stage, forms)


def _check_targets(tracks: Tracks, stage: _Stage, problems: Problems) -> None:
    for at in tracks.target_nodes:
        if at.value not in stage.targets:
            hint = did_you_mean(at.value, stage.targets, noun="declared targets")
            problems.add(at, f"expected the name of a target, found {found(at.value)}", hint)
    for track, node in zip(tracks.faults, tracks.fault_nodes, strict=True):
        at = node.under("target")
        members = stage.targets.get(track.target, ())
        for target in members:
            missing = _lacking(track.fault, target)
            if missing:
                held = ", ".join(sorted(one.value for one in target.facets)) or "nothing"
                needs = " and ".join(missing)
                message = f"expected a target with {needs} for the fault {track.fault.kind}"
                why = stage.absent.get(track.target, "")
                hint = why or _facet_hint(missing[0], target, track.fault)
                problems.add(at, f"{message}, found {target.name}, which has {held}", hint)
                break
        # How many containers a pattern selects is known when they are looked up.
        counted = members and not members[0].container
        if isinstance(track.pick, int) and counted and track.pick > len(members):
            message = f"expected at most {len(members)}, the members of {track.target}"
            problems.add(node.under("pick"), f"{message}, found {track.pick}")


def _check_protected(
    included: Included, stage: _Stage, variables: Variables, problems: Problems
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
        *(one.name for one in (*members, *services, *stage.links)),
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
    if facet == "restartable" and target.descent is not None:
        able = "back" in type(fault).model_fields
        said = ": say `back: false`" if able else f", so it is not for {fault.kind}"
        return f"a child is started again by its parent, {', '.join(target.descent.of)}{said}"
    if facet == "restartable":
        return f"say with `start:` how the process of {name} is started again"
    if facet in _HINTS:
        return _HINTS[facet].format(target=name)
    return f"add `{facet}:` to the target {name}"


_HINTS = {
    "network": "give the target {target} a process, port, address, container or netns",
    "fuse": "give the target {target} a `volume:` of `kind: fuse`",
    "clock": "start the process of {target} with `clock: adjustable`",
}
"""What to add for facets that are no keys of a target."""


def _check_checks(play: _Play, stage: _Stage, forms: Forms) -> None:
    given = play.tracks.names
    services = [one.name for one in stage.processes.services]
    services += [one.name for one in stage.attached]
    performers = [key for key in ("prepare", "finish", "on_fail") if getattr(play, key)]
    names = Names(
        faults=sorted(given.get("fault", ())),
        probes=sorted(given.get("probe", ())),
        loads=sorted({*given.get("load", ()), *performers}),
        services=[*services, *stage.processes.left_out],
    )
    live = [read for _, read in play.stops if read is not None]
    for one in (*play.checks, *live):
        check_references(one.check, one.node, names, forms)


def _known_variables(variables: Variables) -> dict[str, str]:
    texts: dict[str, str] = {}
    for name, definition in variables.definitions.items():
        try:
            structure = definition.structure
            if structure is None:
                texts[name] = variables.variable(name)
            else:
                texts[name] = str(masked_data(substituted(structure, variables).value))
        except Unresolved:
            continue
    return masked(texts)
