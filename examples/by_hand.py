# The idea: a program steers its faults by hand: each holds for one block, seen to hurt and to heal.
# run:    python examples/by_hand.py
# see:    one line for each fault: what the client noticed, and the proof that the fault was there.
# expect: exit 0
"""Hurt a server around plain Python code, instead of along a timeline."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from pathlib import Path

from hormesis import api

NOTEBOOK = str(Path(__file__).with_name("systems") / "notebook.py")
SYSTEM = {
    "ports": ["server"],
    "processes": {
        "server": {
            "run": ["${python}", NOTEBOOK, "${port.server}"],
            "ready": {"http": "http://127.0.0.1:${port.server}/notes", "within": "15s"},
        }
    },
    # The client connects to the link, so that the way to the server can be hurt as well.
    "links": {"wire": {"upstream": "http://127.0.0.1:${port.server}"}},
}


def ask(url: str, timeout_s: float) -> str:
    """Return what a client with little patience gets."""
    try:
        with urllib.request.urlopen(f"{url}/notes", timeout=timeout_s) as answer:
            return f"status {answer.status}"
    except TimeoutError:
        return "no answer in time"
    except (urllib.error.URLError, ConnectionError) as error:
        return f"no answer: {getattr(error, 'reason', error)}"


def main() -> int:
    """Ask again and again, and count what an honest client must notice and did not."""
    seen: dict[str, tuple[str, str]] = {}
    with api.running(SYSTEM, seed=7) as run:
        url = run.url("wire")
        seen["nothing"] = (ask(url, 5.0), "")
        with run.fault("pause", "server") as bite:
            seen["frozen"] = (ask(url, 0.5), bite.proof)
        with run.fault("latency", "wire", delay="100ms") as bite:
            seen["slow"] = (ask(url, 5.0), bite.wait())
        with run.fault("down", "wire") as bite:
            seen["cut off"] = (ask(url, 5.0), bite.wait())
        proof = run.hit("kill", "server")  # killed, and started again
        run.until_ready("server")
        seen["started again"] = (ask(url, 5.0), proof)
    for what, (noticed, proof) in seen.items():
        sys.stdout.write(f"{what:14} {noticed:20} {proof}\n")
    sys.stdout.write(f"{run.directory.name}\n")
    healthy = [seen[name][0] == "status 200" for name in ("nothing", "slow", "started again")]
    hurt = [seen[name][0] != "status 200" for name in ("frozen", "cut off")]
    return 0 if all(healthy + hurt) else 1


if __name__ == "__main__":
    sys.exit(main())
