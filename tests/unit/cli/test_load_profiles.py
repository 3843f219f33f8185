"""The staged profiles that come with Hormesis: their shapes, scaled and whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from hormesis.compose.load_source import bundled_loads
from hormesis.compose.preparing import prepare
from hormesis.compose.request import RunRequest
from hormesis.words.experiment import LoadTrack
from hormesis.words.load import Closed

LASTS_S = {"inference-load": 16 * 60, "stress-test": 19 * 60, "spike-test": 7 * 60}


def loads(name: str, folder: Path, scale: float = 1.0) -> tuple[LoadTrack, ...]:
    overrides = {"base": "http://127.0.0.1:1"}
    request = RunRequest(bundled_loads()[name], folder, overrides, time_scale=scale)
    return prepare(request).experiment.loads


def users_at(tracks: tuple[LoadTrack, ...], moment: float) -> int:
    users = 0
    for track in tracks:
        shape = track.load.shape()
        assert isinstance(shape, Closed)
        passed = moment - track.at_s
        users += shape.users_at(passed) if 0 <= passed < shape.duration_s else 0
    return users


def test_every_profile_is_there() -> None:
    assert set(LASTS_S) <= set(bundled_loads())


@pytest.mark.parametrize("name", LASTS_S)
@pytest.mark.parametrize("scale", [1.0, 0.05])
def test_a_profile_lasts_as_long_as_it_says_scaled_or_not(
    name: str, scale: float, tmp_path: Path
) -> None:
    tracks = loads(name, tmp_path, scale)
    ends = [one.at_s + one.load.shape().duration_s for one in tracks]  # type: ignore[union-attr]
    assert max(ends) == pytest.approx(LASTS_S[name] * scale)


@pytest.mark.parametrize(
    ("name", "points"),
    [
        ("inference-load", [(0, 0), (150, 500), (300, 1000), (899, 1000), (930, 500)]),
        ("stress-test", [(0, 100), (360, 2550), (720, 5000), (1019, 5000), (1080, 2500)]),
        (
            "spike-test",
            [(30, 100), (65, 1050), (100, 2000), (200, 100), (265, 1550), (300, 3000), (400, 100)],
        ),
    ],
)
def test_a_profile_has_its_users_when_it_says(
    name: str, points: list[tuple[float, int]], tmp_path: Path
) -> None:
    for scale in (1.0, 0.01):
        tracks = loads(name, tmp_path, scale)
        for moment, users in points:
            at = users_at(tracks, moment * scale + 1e-6)
            assert at == pytest.approx(users, rel=0.01, abs=1), (scale, moment)


def test_a_spike_s_users_take_over_without_a_gap(tmp_path: Path) -> None:
    tracks = loads("spike-test", tmp_path)
    assert min(users_at(tracks, moment) for moment in range(400)) >= 99
