"""Manifest facts: how to replay a run, and on what it ran, as pairs of texts."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from hormesis.reports.parts.wording import day
from hormesis.words.history import History


def replay_command(history: History) -> str:
    """Return the exact command that replays the run, quoted for a POSIX shell; empty if unknown."""
    manifest = history.manifest
    told = manifest.get("replay") or manifest.get("command")
    if isinstance(told, str):
        return told
    if not isinstance(told, list | tuple):
        return ""
    parts = [str(part) for part in told]
    # A seed that was drawn is not on the command line that was typed.
    drawn = ["--seed", str(manifest["seed"])] if parts and "seed" in manifest else []
    return shlex.join([*parts, *([] if _seeded(parts) else drawn)])


def _seeded(words: Sequence[str]) -> bool:
    return any(word.partition("=")[0] == "--seed" for word in words)


def time_scale(history: History) -> float:
    """Return the factor on every span of the run's own shape; 1 when nothing was scaled."""
    scale = history.manifest.get("time_scale", 1.0)
    is_number = isinstance(scale, int | float) and not isinstance(scale, bool)
    return float(scale) if is_number else 1.0


def started_wall(history: History) -> float:
    """Return when the run started, in seconds since the epoch; 0 when nobody knows."""
    told = history.manifest.get("started_wall")
    if isinstance(told, bool) or not isinstance(told, int | float):
        return 0.0
    return float(told) if math.isfinite(told) else 0.0


def tracks_of(history: History) -> list[Mapping[str, Any]]:
    """Return the tracks that the manifest declares, each with ``name``, ``sort``, ``describe``."""
    tracks = history.manifest.get("tracks")
    listed = tracks if isinstance(tracks, list | tuple) else ()
    return [track for track in listed if isinstance(track, Mapping)]


def description_of(history: History) -> str:
    """Return what the experiment's file says about itself; empty when it says nothing."""
    return str(history.manifest.get("description") or "").strip()


def manifest_facts(history: History) -> list[tuple[str, str]]:
    """Return what was known before the run began, most wanted first; empty values are left out."""
    manifest = history.manifest
    pairs = [
        ("run", manifest.get("run")),
        ("seed", manifest.get("seed")),
        ("experiment", manifest.get("experiment")),
        ("started", day(manifest.get("started_wall"))),
        ("version", manifest.get("version")),
        ("time scale", f"{time_scale(history):g}"),
    ]
    pairs += [
        (f"{track.get('sort', 'track')} · {track.get('name', '')}", track.get("describe"))
        for track in tracks_of(history)
    ]
    machine = manifest.get("machine")
    facts: Mapping[str, Any] = machine if isinstance(machine, Mapping) else {}
    pairs += [(f"machine · {str(name).replace('_', ' ')}", told) for name, told in facts.items()]
    return [(name, str(value)) for name, value in pairs if value not in (None, "")]
