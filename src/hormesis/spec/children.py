"""Children: the slots of a target whose processes something else starts and replaces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.frames import ChildrenFrame
from hormesis.spec.node import Node, Problems, found
from hormesis.spec.processes import Processes
from hormesis.words.target import Descent, Target


@dataclass(frozen=True)
class Parents:
    """Which processes can be searched for children: services, by their own or a target's name."""

    processes: Processes
    targets: Mapping[str, tuple[Target, ...]]
    """Those that are read already: all but the ones that are children themselves."""
    declared: tuple[str, ...]
    problems: Problems

    def of(self, at: Node) -> tuple[str, ...]:
        """Return the services that the name *at* means; add a problem when it means none."""
        name = str(at.value)
        if services := self._services(name):
            return services
        if not self.missing(name):
            expected = "the name of a process, or of a target with process, pid or port"
            origins = (self.processes.process_of or {}).values()
            known = sorted({*origins, *(one for one in self.targets if self._services(one))})
            hint = did_you_mean(name, known, noun="parents")
            self.problems.expected(at, expected, hint)
        return ()

    def missing(self, name: str) -> str:
        """Return why there is no parent *name* although the file declares it."""
        if not self._services(name) and self.processes.leaves_out(name):
            return f"its parent {name} is not started (`unless`, or a count of 0)"
        return ""

    def taken(self) -> set[str]:
        """Return the names that processes and attached targets have."""
        services = {one.name for one in self.processes.services}
        return services | {*self.declared}

    def _services(self, name: str) -> tuple[str, ...]:
        selected = self.processes.selected(name)
        if selected:
            return tuple(one.name for one in selected)
        return tuple(one.service for one in self.targets.get(name, ()) if one.service)


def slots(
    target: Target, frame: ChildrenFrame, node: Node, parents: Parents
) -> Iterator[Target]:
    """Yield *target* once for each slot: ``NAME-1``, ``NAME-2`` and so on."""
    of = parents.of(node.under("of"))
    if not of:
        return
    names = [f"{target.name}-{number}" for number in range(1, frame.count + 1)]
    if both := [name for name in names if name in parents.taken()]:
        message = f"expected slots with names of their own, found {found(both[0])} again"
        parents.problems.add(node, message, "give the target another name")
    for number, name in enumerate(names, start=1):
        descent = Descent(of, frame.matching, frame.order, number, frame.count)
        yield replace(target, name=name, service=name, descent=descent)
