"""What cannot be done is said once, in one sentence, and without the toolkit's frames."""

from __future__ import annotations

import pytest

from tests.integration.pytest_door.project import PLAIN

pytest_plugins = ["pytester"]
TESTS = """
import pytest

@pytest.fixture
def page():
    return "/"

@pytest.mark.experiment("missing.yaml")
def test_file(): pass

@pytest.mark.experiment()
def test_arguments(): pass

@pytest.mark.experiment("missing.yaml", variables={"path": "{pgae}"})
def test_near_fixture(): pass

@pytest.mark.experiment("missing.yaml", variables={"path": "{nothing_like_it}"})
def test_far_fixture(): pass

def test_version(sync_conn): pass

def test_process(hormesis):
    with hormesis.fault("pause", process="postgres"):
        pass

def test_bite(hormesis):
    with hormesis.proxy("127.0.0.1:1") as proxy:
        with proxy.fault("latency", delay="100ms"):
            pass
"""


def test_each_is_said_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=TESTS)
    result = pytester.runpytest_subprocess(*PLAIN, "--chaos-postgres=99")
    result.assert_outcomes(errors=5, failed=2)
    told, _, summary = result.stdout.str().partition("short test summary info")
    assert "During handling" not in told and "direct cause" not in told
    assert "entries are hidden" not in told
    for once in (
        "missing.yaml: expected a file, found nothing there",
        "missing 1 required positional argument: 'file'; expected @pytest.mark.experiment",
        "there is no fixture 'pgae' for '{pgae}'; did you mean page?",
        "there is no fixture 'nothing_like_it' for '{nothing_like_it}'; fixtures: page, ",
        "no PostgreSQL 99 is installed here; found: ",
        "process='postgres': expected a process id or what has a .pid, such as a Popen",
        "was not seen to hurt: ",
    ):
        assert told.count(once) == 1, f"{once}\n{told}"
    assert "/hormesis/" not in told, "frames of the toolkit bury what it says"
    assert "test_it.py::test_bite - hormesis.testing.NoBite: " in summary


def test_a_folder_that_cannot_be_made_is_told_before_any_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_one(chaos_seed): pass")
    (pytester.path / "taken").write_text("")
    result = pytester.runpytest_subprocess(*PLAIN, "--chaos-run-dir=taken/runs")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert [line for line in result.errlines if line] == [
        f"ERROR: --chaos-run-dir {pytester.path}/taken/runs: "
        "no folder can be made there: Not a directory"
    ]


@pytest.mark.prove
def test_a_template_that_would_not_be_run_is_refused(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        tables="""
        async def coroutine(connection): pass
        def hands_one_on(connection): return coroutine(connection)
        """,
        test_it="def test_one(isolated_schema): pass",
    )
    for name in ("coroutine", "hands_one_on"):
        setting = f"chaos_template=tables:{name}"
        result = pytester.runpytest_subprocess(*PLAIN, "-o", setting, "-W", "error")
        result.assert_outcomes(errors=1)
        told, _, _ = result.stdout.str().partition("short test summary info")
        assert told.count("an asynchronous function would not be run") == 1, told
    url = "--chaos-database=postgresql://nobody@127.0.0.1:1/own"
    both = pytester.runpytest_subprocess(*PLAIN, "-o", setting, "--chaos-isolation=none", url)
    assert both.ret == pytest.ExitCode.USAGE_ERROR
    both.stderr.fnmatch_lines(["*tests use your database as it is*leave one of the two out"])


@pytest.mark.prove
def test_the_server_that_served_is_told(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_one(sync_conn, pytestconfig):
            told = sync_conn.info.parameter_status("server_version").split()[0]
            (pytestconfig.rootpath / "version").write_text(told)
        """
    )
    result = pytester.runpytest_subprocess(*PLAIN)
    result.assert_outcomes(passed=1)
    version = (pytester.path / "version").read_text()
    result.stdout.fnmatch_lines([f"PostgreSQL {version} (*)"])
