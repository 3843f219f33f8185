"""No command ends with a traceback, and nobody reading is no reason to end."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from hormesis.cli import main
from hormesis.cli.console import _UnreadConsole
from tests.unit.cli.command_line import CommandLine


def failing_with(error: Exception, patch: pytest.MonkeyPatch) -> None:
    def app(**_given: object) -> None:
        raise error

    patch.setattr(main, "app", app)


def test_what_the_system_refused_is_told_in_one_line(
    hormesis: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_with(OSError(28, "No space left on device", "report.html"), monkeypatch)
    answer = hormesis("list")
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == "hormesis: [Errno 28] No space left on device: 'report.html'\n"


def test_a_bug_is_told_in_one_line_and_kept_in_a_file(
    hormesis: CommandLine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    failing_with(KeyError("choices"), monkeypatch)
    answer = hormesis("list")
    assert answer.code == 2
    (kept,) = tmp_path.glob("hormesis-crash-*.txt")
    told = f"hormesis: internal error: KeyError: 'choices'; please report it with {kept}\n"
    assert answer.err == told
    assert "Traceback" in kept.read_text()


def test_a_console_that_nobody_reads_falls_silent() -> None:
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as unread:
        console = _UnreadConsole(file=unread, soft_wrap=True)
        console.print("x")
        console.print("and on")
        assert console.quiet
