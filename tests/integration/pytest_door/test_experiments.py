"""Experiments from inside a test: they pass, fail and stay unknown as they do everywhere."""

from __future__ import annotations

import pytest

from tests.integration.pytest_door.project import CHECKED, PLAIN, WEB

pytest_plugins = ["pytester"]


def test_experiments_judge_tests(pytester: pytest.Pytester) -> None:
    (pytester.path / "web.yaml").write_text(WEB + CHECKED)
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def expected():
            return 200

        def test_passes(hormesis):
            finished = hormesis.run("web.yaml")
            assert finished.code == 0
            assert finished.directory.is_relative_to(hormesis.directory)

        async def test_fails_inside_of_a_loop(hormesis):
            hormesis.run("web.yaml", variables={"status": 404})

        def test_tells_what_is_wrong_with_a_call(hormesis):
            hormesis.run("web.yaml", variables={"sttus": 404})

        @pytest.mark.experiment("web.yaml", variables={"status": "{expected}"})
        def test_marked_passes(experiment):
            assert experiment.code == 0

        @pytest.mark.experiment("web.yaml", variables={"status": 404})
        def test_marked_fails():
            raise AssertionError("the body has nothing to say any more")

        @pytest.mark.experiment("web.yaml", variables={"status": "{expcted}"})
        def test_marked_with_an_unknown_fixture(expected): pass

        @pytest.mark.experiment("web.yaml", variables={"status": 404}, judge=False)
        def test_judges_itself(experiment):
            assert experiment.code == 1
        """
    )
    result = pytester.runpytest_subprocess(*PLAIN, "--chaos-seed=5", "--junitxml=junit.xml")
    result.assert_outcomes(passed=3, failed=3, errors=1)
    result.stdout.fnmatch_lines_random(
        [
            "*there is no fixture 'expcted'*did you mean expected*",
            "E*hormesis.testing.JudgedFailure: A small web server answers failed: 1 of 1 checks*",
            "E*✘ http_req_failed rate == 0%: rate is 100%, allowed == 0%, over * operations",
            "E*home ended fail * times: http-200*",
            "E*what to try: Answer what is asked for.",
            "E*InputTrouble: --set sttus: *did you mean status?",
            "again: pytest test_experiments_judge_tests.py::test_marked_fails --chaos-seed=5",
            "*recorded in *test_marked_fails*",
        ]
    )
    assert "the body has nothing" not in result.stdout.str()
    assert "/compose/" not in result.stdout.str(), "frames of the toolkit bury what it says"
    assert '<property name="hormesis_run_directory"' in (pytester.path / "junit.xml").read_text()


@pytest.mark.prove
def test_unknown_is_no_pass_unless_that_is_allowed(pytester: pytest.Pytester) -> None:
    (pytester.path / "web.yaml").write_text(WEB)
    pytester.makepyfile(
        """
        import pytest
        from hormesis.testing import unique

        @pytest.mark.experiment("web.yaml")
        def test_one(): pass

        def test_two(race):
            race(lambda worker: worker.meet()).must(unique("id", of="nosuch"))
        """
    )
    refused = pytester.runpytest_subprocess(*PLAIN)
    refused.assert_outcomes(failed=2)
    refused.stdout.fnmatch_lines(
        ["*is unknown: Not enough evidence*", "*--chaos-allow-unknown lets it"]
    )
    allowed = pytester.runpytest_subprocess("-p", "no:randomly", "-n1", "--chaos-allow-unknown")
    allowed.assert_outcomes(passed=2)
    allowed.stdout.fnmatch_lines_random(
        [
            "unknown, and allowed: *test_one: *Nothing was checked*",
            "unknown, and allowed: *test_two: no duplicate nosuch of id: no operation 'nosuch'*",
        ]
    )


def test_faults_proxies_and_steered_runs(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import subprocess, urllib.request, pytest

        WEB = {
            "ports": ["web"],
            "processes": {"web": {
                "run": ["${python}", "-m", "http.server", "${port.web}", "--bind", "127.0.0.1"],
                "ready": {"tcp": "127.0.0.1:${port.web}"},
            }},
        }

        def test_it(hormesis, request):
            with hormesis.running(WEB) as run:
                with run.fault("pause", "web") as bite:
                    assert bite.seen
                address = f"127.0.0.1:{run.variables['port.web']}"
                with hormesis.proxy(address) as proxy:
                    with proxy.fault("latency", delay="50ms"):
                        urllib.request.urlopen(f"http://{proxy.address}/").read()
                        urllib.request.urlopen(f"http://{proxy.address}/").read()
            with subprocess.Popen(["sleep", "60"]) as sleeper:
                with hormesis.fault("pause", process=sleeper) as bite:
                    assert bite.proof
                sleeper.kill()

        def test_what_it_did_is_known(request):
            from hormesis.testing.session import ChaosSession
            done = ChaosSession.of(request.config).effects(request.node.nodeid.replace(
                "test_what_it_did_is_known", "test_it"))
            assert [mode for mode, proof in done if proof] == ["pause", "latency", "pause"]

        def test_a_scenario_is_looked_for_in_its_suite(hormesis):
            hormesis.scenario("jobs", "J-RACE-1", options={"bts": 3})
        """
    )
    result = pytester.runpytest_subprocess(*PLAIN)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["E*UsageTrouble: suite 'jobs' has no option 'bts'*"])
