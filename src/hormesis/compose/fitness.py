"""Fitness: which scenarios a system can be tested with, and what the others lack.

Every scenario is read, checked and compiled on the system as for a run. Nothing is started.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hormesis.compose.attached import (
    attached_pids,
    fewer_children,
    missing_children,
    same_processes,
    shared_processes,
)
from hormesis.compose.lack import Lack, grouped, lacks_of, missing_process
from hormesis.compose.misfit import Misfit
from hormesis.compose.preparing import Prepared, prepare
from hormesis.compose.registry import systems
from hormesis.compose.request import RunRequest
from hormesis.compose.suite import Suite, find_suite, suite_names
from hormesis.compose.suite_folder import Scenario
from hormesis.compose.suite_needs import references_in, texts_in
from hormesis.compose.suite_options import check_overrides, option_values
from hormesis.compose.suite_prepare import requests_of
from hormesis.compose.target_section import section_of
from hormesis.compose.trial import Read, blamed, lack_of, reads_of, started_ports, tried
from hormesis.spec.declared import declared_variables
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.included import Included
from hormesis.spec.locate import locate
from hormesis.spec.node import Node, Problems
from hormesis.words.experiment import Experiment
from hormesis.words.probe import Probe
from hormesis.words.trouble import InputTrouble, Problem, SkipTrouble, Trouble

_BY_LINK = "proxy"


@dataclass(frozen=True)
class Fitness:
    """Whether one scenario can be run on the system. ``left_out`` are faults it would skip."""

    scenario: str
    title: str
    lacks: tuple[Lack, ...] = ()
    left_out: tuple[Lack, ...] = ()
    addresses: tuple[str, ...] = ()
    """What it would touch that the run does not start: ``host:port``, ``pid:N``, containers."""
    reads: tuple[Read, ...] = field(default=(), repr=False, compare=False)
    """What it would read of the system."""
    starts: bool = field(default=False, compare=False)
    """Whether the run starts a process, which may make what is not there yet."""
    misfits: tuple[Lack, ...] = ()
    """What was tried and does not fit the system."""
    doubts: tuple[Lack, ...] = ()
    """What was tried and did not fit, but may when the run has started its processes."""
    notes: tuple[Lack, ...] = ()
    """What was seen and is worth a second look, although it may be meant."""
    experiment: Experiment | None = field(default=None, repr=False, compare=False)
    """The scenario on that system, when it could be read."""

    @property
    def able(self) -> bool:
        """Whether it can be run, as far as is known."""
        return not self.lacks and not self.misfits


@dataclass(frozen=True)
class SuiteFitness:
    """What a target file can be used for, of one suite; ``unused`` are names that nobody knows."""

    suite: str
    scenarios: tuple[Fitness, ...]
    unused: tuple[Lack, ...] = field(default_factory=tuple)
    stated: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Where the target file says what a variable is, as ``file:line:column``."""


def suite_fitness(suite: Suite, target: Path, environment: Mapping[str, str]) -> SuiteFitness:
    """Return what of *suite* the system in the file *target* can be tested with.

    Raises:
        InputTrouble: the target file itself has problems; all of them are listed.
    """
    request = RunRequest(file=target, out=Path(), environment=environment, system=target)
    offered = option_values(suite.file, {}, environment).variables
    requests = requests_of(suite.scenarios, request, offered)
    found: list[Fitness] = []
    problems: list[Problem] = []
    try:
        check_overrides(suite.file, {}, target)
    except InputTrouble as trouble:
        problems += trouble.problems
    for name, one in requests.items():
        title = suite.scenarios[name].title
        try:
            prepared = prepare(one)
        except SkipTrouble as trouble:
            lacks = tuple(Lack(one.message, one.hint) for one in trouble.problems)
            found.append(Fitness(name, title, lacks))
        except Trouble as trouble:
            own = [problem for problem in trouble.problems if _stands_in(problem, target)]
            problems += own if isinstance(trouble, InputTrouble) else []
            found.append(Fitness(name, title, lacks_of(trouble.problems)))
        else:
            found.append(_able(name, title, prepared, target))
    if problems:
        # What there is to choose from differs with the scenario, and makes no other problem.
        once: dict[tuple[object, ...], Problem] = {}
        for problem in problems:
            once.setdefault((problem.place, problem.path, problem.message), problem)
        raise InputTrouble(once.values())
    unused = unused_overrides(suite, target)
    return SuiteFitness(suite.name, tuple(found), unused, _stated(target))


def tried_fitness(told: SuiteFitness, silent: Mapping[str, str]) -> SuiteFitness:
    """Return *told* with what does not fit when it is tried; what asks *silent* addresses is not.

    Raises:
        CapabilityTrouble: the driver of a database is not installed.
    """
    wrong = tried([read for one in told.scenarios for read in one.reads], silent)
    listeners: dict[int, int | None] = {}
    scenarios = (_attached(one, listeners) for one in told.scenarios)
    return replace(told, scenarios=tuple(_tried(one, wrong, told.stated) for one in scenarios))


def _attached(one: Fitness, listeners: dict[int, int | None]) -> Fitness:
    if one.experiment is None:
        return one
    pids = attached_pids(one.experiment, listeners)
    misfits = (*shared_processes(one.experiment, pids), *missing_children(one.experiment, pids))
    notes = (*one.notes, *fewer_children(one.experiment, pids))
    return replace(one, misfits=misfits, notes=notes)


def _tried(one: Fitness, wrong: Mapping[Read, Misfit], stated: Mapping[str, str]) -> Fitness:
    misfits = dict.fromkeys(one.misfits)
    doubts: dict[Lack, None] = {}
    told_of: set[tuple[str, ...]] = set()
    for read in one.reads:
        if read in wrong:
            found = wrong[read]
            # What is wrong with one variable is told once, by whatever reads it first.
            names = tuple(blamed(read, found))
            if names in told_of:
                continue
            told_of.update([names] if names else [])
            told = doubts if one.starts and found.mendable else misfits
            told[lack_of(read, found, stated)] = None
    return replace(one, misfits=tuple(misfits), doubts=tuple(doubts))


def _stated(target: Path) -> dict[str, str]:
    """Return where the file *target* says what a variable or the upstream of a link is."""
    variables = {**section_of(target, "vars"), **section_of(target, "overrides")}
    links = {f"links.{name}.upstream": node for name, node in section_of(target, "links").items()}
    return {name: str(node.place) for name, node in (variables | links).items()}


def _able(name: str, title: str, prepared: Prepared, target: Path) -> Fitness:
    """Return what nothing but a run would tell of a scenario that can be read: faults in vain."""
    experiment = prepared.experiment
    skips = {one.track: one.skip for one in prepared.timeline.actions if one.skip}
    left_out = [
        Lack(f"the fault {track}: {why}", "see `hormesis doctor`") for track, why in skips.items()
    ]
    lacks = [
        *same_processes(experiment),
        *_unknown_processes(experiment),
        *_idle_links(prepared, target),
    ]
    started = started_ports(experiment)
    addresses = tuple(
        one for one in experiment.attached_addresses
        if not (one.startswith("127.0.0.1:") and one.rpartition(":")[2] in started)
    )  # fmt: skip
    reads = reads_of(experiment, _tops(prepared), prepared.stand.run_id)
    starts = any(not one.attached for one in experiment.services)
    return Fitness(
        name,
        title,
        tuple(lacks),
        tuple(left_out),
        addresses,
        reads,
        starts,
        notes=tuple(dict.fromkeys(_texts_sent(experiment))),
        experiment=experiment,
    )


def _tops(prepared: Prepared) -> Sequence[Node]:
    request = prepared.request
    return Included(Problems()).read(request.file, request.written).tops


def _unknown_processes(experiment: Experiment) -> Iterator[Lack]:
    services = {one.name for one in experiment.services}
    asked: list[Probe] = [one.probe for one in experiment.probes]
    asked += [one.probe for one in (*experiment.steady_state, *experiment.final_probes)]
    names = [str(service) for one in asked if (service := getattr(one, "service", ""))]
    for name in dict.fromkeys(names):
        if name not in services:
            yield missing_process(name)


def _texts_sent(experiment: Experiment) -> Iterator[Lack]:
    """Yield steps that send a mere text as JSON, which hardly any API takes."""
    for track in experiment.loads:
        for step in getattr(track.client, "steps", ()):
            sent = getattr(step, "json_", None)
            if isinstance(sent, str) and "{{" not in sent:
                yield Lack(f"the step {step.name} sends the text {sent!r} as JSON")


def _idle_links(prepared: Prepared, target: Path) -> Iterator[Lack]:
    """Yield links that faults would break although nothing connects through them.

    Where a link listens is new with each run, so only what the run starts or plays can use it.
    """
    broken = {
        action.target.link: action.track
        for action in prepared.timeline.actions
        if action.target.link and action.fault.by == _BY_LINK
    }
    if not broken:
        return
    parts = [(key, node.value) for top in _tops(prepared) for key, node in top.items()]
    parts += locate(target).data.items()
    used = {
        name.removeprefix("link.").rpartition(".")[0]
        for key, value in parts
        if key not in ("targets", "links")
        for _, text in texts_in(value)
        for name in references_in(text)
        if name.startswith("link.")
    }
    for link, track in broken.items():
        if link not in used:
            yield Lack(
                f"a part that connects through the link {link}, which the fault {track} breaks",
                f"let the run start that part (`processes`), with ${{link.{link}.url}} as address",
            )


def _stands_in(problem: Problem, target: Path) -> bool:
    return problem.place is not None and Path(problem.place.file) == target


def unused_overrides(suite: Suite, target: Path) -> tuple[Lack, ...]:
    """Return the overrides in the file *target* of variables that nothing of *suite* has.

    What another bundled suite has is meant for that one: a file may serve several.

    Raises:
        InputTrouble: the target file cannot be read at all.
    """
    overrides = section_of(target, "overrides")
    if not overrides:
        return ()
    known = _declared(suite, target)
    if strange := [one for one in overrides if one not in known]:
        others = (find_suite(one) for one in suite_names() if one != suite.name)
        elsewhere = {name for one in others if one for name in _declared(one, target)}
        strange = [one for one in strange if one not in elsewhere]
    return grouped(_unused(strange, known, len(suite.scenarios)))


def _declared(suite: Suite, target: Path) -> set[str]:
    """Return the variables of everything that is played on a system for *suite*."""
    helpers = (Scenario(path.stem, path) for path in suite.folder.glob("commands/*.yaml"))
    return {
        name
        for one in (*suite.scenarios.values(), *helpers)
        for name in declared_variables(
            one.file, systems=systems(), system=target, written=one.written
        )
    }


def _unused(names: Iterable[str], known: Collection[str], count: int) -> Iterator[Lack]:
    for name in names:
        hint = did_you_mean(name, known)
        if hint.startswith("did you mean"):
            yield Lack(f"overrides.{name} is a variable of none of the {count} scenarios", hint)
        else:
            what = f"none of the {count} scenarios has a variable for overrides.{name}"
            yield Lack(what, "what stands there changes nothing", f"overrides.{name}")
