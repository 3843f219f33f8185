"""Whether a command can be started is found out as the shell at the gate will find it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from hormesis.host.startable import why_not_startable


def script(path: Path, first: str = "#!/bin/sh", mode: int = 0o755) -> Path:
    path.write_text(f"{first}\nexit 0\n")
    path.chmod(mode)
    return path


def test_a_program_by_its_path(tmp_path: Path) -> None:
    good = script(tmp_path / "good")
    assert why_not_startable([str(good), "-v"], {}, "") == ""
    assert why_not_startable(["./good"], {}, str(tmp_path)) == ""
    assert why_not_startable([f"{good}x"], {}, "") == "there is no such file"
    assert why_not_startable(["./good"], {}, str(tmp_path / "sub")) == "there is no such file"
    assert why_not_startable([str(tmp_path)], {}, "") == "it is no file"
    assert why_not_startable([sys.executable], {}, "") == ""


def test_one_that_may_not_be_executed(tmp_path: Path) -> None:
    # Not even root may execute a file that nobody may.
    plain = script(tmp_path / "plain", mode=0o644)
    assert why_not_startable([str(plain)], {}, "") == "this user may not execute it"


def test_a_program_on_the_path_that_it_will_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(tmp_path / "good")
    lacking = "no folder of the PATH has it"
    assert why_not_startable(["good"], {}, "") == lacking
    assert why_not_startable(["good"], {"PATH": f"/none{os.pathsep}{tmp_path}"}, "") == ""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert why_not_startable(["good"], {}, "") == ""
    assert why_not_startable(["good"], {"PATH": "/none"}, "") == lacking
    assert why_not_startable([""], {}, "") == lacking


def test_a_script_whose_interpreter_is_not_there(tmp_path: Path) -> None:
    for first, told in (
        ("#! /no/such -x", "its first line names '/no/such', which does not exist"),
        ("#!/bin/sh\r", "its first line names '/bin/sh\\r', which does not exist"),
        ("#!", ""), ("exit 0", ""), ("#!/usr/bin/env nothing", ""),
    ):  # fmt: skip
        file = script(tmp_path / "it", first)
        assert why_not_startable([str(file)], {}, "") == told
