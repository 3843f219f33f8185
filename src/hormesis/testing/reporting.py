"""The effectiveness report of a session, when one is asked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hormesis.testing.effectiveness.files import foreign_files
from hormesis.testing.effectiveness.plugin import Effectiveness
from hormesis.testing.options import read_options
from hormesis.testing.run_folders import refuse_unless_writable
from hormesis.testing.session import ChaosSession

NAME = "hormesis-effectiveness"
PAGE = "effectiveness.html"


def report_effectiveness(config: pytest.Config, seed: int) -> None:
    """Let the session be measured; see ``--chaos-report``.

    Raises:
        pytest.UsageError: it would write where it may not, or over what is no report.
    """
    options = read_options(config, seed, os.environ)
    refuse_unless_writable(options.run_dir)
    page = Path(options.report or options.run_dir / PAGE)
    if foreign := foreign_files(page):
        raise pytest.UsageError(
            f"the effectiveness report would overwrite {', '.join(map(str, foreign))}, which is "
            "none; name another place with --chaos-report-file=FILE.html"
        )

    def effects(nodeid: str) -> list[tuple[str, str]]:
        session = ChaosSession.known(config)
        return [] if session is None else session.effects(nodeid)

    config.pluginmanager.register(
        Effectiveness(
            config,
            folder=options.run_dir,
            report=page,
            last=options.last,
            effects=effects,
            seed=str(seed),
        ),
        NAME,
    )
