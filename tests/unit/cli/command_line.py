"""Runs command lines in this process, as the console script would."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from hormesis.cli.main import exit_code_of


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


class CommandLine:
    """Gives command lines and catches what they say."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, *arguments: str) -> Answer:
        code = exit_code_of(list(arguments))
        said = self._capture.readouterr()
        return Answer(int(code), said.out, said.err)
