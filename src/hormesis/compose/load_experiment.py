"""From a URL to an ordinary experiment: what ``hormesis load URL`` is short for.

The document goes through the same reader as a file, so that every message, limit, check and report
of a load from the command line is that of any other run.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hormesis.clients.steps.template import Template, unknown_names
from hormesis.compose.load_shape import WantedShape, shape_of
from hormesis.compose.load_wanted import DEFAULT_THRESHOLD, LoadWanted, is_secret_header
from hormesis.compose.option_problems import OptionProblems, Said
from hormesis.host.http_origin import Origin
from hormesis.words.units import seconds_from, text_of_seconds

LOAD = "default"
"""The name of the one load track, as k6 calls its scenario."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
BODY_METHODS = ("POST", "PUT", "PATCH", "DELETE")
REACHED_WITHIN = "5s"
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


def url_experiment(wanted: LoadWanted) -> LoadExperiment:
    """Return the experiment that puts the wanted load on a URL.

    Raises:
        UsageTrouble: options are wrong or do not fit together; all such are listed.
    """
    problems = OptionProblems()
    shape = shape_of(wanted, problems)
    client, secrets = _client(wanted, problems)
    experiment = with_load(wanted, shape, client, problems)
    if wanted.variables:
        problems.add("--set", "expected a script or a file; a URL has nothing to set")
    problems.raise_if_any()
    return LoadExperiment(
        document={
            **experiment,
            "title": _plain(f"{_method(wanted)} {wanted.what}: {shape.told}"),
            "vars": dict.fromkeys(secrets, ""),
            "steady_state": [reached(wanted.what)],
        },
        stem=_stem(wanted.what),
        command=wanted.command(),
        processes=processes_of(shape),
        told=default_told(wanted),
        said={"tracks[0].client": Said("URL"), **said_of(wanted)},
        variables=secrets,
    )


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
        return [{"threshold": _plain(one)} for one in wanted.thresholds]
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


def pairs_of(option: str, texts: Sequence[str], problems: OptionProblems) -> dict[str, str]:
    """Return *texts*, NAME=VALUE each, as a mapping; problems are added."""
    pairs = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            problems.add(option, f"expected NAME=VALUE, found {text!r}")
        pairs[name.strip()] = value
    return pairs


def reached(url: str) -> dict[str, Any]:
    """Return the condition that somebody listens behind *url*, before and after the load."""
    origin, _ = Origin.and_target(url)
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return {
        "name": "reached", "probe": "tcp", "address": f"{host}:{origin.port}",
        "within": REACHED_WITHIN,
    }  # fmt: skip


def url_trouble(url: str) -> str:
    """Return what is wrong with *url*; empty when it can be loaded."""
    try:
        # Reading the port can fail as well, and only then.
        if urlsplit(url).port == 0:
            return f"expected a port from 1 to 65535, found {url!r}"
        Origin.and_target(url)
    except ValueError as error:
        port = "Port" in str(error)
        return f"expected a port from 1 to 65535, found {url!r}" if port else str(error)
    return ""


def _client(wanted: LoadWanted, problems: OptionProblems) -> tuple[dict[str, Any], dict[str, str]]:
    trouble = url_trouble(wanted.what)
    if trouble:
        problems.add("URL", trouble)
        return {}, {}
    parts = urlsplit(wanted.what)
    base = f"{parts.scheme}://{parts.netloc}"
    path = _plain((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
    method = _method(wanted)
    if method not in METHODS:
        problems.add("--method", f"expected one of {', '.join(METHODS)}, found {wanted.method!r}")
        method = "GET"
    headers, secrets = _headers(wanted, problems)
    step: dict[str, Any] = {"name": _step_name(wanted, parts.path), method.lower(): path}
    step |= _body(wanted, method, problems)
    if headers:
        step["headers"] = headers
    for option, key in (("URL", method.lower()), ("--header", "headers"), ("--body", "body"),
                        ("--json-body", "json")):  # fmt: skip
        _check_templates(option, step.get(key), problems)
    client: dict[str, Any] = {"http": base, "steps": [step]}
    if wanted.timeout:
        client["timeout"] = wanted.timeout
        problems.parsed("--timeout", wanted.timeout, _above_zero, 0.0)
    if think := think_of(wanted, problems):
        client["think"] = think
    if wanted.insecure:
        client["verify"] = False
    return client, secrets


def _check_templates(option: str, source: Any, problems: OptionProblems) -> None:
    try:
        told = unknown_names(Template(source).names, ())
    except ValueError as error:
        told = [str(error)]
    for one in told:
        problems.add(option, one)


def think_of(wanted: LoadWanted, problems: OptionProblems) -> dict[str, str]:
    """Return ``--think``, one duration or two with ``..`` between, as the file has it."""
    if not wanted.think:
        return {}
    shortest, dots, longest = wanted.think.partition("..")
    least = problems.parsed("--think", shortest, seconds_from, 0.0)
    most = problems.parsed("--think", longest, seconds_from, least) if dots else least
    if most < least:
        problems.add("--think", f"expected the longer pause last, found {wanted.think!r}")
    return {"min": shortest, "max": longest or shortest}


def _body(wanted: LoadWanted, method: str, problems: OptionProblems) -> dict[str, Any]:
    if wanted.body and wanted.json_body:
        problems.add("--json-body", "expected either --body or --json-body, found both")
    option = "--json-body" if wanted.json_body else "--body"
    text = wanted.json_body or wanted.body
    if not text:
        return {}
    if method not in BODY_METHODS:
        problems.add(option, f"expected a method with a body, found {method}", "try --method POST")
    if text.startswith("@"):
        text = _text_of(option, text[1:], problems)
    if not wanted.json_body:
        return {"body": _plain(text)}
    try:
        return {"json": plain_data(json.loads(text))}
    except ValueError as error:
        problems.add(option, f"expected JSON: {error}")
        return {}


def _text_of(option: str, name: str, problems: OptionProblems) -> str:
    try:
        return Path(name).read_text("utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "no UTF-8 text"
        problems.add(option, f"{name} cannot be read: {why}")
        return ""


def _headers(wanted: LoadWanted, problems: OptionProblems) -> tuple[dict[str, str], dict[str, str]]:
    """Return the headers, and the variables that stand in them for what nobody else may read."""
    headers: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for text in wanted.headers:
        name, colon, value = (part.strip() for part in text.partition(":"))
        if not colon or not name or not name.isascii() or any(sign.isspace() for sign in name):
            problems.add("--header", f"expected Name: value, found {text!r}")
        elif value and is_secret_header(name) and "${env." not in value:
            variable = f"header_secret_{len(secrets) + 1}"
            secrets[variable] = value
            headers[name] = f"${{{variable}}}"
        else:
            headers[name] = _plain(value)
    return headers, secrets


def processes_of(shape: WantedShape) -> int:
    """Return how many processes should play it: all cores where they are what limits it."""
    cores = len(os.sched_getaffinity(0))
    return cores if shape.closed and shape.users >= PROCESSES_FROM_USERS and cores > 1 else 0


def _method(wanted: LoadWanted) -> str:
    has_body = wanted.body or wanted.json_body
    return (wanted.method or ("POST" if has_body else "GET")).upper()


def _step_name(wanted: LoadWanted, path: str) -> str:
    # A dot in a name would separate a load from an operation.
    return (wanted.name or path or "/").replace(".", "_")


def _stem(url: str) -> str:
    parts = urlsplit(url)
    return re.sub(r"[^a-z0-9]+", "-", f"load-{parts.netloc.rpartition('@')[2]}".lower()).strip("-")


def _plain(text: str) -> str:
    """Return *text* for a document in which ``${`` is no reference, but for the environment's."""
    return _REFERENCE.sub("$${", text)


def plain_data(data: Any) -> Any:
    """Return *data* such that no text in it refers to a variable of the document."""
    if isinstance(data, dict):
        return {_plain(key): plain_data(one) for key, one in data.items()}
    if isinstance(data, list):
        return [plain_data(one) for one in data]
    return _plain(data) if isinstance(data, str) else data


def _above_zero(text: str) -> float:
    if not (seconds := seconds_from(text)):
        raise ValueError("expected a duration above 0")
    return seconds
