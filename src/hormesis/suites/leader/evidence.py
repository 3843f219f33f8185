"""The evidence of each run, as ``key,value`` lines with the keys of the older test scripts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from hormesis.words.history import History, ProbeRecord
from hormesis.words.kind import Scalar
from hormesis.words.outcome import Outcome
from hormesis.words.report import Judged, Report

NAMES = {
    "L-LOCK": "leader_lock",
    "L-PG": "postgres",
    "L-RATE": "rate_limit",
    "L-TOKEN": "broker_token",
    "L-WS": "websocket",
    "L-NET": "network",
    "L-CPU": "cpu",
    "L-MEM": "memory",
}
"""What the older scripts called each test; others are called by their own name."""
WORDS: Mapping[str, Mapping[int, str]] = {
    "ready": {200: "ready"},
    "paused": {0: "false", 1: "true"},
}
"""What the numbers of some states mean."""
Line = tuple[str, ...]


class LeaderEvidence(Report):
    """One file for each run: states and metrics before, during and after, and the result.

    ``before`` is the last look before the first fault, ``after_stop`` the last one while a fault
    was there (of a run without faults: halfway through its tracks), ``after_recovery`` the last of
    all.
    """

    per_run: ClassVar[bool] = True
    file_name: str = "evidence.log"

    def files(self, title: str, runs: Sequence[Judged]) -> Mapping[str, bytes]:
        """Return each run's evidence by its file's name, ``leader_lock_<time>.log``."""
        return {f"{_test(one)}_{_began(one.history)}.log": _evidence(one) for one in runs}

    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        """Return the evidence of all runs, one after the other."""
        return b"".join(self.files(title, runs).values())


def _evidence(judged: Judged) -> bytes:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow((f"{_test(judged)}_chaos_test", _began(judged.history)))
    lines.writerows(_states(judged.history))
    lines.writerows(_figures(judged))
    lines.writerows(_transitions(judged.history))
    lines.writerows(_snapshots(judged.history))
    lines.writerows(("abort_failed", text) for text in judged.verdict.unsafe)
    lines.writerow(("test_result", judged.verdict.outcome.value.upper()))
    return text.getvalue().encode()


def _test(judged: Judged) -> str:
    return NAMES.get(judged.name, judged.name.lower().replace("-", "_"))


def _began(history: History) -> str:
    return _when(history, 0.0, "seconds")


def _when(history: History, time_s: float, precision: str) -> str:
    """Return a time of the run as the older scripts wrote it: no colons, in UTC."""
    moment = datetime.fromtimestamp(float(history.manifest.get("started_wall", 0)) + time_s, UTC)
    return moment.replace(tzinfo=None).isoformat(timespec=precision).replace(":", "-")


def _states(history: History) -> Iterator[Line]:
    leader, ready = history.observations("leader"), history.observations("ready")
    paused, health = history.observations("paused"), history.observations("health")
    for name, looks in (
        ("leader", leader),
        ("ready", ready),
        ("paused", paused),
        ("health", health),
    ):
        for moment, one in _three(history, looks).items():
            yield f"{name}_{moment}", _state(name, one)
    scan, order = history.observations("scan-heartbeat"), history.observations("order-heartbeat")
    market_data = history.observations("market-data-heartbeat")
    for key, looks in (("scan_hb", scan), ("order_hb", order), ("md_hb", market_data)):
        yield key, _age(_three(history, looks)["after_recovery"])


def _state(name: str, look: ProbeRecord | None) -> str:
    if look is None:
        return "not observed"
    words = WORDS.get(name, {})
    if name == "ready":
        return words.get(_whole(look.fields.get("status")), "not_ready")
    if look.reason:
        return look.reason
    value = look.fields.get("value")
    return words.get(_whole(value), str(value))


def _whole(value: Scalar) -> int:
    return int(value) if isinstance(value, int | float) else -1


def _age(look: ProbeRecord | None) -> str:
    value = look.fields.get("value") if look else None
    return f"{value:.1f}" if isinstance(value, int | float) else "not observed"


def _three(history: History, looks: Sequence[ProbeRecord]) -> dict[str, ProbeRecord | None]:
    """Return the last look before, while and after something was broken."""
    first, last = _broken(history)
    return {
        "before": _last(one for one in looks if one.time < first),
        "after_stop": _last(one for one in looks if first <= one.time < last),
        "after_recovery": _last(one for one in looks if one.time >= last),
    }


def _broken(history: History) -> tuple[float, float]:
    """Return from when to when something was broken."""
    windows = [window for one in history.faults if (window := one.window)]
    if windows:
        return min(one.asked for one in history.faults), max(window[1] for window in windows)
    start, end = history.tracks_window or (0.0, 0.0)
    return start + 1.0, start + (end - start) / 2


def _last(looks: Iterable[ProbeRecord]) -> ProbeRecord | None:
    found = list(looks)
    return found[-1] if found else None


def _figures(judged: Judged) -> Iterator[Line]:
    history = judged.history
    depths = [one.fields.get("value") for one in history.observations("queue")]
    numbers = [float(one) for one in depths if isinstance(one, int | float)]
    if numbers:
        yield "queue_depth_max", f"{max(numbers):g}"
        yield "queue_depth_after", f"{numbers[-1]:g}"
    exits = [one for one in history.processes if one.change == "exited" and not one.planned]
    yield "process_exits", str(len(exits))
    for one in history.faults:
        if one.window:
            yield f"fault_{one.id}_injected", _when(history, one.window[0], "milliseconds")
        if one.released is not None:
            yield f"fault_{one.id}_released", _when(history, one.released, "milliseconds")
    for verdict in judged.verdict.verdicts:
        took = verdict.figures.get("worst_s")
        yield f"check_{verdict.check}", verdict.outcome.value
        if took is not None:
            yield f"check_{verdict.check}_s", str(took)
        if verdict.outcome is not Outcome.PASS:
            yield f"check_{verdict.check}_why", verdict.summary


def _transitions(history: History) -> Iterator[Line]:
    """Yield each change of a state, with its time, from what to what."""
    changes = []
    for name in ("leader", "ready", "paused", "health"):
        before = ""
        for one in history.observations(name):
            now = _state(name, one)
            if now != before:
                changes.append((one.time, name, before or "unknown", now))
            before = now
    for time_s, name, before, now in sorted(changes):
        yield "transition", _when(history, time_s, "milliseconds"), name, before, now


def _snapshots(history: History) -> Iterator[Line]:
    for moment, look in _three(history, history.observations("snapshot")).items():
        for name, value in (look.fields if look else {}).items():
            if name not in ("value", "ms"):
                yield f"metric_{moment}:{name}", str(value)
