"""``hormesis new``: a commented experiment file to start from."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from rich.text import Text

from hormesis.cli.console import out
from hormesis.words.outcome import ExitCode
from hormesis.words.trouble import UsageTrouble


def new_command(file: Path) -> int:
    """Write the template to *file*.

    Raises:
        UsageTrouble: it exists, or it cannot be written.
    """
    text = files("hormesis.cli").joinpath("new_experiment.yaml").read_text()
    try:
        with file.open("x") as stream:
            stream.write(text)
    except OSError as error:
        raise UsageTrouble(f"cannot write {file}: {error.strerror or error}") from None
    out.print(Text(f"{file} written; edit it, then: hormesis plan {file}, hormesis run {file}"))
    return ExitCode.PASS
