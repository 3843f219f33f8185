"""Links and targets: what faults can hit, and the systems that we did not start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from hormesis.spec.address import Address, address_in, bare_address, url_address
from hormesis.spec.children import Parents, slots
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.frames import ContainerFrame, LinkFrame, TargetFrame
from hormesis.spec.kind_forms import Forms
from hormesis.spec.node import Node, found, mapping, named
from hormesis.spec.processes import Processes
from hormesis.spec.startable import check_startable
from hormesis.spec.substitution import substituted
from hormesis.spec.variables import Unresolved, Variables
from hormesis.words.experiment import PROXY, SCRATCH, Link, Service, Volume
from hormesis.words.target import Target

_URLS: Mapping[str, tuple[str, ...]] = {
    "http": ("http", "https"),
    "postgres": ("postgresql", "postgres"),
    "redis": ("redis", "rediss"),
}
_FACETS = (
    "process", "link", "address", "http", "postgres", "redis", "pid", "port", "children", "path",
    "volume", "container", "netns", "host",
)  # fmt: skip


def read_links(node: Node | None, variables: Variables, forms: Forms) -> tuple[Link, ...]:
    """Return the links of the ``links`` section *node*."""
    if node is None or not isinstance(node.value, dict):
        return ()
    links: list[Link] = []
    for name, one in node.items():
        named(one, forms.problems)
        link = substituted(one, variables)
        if forms.frame(LinkFrame, link) is None:
            continue
        try:
            upstream = address_in(variables.upstream(name))
        except Unresolved:
            continue
        except ValueError as error:
            forms.problems.expected(link.under("upstream"), str(error))
            continue
        links.append(Link(name, str(variables.listens[name]), str(upstream)))
    return tuple(links)


@dataclass
class Targets:
    """Reads targets. ``absent`` tells of targets of whose process none is started."""

    processes: Processes
    links: tuple[Link, ...]
    volumes: tuple[Volume, ...]
    variables: Variables
    forms: Forms
    attached: list[Service] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)

    def read(self, *sections: Node | None) -> dict[str, tuple[Target, ...]]:
        """Return the targets of all *sections*; a later one replaces one of the same name."""
        nodes: dict[str, Node] = {}
        for section in sections:
            if section is not None and mapping(section, self.forms.problems):
                nodes.update(section.items())
        young = {name: raw for name, raw in nodes.items() if raw.has("children")}
        others = {name: raw for name, raw in nodes.items() if name not in young}
        found = {name: self._members(name, raw) for name, raw in others.items()}
        # Children are found below others, wherever those stand in the file.
        parents = Parents(self.processes, found, tuple(nodes), self.forms.problems)
        found |= {name: self._members(name, raw, parents) for name, raw in young.items()}
        return {name: found[name] for name in nodes}

    def attached_addresses(self) -> tuple[str, ...]:
        """Return the addresses of what no process of ours serves, each once, in order."""
        ours = set(self.variables.ports.values())
        ours |= {listen.port for listen in self.variables.listens.values()}
        upstreams = [bare_address(link.upstream) for link in self.links]
        others = [
            one.usual
            for one in (*upstreams, *self.addresses)
            if not (one.is_local and one.port in ours)
        ]
        pids = [f"pid:{one.pid}" for one in self.attached if one.pid]
        return tuple(dict.fromkeys((*others, *pids)))

    def _members(
        self, name: str, raw: Node, parents: Parents | None = None
    ) -> tuple[Target, ...]:
        node = substituted(raw, self.variables)
        frame = self.forms.frame(TargetFrame, node)
        if frame is None:
            return ()
        problems = self.forms.problems
        if not any(getattr(frame, facet) not in (None, False) for facet in _FACETS):
            problems.add(node, f"expected at least one of {', '.join(_FACETS)}")
            return ()
        named(node, problems, PROXY, SCRATCH)
        self._check_addresses(node, frame)
        known = {link.name for link in self.links} | set(self.variables.upstreams)
        if frame.link is not None and frame.link not in known:
            hint = did_you_mean(frame.link, known, noun="declared links")
            message = f"expected the name of a link, found {found(frame.link)}"
            problems.add(node.under("link"), message, hint)
        target = Target(
            name,
            link=frame.link,
            address=frame.address,
            http=frame.http,
            postgres=frame.postgres,
            redis=frame.redis,
            path=self._path(node, frame),
            volume=frame.volume,
            fuse=self._fuse(frame.volume),
            container=_pattern(frame.container),
            docker=frame.container.docker if frame.container else None,
            netns=_namespace(frame.netns),
            host=frame.host,
        )
        services = list(self._services(name, node, frame))
        if frame.children is not None and parents is not None:
            if why := parents.missing(frame.children.of):
                self.absent[name] = why
                return (target,)
            return tuple(slots(target, frame.children, node.under("children"), parents))
        if not services:
            return (target,)
        return tuple(
            replace(
                target,
                name=name if len(services) == 1 else f"{name}/{service.name}",
                service=service.name,
                restartable=bool(service.run),
                clock=service.clock or None,
            )
            for service in services
        )

    def _path(self, node: Node, frame: TargetFrame) -> str | None:
        if frame.volume is None:
            return str(Path(node.document.folder) / frame.path) if frame.path else None
        problems = self.forms.problems
        if frame.path is not None:
            problems.add(node, "expected one of path and volume, found both")
        known = {volume.name: volume.path for volume in self.volumes}
        if frame.volume not in self.variables.volumes:
            hint = did_you_mean(frame.volume, known, noun="declared volumes")
            message = f"expected the name of a volume, found {found(frame.volume)}"
            problems.add(node.under("volume"), message, hint)
        return known.get(frame.volume, "")

    def _fuse(self, volume: str | None) -> str | None:
        return next(
            (one.control for one in self.volumes if one.name == volume and one.control), None
        )

    def _services(self, name: str, node: Node, frame: TargetFrame) -> Iterator[Service]:
        chosen = [
            key
            for key in ("process", "pid", "port", "children")
            if getattr(frame, key) is not None
        ]
        problems = self.forms.problems
        if len(chosen) > 1:
            told = ", ".join(chosen)
            problems.add(node, f"expected one of process, pid, port and children, found {told}")
            return
        if frame.start is not None and chosen not in (["pid"], ["port"]):
            problems.add(node.under("start"), "expected start only beside pid or port", at_key=True)
        if frame.process is not None:
            yield from self._selected(name, node, frame.process)
        elif frame.pid or frame.port:
            if any(one.name == name for one in self.processes.services):
                message = f"expected a name that is no process's, found {found(name)}"
                problems.add(node, message, at_key=True)
            service = Service(
                name,
                run=tuple(frame.start or ()),
                attached=True,
                pid=frame.pid or 0,
                port=frame.port or 0,
            )
            if frame.start:
                bindings = self.variables.bindings
                check_startable(node.under("start"), frame.start, bindings, problems)
            self.attached.append(service)
            if frame.port:
                self.addresses.append(Address("127.0.0.1", frame.port))
            yield service

    def _selected(self, name: str, node: Node, pattern: str) -> Iterator[Service]:
        services = self.processes.selected(pattern)
        if not services and self.processes.leaves_out(pattern):
            self.absent[name] = f"its process {pattern} is not started (`unless`, or a count of 0)"
        elif not services:
            origins = (self.processes.process_of or {}).values()
            known = [*origins, *(one.name for one in self.processes.services)]
            message = f"expected the name or pattern of a process, found {found(pattern)}"
            hint = did_you_mean(pattern, known, noun="processes")
            self.forms.problems.add(node.under("process"), message, hint)
        yield from services

    def _check_addresses(self, node: Node, frame: TargetFrame) -> None:
        if frame.address is not None:
            self._check_address(node.under("address"), ())
        for facet, schemes in _URLS.items():
            if getattr(frame, facet) is not None:
                self._check_address(node.under(facet), schemes)

    def _check_address(self, node: Node, schemes: tuple[str, ...]) -> None:
        text = str(node.value)
        try:
            self.addresses.append(url_address(text, schemes) if schemes else bare_address(text))
        except ValueError as error:
            self.forms.problems.expected(node, str(error))


def _pattern(frame: ContainerFrame | None) -> str | None:
    """Return which containers are meant as one text: ``name:web-*, label:tier=web``."""
    if frame is None:
        return None
    given = {"name": frame.name, "label": frame.label, "compose": frame.compose}
    return ", ".join(f"{key}:{value}" for key, value in given.items() if value) or "name:*"


def _namespace(netns: str | None) -> str | None:
    return netns if netns is None or netns.startswith("/") else f"/run/netns/{netns}"
