"""Processes: the services that a run starts, one for each instance of a process of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from hormesis.spec.address import bare_address, url_address
from hormesis.spec.bindings import Bindings
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.frames import ProcessFrame, ReadyFrame
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Node, Problems, mapping, named
from hormesis.spec.startable import check_startable
from hormesis.spec.substitution import substituted
from hormesis.spec.variables import Variables
from hormesis.words.experiment import PROXY, SCRATCH, Ready, Service


@dataclass(frozen=True)
class Processes:
    """The services to start, and the process that each is an instance of.

    ``left_out`` are the processes of which none is started: ``unless``, or a count of 0.
    """

    services: tuple[Service, ...] = ()
    process_of: dict[str, str] | None = None
    left_out: tuple[str, ...] = ()

    def selected(self, pattern: str) -> tuple[Service, ...]:
        """Return the services that *pattern* selects, by their own or their process's name."""
        origin = self.process_of or {}
        return tuple(
            one
            for one in self.services
            if fnmatchcase(one.name, pattern) or fnmatchcase(origin[one.name], pattern)
        )

    def leaves_out(self, pattern: str) -> bool:
        """Return whether *pattern* selects a process of which none is started."""
        return any(
            fnmatchcase(name, pattern) or fnmatchcase(f"{name}-1", pattern)
            for name in self.left_out
        )


def read_processes(node: Node | None, variables: Variables, forms: Forms) -> Processes:
    """Return the services of the ``processes`` section *node*."""
    if node is None or not mapping(node, forms.problems):
        return Processes()
    services: list[Service] = []
    process_of: dict[str, str] = {}
    left_out: dict[str, tuple[str, ...]] = {}
    for name, process in node.items():
        named(process, forms.problems, PROXY, SCRATCH)
        frame, read = _frame(process, variables, forms, index=1)
        above = _Above(dict(process_of), left_out)
        if frame is None:
            process_of |= {name: name}
            services.append(Service(name))
        elif frame.unless.strip() or frame.count == 0:
            needed = above.chosen_by(frame, read, forms.problems)
            left_out[name] = tuple(process_of) if needed is None else needed
        else:
            for service, of, node in _instances(name, frame, read, process, variables, forms):
                service = replace(service, depends_on=above.chosen_by(of, node, forms.problems))
                if service.name in process_of:
                    message = f"expected names of its own, found {service.name} twice"
                    forms.problems.add(process, message, at_key=True)
                process_of[service.name] = name
                services.append(service)
    return Processes(tuple(services), process_of, tuple(left_out))


@dataclass(frozen=True)
class _Above:
    """What stands above a process: the process of each service, and the processes left out.

    Who depends on a process that is left out waits for the services that it would wait for.
    """

    process_of: Mapping[str, str]
    left_out: Mapping[str, Sequence[str]]

    def chosen_by(
        self, frame: ProcessFrame, node: Node, problems: Problems
    ) -> tuple[str, ...] | None:
        """Return the services that *frame*, read from *node*, depends on; None: all."""
        if frame.depends_on is None:
            return None
        for at in node.under("depends_on").elements():
            if not self._knows(str(at.value)):
                known = sorted({*self.process_of.values(), *self.left_out})
                hint = did_you_mean(str(at.value), known, noun="above it are")
                problems.expected(at, "the name of a process above it", hint)
        wanted = set(frame.depends_on)
        for name in frame.depends_on:
            wanted |= {*self.left_out.get(self._process_left_out(name), ())}
        return tuple(name for name, origin in self.process_of.items() if wanted & {name, origin})

    def _knows(self, name: str) -> bool:
        known = (*self.process_of, *self.process_of.values())
        return name in known or bool(self._process_left_out(name))

    def _process_left_out(self, name: str) -> str:
        """Return the process left out that is *name*, or of which that is an instance."""
        process, _, number = name.rpartition("-")
        of = process if number.isdigit() else ""
        return next((one for one in (name, of) if one in self.left_out), "")


def _frame(
    process: Node, variables: Variables, forms: Forms, index: int | None
) -> tuple[ProcessFrame | None, Node]:
    if not isinstance(process.value, dict) or "count" not in process.value:
        index = None
    node = substituted(process, variables, index=index, as_texts=True)
    return forms.frame(ProcessFrame, node), node


def _instances(
    name: str,
    first: ProcessFrame,
    read: Node,
    process: Node,
    variables: Variables,
    forms: Forms,
) -> Iterator[tuple[Service, ProcessFrame, Node]]:
    """Yield each service of *process* with what it was read from; *first* was, from *read*."""
    if first.count is None:
        yield _service(name, first, process, forms.problems, variables.bindings), first, read
        return
    for index in range(1, first.count + 1):
        frame, node = _frame(process, variables, forms, index)
        if frame is not None:
            service = f"{name}-{index}"
            made = _service(service, frame, node, forms.problems, variables.bindings)
            yield made, frame, node


def _service(
    name: str, frame: ProcessFrame, node: Node, problems: Problems, bindings: Bindings
) -> Service:
    cwd = str(Path(node.document.folder) / frame.cwd) if frame.cwd else ""
    check_startable(node.under("run"), frame.run, bindings, problems, env=frame.env, cwd=cwd)
    return Service(
        name=name,
        run=tuple(frame.run),
        env=dict(frame.env),
        cwd=cwd,
        restart=frame.restart == "on-exit",
        ready=_ready(frame.ready, node, problems) if frame.ready else None,
        stop_signal=frame.stop.signal,
        stop_grace_s=frame.stop.grace,
        clock=f"{bindings.scratch}/clocks/{name}" if frame.clock == "adjustable" else "",
    )


def _ready(frame: ReadyFrame, process: Node, problems: Problems) -> Ready:
    node = process.under("ready")
    chosen = [key for key in ("tcp", "http", "line") if getattr(frame, key)]
    if len(chosen) != 1:
        told = ", ".join(chosen) or "none of them"
        problems.add(node, f"expected exactly one of tcp, http and line, found {told}")
    try:
        if frame.tcp:
            bare_address(frame.tcp)
    except ValueError as error:
        problems.expected(node.under("tcp"), str(error))
    try:
        if frame.http:
            url_address(frame.http, ("http", "https"))
    except ValueError as error:
        problems.expected(node.under("http"), str(error))
    return Ready(tcp=frame.tcp, http=frame.http, line=frame.line, within_s=frame.within)
