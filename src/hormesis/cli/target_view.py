"""``hormesis doctor --target FILE``: what a system of one's own can be tested with."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.text import Text

from hormesis.cli.columns import columns
from hormesis.cli.console import out
from hormesis.compose.fitness import Fitness, SuiteFitness, suite_fitness, tried_fitness
from hormesis.compose.lack import Lack
from hormesis.compose.reach import unanswered
from hormesis.compose.suite import Suite, find_suite, suite_names
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.locate import locate
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import UsageTrouble

_TRIED = (
    "Tried, where something answers: SQL statements, GET requests, and the commands of the steady "
    "state. Not tried: what submits."
)


def target_command(target: Path, suite: str, *, reach: bool, as_json: bool) -> int:
    """Tell of every scenario whether the system in the file *target* can be tested with it.

    Return PASS when every scenario can be run (and, with *reach*, every address answers), UNKNOWN
    when only some can, CAPABILITY_MISSING when none can or an address does not answer.

    Raises:
        UsageTrouble: there is no such suite.
        InputTrouble: the target file has problems; all of them are listed.
    """
    locate(target)  # A file that cannot be read needs no suite to be told.
    told = [suite_fitness(one, target, dict(os.environ)) for one in _suites(suite)]
    addresses = list(dict.fromkeys(
        one for each in told for fit in each.scenarios for one in fit.addresses
    ))  # fmt: skip
    silent = asyncio.run(unanswered(addresses)) if reach else {}
    if reach:
        told = [tried_fitness(one, silent) for one in told]
    code = _code(told, silent)
    if as_json:
        out.print_json(json.dumps(_data(told, addresses, silent, code, reach=reach)))
        return code
    for one in told:
        _show(one, target, one.suite if one.suite in suite_names() else suite)
    if reach:
        _show_addresses(addresses, silent)
        out.print(Text(_TRIED))
    else:
        out.print(Text("SQL statements, paths and commands were not tried; --reach tries them."))
    return code


def _suites(name: str) -> list[Suite]:
    names = [name] if name else list(suite_names())
    found = [(one, find_suite(one)) for one in names]
    for one, suite in found:
        if suite is None:
            known = suite_names()
            hint = did_you_mean(one, known, noun="suites")
            raise UsageTrouble(f"--suite {one}: expected the name or folder of a suite", hint=hint)
    return [suite for _, suite in found if suite is not None]


def _code(told: Sequence[SuiteFitness], silent: Mapping[str, str]) -> ExitCode:
    able = [fit.able for one in told for fit in one.scenarios]
    if silent or not any(able):
        return ExitCode.CAPABILITY_MISSING
    return ExitCode.PASS if all(able) else ExitCode.UNKNOWN


def _show(one: SuiteFitness, target: Path, word: str) -> None:
    able = [fit.scenario for fit in one.scenarios if fit.able]
    told = f"{one.suite}: {len(able)} of {len(one.scenarios)} scenarios can be run"
    out.print(Text(told, "bold"))
    rows: list[tuple[Text, str, str]] = []
    for fit in one.scenarios:
        mark = Text("✔", style="green") if fit.able else Text("–", style="yellow")
        for number, text in enumerate(_told(fit)):
            rows.append((Text() if number else mark, "" if number else fit.scenario, text))
    rows += [(Text("!", style="yellow"), "", str(lack)) for lack in one.unused]
    for line in columns(rows):
        out.print(line)
    if 0 < len(able) < len(one.scenarios):
        names = ",".join(able)
        out.print(Text(f"hormesis run {word} --system {target} --scenario {names}"))
    out.print()


def _told(fit: Fitness) -> Sequence[str]:
    """Return what is to be said of a scenario, a line for each thing that does not fit."""
    if fit.lacks:
        return ["lacks " + " · ".join(str(lack) for lack in fit.lacks)]
    told = [f"does not fit: {lack}" for lack in fit.misfits]
    told += [f"fits only if the run's own processes mend it: {lack}" for lack in fit.doubts]
    if fit.left_out:
        told.append("without " + " · ".join(str(lack) for lack in fit.left_out))
    return told or [fit.title]


def _show_addresses(addresses: Sequence[str], silent: Mapping[str, str]) -> None:
    out.print(Text("What it would touch", style="bold"))
    rows = [
        (
            Text("–", style="yellow") if one in silent else Text("✔", style="green"),
            one,
            silent.get(one, "there"),
        )
        for one in addresses
    ]
    for line in columns(rows):
        out.print(line)


def _as_data(fit: Fitness) -> dict[str, object]:
    parts = {"lacks": fit.lacks, "left_out": fit.left_out, "misfits": fit.misfits,
             "doubts": fit.doubts}  # fmt: skip
    lists = {key: [_lack(one) for one in lacks] for key, lacks in parts.items()}
    head = {"scenario": fit.scenario, "title": fit.title, "able": fit.able}
    return {**head, **lists, "addresses": list(fit.addresses)}


def _lack(one: Lack) -> dict[str, str]:
    return {"what": one.what, "next_step": one.next_step}


def _data(
    told: Sequence[SuiteFitness],
    addresses: Sequence[str],
    silent: Mapping[str, str],
    code: ExitCode,
    *,
    reach: bool,
) -> dict[str, object]:
    return {
        "exit_code": int(code),
        "suites": [
            {
                "suite": one.suite,
                "scenarios": [_as_data(fit) for fit in one.scenarios],
                "unused": [_lack(lack) for lack in one.unused],
            }
            for one in told
        ],
        "addresses": [
            {"address": one, "reached": one not in silent if reach else None,
             "why": silent.get(one, "")}
            for one in addresses
        ],
    }  # fmt: skip
