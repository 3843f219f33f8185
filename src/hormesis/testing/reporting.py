"""The effectiveness report of a session, when one is asked for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hormesis.testing.effectiveness.plugin import Effectiveness
from hormesis.testing.options import read_options
from hormesis.testing.session import ChaosSession

NAME = "hormesis-effectiveness"


def report_effectiveness(config: pytest.Config, seed: int) -> None:
    """Let the session be measured; see ``--chaos-report``."""
    options = read_options(config, seed, os.environ)

    def effects(nodeid: str) -> list[tuple[str, str]]:
        session = ChaosSession.known(config)
        return [] if session is None else session.effects(nodeid)

    config.pluginmanager.register(
        Effectiveness(
            config,
            folder=options.run_dir,
            report=_page(config, options.report),
            last=options.last,
            effects=effects,
            seed=str(seed),
        ),
        NAME,
    )


def _page(config: pytest.Config, given: str | None) -> Path | None:
    return config.invocation_params.dir / given if given else None
