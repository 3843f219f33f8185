"""Short toxics: which fault a toxic of Toxiproxy's is, and in what its bare numbers count.

Names and units are those of Toxiproxy's own attributes: milliseconds, kilobytes of 1000 bytes per
second, bytes, and microseconds between the slicer's pieces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hormesis.words.fault import Fault


@dataclass(frozen=True, slots=True)
class ToxicForm:
    """A toxic of Toxiproxy's: the fault that it is, and each attribute's parameter and unit.

    One that only ``slows`` lets every byte through in the end, so that no request has to fail.
    """

    fault: str
    attributes: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    slows: bool = False


TOXICS: Mapping[str, ToxicForm] = {
    "latency": ToxicForm(
        "latency", {"latency": ("delay", "ms"), "jitter": ("jitter", "ms")}, slows=True
    ),
    "bandwidth": ToxicForm("bandwidth", {"rate": ("rate", "KB")}, slows=True),
    "slow_close": ToxicForm("slow-close", {"delay": ("delay", "ms")}, slows=True),
    "timeout": ToxicForm("timeout", {"timeout": ("timeout", "ms")}),
    "reset_peer": ToxicForm("reset", {"timeout": ("after", "ms")}),
    "slicer": ToxicForm(
        "slicer",
        {
            "average_size": ("average_size", "B"),
            "size_variation": ("size_variation", "B"),
            "delay": ("delay", "us"),
        },
        slows=True,
    ),
    "limit_data": ToxicForm("limit-data", {"bytes": ("bytes", "B")}),
    "down": ToxicForm("down"),
}
_UNITS = {"duration": "ms", "size": "B"}


def form_of(toxic: str, faults: Mapping[str, type[Fault]]) -> ToxicForm | None:
    """Return the form of the toxic or fault called *toxic*; None when there is neither."""
    for name, form in TOXICS.items():
        if toxic.replace("-", "_") == name or toxic.replace("_", "-") == form.fault:
            return form
    kind = toxic.replace("_", "-")
    return ToxicForm(kind) if kind in faults else None


def unit_of(kind: type[Fault], parameter: str) -> str:
    """Return the unit that a bare number of a fault's *parameter* counts in; empty when in none."""
    schema = kind.model_json_schema(by_alias=True)["properties"].get(parameter, {})
    titles = [one.get("title", "") for one in (schema, *schema.get("anyOf", ()))]
    return next((_UNITS[title] for title in titles if title in _UNITS), "")
