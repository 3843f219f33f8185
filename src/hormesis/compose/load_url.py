"""From a URL to an ordinary experiment: what ``hormesis load URL`` is short for."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hormesis.clients.session.head import name_of
from hormesis.clients.steps.template import Template, unknown_names
from hormesis.compose.load_experiment import (
    LoadExperiment,
    default_told,
    plain_data,
    plain_text,
    processes_of,
    said_of,
    with_load,
)
from hormesis.compose.load_shape import shape_of
from hormesis.compose.load_wanted import LoadWanted, is_secret_header
from hormesis.compose.option_problems import OptionProblems, Said
from hormesis.host.http_origin import Origin
from hormesis.words.units import seconds_from

REACHED_WITHIN = "5s"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
BODY_METHODS = ("POST", "PUT", "PATCH", "DELETE")


def url_experiment(wanted: LoadWanted) -> LoadExperiment:
    """Return the experiment that puts the wanted load on a URL.

    Raises:
        UsageTrouble: options are wrong or do not fit together; all such are listed.
    """
    problems = OptionProblems()
    shape = shape_of(wanted, problems)
    client, secrets = _client(wanted, problems)
    experiment = with_load(wanted, shape, client, problems)
    if wanted.host:
        problems.add("--host", "expected only for a script; the URL says it itself")
    if wanted.variables:
        problems.add("--set", "expected a script or a file; a URL has nothing to set")
    problems.raise_if_any()
    return LoadExperiment(
        document={
            **experiment,
            "title": plain_text(f"{_method(wanted)} {wanted.what}: {shape.told}"),
            "vars": dict.fromkeys(secrets, ""),
            "steady_state": [_reached(wanted.what)],
        },
        stem=_stem(wanted.what),
        command=wanted.command(),
        processes=processes_of(shape),
        told=default_told(wanted),
        said={"tracks[0].client": Said("URL"), **said_of(wanted)},
        variables=secrets,
    )


def _client(wanted: LoadWanted, problems: OptionProblems) -> tuple[dict[str, Any], dict[str, str]]:
    trouble = _trouble_of(wanted.what)
    if trouble:
        problems.add("URL", trouble)
        return {}, {}
    parts = urlsplit(wanted.what)
    base = f"{parts.scheme}://{parts.netloc}"
    path = plain_text((parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
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
    if think := _think(wanted, problems):
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
        return {"body": plain_text(text)}
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
            headers[name] = plain_text(value)
    return headers, secrets


def _method(wanted: LoadWanted) -> str:
    has_body = wanted.body or wanted.json_body
    return (wanted.method or ("POST" if has_body else "GET")).upper()


def _step_name(wanted: LoadWanted, path: str) -> str:
    # A dot in a name would separate a load from an operation.
    return (wanted.name or name_of(_method(wanted), path or "/")).replace(".", "_")


def _stem(url: str) -> str:
    parts = urlsplit(url)
    return re.sub(r"[^a-z0-9]+", "-", f"load-{parts.netloc.rpartition('@')[2]}".lower()).strip("-")


def _above_zero(text: str) -> float:
    if not (seconds := seconds_from(text)):
        raise ValueError("expected a duration above 0")
    return seconds


def _reached(url: str) -> dict[str, Any]:
    """Return the condition that somebody listens behind *url*, before and after the load."""
    origin, _ = Origin.and_target(url)
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return {
        "name": "reached", "probe": "tcp", "address": f"{host}:{origin.port}",
        "within": REACHED_WITHIN,
    }  # fmt: skip


def _trouble_of(url: str) -> str:
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


def _think(wanted: LoadWanted, problems: OptionProblems) -> dict[str, str]:
    """Return ``--think``, one duration or two with ``..`` between, as the file has it."""
    if not wanted.think:
        return {}
    shortest, dots, longest = wanted.think.partition("..")
    least = problems.parsed("--think", shortest, seconds_from, 0.0)
    most = problems.parsed("--think", longest, seconds_from, least) if dots else least
    if most < least:
        problems.add("--think", f"expected the longer pause last, found {wanted.think!r}")
    return {"min": shortest, "max": longest or shortest}
