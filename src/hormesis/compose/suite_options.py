"""Suite options: the values that a command line, the environment and defaults give them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hormesis.compose.suite_file import SuiteFile, SuiteOption
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.scalars import told
from hormesis.words.trouble import Problem, UsageTrouble

YES = "yes"
_YES = ("1", "true", "yes", "on")
_NO = ("0", "false", "no", "off")


@dataclass(frozen=True)
class OptionValues:
    """What the options come to.

    ``variables`` fill variables of the scenarios that have them; ``given`` are those of them that
    the command line itself sets. The others are options of ``hormesis run``; ``out_option`` is the
    one that set ``out``, if that was on the command line itself.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    out: Path | None = None
    out_option: str = ""
    verbose: bool = False
    yes: bool = False


def option_values(
    file: SuiteFile,
    given: Mapping[str, str | bool],
    environment: Mapping[str, str],
    chosen_set: str = "",
) -> OptionValues:
    """Return what the options come to: what is given, else the set, the environment, the default.

    Raises:
        UsageTrouble: values that an option does not take; all of them are told.
    """
    problems: list[Problem] = []
    variables: dict[str, str] = {}
    named: set[str] = set()
    others: dict[str, str] = {}
    said: dict[str, str] = {}
    for name, option in file.every_option.items():
        value = _value(name, option, given, environment, problems)
        if not value:
            continue
        if option.sets:
            others[option.sets] = value
            said |= {option.sets: name} if given.get(name) else {}
        else:
            variables[option.var] = value
            if name in given:
                named.add(option.var)
    if problems:
        raise UsageTrouble(problems)
    if chosen_set:
        of_set = {name: _text(value) for name, value in file.sets[chosen_set].vars.items()}
        variables |= {name: text for name, text in of_set.items() if name not in named}
    return OptionValues(
        variables=variables,
        given=frozenset(named),
        out=Path(others["out"]) if "out" in others else None,
        out_option=said.get("out", ""),
        verbose="verbose" in others,
        yes="yes" in others,
    )


def _value(
    name: str,
    option: SuiteOption,
    given: Mapping[str, str | bool],
    environment: Mapping[str, str],
    problems: list[Problem],
) -> str:
    if option.switch:
        if given.get(name):
            return YES
        return _switched(option, environment.get(option.env, ""), problems)
    where, text = f"--{name} ", str(given.get(name, ""))
    if not text and option.env and environment.get(option.env):
        where, text = f"{option.env}=", environment[option.env]
    if text and option.choices and text not in option.choices:
        message = f"{where}{text}: expected one of {', '.join(option.choices)}"
        hint = did_you_mean(text, option.choices)
        near = hint if hint.startswith("did you mean") else ""
        problems.append(Problem(message, hint=near))
    return text or option.default


def _switched(option: SuiteOption, text: str, problems: list[Problem]) -> str:
    said = text.strip().lower()
    if said in _YES:
        return YES
    if said and said in _NO:
        return ""
    if said:
        problems.append(Problem(f"{option.env}={text}: expected 1, true or yes, or 0, false or no"))
    return YES if option.default.lower() in _YES else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else told(value)
