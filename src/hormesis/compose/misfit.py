"""Misfit: why what was read of a system does not fit a scenario, and which field is to blame."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from hormesis.probes.command import Command
from hormesis.probes.http import Http
from hormesis.probes.prometheus import Prometheus
from hormesis.probes.sql import Sql
from hormesis.words.expect import miss_of
from hormesis.words.probe import Observation, Probe
from hormesis.words.secrets import passwords_masked

_REFUSED = frozenset({401, 403, 404, 405, 410, 501})
_NOT_LET_IN = frozenset({401, 403})
_NO_PROGRAM = frozenset({126, 127})
"""What a shell says of a command that cannot be run."""
_STATE = re.compile(r"\((?P<state>[0-9A-Z]{5})\)$")
_NOT_YET = frozenset({"42P01", "42703", "3F000"})
"""A table, a column or a schema that is not there: a process may make it when it starts."""
_CONNECTING = ("08", "28", "3D")
"""Classes of SQLSTATE that tell of the connection, the account or the database."""
_NO_CONNECTION = ("connection ", "timeout: no connection")
_ASKED: Mapping[type[Probe], str] = {Sql: "query", Http: "get", Prometheus: "url", Command: "run"}


@dataclass(frozen=True)
class Misfit:
    """Why a read does not fit, and the fields of its probe that are to blame, the nearest first.

    ``mendable``: a process that the run starts may make what is not there yet.
    """

    why: str
    fields: tuple[str, ...]
    mendable: bool = False


def misfit_of(probe: Probe, seen: Observation, *, steady: bool) -> Misfit | None:
    """Return why *seen*, which *probe* saw, does not fit; None when it does.

    A condition of the *steady* state has to be met; of others it is enough that they answer.
    """
    asked = _ASKED[type(probe)]
    found: Misfit | None
    if seen.reason:
        found = _unanswered(probe, seen.reason, asked)
    else:
        miss = miss_of(probe.expect, seen.fields)
        found = _missed(probe, seen, miss, asked, steady=steady) if miss else None
    if found is None:
        return None
    why = found.why
    if isinstance(probe, Http | Prometheus):
        why = f"GET {probe.get if isinstance(probe, Http) else probe.url}: {why}"
    return Misfit(passwords_masked(why), found.fields, found.mendable)


def _unanswered(probe: Probe, reason: str, asked: str) -> Misfit:
    if isinstance(probe, Sql):
        told = _STATE.search(reason)
        state = told["state"] if told else ""
        if state.startswith(_CONNECTING) or reason.startswith(_NO_CONNECTION):
            return Misfit(reason, ("dsn",))
        return Misfit(reason, (asked,), mendable=state in _NOT_YET)
    if isinstance(probe, Prometheus):
        return Misfit(reason, (*_of_metric(probe, reason), asked))
    if isinstance(probe, Http) and probe.json_ and repr(probe.json_) in reason:
        return Misfit(reason, ("json", asked))
    return Misfit(reason, (asked,))


def _of_metric(probe: Prometheus, reason: str) -> tuple[str, ...]:
    if reason.startswith("http-40"):
        return ("headers",) if reason in ("http-401", "http-403") else ()
    if probe.metric is None:
        return ("matching",) if reason.startswith("no metric ") else ()
    if not reason.startswith(f"{probe.metric}: "):
        return ()
    return ("labels", "metric") if "labels" in reason else ("metric",)


def _missed(
    probe: Probe, seen: Observation, miss: str, asked: str, *, steady: bool
) -> Misfit | None:
    """Return why an answer does not fit that is not as it is expected to be."""
    status = seen.fields.get("status")
    if status in _REFUSED:
        field = ("headers", asked) if status in _NOT_LET_IN else (asked,)
        return Misfit(probe.told_miss(miss, seen) if steady else f"answered {status}", field)
    if not steady or probe.expect is None:
        return None
    nearest = ("metric", asked) if isinstance(probe, Prometheus) else (asked,)
    # Nothing at all is no state that a process could change, and a shell knows of no program.
    nothing = seen.fields.get("value", miss) is None or seen.fields.get("exit") in _NO_PROGRAM
    return Misfit(probe.told_miss(miss, seen), nearest, mendable=not nothing)
