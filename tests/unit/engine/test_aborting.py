"""A threshold with ``abort_on_fail`` ends the run as soon as it fails, and fails it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hormesis.checks.threshold import Threshold
from hormesis.engine import conductor as conductor_module
from hormesis.engine.crew.crew import Crew
from hormesis.spec.stop_conditions import aborting
from hormesis.wire.meter import Meter
from hormesis.words.check import RunVerdict, Verdict
from hormesis.words.client import User
from hormesis.words.experiment import LoadTrack
from hormesis.words.history import History
from hormesis.words.judging import code_of, judge_run
from hormesis.words.load import Closed
from hormesis.words.outcome import ExitCode, Outcome
from tests.unit.engine.fake_run import Run
from tests.unit.engine.scripted_client import Scripted, Shaped
from tests.virtual_time import virtually

Patch = pytest.MonkeyPatch


def visitors(bad_from: float, bad_until: float) -> LoadTrack:
    """Return a user who does ten operations a second; from then until then they fail."""

    async def work(user: User) -> None:
        async with user.op("page") as op:
            now = user.clock.now()
            await user.clock.sleep_until(now + 0.1)
            if bad_from <= now < bad_until:
                op.fail("http-503")

    shape = Closed(lambda passed: 1, 1, 12.0)
    return LoadTrack("visitors", Shaped(given=shape), Scripted(work=work), processes=1)


def crew(tracks: tuple[LoadTrack, ...], **given: Any) -> Crew:
    """Return a crew that measures in the run's own time, which is not the machine's."""
    now_ns = given["clock"].now_ns
    meter_of = {"meter_of": lambda first, step: Meter(now_ns=now_ns, first=first, step=step)}
    return Crew(tracks, **{**given, **meter_of})


async def played(
    folder: Path, patch: Patch, load: LoadTrack, **given: Any
) -> tuple[History, RunVerdict, Verdict]:
    check = Threshold.model_validate({"expression": "http_req_failed rate < 20%", **given})
    parts = {"loads": (load,), "checks": (check,), "stop_when": tuple(aborting([check]))}
    patch.setattr(conductor_module, "Crew", crew)
    history = await Run(folder, patch, parts, duration_s=12.0).play()
    verdict = judge_run(history, [check])
    return history, verdict, verdict.verdicts[0]


@virtually
async def test_a_threshold_that_fails_ends_the_run_and_fails_it(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    load = visitors(4.0, 99.0)
    history, run, one = await played(tmp_path, monkeypatch, load, abort_on_fail=True)
    assert history.end is not None
    assert history.end["reason"] == "aborted"
    assert 5.0 <= history.end["time"] <= 7.0
    assert (run.outcome, code_of(run)) == (Outcome.FAIL, ExitCode.FAIL)
    assert one.summary.startswith("aborted at ")
    assert " s: rate is " in one.summary
    assert one.findings
    assert f"http_req_failed rate < 20%: {one.summary}" in run.reason


@virtually
async def test_it_is_first_looked_at_after_the_delay(tmp_path: Path, monkeypatch: Patch) -> None:
    history, _, one = await played(
        tmp_path, monkeypatch, visitors(0.0, 99.0), abort_on_fail=True, delay_abort_eval="5s"
    )
    assert "aborted at 5." in one.summary
    assert history.end is not None
    assert history.end["time"] < 6.5


@virtually
async def test_what_has_healed_before_the_delay_is_over_does_not_abort(
    tmp_path: Path, monkeypatch: Patch
) -> None:
    history, run, one = await played(
        tmp_path, monkeypatch, visitors(0.0, 1.0), abort_on_fail=True, delay_abort_eval="8s"
    )
    assert history.end is not None
    assert history.end["reason"] == "completed"
    assert (run.outcome, one.outcome) == (Outcome.PASS, Outcome.PASS)


@virtually
async def test_without_it_the_run_goes_on_to_its_end(tmp_path: Path, monkeypatch: Patch) -> None:
    history, _, one = await played(tmp_path, monkeypatch, visitors(0.0, 99.0))
    assert history.end is not None
    assert history.end["reason"] == "completed"
    assert one.summary.startswith("rate is 100%")
