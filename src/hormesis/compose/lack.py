"""Lacks: what a system does not have for a scenario, made out from the problems of reading it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hormesis.words.trouble import Problem

_KEYS = {"restartable": "start", "fuse": "volume"}
"""The key of a target that gives a facet of another name."""
_ONE = re.compile(r"\bthe (?:variable|target|link|volume|process|parent)\b")


@dataclass(frozen=True)
class Lack:
    """What a scenario lacks, and what to do next."""

    what: str
    next_step: str = ""
    name: str = field(default="", compare=False)
    """What it is of, when the same is lacked of others as well."""

    def __str__(self) -> str:
        return f"{self.what}; {self.next_step}" if self.next_step else self.what


def missing_process(name: str) -> Lack:
    """Return the lack of a process called *name* that the run need not start."""
    step = f"add `{name}:` with pid or port to `targets`"
    return Lack(f"the process {name}", step, name)


_MISSING: Sequence[tuple[re.Pattern[str], str, str]] = (
    (
        re.compile(r"expected a declared variable, found \$\{(?P<name>[^}]*)\}"),
        "the variable {name}",
        "add `{name}:` to `vars`",
    ),
    (
        re.compile(r"expected the name of a target, found '(?P<name>[^']*)'"),
        "the target {name}",
        "add `{name}:` to `targets`",
    ),
    (
        re.compile(r"expected the name of a link, found '(?P<name>[^']*)'"),
        "the link {name}",
        "add `{name}: {{upstream: …}}` to `links`",
    ),
    (
        re.compile(r"expected the name of a volume, found '(?P<name>[^']*)'"),
        "the volume {name}",
        "add `{name}: {{kind: tmpfs, size: …}}` to `volumes`",
    ),
    (
        re.compile(r"expected the name or pattern of a service, found '(?P<name>[^']*)'"),
        "the process {name}",
        "add `{name}:` with pid or port to `targets`",
    ),
    (
        re.compile(r"expected the name or pattern of a process, found '(?P<name>[^']*)'"),
        "the process {name}",
        "describe it in `processes`, so that the run starts it",
    ),
    (
        re.compile(
            r"expected the name of a process, or of a target with process, pid or port, "
            r"found '(?P<name>[^']*)'"
        ),
        "the parent {name} of processes",
        "add `{name}:` with pid or port to `targets`",
    ),
    (
        re.compile(
            r"expected a target with (?P<facets>.+) for the fault (?P<fault>\S+), "
            r"found (?P<name>[^,]+), which has .*"
        ),
        "{facets} in the target {name}, for the fault {fault}",
        "",
    ),
)
"""What the reader says of names that are nothing's, and how a target file mends it."""


def lacks_of(problems: Sequence[Problem]) -> tuple[Lack, ...]:
    """Return what *problems* come to, each once, not :func:`grouped`.

    Where a name is missing, what else is said of the scenario is most often its consequence.
    """
    named: dict[str, Lack] = {}
    others: dict[str, Lack] = {}
    for problem in problems:
        lack = missing_in(problem)
        if lack is not None:
            named.setdefault(lack.what, lack)
        else:
            others.setdefault(str(problem), Lack(str(problem)))
    return tuple((named or others).values())


def grouped(lacks: Iterable[Lack]) -> tuple[Lack, ...]:
    """Return *lacks*, in one those that say the same of several things."""
    alike: dict[tuple[str, str], list[Lack]] = {}
    for one in lacks:
        said = (one.what, one.next_step)
        key = tuple(text.replace(one.name, "\0") for text in said) if one.name else said
        alike.setdefault((key[0], key[1]), []).append(one)
    return tuple(_joined(same) for same in alike.values())


def _joined(same: Sequence[Lack]) -> Lack:
    first = same[0]
    if len(same) == 1:
        return first
    names = [one.name for one in same]
    what = first.what.replace(first.name, ", ".join(names[:-1]) + f" and {names[-1]}")
    each = f"{first.next_step}, and the same for each" if first.name in first.next_step else ""
    return Lack(_ONE.sub(_several, what, count=1), each or first.next_step)


def _several(said: re.Match[str]) -> str:
    return f"{said[0]}{'es' if said[0].endswith('s') else 's'}"


def missing_in(problem: Problem) -> Lack | None:
    """Return what *problem* says is missing by its name; None when it says something else."""
    for pattern, what, next_step in _MISSING:
        if said := pattern.fullmatch(problem.message):
            parts = said.groupdict()
            if facets := parts.get("facets"):
                each = (f"`{_KEYS.get(one, one)}:`" for one in facets.split(" and "))
                parts["facets"] = " and ".join(each)
            step = next_step.format(**parts) or problem.hint
            return Lack(what.format(**parts), step, parts["name"])
    return None
