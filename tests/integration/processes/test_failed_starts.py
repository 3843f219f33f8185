"""A start by the run that comes to nothing is told as such, and not as an exit of the service."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from hormesis.host.children import Children
from hormesis.host.service import Service
from hormesis.host.services import Services
from hormesis.host.steps import drive
from hormesis.host.verb_protocol import VerbFailed
from tests.integration.processes.stage import wait_for

NOT_FOUND = ["/no/such/program"]


def started(folder: Path, run: list[str], *, effect: str) -> tuple[list[dict[str, Any]], str]:
    """Start *run* and wait for its end; return the ends that were told, and why it failed."""
    told: list[dict[str, Any]] = []
    services = Services(f"test-{os.getpid()}", Children(), told.append)
    log = folder / "log"
    log.write_text("an earlier start\n")
    service = Service("it", run=run, log=str(log), effect=effect)
    services.add(service)
    why = ""
    try:
        drive(services.start(service, lambda facts: None))
    except VerbFailed as failed:
        why = str(failed)

    def over() -> bool:
        services.vanished()
        for pid in services.children.reap():
            services.exited(pid)
        return service.told_end

    wait_for(over, "its end is told")
    return [one for one in told if one["event"] == "exited"], why


@pytest.mark.parametrize(
    ("run", "effect", "failed"),
    [
        (["sh", "-c", "exit 7"], "", True),
        (NOT_FOUND, "", True),
        (NOT_FOUND, "service/it", True),
        # The system's own program ran and ended: that is the system's doing.
        (["sh", "-c", "exit 7"], "service/it", False),
    ],
)
def test_an_end_at_once(run: list[str], effect: str, failed: bool, tmp_path: Path) -> None:
    (end,), why = started(tmp_path, run, effect=effect)
    assert end["failed_start"] is failed
    assert end["planned"] is False
    assert "an earlier start" not in why
    assert why.startswith("service 'it' ended at once with status ")


def test_an_end_after_it_was_started_is_its_own(tmp_path: Path) -> None:
    (end,), why = started(tmp_path, ["sh", "-c", "sleep 0.4; exit 7"], effect="")
    assert (end["failed_start"], end["status"], why) == (False, 7, "")
