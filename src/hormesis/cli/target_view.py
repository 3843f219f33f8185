"""``hormesis doctor --target FILE``: what a system of one's own can be tested with."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rich.text import Text

from hormesis.cli.columns import columns
from hormesis.cli.console import out
from hormesis.cli.suite_choice import SuiteChoice
from hormesis.compose.cause import Cause, causes_of, several
from hormesis.compose.fitness import (
    Fitness,
    SuiteFitness,
    suite_fitness,
    tried_fitness,
    unused_overrides,
)
from hormesis.compose.lack import Lack, grouped
from hormesis.compose.reach import unanswered
from hormesis.compose.suite import Suite, find_suite, suite_names
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.locate import locate
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import UsageTrouble

_LABELS: Mapping[str, Callable[[Fitness], Sequence[Lack]]] = {
    "lacks": lambda fit: fit.lacks,
    "does not fit:": lambda fit: fit.misfits,
    "fits only if the run's own processes mend it:": lambda fit: fit.doubts,
    "without": lambda fit: fit.left_out,
    "note:": lambda fit: fit.notes,
}
"""What is said of a scenario, before what it is."""
_APART = frozenset({"does not fit:", "fits only if the run's own processes mend it:"})
"""Of these each has a line of its own."""
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
        out.tell_json(_data(told, addresses, silent, code, reach=reach))
        return code
    for one in told:
        _show(one, target, one.suite if one.suite in suite_names() else suite)
    if reach:
        _show_addresses(addresses, silent)
        out.print(Text(_TRIED))
    else:
        out.print(Text("SQL statements, paths and commands were not tried; --reach tries them."))
    return code


def unused_in(choice: SuiteChoice) -> Sequence[str]:
    """Return what the target file of a run says in vain: it may be a slip of the pen."""
    system = choice.request.system
    if system is None:
        return ()
    return [f"{system}: {one}" for one in unused_overrides(choice.suite, system)]


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
    causes = {
        label: causes_of({fit.scenario: of(fit) for fit in one.scenarios})
        for label, of in _LABELS.items()
    }
    shared = [each for same in causes.values() for each in several(same)]
    numbers = {each: number for number, each in enumerate(shared, 1)}
    rows: list[tuple[Text, str, str]] = []
    for fit in one.scenarios:
        mark = Text("✔", style="green") if fit.able else Text("–", style="yellow")
        for number, text in enumerate(_told(fit, causes, numbers)):
            rows.append((Text() if number else mark, "" if number else fit.scenario, text))
    rows += [(Text("!", style="yellow"), "", str(lack)) for lack in one.unused]
    for line in columns(rows):
        out.print(line)
    if numbers:
        out.print(Text("For several scenarios", style="bold"))
        for line in columns(
            [(f"[{numbers[each]}]", f"{each.lack} ({_whose(each, one)})") for each in shared]
        ):
            out.print(line)
    if 0 < len(able) < len(one.scenarios):
        names = ",".join(able)
        out.print(Text(f"hormesis run {word} --system {target} --scenario {names}"))
    out.print()


def _told(
    fit: Fitness, causes: Mapping[str, Sequence[Cause]], numbers: Mapping[Cause, int]
) -> Sequence[str]:
    """Return what is to be said of a scenario: its own, and the numbers of what others share."""
    told = []
    for label, all_of in causes.items():
        mine = [one for one in all_of if fit.scenario in one.scenarios]
        shared = " ".join(f"[{numbers[one]}]" for one in mine if one in numbers)
        own = [str(one.lack) for one in mine if one not in numbers]
        parts = [*own, *([shared] if shared else [])]
        apart = label in _APART
        told += [f"{label} {one}" for one in (parts if apart else [" · ".join(parts)]) if one]
    return told or [fit.title]


def _whose(cause: Cause, one: SuiteFitness) -> str:
    if len(cause.scenarios) == len(one.scenarios):
        return f"all {len(one.scenarios)}"
    return ", ".join(cause.scenarios)


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
             "doubts": fit.doubts, "notes": fit.notes}  # fmt: skip
    lists = {key: [_lack(one) for one in grouped(lacks)] for key, lacks in parts.items()}
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
