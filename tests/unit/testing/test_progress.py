"""Progress: a line below pytest's own, which goes on as though nothing had been there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from hormesis.testing import progress
from hormesis.testing.progress import Progress

LIVE: Any = SimpleNamespace(phase="system", tracks_began=None, faults_on=(), ops=3)


def told(capsys: pytest.CaptureFixture[str], *, isatty: bool) -> str:
    writer = SimpleNamespace(width_of_current_line=12)
    known = {"terminalreporter": SimpleNamespace(isatty=isatty, _tw=writer)}
    config: Any = SimpleNamespace(
        pluginmanager=SimpleNamespace(getplugin=known.get), get_verbosity=lambda: 0
    )
    item: Any = SimpleNamespace(name="test_one")
    with Progress(config, item).of("The shop answers") as watch:
        watch(LIVE)
        watch(LIVE)
    return capsys.readouterr().out


def test_the_row_of_dots_goes_on_where_it_was(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "AFTER_S", 0.0)
    monkeypatch.setattr(progress, "EVERY_S", 0.0)
    line = "hormesis: The shop answers: system, 0 s; 3 ops"
    erased, up, back = "\r\x1b[2K", "\x1b[1A", "\r\x1b[12C"
    assert told(capsys, isatty=True) == f"\n{line}{erased}{line}{erased}{up}{back}"


def test_nothing_is_said_where_nobody_watches(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "AFTER_S", 0.0)
    assert told(capsys, isatty=False) == ""
