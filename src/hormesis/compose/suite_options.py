"""Suite options: the values that a command line, the environment and defaults give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hormesis.compose.suite_file import SuiteFile, SuiteOption
from hormesis.compose.target_section import section_of
from hormesis.spec.definitions import text_as_written
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.spec.given_text import GivenText, shown, words_of
from hormesis.spec.node import Node
from hormesis.spec.scalars import told
from hormesis.words.trouble import InputTrouble, Problem, UsageTrouble

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


@dataclass(frozen=True)
class _Said:
    """The value of an option and the words that gave it: none if only its default does.

    ``here``: they are of the command line, not of the environment.
    """

    text: str
    words: str = ""
    here: bool = False
    expected: str = ""
    """What the value should have been, if it is told only to who takes it."""


def option_values(
    file: SuiteFile,
    given: Mapping[str, str | bool],
    environment: Mapping[str, str],
    chosen_set: str = "",
) -> OptionValues:
    """Return what the options come to: what is given, else the set, the environment, the default.

    A value of the environment that is not of its option's type is a trouble only for the scenarios
    that take it: such a variable may be meant for another program.

    Raises:
        UsageTrouble: values that an option does not take; all of them are told.
    """
    problems: list[Problem] = []
    said = {
        name: _said(name, option, given, environment, problems)
        for name, option in file.every_option.items()
    }
    said = _with_implied(file, said, problems)
    if problems:
        raise UsageTrouble(problems)
    variables: dict[str, str] = {}
    named: set[str] = set()
    others: dict[str, str] = {}
    out_option = ""
    for name, option in file.every_option.items():
        one = said[name]
        if not one.text:
            continue
        if option.sets:
            others[option.sets] = one.text
            if option.sets == "out":
                out_option = name if one.here else ""
            continue
        variables[option.var] = GivenText(one.text, one.words, one.expected)
        if one.here:
            named.add(option.var)
    if chosen_set:
        of_set = {
            name: GivenText(_text(value), f"--set {chosen_set} ({name}: {_text(value)})")
            for name, value in file.sets[chosen_set].vars.items()
        }
        variables |= {name: text for name, text in of_set.items() if name not in named}
    return OptionValues(
        variables=variables,
        given=frozenset(named),
        out=Path(others["out"]) if "out" in others else None,
        out_option=out_option,
        verbose="verbose" in others,
        yes="yes" in others,
    )


def check_overrides(
    file: SuiteFile, overrides: Mapping[str, str], system: Path | None
) -> None:
    """Check the types of values that ``--set`` and a target file give to variables of options.

    Raises:
        UsageTrouble: ``--set`` gives values that are not of the type of their variables' options.
        InputTrouble: the system file has such values under ``overrides``, or cannot be read.
    """
    # Choices are what the option offers; a variable may be set to what it does not.
    options = {
        one.var: one
        for one in file.every_option.values()
        if one.var and not one.switch and not one.choices
    }
    problems = [
        Problem(f"{words_of(name, text)}: expected {expected}")
        for name, text in overrides.items()
        if text and name in options and (expected := options[name].expected(text))
    ]
    if problems:
        raise UsageTrouble(problems)
    written = [
        Problem(f"expected {expected}, found {shown(name, text)!r}", node.place, node.path)
        for name, text, node in _written_in(system)
        if name in options and name not in overrides
        if (expected := options[name].expected(text))
    ]
    if written:
        raise InputTrouble(written)


def _written_in(system: Path | None) -> Iterator[tuple[str, str, Node]]:
    """Yield the overrides of a system file that are plain texts."""
    if system is None:
        return
    for name, node in section_of(system, "overrides").items():
        text = text_as_written(node)
        if text and "${" not in text:
            yield name, text, node


def _said(
    name: str,
    option: SuiteOption,
    given: Mapping[str, str | bool],
    environment: Mapping[str, str],
    problems: list[Problem],
) -> _Said:
    if option.switch:
        if given.get(name):
            return _Said(YES, f"--{name}", here=True)
        return _switched(option, environment.get(option.env, ""), problems)
    if name in given:
        text = str(given[name])
        words = f"--{name} {shown(name, text)}"
        if not text:
            expected = option.expected("") or "a value"
            message = f"--{name}: expected {expected}, found nothing"
            problems.append(Problem(message, hint=f"or leave --{name} out"))
        elif expected := option.expected(text):
            problems.append(_not_taken(words, expected, text, option))
        return _Said(text, words, here=True)
    text = environment.get(option.env, "") if option.env else ""
    if not text:
        return _Said(option.default)
    words = f"{option.env}={shown(option.env, text)}"
    expected = option.expected(text)
    if expected and (option.choices or option.sets):
        problems.append(_not_taken(words, expected, text, option))
    return _Said(text, words, expected=expected)


def _not_taken(words: str, expected: str, text: str, option: SuiteOption) -> Problem:
    hint = did_you_mean(text, option.choices) if option.choices else ""
    near = hint if hint.startswith("did you mean") else ""
    return Problem(f"{words}: expected {expected}", hint=near)


def _switched(option: SuiteOption, text: str, problems: list[Problem]) -> _Said:
    said, words = text.strip().lower(), f"{option.env}={text}"
    if said in _YES:
        return _Said(YES, words)
    if said and said in _NO:
        return _Said("", words)
    if said:
        problems.append(Problem(f"{words}: expected 1, true or yes, or 0, false or no"))
    return _Said(YES if option.default.lower() in _YES else "")


def _with_implied(
    file: SuiteFile, said: Mapping[str, _Said], problems: list[Problem]
) -> dict[str, _Said]:
    """Return what is *said*, with what it implies of options about which nothing is said.

    As everywhere, the command line counts more than the environment; two that contradict each other
    in the same place are a problem.
    """
    come_to = dict(said)
    for name, option in file.every_option.items():
        one = said[name]
        if not (one.words and one.text):
            continue
        for other, text in option.implies.items():
            theirs = said[other]
            if not theirs.words or (one.here and not theirs.here):
                come_to[other] = _Said(text, one.words, here=one.here)
            elif theirs.text != text and one.here == theirs.here:
                told = f"{one.words}: expected --{other} {text} with it, found {theirs.words}"
                problems.append(Problem(told, hint="take one of them back"))
    return come_to


def _text(value: object) -> str:
    return value if isinstance(value, str) else told(value)
