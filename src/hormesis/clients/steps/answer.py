"""What an answer means for its operation: ok, fail or info, and why. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from hormesis.clients.session.outcome import outcome_of, unexpected
from hormesis.host.json_path import Missing, at_path
from hormesis.words.expect import miss_of
from hormesis.words.op import Ended

_SNIPPET = 120


@dataclass(frozen=True, slots=True)
class Meaning:
    """How the operation ended; ``error`` is a short stable word, ``detail`` a text for people.

    ``data`` is the decoded JSON, if it was asked for and the answer was the expected one.
    """

    ended: Ended
    error: str = ""
    detail: str = ""
    data: Any = None


def meaning_of(
    method: str,
    status: int,
    body: bytes,
    *,
    expected: Mapping[str, Any],
    definite: Collection[int] = (),
    reads_json: bool = False,
) -> Meaning:
    """Return what an answer means.

    An expected status is ``ok``. Another one below 500 is ``fail`` when the server refused (4xx)
    and for GET, which changes nothing either way. What remains may have happened: ``info``,
    unless ``definite`` lists the status. An answer with the expected status whose JSON is not as
    expected is ``unexpected``, one that is no JSON at all ``bad-json``.
    """
    wanted = {"status": expected["status"]} if "status" in expected else {}
    if miss_of(wanted, {"status": status}) if wanted else not 200 <= status < 300:
        ended, error = outcome_of(method, status, (), definite)
        return Meaning(ended, error, detail_of(body))
    if not reads_json:
        return Meaning(Ended.OK)
    try:
        data = json.loads(body) if body.strip() else None
    except ValueError:
        return Meaning(Ended.INFO, "bad-json", _snippet(body))
    fields = {path: _found(data, path) for path in expected if path != "status"}
    if miss := miss_of({path: expected[path] for path in fields}, fields) if fields else "":
        return Meaning(unexpected(method), "unexpected", miss)
    return Meaning(Ended.OK, data=data)


def _found(data: Any, path: str) -> Any:
    try:
        return at_path(data, path)
    except Missing:
        return None


def detail_of(body: bytes) -> str:
    """Return the ``error`` of a JSON answer, which many services send, or its beginning."""
    try:
        data = json.loads(body) if body.startswith(b"{") else None
    except ValueError:
        data = None
    error = data.get("error") if isinstance(data, dict) else None
    return error[:_SNIPPET] if isinstance(error, str) else _snippet(body)


def _snippet(body: bytes) -> str:
    return body[:_SNIPPET].decode("utf-8", "replace").strip()
