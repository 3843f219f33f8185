"""Variables: what every ``${…}`` of a file stands for, resolved when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

from hormesis.spec.address import Address, address_in, redirected
from hormesis.spec.bindings import Bindings
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.document import Origin
from hormesis.spec.given_text import words_of
from hormesis.spec.node import Node, Problems, found
from hormesis.spec.template import Parts, Reference, parts_of
from hormesis.words.trouble import Problem

GIVEN = ("run.dir", "run.scratch", "run.id", "python", "folder", "index")
RESERVED = frozenset({"python", "folder", "index", "run", "env", "port", "link", "volume"})
_DEPTH_MAX = 40
_LINK_PARTS = ("url", "address", "host", "port")


class Unresolved(Exception):
    """A text cannot be resolved; the problem has been added."""


@dataclass(frozen=True, slots=True)
class Definition:
    """What a variable was set to, and by which value of a file (None: by an override).

    ``instead``: a system file sets it instead of the file that declares it.
    """

    text: str
    node: Node | None = None
    instead: bool = False

    @property
    def structure(self) -> Node | None:
        """Return the node when it is a mapping or a list, which only a whole value can take."""
        node = self.node
        return node if node is not None and isinstance(node.value, dict | list) else None


@dataclass
class Variables:
    """One name space for a run: the system's variables, the experiment's, and the overrides."""

    definitions: Mapping[str, Definition]
    upstreams: Mapping[str, Definition]
    ports: Mapping[str, int]
    listens: Mapping[str, Address]
    volumes: Mapping[str, str]
    bindings: Bindings
    environment: Mapping[str, str]
    problems: Problems
    _known: dict[str, str | None] = field(default_factory=dict)
    _asked: list[str] = field(default_factory=list)
    _origins: dict[str, tuple[Origin, ...]] = field(default_factory=dict)

    def text(self, template: str, node: Node, index: int | None = None) -> str:
        """Return *template* with every reference replaced; *node* is where it stands.

        Raises:
            Unresolved: it cannot be; the problem has been added.
        """
        try:
            parts = parts_of(template)
        except ValueError as error:
            self.problems.add(node, str(error), "write $${ for a plain ${")
            raise Unresolved from None
        return self._joined(parts, node, index)

    def given(self) -> dict[str, str]:
        """Return what the run hands out itself, by name: ports, links, volumes, places."""
        told = {f"port.{name}": str(port) for name, port in self.ports.items()}
        told |= {f"volume.{name}": path for name, path in self.volumes.items()}
        for name, definition in self.upstreams.items():
            if definition.node is not None:
                for part in _LINK_PARTS:
                    told[f"link.{name}.{part}"] = self._link(f"{name}.{part}", definition.node)
        here = self.bindings
        return {
            **told, "run.dir": here.run_dir, "run.scratch": here.scratch, "run.id": here.run_id,
            "python": here.python,
        }  # fmt: skip

    def variable(self, name: str) -> str:
        """Return the text of the declared variable *name*.

        Raises:
            Unresolved: it cannot be resolved; the problem has been added.
        """
        return self._resolved(name, self.definitions[name])

    @contextmanager
    def structure(self, name: str) -> Iterator[Node | None]:
        """Give the mapping or list that the variable *name* holds, or None if it holds neither.

        Raises:
            Unresolved: it refers to itself; the problem has been added.
        """
        definition = self.definitions.get(name)
        node = definition.structure if definition else None
        if definition is None or node is None:
            yield None
            return
        if name in self._asked:
            self._refuse_cycle(name, definition)
        with self._asking(name, definition):
            yield node

    def upstream(self, link: str) -> str:
        """Return the upstream of *link* as text.

        Raises:
            Unresolved: it cannot be resolved; the problem has been added.
        """
        return self._resolved(f"link.{link}", self.upstreams[link])

    def origins(self, template: str) -> tuple[Origin, ...]:
        """Return which values, that the user gave instead of others, *template* is made of.

        It has been resolved already. What was given on the command line counts, not the text of a
        system file through which it came.
        """
        found: dict[Any, Origin] = {}
        for part in parts_of(template):
            if not isinstance(part, str):
                found |= {one.key: one for one in self._origins_of(part)}
        return tuple(found.values())

    def _origins_of(self, reference: Reference) -> tuple[Origin, ...]:
        name, definition = reference.name, self.definitions.get(reference.name)
        head, _, rest = name.partition(".")
        if head == "link" and rest.endswith(".url"):
            name = f"link.{rest.removesuffix('.url')}"
            definition = self.upstreams.get(rest.removesuffix(".url"))
        text = self.environment.get(rest) if head == "env" else self._known.get(name)
        if reference.default is not None and not text:
            return tuple(
                origin
                for part in reference.default
                if not isinstance(part, str)
                for origin in self._origins_of(part)
            )
        if definition is None:
            return ()
        if name not in self._origins:
            self._origins[name] = ()
            self._origins[name] = self._of_definition(name, definition)
        return self._origins[name]

    def _of_definition(self, name: str, definition: Definition) -> tuple[Origin, ...]:
        node = definition.node
        if node is None:
            return (Origin(words_of(name, definition.text)),)
        inner = self.origins(definition.text) if definition.structure is None else ()
        if definition.instead and not any(one.words for one in inner):
            return (Origin(document=node.document, steps=node.steps),)
        return inner

    def _joined(self, parts: Parts, node: Node, index: int | None) -> str:
        texts = [
            part if isinstance(part, str) else self._value(part, node, index) for part in parts
        ]
        return "".join(texts)

    def _value(self, reference: Reference, node: Node, index: int | None) -> str:
        text = self._looked_up(reference, node, index)
        if text or reference.default is None:
            return text
        return self._joined(reference.default, node, index)

    def _looked_up(self, reference: Reference, node: Node, index: int | None) -> str:
        name = reference.name
        head, _, rest = name.partition(".")
        if head == "env" and rest:
            return self._environment(rest, reference, node)
        if head == "port" and rest:
            return str(self._port(rest, node))
        if head == "link" and rest:
            return self._link(rest, node)
        if head == "volume" and rest:
            return self._volume(rest, node)
        if name == "index":
            if index is None:
                self._refuse(node, "expected ${index} only in a process with a count")
            return str(index)
        given = {
            "run.dir": self.bindings.run_dir,
            "run.scratch": self.bindings.scratch,
            "run.id": self.bindings.run_id,
            "python": self.bindings.python,
            "folder": node.document.folder,
        }
        if name in given:
            return given[name]
        if name not in self.definitions:
            known = (*self.definitions, *GIVEN)
            hint = did_you_mean(name, known, noun="declared variables")
            self._refuse(node, f"expected a declared variable, found ${{{name}}}", hint)
        if self.definitions[name].structure is not None:
            message = f"expected a text, found ${{{name}}}, which is a mapping or a list"
            self._refuse(node, message, "refer to it as the whole value, with nothing beside")
        return self._resolved(name, self.definitions[name])

    def _environment(self, name: str, reference: Reference, node: Node) -> str:
        if name not in self.environment and reference.default is None:
            message = f"expected the environment variable {name}, which is not set"
            self._refuse(node, message, f"set it, or give a default: ${{env.{name}:-…}}")
        return self.environment.get(name, "")

    def _port(self, name: str, node: Node) -> int:
        if name not in self.ports:
            message = f"expected a name from `ports`, found {found(name)}"
            self._refuse(node, message, did_you_mean(name, self.ports, noun="declared ports"))
        return self.ports[name]

    def _volume(self, name: str, node: Node) -> str:
        if name not in self.volumes:
            message = f"expected the name of a volume, found {found(name)}"
            self._refuse(node, message, did_you_mean(name, self.volumes, noun="declared volumes"))
        return self.volumes[name]

    def _link(self, rest: str, node: Node) -> str:
        name, _, part = rest.rpartition(".")
        if part not in _LINK_PARTS or not name:
            forms = ", ".join(f"${{link.NAME.{one}}}" for one in _LINK_PARTS)
            self._refuse(node, f"expected one of {forms}, found ${{link.{rest}}}")
        if name not in self.listens:
            message = f"expected the name of a link, found {found(name)}"
            self._refuse(node, message, did_you_mean(name, self.listens, noun="declared links"))
        listen = self.listens[name]
        if part == "url":
            upstream = self.upstream(name)
            try:
                address_in(upstream)
            except ValueError:
                raise Unresolved from None  # said where the link itself is read
            return redirected(upstream, listen)
        return {"address": str(listen), "host": listen.host, "port": str(listen.port)}[part]

    def _resolved(self, name: str, definition: Definition) -> str:
        if name not in self._known:
            self._known[name] = None
            with self._asking(name, definition):
                self._known[name] = (
                    definition.text
                    if definition.node is None
                    else self.text(definition.text, definition.node)
                )
        elif name in self._asked:
            self._refuse_cycle(name, definition)
        text = self._known[name]
        if text is None:
            raise Unresolved
        return text

    @contextmanager
    def _asking(self, name: str, definition: Definition) -> Iterator[None]:
        if len(self._asked) > _DEPTH_MAX:
            message = f"expected variables that refer to each other at most {_DEPTH_MAX} deep"
            self._refuse(definition.node, message)
        self._asked.append(name)
        try:
            yield
        finally:
            self._asked.pop()

    def _refuse_cycle(self, name: str, definition: Definition) -> NoReturn:
        cycle = [*self._asked[self._asked.index(name) :], name]
        self._refuse(
            definition.node,
            "expected variables that do not refer to themselves, found " + " → ".join(cycle),
        )

    def _refuse(self, node: Node | None, message: str, hint: str = "") -> NoReturn:
        if node is None:
            self.problems.put(Problem(message, hint=hint))
        else:
            self.problems.add(node, message, hint)
        raise Unresolved
