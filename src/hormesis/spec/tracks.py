"""Tracks: faults, loads and probes along the timeline, and the conditions around it."""

from __future__ import annotations

from dataclasses import dataclass, field

from hormesis.spec.client_forms import read_client
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.frames import (
    ConditionFrame,
    FaultFrame,
    FinalFrame,
    Frame,
    LoadFrame,
    ProbeFrame,
)
from hormesis.spec.kind_forms import Forms, known_keys
from hormesis.spec.node import Node, found, keys_told
from hormesis.spec.repeats import read_repeat
from hormesis.words.end_condition import EndCondition
from hormesis.words.experiment import FaultTrack, LoadTrack, NamedProbe, ProbeTrack
from hormesis.words.probe import Probe
from hormesis.words.stop_condition import StopCondition

SORTS = ("fault", "load", "probe")


@dataclass
class Tracks:
    """Reads tracks and conditions, keeping their names apart."""

    faults: list[FaultTrack] = field(default_factory=list)
    fault_nodes: list[Node] = field(default_factory=list)
    target_nodes: list[Node] = field(default_factory=list)
    """Every naming of a target, those of undecodable tracks too."""
    loads: list[LoadTrack] = field(default_factory=list)
    probes: list[ProbeTrack] = field(default_factory=list)
    conditions: dict[str, list[NamedProbe]] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=dict)
    """Every name that was given, by sort, those of undecodable tracks too."""
    _left_out: set[str] = field(default_factory=set)
    _taken: dict[str, list[tuple[Node, Probe | None]]] = field(default_factory=dict)

    @property
    def left_out(self) -> set[str]:
        """Return the names of probes that nobody looks at, because ``unless`` leaves them out."""
        conditions = {one.name for held in self.conditions.values() for one in held}
        return self._left_out - conditions - {one.name for one in self.probes}

    def read_track(self, node: Node, forms: Forms) -> None:
        """Read one element of ``tracks``."""
        problems = forms.problems
        if not isinstance(node.value, dict):
            problems.expected(node, "a mapping with fault, load or probe")
            return
        sorts = [sort for sort in SORTS if sort in node.value]
        if len(sorts) != 1:
            told = ", ".join(sorts) or f"only {keys_told(node)}"
            near = [did_you_mean(key, SORTS) for key in node.value if key not in SORTS]
            hints = [hint for hint in near if hint.startswith("did you mean")]
            hint = hints[0] if hints and not sorts else ""
            problems.add(node, f"expected exactly one of fault, load and probe, found {told}", hint)
            return
        {"fault": self._fault, "load": self._load, "probe": self._probe}[sorts[0]](node, forms)

    def read_condition(self, section: str, node: Node, forms: Forms) -> None:
        """Read one element of ``steady_state`` or ``final``."""
        if not isinstance(node.value, dict):
            forms.problems.expected(node, "a mapping with the key probe")
            return
        if "probe" not in node.value:
            forms.problems.add(node, f"expected the key probe, found only {keys_told(node)}")
            return
        kind = forms.kind("probes", node.under("probe"), "probe")
        form = FinalFrame if section == "final" else ConditionFrame
        frame = forms.frame_of(form, node)
        if kind is None:
            self._given("probe", node, frame)
            return
        taken = ("probe", *known_keys(form))
        probe = forms.parameters(kind, node, taken, also_known=taken)
        name = self._name("probe", node, forms, frame, kind.kind, probe)
        if section == "steady_state" and kind.needs_expect and probe and probe.expect is None:
            message = f"expected the key expect, because {kind.kind} takes any value for good"
            forms.problems.add(node, f"{message}, found only {keys_told(node)}")
        if section == "steady_state" and probe is not None and probe.needs_first_look:
            message = "expected no since, because the steady state comes before there is a start"
            forms.problems.add(node, message)
        if isinstance(frame, FinalFrame) and frame.unless.strip():
            self._left_out.add(name)
        elif frame is not None and probe is not None:
            held = self.conditions.setdefault(section, [])
            held.append(NamedProbe(name, probe, frame.within))

    def _fault(self, node: Node, forms: Forms) -> None:
        if node.has("target") and isinstance(node.value["target"], str):
            self.target_nodes.append(node.under("target"))
        kind = forms.kind("faults", node.under("fault"), "fault")
        frame = forms.frame_of(FaultFrame, node)
        if kind is None:
            self._given("fault", node, frame)
            return
        taken = ("fault", *known_keys(FaultFrame))
        fault = forms.parameters(kind, node, taken, also_known=taken)
        name = self._name("fault", node, forms, frame, kind.kind)
        if frame is None:
            return
        if frame.for_ is None and not kind.momentary and "for" not in node.value:
            message = f"expected the key for (how long {kind.kind} lasts), found only"
            forms.problems.add(node, f"{message} {keys_told(node)}")
        if fault is not None:
            track = FaultTrack(
                name,
                fault,
                frame.target,
                frame.at,
                frame.for_ or 0.0,
                frame.pick,
                node.place,
                read_repeat(frame, node, forms.problems),
            )
            self.faults.append(track)
            self.fault_nodes.append(node)

    def _load(self, node: Node, forms: Forms) -> None:
        kind = forms.kind("loads", node.under("load"), "load")
        frame = forms.frame_of(LoadFrame, node)
        if "client" in node.value:
            client = read_client(node.under("client"), forms)
        else:
            client = None
            forms.problems.add(node, f"expected the key client, found only {keys_told(node)}")
        if kind is None:
            self._given("load", node, frame)
            return
        taken = ("load", "client", *known_keys(LoadFrame))
        load = forms.parameters(kind, node, taken, also_known=taken)
        name = self._name("load", node, forms, frame, kind.kind)
        if frame is not None and load is not None and client is not None:
            self.loads.append(
                LoadTrack(
                    name,
                    load,
                    client,
                    frame.at,
                    graceful_stop_s=frame.graceful_stop,
                    processes=frame.processes,
                    tags=frame.tags,
                )
            )

    def _probe(self, node: Node, forms: Forms) -> None:
        kind = forms.kind("probes", node.under("probe"), "probe")
        frame = forms.frame_of(ProbeFrame, node)
        if kind is None:
            self._given("probe", node, frame)
            return
        taken = ("probe", *known_keys(ProbeFrame))
        probe = forms.parameters(kind, node, taken, also_known=taken)
        name = self._name("probe", node, forms, frame, kind.kind, probe)
        if frame is not None and probe is not None:
            self.probes.append(ProbeTrack(name, probe, frame.every, frame.at))

    def refuse_mixing(
        self, condition: StopCondition | EndCondition, node: Node, forms: Forms
    ) -> None:
        """Refuse to record what a condition of the run sees among what another probe sees."""
        held = self._taken.get(condition.name, ())
        others = [one for one, probe in held if probe is not None and probe != condition.probe]
        if condition.probe is not None and others:
            where = others[0].place.line
            there = f"another probe is called that on line {where}; " if where else ""
            message = f"expected a name of its own, found {found(condition.name)} again"
            forms.problems.add(node.under("name"), message, f"{there}give each a `name:`")

    def _given(self, sort: str, node: Node, frame: Frame | None) -> None:
        """Remember the name of something undecodable, so that references to it still hold."""
        name = getattr(frame, "name", None) or node.value.get("name")
        if isinstance(name, str):
            self.names.setdefault(sort, set()).add(name)

    def _name(
        self,
        sort: str,
        node: Node,
        forms: Forms,
        frame: Frame | None,
        default: str,
        probe: Probe | None = None,
    ) -> str:
        given = getattr(frame, "name", None) or node.value.get("name")
        name = given if isinstance(given, str) else default
        self.names.setdefault(sort, set()).add(name)
        held = self._taken.setdefault(name, [])
        held.append((node, probe))
        sections = [one.steps[:1] for one, _ in held]
        if sort == "probe" and probe is None:
            return name
        alike = probe is not None and probe == held[0][1]
        if len(held) > 1 and (not alike or len(set(sections)) < len(held)):
            where = held[0][0].place.line
            message = f"expected a name of its own, found {found(name)} again"
            there = f"the first is on line {where}; " if where else ""
            place = node.under("name") if given else node.under(sort)
            forms.problems.add(place, message, f"{there}give each a `name:`")
        return name
