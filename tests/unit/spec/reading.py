"""Reads experiments in tests, with bindings that always give the same values."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from hormesis.spec.bindings import Bindings
from hormesis.spec.experiment_file import read_experiment
from hormesis.words.experiment import Experiment
from hormesis.words.trouble import InputTrouble
from tests.unit.spec.small_kinds import small_catalogue

SYSTEM = """
  vars: {dsn: "postgresql://app:pw@127.0.0.1:${port.db}/app?x=1", workers: 2, admin_token: abcd}
  ports: [db, web]
  processes:
    db: {run: [db, --port, "${port.db}"], ready: {tcp: "127.0.0.1:${port.db}", within: 3s}}
    web:
      run: ["${python}", -m, web, "${link.db.url}"]
      env: {TOKEN: "${admin_token}", DEBUG: no}
      restart: on-exit
    worker: {run: [worker, "${index}"], count: "${workers}"}
  links:
    db: {upstream: "${dsn}"}
    web: {upstream: "http://localhost:${port.web}/base"}
  targets:
    db: {process: db, link: db, postgres: "${dsn}"}
    web: {process: web, link: web, http: "${link.web.url}"}
    workers: {process: "worker-*"}
"""
GOOD = f"""title: Good
id: G-1
tags: [one]
vars: {{length: 30s}}
system: {SYSTEM}
steady_state:
  - probe: ask
    name: ready
    get: "${{link.web.url}}/ready"
    expect: {{status: 200}}
    within: 20s
tracks:
  - load: constant-vus
    vus: 5
    for: "${{length}}"
    client: {{http: "${{link.web.url}}", steps: [{{name: claim, get: /claim, think: 1s}}]}}
  - fault: stop
    target: db
    at: 10s
    for: 5s
  - fault: kill
    target: workers
    pick: 50%
    at: 12s
  - {{probe: sql, name: rows, query: "SELECT $1", every: 500ms}}
final:
  - {{probe: sql, name: jobs, query: SELECT 1}}
checks:
  - {{never: duplicate, of: claim}}
  - {{never: exit, of: web}}
  - {{eventually: ready, within: 20s, after: stop}}
  - {{always: ready, during: "*"}}
limits: {{settle: 2s}}
"""


def read_file(path: Path, **more: Any) -> Experiment:
    """Read the file at *path* with the small catalogue."""
    ports = count(20001)
    bindings = Bindings("/run/dir", "/tmp/scratch", "abc123", "python3", lambda name: next(ports))
    environment: Mapping[str, str] = {"GIVEN": "given", "EMPTY": ""}
    options: dict[str, Any] = {
        "catalogue": small_catalogue(),
        "bindings": bindings,
        "environment": environment,
        **more,
    }
    return read_experiment(path, **options)


def read_text(folder: Path, text: str, name: str = "it.yaml", **more: Any) -> Experiment:
    """Write *text* to a file in *folder* and read it."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read_file(path, **more)


def troubles(folder: Path, text: str, **more: Any) -> list[str]:
    """Return the problems of *text*, each as one line without the folder."""
    with pytest.raises(InputTrouble) as caught:
        read_text(folder, text, **more)
    return [str(one).replace(f"{folder}/", "") for one in caught.value.problems]
