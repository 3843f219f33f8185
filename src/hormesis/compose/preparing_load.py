"""Preparing a load: its document as a file for the reader, its problems where the user wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hormesis.compose.load_experiment import LoadExperiment
from hormesis.compose.option_problems import told_by_option
from hormesis.compose.preparing import Prepared, prepare
from hormesis.compose.request import RunRequest
from hormesis.words.trouble import InputTrouble


@contextmanager
def prepared_load(experiment: LoadExperiment, request: RunRequest) -> Iterator[Prepared]:
    """Prepare *experiment* for a run inside the block; it gives *request* its file and command.

    The document is a file only until the run directory holds its copy.

    Raises:
        InputTrouble: the document has problems, told at what the user wrote.
        UsageTrouble, SkipTrouble: as :func:`hormesis.compose.preparing.prepare`.
    """
    with TemporaryDirectory(prefix="hormesis-load-") as folder:
        file = Path(folder) / f"{experiment.stem}.json"
        file.write_text(json.dumps(experiment.document, indent=1), "utf-8")
        asked = replace(
            request,
            file=file,
            overrides={**request.overrides, **experiment.variables},
            command=experiment.command,
            # A cluster has cores of its own.
            processes=request.processes or (0 if request.cluster else experiment.processes),
        )
        try:
            prepared = prepare(asked)
        except InputTrouble as trouble:
            raise told_by_option(trouble, experiment.said) from None
        yield prepared
