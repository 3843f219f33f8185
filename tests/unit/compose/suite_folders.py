"""Small suite folders for tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hormesis.compose.suite import Suite, find_suite

SHORT_FORM = """\
vars: {target: shop, warmup: 1s, recovery: 2s, pace: slow}
system:
  ports: [shop]
  processes: {shop: {run: ["true"]}}
  links: {shop: {upstream: "http://127.0.0.1:${port.shop}"}}
  targets: {shop: {process: shop, link: shop}}
tracks:
  - name: visitors
    load: constant-vus
    vus: 1
    for: "${warmup}${duration}${recovery}"
    client: {http: "${link.shop.url}", steps: [{name: home, get: /}]}
checks: [{never: exit, of: shop}]
"""
SUITE = """\
title: mine
short_form: short.yaml
options:
  users: {var: users, env: USERS, choices: [1, 2, 5], default: 1}
  pause: {var: pause, env: PAUSE, switch: true}
  results-in: {sets: out, env: OUTPUT_DIR}
  chatty: {sets: verbose, env: VERBOSE, switch: true}
select:
  - {option: sort, choices: {network: [NF-1, NF-2], worker: [W-1]}}
  - {option: size, default: small, choices: {small: [NF-1, W-1], large: [NF-2]}}
sets:
  quick: {scenarios: [NF-2, NF-1], vars: {users: 5, pace: fast}}
  whole: {}
"""


def experiment(identity: str) -> str:
    return f"id: {identity}\ntitle: about {identity}\nvars: {{users: 1}}\n"


def short(identity: str = "NF-9", **changes: Any) -> dict[str, Any]:
    """Return a short scenario as the seed writes it; None takes a key away."""
    made = {
        "id": identity,
        "name": "New scenario",
        "toxic": "latency",
        "attributes": {"latency": 1000},
        "duration_seconds": 60,
        "expected_behavior": "Description",
        **changes,
    }
    return {key: value for key, value in made.items() if value is not None}


def write(path: Path, content: Any) -> Path:
    """Write a file, as JSON unless it is text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
    return path


def suite_at(folder: Path, text: str = SUITE) -> Suite:
    """Return a suite of four scenarios in *folder*."""
    write(folder / "suite.yaml", text)
    write(folder / "short.yaml", SHORT_FORM)
    for name in ("NF-1", "NF-2", "W-1"):
        write(folder / f"{name}.yaml", experiment(name))
    write(folder / "loads" / "L-1.yaml", experiment("L-1"))
    suite = find_suite(str(folder))
    assert suite is not None
    return suite
