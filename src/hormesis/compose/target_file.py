"""Target file: a commented system file for a suite, to be filled in with a system of one's own.

It is written from the suite's own files and the bundled system, so that it offers exactly what the
scenarios refer to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap

from hormesis.compose.registry import catalogue
from hormesis.compose.suite import suite_names
from hormesis.compose.suite_file import SuiteFile
from hormesis.compose.suite_needs import Need, SuiteNeeds, references_in
from hormesis.spec.definitions import text_as_written
from hormesis.spec.node import Node
from hormesis.spec.template import Reference, parts_of
from hormesis.words.target import Facet

_WIDTH = 96
_PORTS = {
    "postgres": 5432, "database": 5432, "redis": 6379, "server": 3001, "queen": 8080, "hive": 9200,
    "leader": 8000,
}  # fmt: skip
_PORT_FIRST = 8010
_SHOWN = 4
_COUNT = 4
"""How many processes of a group a file has whose scenarios do not say it."""
_OF_CONTAINERS = frozenset({Facet.CONTAINER, Facet.NETWORK, Facet.ADDRESS, Facet.HTTP})
_CREDENTIAL = re.compile(r"(^|_)(token|password|secret|api_key|auth)$")


@dataclass
class _Guess:
    """What placeholders stand for values that only the user knows."""

    needs: SuiteNeeds
    options: Mapping[str, str]
    """The environment variable of each option of the suite, by the variable that it fills."""
    ports: dict[str, int] = field(default_factory=dict)

    def port(self, name: str) -> int:
        """Return a placeholder for the port called *name*, always the same one."""
        if name not in self.ports:
            usual = _PORTS.get(name)
            free = _PORT_FIRST + sum(one >= _PORT_FIRST for one in self.ports.values())
            taken = usual in self.ports.values()
            self.ports[name] = free if usual is None or taken else usual
        return self.ports[name]

    def literal(self, text: str) -> str:
        """Return *text* with something plausible for every reference; defaults before variables."""
        try:
            parts = parts_of(text)
        except ValueError:
            return text
        return "".join(one if isinstance(one, str) else self._value(one) for one in parts)

    def environment(self, name: str, text: str) -> str:
        """Return the name of the environment variable for the variable *name*, which is *text*."""
        for one in (name, *references_in(text)):
            if self.options.get(one):
                return self.options[one]
        upper = name.upper().replace("-", "_")
        return f"{upper}_URL" if "://" in text and not upper.endswith("_URL") else upper

    def _value(self, reference: Reference) -> str:
        head, _, rest = reference.name.partition(".")
        if head == "port":
            return str(self.port(rest))
        if reference.default is not None:
            told = (one if isinstance(one, str) else self._value(one) for one in reference.default)
            return "".join(told)
        system = self.needs.system
        own = system.value.get("vars") if system is not None else None
        if system is not None and isinstance(own, dict) and reference.name in own:
            return self.literal(text_as_written(system.under("vars").under(reference.name)))
        if head == "link":
            return f"http://127.0.0.1:{self.port(rest.rpartition('.')[0])}"
        return f"/path/of/{rest}" if head in ("volume", "run") else ""


def target_text(suite: str, about: SuiteFile, needs: SuiteNeeds) -> str:
    """Return the text of a target file for *suite*."""
    options = {one.var: one.env for one in about.options.values() if one.var and one.env}
    guess = _Guess(needs, options)
    lines = [
        *_comment(f"A target file for suite `{suite}`: {about.title}.", ""),
        *_comment(
            "It describes a system of your own, in place of the proving ground. Put in what is true"
            " for it and take out what it does not have; everything that the scenarios refer to and"
            " only a system can say is here. Values such as ${env.NAME:-default} come from the"
            " environment, so that no credential has to stand in a file.",
            "",
        ),
        *_comment(_page(suite), ""),
        "#",
        f"#   hormesis doctor --target THIS-FILE --suite {suite} [--reach]   what can be run",
        f"#   hormesis run {suite} --system THIS-FILE                        run it",
        "",
        'title: "My system"',
        "",
        *_variables(guess),
        *_overrides(guess),
        *_processes(guess),
        *_links(guess),
        *_targets(guess),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _page(suite: str) -> str:
    """Return where it is written what the bundled *suite* asks of a system; else nothing."""
    told = f"What the suite asks of a system: docs/how-to/{suite}.md"
    told += "." if suite == "jobs" else f" and docs/how-to/{suite}-api.md."
    return told if suite in suite_names() else ""


def _variables(guess: _Guess) -> Iterator[str]:
    if not guess.needs.variables:
        return
    yield "# Where the system is. The scenarios refer to these."
    yield "vars:"
    for need in guess.needs.variables.values():
        text = text_as_written(need.node)
        yield from _comment(_for(guess, need), "  ")
        if isinstance(need.node.value, dict | list):
            yield f"  {need.name}: {_plain(guess, need.node.value)}"
            continue
        env, default = guess.environment(need.name, text), guess.literal(text)
        yield f"  {need.name}: {_quoted(f'${{env.{env}:-{default}}}')}"
    yield ""


def _overrides(guess: _Guess) -> Iterator[str]:
    needs = guess.needs
    if not needs.facts and not needs.helping:
        return
    yield from _comment(
        "What the scenarios assume of any system unless it is said here: these count more than the"
        " suite's own values. Take the # away where your system differs; any other variable of the"
        " scenarios may be set here as well.",
        "",
    )
    yield "overrides:"
    for need in needs.facts.values():
        if need.name in guess.options and not _CREDENTIAL.search(need.name):
            continue  # The suite has an option for it.
        yield from _comment(_for(guess, need), "  ")
        yield from _override(guess, need)
    if needs.helping:
        yield "  # Of the helper commands alone:"
    for need in needs.helping.values():
        if need.name not in needs.facts:
            yield from _comment(need.purpose or "(no description)", "  ")
            yield from _override(guess, need)
    yield ""


def _override(guess: _Guess, need: Need) -> Iterator[str]:
    text = text_as_written(need.node)
    if isinstance(need.node.value, dict | list):
        yield f"  # {need.name}: {json.dumps(need.node.value)}"
    elif _CREDENTIAL.search(need.name):
        env = guess.environment(need.name, text)
        yield f"  {need.name}: {_quoted(f'${{env.{env}:-{guess.literal(text)}}}')}"
    elif len(text) + len(need.name) > _WIDTH - 8 or "\n" in text:
        yield f"  # {need.name}: >-"
        words = " ".join(text.split())
        for line in wrap(words, _WIDTH - 8, break_long_words=False, break_on_hyphens=False):
            yield f"  #   {line}"
    else:
        yield f"  # {need.name}: {_quoted(text)}"


def _processes(guess: _Guess) -> Iterator[str]:
    groups = [name for name, need in guess.needs.targets.items() if _several(need.node)]
    example = groups[0] if groups else next(iter(guess.needs.targets), "")
    if not example:
        return
    yield from _comment(
        "Processes that the run shall start, and stop at its end, instead of finding them running."
        " Only of these can it choose the addresses, so that a connection between two parts goes"
        " through a link (below) and can be slowed down and cut.",
        "",
    )
    links = [str(one.node.value.get("link", "")) for one in guess.needs.targets.values()
             if isinstance(one.node.value, dict) and one.name in guess.needs.faults]  # fmt: skip
    link = next((one for one in links if one in guess.needs.links and one != "api"), "")
    name, count = _started(guess, example) if groups else (example, "")
    single = re.compile(rf"{re.escape(name)}-\d+")
    if any(single.fullmatch(text_as_written(one.node)) for one in guess.needs.facts.values()):
        yield from _comment(
            f"Keep the name {name}: scenarios also refer to single ones, such as {name}-2.", ""
        )
    yield "# processes:"
    yield f"#   {name}:"
    yield '#     run: [my-program, --option, "value"]'
    if link:
        yield f'#     env: {{ADDRESS_OF_{link.upper()}: "${{link.{link}.url}}"}}'
    if groups:
        yield f"#     count: {count}   # {name}-1, {name}-2 and so on; ${{index}} tells which"
    yield f"#     ready: {{tcp: \"127.0.0.1:{guess.port(example)}\", within: 30s}}"
    yield f"# and below:  {example}: {{process: {_quoted(name + '-*' if groups else name)}}}"
    for one in references_in(count):
        yield f"# and above, under vars:  {one}: {_COUNT}     # where a scenario does not say it"
    yield ""


def _started(guess: _Guess, target: str) -> tuple[str, str]:
    """Return what the processes of *target* are called in the bundled system, and their count."""
    name = str(guess.needs.targets[target].node.value["process"]).removesuffix("-*")
    system = guess.needs.system
    processes = system.value.get("processes") if system is not None else None
    process = processes.get(name) if isinstance(processes, dict) else None
    count = str(process.get("count", "")) if isinstance(process, dict) else ""
    return name, _quoted(count) if count else str(_COUNT)


def _links(guess: _Guess) -> Iterator[str]:
    if not guess.needs.links:
        return
    yield from _comment(
        "Connections that go through the fault proxy: what connects to ${link.NAME.address} (or"
        " .url, .host, .port) reaches the upstream. The scenarios' own users do; a part of your"
        " system does when the run starts it with that address.",
        "",
    )
    yield "links:"
    for need in guess.needs.links.values():
        yield from _comment(_for(guess, need), "  ")
        value = need.node.value
        upstream = str(value.get("upstream", "")) if isinstance(value, dict) else ""
        yield f"  {need.name}: {{upstream: {_quoted(_kept(guess, upstream))}}}"
    yield ""


def _targets(guess: _Guess) -> Iterator[str]:
    if not guess.needs.targets:
        return
    yield from _comment(
        "What faults hit. A process that runs already is found by the `port` it listens on, by its"
        " `pid`, or as a `container` (a name, a pattern such as worker-*, a label, a compose"
        " service). With `start` it can be stopped and started again; it is run as it stands.",
        "",
    )
    yield "targets:"
    for need in guess.needs.targets.values():
        faults = ", ".join(guess.needs.faults.get(need.name, {}))
        tail = f"; hit by {faults}" if faults else ""
        yield from _comment(_for(guess, need) + tail, "  ")
        yield f"  {need.name}:"
        yield from _facets(guess, need)
    yield ""


def _facets(guess: _Guess, need: Need) -> Iterator[str]:
    node = need.node
    value = node.value if isinstance(node.value, dict) else {}
    for key, one in value.items():
        if key == "process":
            yield from _attached(guess, need, str(one))
        elif key == "volume":
            yield f"    path: /path/of/{one}        # the folder; faults that fill it need its size"
        elif key == "children":
            yield f"    children: {_plain(guess, one)}"
        elif isinstance(one, str):
            yield f"    {key}: {_quoted(_kept(guess, one))}"
        else:
            yield f"    {key}: {_plain(guess, one)}"


def _attached(guess: _Guess, need: Need, process: str) -> Iterator[str]:
    several = _several(need.node)
    name = need.name.rstrip("s") if several else need.name
    port = guess.port(process.rstrip("-*") or name)
    one = "the port of one of them" if several else "the port it listens on"
    env = f"{name.upper().replace('-', '_')}_PORT"
    containers = _fit_containers(guess.needs.faults.get(need.name, {}))
    yield f'    port: "${{env.{env}:-{port}}}"   # {one}, on this machine'
    yield "    # pid: 4711   # or its process id"
    if several:
        if containers:
            yield f'    # container: "{name}-*"   # or several containers'
        yield f'    # process: "{name}-*"   # or processes that the run starts (above)'
        yield f"    # children: {{of: PARENT, matching: {name}, count: 4}}   # or its children"
    elif containers:
        yield f"    # container: my-{name}   # or a container"
    yield '    # start: [my-program, --option, "value"]   # how it is started again'


def _fit_containers(faults: Iterable[str]) -> bool:
    """Return whether every one of *faults* can hit a container; one that is none counts as able."""
    kinds = [catalogue().faults.get(fault) for fault in faults]
    return all(
        any(way.needs <= _OF_CONTAINERS for way in kind.every_way()) for kind in kinds if kind
    )


def _several(node: Node) -> bool:
    value = node.value if isinstance(node.value, dict) else {}
    return "*" in str(value.get("process", ""))


def _kept(guess: _Guess, text: str) -> str:
    """Return *text* as it is when all that it refers to is in the file, else a placeholder."""
    needs = guess.needs
    for name in references_in(text):
        head, _, rest = name.partition(".")
        if head == "link" and rest.rpartition(".")[0] in needs.links:
            continue
        if name not in needs.variables and name not in needs.facts:
            return guess.literal(text)
    return text


def _plain(guess: _Guess, value: object) -> str:
    """Return *value* in flow style, with placeholders for what the file does not have."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_plain(guess, one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_plain(guess, one) for one in value) + "]"
    if isinstance(value, str):
        text = _kept(guess, value)
        return text if text.isdecimal() else _quoted(text)
    return json.dumps(value)


def _for(guess: _Guess, need: Need) -> str:
    """Return what *need* is for, and which scenarios refer to it."""
    everyone = len(need.scenarios) == len(guess.needs.scenarios)
    rest = len(need.scenarios) - _SHOWN
    users = ", ".join(need.scenarios[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
    users = "all scenarios" if everyone else users
    return f"{need.purpose} ({users})" if need.purpose else f"for {users}"


def _comment(text: str, indent: str) -> Sequence[str]:
    return [f"{indent}# {line}" for line in wrap(text, _WIDTH - len(indent))]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
