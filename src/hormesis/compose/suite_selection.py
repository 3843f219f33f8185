"""Selection: which scenarios of a suite a command line means, and in what order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hormesis.compose.suite_file import SuiteFile
from hormesis.spec.did_you_mean import did_you_mean, nearest
from hormesis.words.trouble import Problem, UsageTrouble

ALL = "all"


@dataclass(frozen=True)
class Asked:
    """What a command line says about which scenarios to run.

    ``choices`` are the choices of selections by option, ``named`` the scenarios as given
    (``--scenario a,b``), ``set`` is the name of a set.
    """

    choices: Mapping[str, str] = field(default_factory=dict)
    named: Sequence[str] = ()
    set: str = ""


def selected(
    suite: str, file: SuiteFile, scenarios: Sequence[str], asked: Asked
) -> tuple[str, ...]:
    """Return the ids, of *scenarios*, that are meant: those on which all that was said agrees.

    Named scenarios keep the order in which they are named. Defaults of selections count only when
    nothing was said.

    Raises:
        UsageTrouble: no such scenario, choice or set, or nothing is left.
    """
    said: list[tuple[str, Sequence[str]]] = []
    names = [one.strip() for given in asked.named for one in given.split(",") if one.strip()]
    if asked.named and not names:
        raise UsageTrouble(
            "--scenario: expected the name of a scenario, found nothing",
            hint=f"`hormesis run {suite} --options` lists all",
        )
    if asked.named and ALL not in names:
        said.append(("--scenario " + ",".join(names), _known(suite, scenarios, names)))
    if asked.set:
        said.append((f"--set {asked.set}", _of_set(suite, file, scenarios, asked.set)))
    said += [
        (f"--{option} {choice}", _of_choice(suite, file, scenarios, option, choice))
        for option, choice in asked.choices.items()
    ]
    if not said and not asked.named:
        said = [
            (
                f"--{one.option} {one.default}",
                _of_choice(suite, file, scenarios, one.option, one.default),
            )
            for one in file.selections
        ]
    order = said[0][1] if said else scenarios
    chosen = tuple(dict.fromkeys(one for one in order if all(one in ids for _, ids in said)))
    if not chosen:
        told = " and ".join(text for text, _ in said) or "the whole suite"
        raise UsageTrouble(
            f"suite {suite!r}: no scenario is left by {told}",
            hint="; ".join(f"{text}: {', '.join(ids) or 'none'}" for text, ids in said),
        )
    return chosen


def _of_set(suite: str, file: SuiteFile, scenarios: Sequence[str], name: str) -> Sequence[str]:
    if name not in file.sets:
        message = f"suite {suite!r} has no set {name!r}"
        hint = did_you_mean(name, file.sets, noun="its sets")
        raise UsageTrouble(f"--set {name}: expected NAME=VALUE or the name of a set; {message}",
                           hint=hint)  # fmt: skip
    ids = file.sets[name].scenarios
    return _known(suite, scenarios, ids) if ids else scenarios


def _of_choice(
    suite: str, file: SuiteFile, scenarios: Sequence[str], option: str, choice: str
) -> Sequence[str]:
    if choice == ALL:
        return scenarios
    selection = next(one for one in file.selections if one.option == option)
    if choice not in selection.choices:
        known = [*selection.choices, ALL]
        told = f"--{option} {choice}".strip() + f": expected one of {', '.join(known)}"
        near = nearest(choice, known)
        raise UsageTrouble(
            told if choice else f"{told}, found nothing",
            hint=f"did you mean {near}?" if near else "",
        )
    return _known(suite, scenarios, selection.choices[choice])


def _known(suite: str, scenarios: Sequence[str], names: Iterable[str]) -> Sequence[str]:
    names = list(dict.fromkeys(names))
    problems: list[Problem] = []
    every = f"it has: {', '.join(scenarios)}; `hormesis run {suite} --options` lists all"
    for name in names:
        if name in scenarios:
            continue
        near = nearest(name, scenarios)
        hint = f"did you mean {near}?" if near else every
        # What there is instead is told once, however many names are near to none of them.
        told = not near and any(one.hint == every for one in problems)
        message = f"suite {suite!r} has no scenario {name!r}"
        problems.append(Problem(message, hint="" if told else hint))
    if problems:
        raise UsageTrouble(problems)
    return names
