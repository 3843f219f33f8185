"""Compare cluster engines on this machine: Dask, Ray, Locust's master and worker.

    python bench/cluster/compare.py FOLDER [--rounds 3]

makes an environment for each in FOLDER (unless it is there already), measures them in turn, round
by round, and prints the table of docs/explanation/decisions.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import venv
from pathlib import Path
from typing import Any

ENGINES = {"Dask": "distributed", "Ray": "ray", "Locust": "locust"}
HERE = Path(__file__).parent


def environment(folder: Path, package: str) -> Path:
    """Return the interpreter of an environment that holds *package* and nothing else."""
    place = folder / package
    python = place / "bin" / "python"
    if not (place / "made").exists():
        venv.create(place, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", package], check=True)
        (place / "made").touch()
    return python


def size_mb(python: Path) -> float:
    """Return the megabytes of what was installed, besides what every environment has."""
    packages = next((python.parents[1] / "lib").glob("python3*/site-packages"))
    every = ("pip", "setuptools", "pkg_resources", "_distutils_hack", "wheel")
    return (
        sum(
            path.stat().st_size
            for one in packages.iterdir()
            if not one.name.startswith(every)
            for path in ([one] if one.is_file() else one.rglob("*"))
            if path.is_file() and path.suffix != ".pyc"
        )
        / 1e6
    )


def version(python: Path, package: str) -> str:
    """Return the installed version."""
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run(
        [python, "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def probe(python: Path, name: str) -> dict[str, Any]:
    """Run one probe and return its figures."""
    done = subprocess.run(
        [python, "-W", "ignore", HERE / f"probe_{name}.py"],
        check=False, capture_output=True, text=True, timeout=300,
        env={**os.environ, "PYTHONPATH": str(HERE)},
    )  # fmt: skip
    if done.returncode or "{" not in done.stdout:
        raise RuntimeError(f"{name}: {done.stderr[-3000:]}")
    # Libraries print as well.
    told = [line for line in done.stdout.splitlines() if line.startswith("{")]
    figures: dict[str, Any] = json.loads(told[-1])
    return figures


def middle(rounds: list[dict[str, Any]], *path: str) -> str:
    """Return the median of a figure over the rounds, and its range."""
    values = []
    for one in rounds:
        for key in path:
            one = one[key]
        values.append(float(one))  # type: ignore[arg-type]
    low, high = min(values), max(values)
    return f"{statistics.median(values):.3g} ({low:.3g}–{high:.3g})"


ROWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("start-up with two workers, to the first answer of both, s", ("startup_s",)),
    ("round trip, median, ms", ("round_trip_ms", "p50")),
    ("round trip, p99, ms", ("round_trip_ms", "p99")),
    ("clock known to ±, ms (half the shortest round trip)", ("clock_uncertainty_ms",)),
    ("clock really wrong by, ms", ("clock_error_ms",)),
    ("280 kB of operations from a worker, median, ms", ("chunk_ms", "p50")),
    ("CPU of the engine for that, ms", ("chunk_cpu_ms",)),
    ("a killed worker is noticed after, s", ("lost_s",)),
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    pythons = {name: environment(given.folder, package) for name, package in ENGINES.items()}
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in ENGINES}
    for _ in range(given.rounds):
        for name, python in pythons.items():
            found[name].append(probe(python, name.lower()))
    heads = [f"{name} {version(pythons[name], package)}" for name, package in ENGINES.items()]
    lines = [["", *heads], ["---", *("---:" for _ in heads)]]
    lines.append(["installed, MB", *(f"{size_mb(pythons[name]):.0f}" for name in ENGINES)])
    lines += [[row, *(middle(found[name], *path) for name in ENGINES)] for row, path in ROWS]
    for line in lines:
        sys.stdout.write("| " + " | ".join(line) + " |\n")


if __name__ == "__main__":
    main()
