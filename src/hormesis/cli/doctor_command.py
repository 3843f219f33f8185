"""``hormesis doctor``: what this machine can do and how, and what to install for the rest."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby

from rich.text import Text

from hormesis.cli.columns import columns
from hormesis.cli.console import out
from hormesis.compose.ability import Ability, abilities, remedies
from hormesis.custodian.left_behind import left_behind
from hormesis.host.capabilities import Capability, capabilities
from hormesis.host.means import load_means, means_names, survey
from hormesis.wire.core import COMPILED
from hormesis.words.outcome import ExitCode

Row = tuple[Text, str, str]


def doctor_command(*, as_json: bool) -> int:
    """Print every capability and fault; return LEFT_DIRTY when a dead run left something."""
    missing = survey(means_names())
    able = list(abilities(missing))
    left = left_behind(dict(os.environ))
    if as_json:
        out.tell_json(_data(missing, able, [one.run.run_id for one in left]))
        return ExitCode.LEFT_DIRTY if left else ExitCode.PASS
    _show("This machine", [_capability(one) for one in _all_capabilities()])
    _show("Means of faults, tried in throw-away namespaces", list(_means(missing)))
    _show("Faults, and how they can be done here", list(_faults(able)))
    for dead in left:
        out.print(Text(f"{dead.told}: hormesis revert", style="red"))
    return ExitCode.LEFT_DIRTY if left else ExitCode.PASS


def _all_capabilities() -> list[Capability]:
    """Return what the machine has, and how Hormesis itself was built on it."""
    pure = os.environ.get("HORMESIS_PURE", "0") not in ("", "0")
    told = f"loads speak HTTP in {'C' if COMPILED else 'Python, which takes more CPU'}"
    remedy = (
        "unset HORMESIS_PURE" if pure else "apt-get install gcc python3-dev, then install it again"
    )
    return [*capabilities(), Capability("compiled wire", COMPILED, told, remedy)]


def _data(
    missing: Mapping[str, str], able: Sequence[Ability], dead: Sequence[str]
) -> dict[str, object]:
    return {
        "capabilities": [asdict(one) for one in _all_capabilities()],
        "means": [
            {"name": name, "there": not why, "why": why, "use": load_means(name).USE,
             "remedy": load_means(name).REMEDY}
            for name, why in missing.items()
        ],
        "faults": [{**asdict(one), "there": one.there} for one in able],
        "dead_runs": list(dead),
    }  # fmt: skip


def _show(title: str, rows: Sequence[Row]) -> None:
    out.print(Text(title, style="bold"))
    for line in columns(rows):
        out.print(line)
    out.print()


def _mark(there: bool) -> Text:
    return Text("✔", style="green") if there else Text("–", style="yellow")


def _capability(one: Capability) -> Row:
    get = f"to get it: {one.remedy}"
    told = one.detail if one.there else "; ".join(filter(None, [one.detail, get]))
    return _mark(one.there), one.name, told


def _means(missing: Mapping[str, str]) -> Iterator[Row]:
    for name, why in missing.items():
        means = load_means(name)
        told = f"{means.USE} – {why}; to get it: {means.REMEDY}" if why else means.USE
        yield _mark(not why), name, told


def _faults(able: Sequence[Ability]) -> Iterator[Row]:
    for fault, group in groupby(able, key=lambda one: one.fault):
        ways = list(group)
        told = [_way(one) for one in ways]
        yield _mark(any(one.there for one in ways)), fault, "; ".join(told)


def _way(one: Ability) -> str:
    if one.there:
        return one.mechanism
    return f"not by {one.mechanism} ({'; '.join(remedies(one.lacking))})"
