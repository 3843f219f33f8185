"""The experiment file: everything it says, checked, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hormesis.spec.bindings import Bindings
from hormesis.spec.document import Document
from hormesis.spec.frames import HeadFrame, LimitsFrame, SkipFrame
from hormesis.spec.included import Included
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Node, Problems
from hormesis.spec.play import Play
from hormesis.spec.stage import Stage, read_stage
from hormesis.spec.substitution import substituted
from hormesis.spec.system import system_section, variables_of
from hormesis.spec.translate import keys_of
from hormesis.spec.unknown_names import find_unknown_names
from hormesis.spec.variables import Unresolved, Variables
from hormesis.words.catalogue import Catalogue
from hormesis.words.experiment import Experiment, Limits
from hormesis.words.secrets import masked, masked_data
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
    by_hand: bool = False,
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
        by_hand: a program will choose faults while it runs.

    Raises:
        InputTrouble: the files have problems; all of them are listed, with places.
        SkipTrouble: they say that it cannot be run on this system; no more of them is checked.
    """
    problems = Problems()
    included = Included(problems).read(path, written)
    forms = Forms(catalogue, {"time_scale": time_scale}, problems)
    section = system_section(included.last("system"), systems or {}, system, forms)
    variables = variables_of(included, section, bindings, overrides or {}, environment or {}, forms)
    head = _head(included, variables, forms)
    _skip_if_asked(included, head.title, variables, forms)
    limits = _limits(included, variables, forms)
    scale = max(time_scale, limits.time_scale_min or 0.0)
    forms = Forms(catalogue, {"time_scale": scale}, problems)
    stage = read_stage(included, section, variables, forms)
    play = Play.read(included, variables, forms)
    find_unknown_names(included, play, stage, variables, forms, by_hand=by_hand)
    known = _known_variables(variables)
    problems.raise_if_any()
    return replace(
        _experiment(included, head, stage, play),
        source=str(path),
        seed=head.seed if seed is None else seed,
        given=variables.given(),
        by_hand=by_hand,
        time_scale=scale,
        limits=_limits_of(limits),
        variables=known,
    )


def _experiment(included: Included, head: HeadFrame, stage: Stage, play: Play) -> Experiment:
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
