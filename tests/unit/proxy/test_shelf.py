"""Toxics are found by kind, and what is wrong is one sentence."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from hormesis.proxy import shelf
from hormesis.proxy.shelf import toxic_of
from hormesis.toxics.latency import Latency
from hormesis.words.shaper import Stream

PACKAGE = "hormesis.toxics"


def test_a_toxic_is_made_from_texts_with_units() -> None:
    toxic = toxic_of(PACKAGE, "latency", "both", {"delay": "200ms"})
    assert isinstance(toxic, Latency)
    assert (toxic.delay, toxic.stream) == (0.2, Stream.BOTH)


def test_the_direction_is_the_toxics_own_when_none_is_asked() -> None:
    assert toxic_of(PACKAGE, "postgres-delay", None, {}).stream is Stream.UPSTREAM


def test_an_installed_plugin_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("lag", "hormesis.toxics.latency:Latency", PACKAGE)

    def points(*, group: str, name: str) -> list[EntryPoint]:
        return [point] if (group, name) == (PACKAGE, "lag") else []

    monkeypatch.setattr(shelf, "entry_points", points)
    assert isinstance(toxic_of(PACKAGE, "lag", None, {"delay": "1s"}), Latency)


@pytest.mark.parametrize(
    ("kind", "stream", "attributes", "expected"),
    [
        ("nothing", None, {}, "there is no toxic 'nothing'"),
        ("../latency", None, {}, "expected the kind of a toxic"),
        ("latency", "sideways", {}, "latency: stream: "),
        ("latency", None, {"delay": 200}, "latency: delay: expected a duration with a unit"),
        ("latency", None, {"delai": "1s"}, "latency: delai: "),
        ("bandwidth", None, {}, "bandwidth: rate: "),
    ],
)
def test_what_is_wrong_is_told(
    kind: str, stream: str | None, attributes: dict[str, Any], expected: str
) -> None:
    with pytest.raises(ValueError) as caught:
        toxic_of(PACKAGE, kind, stream, attributes)
    assert str(caught.value).startswith(expected)
    assert "\n" not in str(caught.value)
