"""Trial: what a scenario reads of a system, read once, to see whether it fits.

Nothing is started and nothing is written: SQL statements in a read-only transaction, GET requests,
and the commands of the steady state. What a run would submit stays untried.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from hormesis.compose.lack import Lack
from hormesis.compose.misfit import Misfit, misfit_of
from hormesis.compose.suite_needs import references_in, texts_in
from hormesis.probes.command import Command
from hormesis.probes.http import Http
from hormesis.probes.prometheus import Prometheus
from hormesis.probes.sql import Sql
from hormesis.spec.address import bare_address, redirected, url_address
from hormesis.spec.node import Node
from hormesis.spec.variables import RESERVED
from hormesis.words.experiment import Experiment, Service
from hormesis.words.kind import Scalar
from hormesis.words.probe import Probe

TIMEOUT_S = 2.0
"""How long one read may take; a command may take as long as the scenario lets it."""
_AT_ONCE = 4
_FIELDS = frozenset({"value", "count", "ms"})
"""What a statement answers besides its columns."""
_SECTIONS = ("steady_state", "tracks", "end_when", "stop_when", "final")
_HOLDS = {Sql: "query", Http: "get", Prometheus: "url", Command: "run"}
"""The field that tells what is asked."""
_ADDRESS = {
    Sql: ("dsn", ("postgresql", "postgres")),
    Http: ("get", ("http", "https")),
    Prometheus: ("url", ("http", "https")),
}


@dataclass(frozen=True, eq=False)
class Read:
    """One read of a scenario: what it is called, and the variables that each of its fields holds.

    ``address`` is where it asks, empty for a command. With ``ours`` the run itself starts what
    would answer; ``steady`` is a condition of the steady state, which has to be met. ``columns``
    are those that checks look for in its rows.
    """

    name: str
    probe: Probe
    variables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    address: str = ""
    ours: bool = False
    steady: bool = False
    columns: tuple[str, ...] = ()


def reads_of(experiment: Experiment, tops: Iterable[Node], run_id: str) -> tuple[Read, ...]:
    """Return what *experiment*, which the files with *tops* make, would read, each thing once.

    What goes through a link is asked where the link leads to. *run_id* is put out of what is asked,
    so that two scenarios that ask the same do so in the same words.
    """
    written = _written(tops)
    upstreams = {bare_address(one.listen).usual: one.upstream for one in experiment.links}
    ports = started_ports(experiment)
    steady = {one.name for one in experiment.steady_state}
    columns = _columns(experiment)
    found: dict[str, Read] = {}
    for name, probe in _probes(experiment):
        if type(probe) not in _HOLDS or (isinstance(probe, Command) and name not in steady):
            continue
        plain = _plain(probe, upstreams, run_id)
        names = {key: _variables(value) for key, value in written.get(name, {}).items()}
        address = _address_of(plain)
        host, _, port = address.rpartition(":")
        ours = host == "127.0.0.1" and port in ports
        asked = tuple(columns.get(name, ())) if isinstance(probe, Sql) else ()
        found.setdefault(name, Read(name, plain, names, address, ours, name in steady, asked))
    return tuple(found.values())


def started_ports(experiment: Experiment) -> frozenset[str]:
    """Return the ports on which processes listen that the run starts, as far as it is known."""
    return frozenset(
        port for one in experiment.services if not one.attached for port in _ports(one)
    )


def _ports(service: Service) -> Iterator[str]:
    words = [word for one in service.run for word in one.split("=", 1)]
    for name, value in (*pairwise(words), *service.env.items()):
        if value.isdecimal() and (name == "-p" or "port" in name.lower()):
            yield value
    if service.ready is not None and service.ready.tcp:
        yield service.ready.tcp.rpartition(":")[2]
    if service.ready is not None and service.ready.http:
        yield str(url_address(service.ready.http, ("http", "https")).port)


def tried(reads: Sequence[Read], silent: Mapping[str, str]) -> dict[Read, Misfit]:
    """Return why each of *reads* that does not fit does not; those of *silent* ones stay untried.

    Equal questions are asked once.
    """
    asked = [one for one in reads if not one.ours and one.address not in silent]
    return asyncio.run(_tried(asked))


def lack_of(read: Read, found: Misfit, stated: Mapping[str, str]) -> Lack:
    """Return what to do about *read*, which does not fit as was *found*.

    *stated* tells where the target file says what a variable is.
    """
    names = blamed(read, found)
    if not names:
        return Lack(f"the probe {read.name}: {found.why}", "its scenario asks this of any system")
    told = ", ".join(f"`{one}`" for one in names)
    places = list(dict.fromkeys(stated[one] for one in names if one in stated))
    step = "see " + " and ".join(places) if places else "override it under `overrides:`"
    return Lack(f"{told}: {found.why}", step)


def blamed(read: Read, found: Misfit) -> Sequence[str]:
    """Return the variables to blame for what was *found* of *read*; none when it has none."""
    return next((names for one in found.fields if (names := read.variables.get(one))), ())


async def _tried(reads: Sequence[Read]) -> dict[Read, Misfit]:
    few = asyncio.Semaphore(_AT_ONCE)
    questions: dict[str, list[Read]] = {}
    for one in reads:
        key = f"{one.steady} {one.columns} {type(one.probe).__name__} {one.probe.model_dump_json()}"
        questions.setdefault(key, []).append(one)

    async def asked(same: Sequence[Read]) -> Misfit | None:
        async with few:
            return await _asked(same[0])

    groups = list(questions.values())
    told = await asyncio.gather(*(asked(one) for one in groups))
    return {read: why for group, why in zip(groups, told, strict=True) if why for read in group}


async def _asked(read: Read) -> Misfit | None:
    """Return why *read* does not fit, if it does not."""
    seen = await read.probe.observe(_NoWorld())
    found = misfit_of(read.probe, seen, steady=read.steady)
    if found is None and isinstance(read.probe, Sql):
        return await _without_column(read.probe, read.columns)
    return found


async def _without_column(probe: Sql, columns: Sequence[str]) -> Misfit | None:
    """Return which of *columns* the answer does not have; also no rows have columns."""
    query = probe.query.rstrip().removesuffix(";")
    for column in columns:
        name = '"' + column.replace('"', '""') + '"'
        # The statement is on lines of its own: it may end with a comment.
        asked = probe.model_copy(
            update={"query": f"SELECT {name} FROM (\n{query}\n) AS trial LIMIT 0"}
        )
        seen = await asked.observe(_NoWorld())
        if "(42703)" in seen.reason:
            return Misfit(f"its answer has no column {column}, in which checks look", ("query",))
    return None


class _NoWorld:
    """Nothing was started that could be read."""

    async def service(self, name: str) -> Mapping[str, Scalar]:
        return {}


def _probes(experiment: Experiment) -> Iterator[tuple[str, Probe]]:
    for named in (*experiment.steady_state, *experiment.final_probes):
        yield named.name, named.probe
    for track in experiment.probes:
        yield track.name, track.probe
    for condition in experiment.end_when:
        if condition.probe is not None:
            yield condition.name, condition.probe


def _columns(experiment: Experiment) -> dict[str, dict[str, None]]:
    """Return, by the name of a probe, the columns in which checks look for what was done."""
    found: dict[str, dict[str, None]] = {}
    for check in experiment.checks:
        probe = str(getattr(check, "found_in", ""))
        column = str(getattr(check, "column", "") or getattr(check, "key", ""))
        if probe and column and column not in _FIELDS:
            found.setdefault(probe, {})[column] = None
    return found


def _plain(probe: Probe, upstreams: Mapping[str, str], run_id: str) -> Probe:
    """Return *probe* past every link, without the run's id, and with little patience."""

    def plain(text: str) -> str:
        return text.replace(run_id, "trial")

    changed: dict[str, object] = {}
    if type(probe) in _ADDRESS:
        key, _ = _ADDRESS[type(probe)]
        text = str(getattr(probe, key))
        upstream = upstreams.get(_address_of(probe))
        changed[key] = plain(redirected(text, bare_address(upstream)) if upstream else text)
        changed["timeout"] = TIMEOUT_S
    if isinstance(probe, Sql):
        changed["query"] = plain(probe.query)
    return probe.model_copy(update=changed)


def _address_of(probe: Probe) -> str:
    if type(probe) not in _ADDRESS:
        return ""
    key, schemes = _ADDRESS[type(probe)]
    try:
        return url_address(str(getattr(probe, key)), schemes).usual
    except ValueError:
        return ""


def _written(tops: Iterable[Node]) -> dict[str, dict[str, object]]:
    """Return every probe as it is written, by its name."""
    found: dict[str, dict[str, object]] = {}
    for top in tops:
        for section in _SECTIONS:
            items = top.value.get(section)
            for one in items if isinstance(items, list) else ():
                if isinstance(one, dict) and "name" in one:
                    found.setdefault(str(one["name"]), one)
    return found


def _variables(value: object) -> tuple[str, ...]:
    """Return the variables in *value*, or else the links, by what the target file says of them."""
    names = [name for _, text in texts_in(value) for name in references_in(text)]
    own = [one for one in names if one.partition(".")[0] not in RESERVED]
    links = [one.removeprefix("link.").rpartition(".")[0] for one in names if one[:5] == "link."]
    return tuple(dict.fromkeys(own or [f"links.{one}.upstream" for one in links]))
