"""What kinds of task there are, and what their payloads look like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from proving_ground.request_body import TEXT_MAX, BadRequest
from proving_ground.usage import did_you_mean

_SECONDS_MAX = 3600
_FAILURES_MAX = 100

TASK_TYPES: dict[str, str] = {
    "delay": "waits: seconds",
    "inference": "answers a prompt: prompt",
    "failing": "fails each time: message (optional)",
    "flaky": "fails the first times: failures",
    "webhook": "posts to an address: url, body (optional)",
}


def checked_payload(task_type: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return *payload* when it fits the type; raises ``BadRequest``."""
    if task_type not in TASK_TYPES:
        raise BadRequest(f"type: unknown {task_type!r:.60};{did_you_mean(task_type, TASK_TYPES)}")
    if task_type == "delay":
        _number(payload, "seconds", _SECONDS_MAX)
    elif task_type == "inference":
        _text(payload, "prompt")
    elif task_type == "flaky":
        _number(payload, "failures", _FAILURES_MAX)
    elif task_type == "webhook" and not _text(payload, "url").startswith(("http://", "https://")):
        raise BadRequest("payload.url: an address such as http://host:port/path was expected")
    return payload


def _number(payload: Mapping[str, Any], name: str, most: float) -> float:
    value = payload.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        raise BadRequest(
            f"payload.{name}: a number from 0 to {most} was expected, found {value!r:.60}"
        )
    return float(value)


def _text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 10 * TEXT_MAX:
        raise BadRequest(f"payload.{name}: a non-empty string was expected, found {value!r:.60}")
    return value
