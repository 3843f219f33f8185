"""A load as an ordinary experiment: the document, and what it has alike from a URL or a script.

The document goes through the same reader as a file, so that every message, limit, check and report
of a load from the command line is that of any other run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hormesis.compose.load_shape import WantedShape
from hormesis.compose.load_wanted import DEFAULT_THRESHOLD, LoadWanted
from hormesis.compose.option_problems import OptionProblems, Said
from hormesis.words.units import text_of_seconds

LOAD = "default"
"""The name of the one load track, as k6 calls its scenario."""
PROCESSES_FROM_USERS = 10
"""From so many users on, a closed load is played by every core there is."""
DURATION_S_MIN = 3600.0
DURATION_MARGIN_S = 120.0
_REFERENCE = re.compile(r"\$\{(?!env\.)")


@dataclass(frozen=True)
class LoadExperiment:
    """A load as an experiment's data; ``stem`` names its run directory.

    ``command`` is the command line that asks for it. ``processes`` is how many should play it on
    this machine, 0 leaves it to the load. ``said`` leads from paths in the document to
    what the user wrote; ``variables`` are values that must not stand in it; ``told`` are lines
    about what was decided for the user.
    """

    document: Mapping[str, Any]
    stem: str
    command: tuple[str, ...]
    processes: int = 0
    told: tuple[str, ...] = ()
    said: Mapping[str, Said] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)


def with_load(
    wanted: LoadWanted, shape: WantedShape, client: Any, problems: OptionProblems
) -> dict[str, Any]:
    """Return the parts of a document that are the same for every single load."""
    track: dict[str, Any] = {"name": LOAD, **shape.keys, "client": client}
    if tags := pairs_of("--tag", wanted.tags, problems):
        track["tags"] = plain_data(tags)
    return {
        "tracks": [track],
        "checks": checks_of(wanted),
        "limits": limits_of(wanted, shape.lasts_s),
    }


def checks_of(wanted: LoadWanted) -> list[dict[str, Any]]:
    """Return the thresholds that were given, or the default one."""
    if wanted.thresholds:
        return [{"threshold": plain_text(one)} for one in wanted.thresholds]
    return [] if wanted.no_default_threshold else [{"threshold": DEFAULT_THRESHOLD}]


def default_told(wanted: LoadWanted) -> tuple[str, ...]:
    """Return the line that says what is judged when nothing was asked for."""
    if wanted.thresholds:
        return ()
    if wanted.no_default_threshold:
        return ("no threshold is judged (--no-default-threshold)",)
    return (f"judged by default: {DEFAULT_THRESHOLD}; --threshold says otherwise",)


def said_of(wanted: LoadWanted) -> dict[str, Said]:
    """Return what the parts of a document were on the command line."""
    return {
        f"checks[{number}]": Said(f'--threshold "{text}"')
        for number, text in enumerate(wanted.thresholds)
    }


def limits_of(wanted: LoadWanted, lasts_s: float) -> dict[str, str]:
    """Return limits that let a load of *lasts_s* seconds end, however long it is."""
    whole_s = lasts_s * max(1.0, wanted.time_scale) + DURATION_MARGIN_S
    return {"duration": text_of_seconds(round(whole_s))} if whole_s > DURATION_S_MIN else {}


def processes_of(shape: WantedShape) -> int:
    """Return how many processes should play it: all cores where they are what limits it."""
    cores = len(os.sched_getaffinity(0))
    return cores if shape.closed and shape.users >= PROCESSES_FROM_USERS and cores > 1 else 0


def pairs_of(option: str, texts: Sequence[str], problems: OptionProblems) -> dict[str, str]:
    """Return *texts*, NAME=VALUE each, as a mapping; problems are added."""
    pairs = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            problems.add(option, f"expected NAME=VALUE, found {text!r}")
        pairs[name.strip()] = value
    return pairs


def plain_text(text: str) -> str:
    """Return *text* for a document in which ``${`` is no reference, but for the environment's."""
    return _REFERENCE.sub("$${", text)


def plain_data(data: Any) -> Any:
    """Return *data* such that no text in it refers to a variable of the document."""
    if isinstance(data, dict):
        return {plain_text(key): plain_data(one) for key, one in data.items()}
    if isinstance(data, list):
        return [plain_data(one) for one in data]
    return plain_text(data) if isinstance(data, str) else data
