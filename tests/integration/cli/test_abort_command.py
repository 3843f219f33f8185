"""What suite ``leader`` does when a scenario does not pass: nothing, a request, or a command."""

from __future__ import annotations

import pytest

from hormesis.cli.main import exit_code_of


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], []),
        (["--pause-on-fail"], ["http"]),
        (["--abort-command", "make abort"], ["make abort"]),
        (["--pause-on-fail", "--abort-command", "make abort"], ["make abort"]),
    ],
)
def test_the_command_takes_the_place_of_the_request(
    options: list[str], told: list[str], capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.delenv("PAUSE_ON_FAIL", raising=False)
    monkeypatch.delenv("ABORT_COMMAND", raising=False)
    assert exit_code_of(["plan", "leader", "--scenario", "L-LOCK", *options]) == 0
    lines = capsys.readouterr().out.splitlines()
    found = [one.partition("unless it passes: ")[2] for one in lines if "unless it passes" in one]
    assert len(found) == len(told)
    assert all(one.startswith(start) for one, start in zip(found, told, strict=True))


def test_a_bad_command_is_a_problem_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ABORT_COMMAND", "make 'abort")
    assert exit_code_of(["plan", "leader", "--scenario", "L-LOCK"]) == 65
    told = "".join(capsys.readouterr().err.split())
    assert "expectedacommandasashellwouldtakeit:Noclosingquotation" in told
