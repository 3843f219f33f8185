"""The entry costs nothing while no test uses it, and stops where going on would be wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hormesis.custodian.registry import open_runs, register_run
from hormesis.host.process import Identity
from hormesis.record.ledger import Ledger
from tests.integration.pytest_door.project import PLAIN

pytest_plugins = ["pytester"]
LOADED_MS_MAX = 20.0
LOAD = """
import pytest, sys, time
begun = time.process_time()
import _hormesis_pytest
took = time.process_time() - begun
loaded = [m for m in sys.modules if m.partition(".")[0] in ("hormesis", "psycopg", "hypothesis")]
assert loaded == [], loaded
print(took * 1000)
"""


def test_the_entry_loads_in_an_instant_and_brings_nothing_along() -> None:
    def load() -> float:
        command = [sys.executable, "-c", LOAD]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert min(load() for _ in range(3)) < LOADED_MS_MAX


def test_a_session_without_chaos_tests_loads_nothing_of_the_toolkit(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest(
        """
        import sys
        def pytest_unconfigure():
            print("loaded:", sorted(m for m in sys.modules if m.partition(".")[0] == "hormesis"))
        """
    )
    pytester.makepyfile("import pytest\n@pytest.mark.chaos\ndef test_one(): pass")
    result = pytester.runpytest_subprocess(*PLAIN, "--strict-markers", "-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*loaded: []"])
    result.stdout.no_fnmatch_line("*seed*")


def test_the_smoke_selection_leaves_out_what_is_slow_or_destructive(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import pytest
        pytestmark = pytest.mark.chaos
        def test_smoke(): pass
        @pytest.mark.slow
        def test_slow(): assert 0
        @pytest.mark.destructive
        def test_destructive(): assert 0
        """
    )
    smoke = "chaos and not slow and not destructive"
    result = pytester.runpytest_inprocess("-p", "no:asyncio", "-m", smoke)
    result.assert_outcomes(passed=1, deselected=2)


def test_what_could_not_be_undone_stops_the_session(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from hormesis.words.trouble import DirtyTrouble
        def test_one(chaos_seed):
            try:
                raise DirtyTrouble("a rule of the firewall is left")
            except DirtyTrouble as left:
                raise RuntimeError("wrapped") from left
        def test_two(): raise AssertionError("it was begun all the same")
        """
    )
    for more in ((*PLAIN,), ("-p", "no:randomly", "-n1")):
        result = pytester.runpytest_subprocess(*more)
        assert result.ret == 3
        result.stdout.fnmatch_lines(["*stopped: *a rule of the firewall is left*hormesis revert*"])
        result.stdout.no_fnmatch_line("*it was begun all the same*")


@pytest.mark.prove
def test_what_a_session_cannot_undo_at_its_end_decides_the_exit_code(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeconftest(
        """
        from hormesis.testing.session import ChaosSession
        from hormesis.words.trouble import DirtyTrouble

        def close(self):
            raise DirtyTrouble("a volume is still mounted")

        ChaosSession.close = close
        """
    )
    pytester.makepyfile("def test_one(chaos_seed): pass")
    for more in ((*PLAIN,), ("-p", "no:randomly", "-p", "no:asyncio", "-n1")):
        result = pytester.runpytest_subprocess(*more)
        assert result.ret == 3
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["hormesis: *a volume is still mounted*hormesis revert*"])


@pytest.mark.prove
def test_a_test_that_swallows_what_was_left_does_not_go_on(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from dataclasses import replace
        from subprocess import Popen

        def test_one(hormesis):
            program = Popen(["sleep", "60"])
            alone = hormesis.fault("pause", process=program)
            with alone:
                pass
            program.kill()
            program.wait()
            judged = alone.run.finished.judged
            dirty = replace(judged, verdict=replace(judged.verdict, dirty=("it still stands",)))
            alone.run.finished = replace(alone.run.finished, judged=dirty)

        def test_two(): raise AssertionError("it was begun all the same")
        """
    )
    result = pytester.runpytest_subprocess(*PLAIN)
    assert result.ret == 3
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*stopped: *it still stands*hormesis revert*"])
    result.stdout.no_fnmatch_line("*it was begun all the same*")


def test_no_chaos_test_begins_on_a_machine_that_is_not_clean(
    pytester: pytest.Pytester, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    monkeypatch.setenv("HORMESIS_STATE", str(state))
    me = Identity.of(os.getpid())
    assert me is not None
    gone = Identity.from_json({**me.to_json(), "start": 1})
    assert gone is not None
    ledger = Ledger(tmp_path / "ledger")
    pointer = register_run(state, "dead", ledger.path, gone, gone)
    ledger.start(run="dead", boot="b", pointer=str(pointer))
    ledger.intend("left", "pause", {"pid": 1}, facts={}, boot="another boot")
    ledger.close()
    pytester.makepyfile("def test_one(chaos_seed): pass\ndef test_other(): pass")
    refused = pytester.runpytest_subprocess(*PLAIN)
    assert refused.ret == 3
    refused.assert_outcomes(errors=1)
    told = refused.stdout.str()
    assert "KeyError" not in told and "During handling" not in told
    advice = "run dead left 1 effects; run `hormesis revert`, or start pytest again with --chaos"
    assert told.count("hormesis revert") == told.count(advice) > 0, told
    assert "--recover" not in told, "that is no option of pytest"
    assert open_runs(state)
    recovered = pytester.runpytest_subprocess(*PLAIN, "--chaos-recover")
    recovered.assert_outcomes(passed=2)
    assert not open_runs(state)


@pytest.mark.prove
def test_seeds_are_the_sessions_and_repeatable_by_what_is_printed(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        def test_one(chaos_seed, num_workers):
            assert chaos_seed == 0, num_workers
        def test_two(): pass
        """
    )
    first = pytester.runpytest_subprocess("-n2", "--chaos-workers=4", "--junitxml=junit.xml")
    first.assert_outcomes(passed=1, failed=1)
    again = next(line for line in first.outlines if line.startswith("again: "))
    seed = next(line for line in first.outlines if line.startswith("seed: "))
    assert "--chaos-workers=4" in again
    second = pytester.runpytest_subprocess(*PLAIN, *again.split()[2:], "--lf")
    assert seed in second.outlines
    junit = (pytester.path / "junit.xml").read_text()
    for name in ("hormesis_seed", "hormesis_replay"):
        assert f'<property name="{name}"' in junit


def test_a_path_that_pytest_takes_for_tests_is_told(
    pytester: pytest.Pytester, tmp_path: Path
) -> None:
    pytester.makeini("[pytest]\nchaos_workers = 3\n")
    misread = pytester.runpytest_subprocess(*PLAIN, "--chaos-run-dir", str(tmp_path))
    assert misread.ret == pytest.ExitCode.USAGE_ERROR
    misread.stderr.fnmatch_lines([f"*write --chaos-run-dir={tmp_path}*"])
    meant = pytester.runpytest_subprocess(*PLAIN, f"--chaos-run-dir={tmp_path}")
    assert meant.ret == pytest.ExitCode.NO_TESTS_COLLECTED
