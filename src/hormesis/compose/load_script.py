"""From a script to an ordinary experiment: its users, and how its ``options`` say the load goes.

``options`` has the shape of k6's: ``scenarios`` (each with an ``executor``), ``thresholds``, or the
shortcuts ``vus``, ``duration``, ``iterations`` and ``stages``. A class derived from ``LoadShape``
says it in code. What the command line says about the shape goes before both.
"""

from __future__ import annotations

import json
import os
import re
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hormesis.clients.code.script import Script, loaded_script
from hormesis.compose.load_experiment import (
    LOAD,
    LoadExperiment,
    checks_of,
    default_told,
    limits_of,
    pairs_of,
    plain_data,
    processes_of,
    said_of,
    with_load,
)
from hormesis.compose.load_shape import SHAPING, shape_of
from hormesis.compose.load_wanted import LoadWanted
from hormesis.compose.option_problems import OptionProblems, Said
from hormesis.host.http_origin import Origin
from hormesis.spec.did_you_mean import did_you_mean
from hormesis.words.trouble import InputTrouble, Place, Problem
from hormesis.words.units import seconds_from

OF_URLS = (
    "--method", "--header", "--body", "--json-body", "--timeout", "--name", "--think", "--insecure",
)  # fmt: skip
"""Options about requests; a script's users say these themselves."""
SHORTCUTS = ("vus", "duration", "for", "iterations", "stages", "rate")
KNOWN = ("scenarios", "thresholds", *SHORTCUTS)
TICKED = "shape"
"""The load of a script's ``LoadShape``."""


def script_experiment(wanted: LoadWanted) -> LoadExperiment:
    """Return the experiment that plays the wanted script.

    Raises:
        UsageTrouble: options are wrong or do not fit a script; all such are listed.
        InputTrouble: the script cannot be used; it says where.
    """
    path = Path(wanted.what)
    problems = OptionProblems()
    given = wanted.given()
    for option in OF_URLS:
        if option in given:
            problems.add(option, "expected only for a URL; a script's users say it themselves")
    if wanted.host:
        problems.parsed("--host", wanted.host, Origin.of, None)
    shape = shape_of(wanted, problems)
    tags = pairs_of("--tag", wanted.tags, problems)
    environment = pairs_of("--set", wanted.variables, problems)
    problems.raise_if_any()
    # As k6's --env: scripts read them while they are imported, in every process.
    os.environ.update(environment)
    script = _script(path)
    if not wanted.host:
        script.check_bases()
    options = _options(script, path)
    shaped = any(option in given for option in SHAPING)
    told = [*default_told(wanted)] if not options.get("thresholds") else []
    played = shaped or not (script.shapes or options.keys() & {"scenarios", *SHORTCUTS})
    if played:
        client = plain_data(_client(str(path.resolve()), wanted.host))
        document = with_load(wanted, shape, client, problems)
        title = f"{path.name}: {shape.told}"
        if not shape.closed and any(one.waits for one in script.users):
            told.append("waiting times are not used: the load says when an iteration is due")
        if shaped and (script.shapes or "scenarios" in options):
            told.append("the shape is the command line's; the script's own is left out")
    else:
        tracks = _tracks(script, options, path, wanted.host)
        _tag(tracks, tags)
        document = {"tracks": plain_data(tracks), "limits": limits_of(wanted, _lasts_s(tracks))}
        title = f"{path.name}: {', '.join(str(one['name']) for one in tracks)}"
    thresholds = options.get("thresholds")
    document["checks"] = checks_of(wanted) if wanted.thresholds or not thresholds else []
    if thresholds:
        document["thresholds"] = plain_data(thresholds)
    return LoadExperiment(
        document={**_plain(document, path), "title": plain_data(title)},
        stem=re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "script",
        command=wanted.command(),
        processes=processes_of(shape) if played else 0,
        told=tuple(told),
        said={**_said(options, path), **said_of(wanted)},
    )


def _script(path: Path) -> Script:
    if not path.is_file():
        raise InputTrouble(f"{path}: expected a script, found nothing there")
    try:
        return loaded_script(path)
    except InputTrouble as trouble:
        line = _line_in(path, trouble.__cause__)
        if not line:
            raise
        (problem,) = trouble.problems
        message = problem.message.removeprefix(f"{path}: ")
        if isinstance(trouble.__cause__, SyntaxError):
            message = f"expected Python: {trouble.__cause__.msg}"
        raise InputTrouble(Problem(message, Place(str(path), line, 1))) from trouble
    except SystemExit as leaving:
        raise InputTrouble(f"{path}: it ended the program while it was imported") from leaving


def _line_in(path: Path, error: BaseException | None) -> int:
    """Return the line of *path* in which *error* happened, the innermost one; 0 if none."""
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).name == path.name:
        return error.lineno or 0
    frames = traceback.extract_tb(error.__traceback__) if error else []
    lines = [one.lineno for one in frames if Path(one.filename) == path.resolve()]
    return (lines[-1] or 0) if lines else 0


def _options(script: Script, path: Path) -> Mapping[str, Any]:
    problems = []
    for key in script.options:
        if key not in KNOWN:
            hint = did_you_mean(str(key), KNOWN, noun="known options")
            message = f"expected a known option, found {key}"
            problems.append(Problem(message, Place(str(path)), "options", hint))
    both = [key for key in SHORTCUTS if key in script.options]
    if "scenarios" in script.options and both:
        message = f"expected either scenarios or {', '.join(both)}, found both"
        problems.append(Problem(message, Place(str(path)), "options"))
    for key in ("scenarios", "thresholds"):
        value = script.options.get(key, {})
        if not isinstance(value, Mapping):
            message = f"expected a mapping, found {value!r}"
            problems.append(Problem(message, Place(str(path)), f"options.{key}"))
        elif key == "scenarios":
            problems += _without_executor(value, path)
    if problems:
        raise InputTrouble(problems)
    return script.options


def _without_executor(scenarios: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    for name, scenario in scenarios.items():
        if not isinstance(scenario, Mapping) or "executor" not in scenario:
            message = "expected a mapping with an executor, such as constant-vus"
            found = f"{message}, found {scenario!r}"
            yield Problem(found, Place(str(path)), f"options.scenarios.{name}")


def _client(user: str, host: str) -> dict[str, Any]:
    return {"python": user, "base": host} if host else {"python": user}


def _tracks(
    script: Script, options: Mapping[str, Any], path: Path, host: str
) -> list[dict[str, Any]]:
    """Return the load tracks that the script asks for."""
    if scenarios := options.get("scenarios"):
        return list(_scenario_tracks(scenarios, path, host))
    where = str(path.resolve())
    client = _client(where, host)
    if script.shapes and not options.keys() & set(SHORTCUTS):
        shape = f"{where}:{script.shapes[0].__name__}"
        return [{"name": LOAD, "load": TICKED, "shape": shape, "client": client}]
    keys = {key: value for key, value in options.items() if key in SHORTCUTS}
    return [{"name": LOAD, **_shortcut(keys), "client": client}]


def _shortcut(keys: dict[str, Any]) -> dict[str, Any]:
    """Return the executor that k6's shortcuts stand for."""
    if "stages" in keys:
        start = keys.pop("vus", None)
        begin = {} if start is None else {"start_vus": start}
        return {"load": "ramping-vus", **begin, **keys}
    if "iterations" in keys:
        most = keys.pop("duration", None) or keys.pop("for", None)
        lasting = {} if most is None else {"max_duration": most}
        return {"load": "shared-iterations", **lasting, **keys}
    return {"load": "constant-arrival-rate" if "rate" in keys else "constant-vus", **keys}


def _scenario_tracks(
    scenarios: Mapping[str, Any], path: Path, host: str
) -> Iterator[dict[str, Any]]:
    for name, scenario in scenarios.items():
        keys = dict(scenario)
        called = keys.pop("exec", "")
        user = f"{path.resolve()}:{called}" if called else str(path.resolve())
        load = keys.pop("executor")
        yield {"name": str(name), "load": load, **keys, "client": _client(user, host)}


def _tag(tracks: list[dict[str, Any]], tags: Mapping[str, str]) -> None:
    for track in tracks:
        if tags:
            own = track.get("tags")
            track["tags"] = {**(own if isinstance(own, Mapping) else {}), **tags}


def _lasts_s(tracks: list[dict[str, Any]]) -> float:
    """Return how long the tracks last at most, as far as it can be told."""
    return max((_track_s(track) for track in tracks), default=0.0)


def _track_s(track: Mapping[str, Any]) -> float:
    spans = ("for", "duration", "max_duration", "maxDuration", "at", "startTime")
    lasts = [track[key] for key in spans if key in track]
    for stage in track.get("stages") or ():
        if isinstance(stage, Mapping):
            lasts += [stage[key] for key in ("duration", "for") if key in stage]
    return sum(_seconds(one) for one in lasts)


def _seconds(value: Any) -> float:
    try:
        return seconds_from(value)
    except ValueError:
        return 0.0  # The reader says what is wrong with it.


def _said(options: Mapping[str, Any], path: Path) -> dict[str, Said]:
    said = {"thresholds": Said(f"{path}: options.thresholds", goes_on=True)}
    if scenarios := options.get("scenarios"):
        for number, name in enumerate(scenarios):
            where = f"{path}: options.scenarios.{name}"
            said[f"tracks[{number}]"] = Said(where, goes_on=True)
            said[f"tracks[{number}].load"] = Said(f"{where}.executor")
            said[f"tracks[{number}].client"] = Said(f"{where}.exec")
    elif options.keys() & set(SHORTCUTS):
        said["tracks[0]"] = Said(f"{path}: options", goes_on=True)
    return said


def _plain(document: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return *document* as it can be written down.

    Raises:
        InputTrouble: it holds something that is no plain data.
    """
    try:
        made: dict[str, Any] = json.loads(json.dumps(document))
    except (TypeError, ValueError) as error:
        message = f"expected plain data: {error}"
        raise InputTrouble(Problem(message, Place(str(path)), "options")) from error
    return made
