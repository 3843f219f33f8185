"""One proxy process on one core against the real Toxiproxy on the same core, side by side.

``make bench-proxy`` needs ``TOXIPROXY``, the path of a Toxiproxy server; without it, it says how
to get one. On a machine that others keep busy it skips what it cannot measure.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from bench.proxy.peers import ours, pinned, toxiproxy
from bench.proxy.quiet import TooBusyError
from bench.proxy.side_by_side import (
    DIRECT,
    OURS,
    THEIRS,
    Bench,
    Figures,
    SideBySide,
    added_us,
    ratio,
)
from bench.proxy.wire_load import Wire

pytestmark = pytest.mark.bench

SLICE_S = 0.15
TURNS = 15
FILES_MIN = 4096
LEAST = 1.0
"""Our rate over theirs, at least: as fast or faster."""
GET = (
    "TOXIPROXY is not the path of a Toxiproxy server. Build one outside the repository, such as\n"
    "    GOBIN=/tmp/toxiproxy go install github.com/Shopify/toxiproxy/v2/cmd/server@latest\n"
    "and run: make bench-proxy TOXIPROXY=/tmp/toxiproxy/server"
)


@pytest.fixture(scope="module")
def both() -> Iterator[SideBySide]:
    program = shutil.which(os.environ.get("TOXIPROXY", "")) or ""
    if not Path(program).is_file():
        pytest.skip(GET)
    if len(cores := sorted(os.sched_getaffinity(0))) < 2:
        pytest.skip("two cores are needed: one for the proxy, one for clients and server")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < FILES_MIN:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES_MIN, hard), hard))
    wire = Wire()
    bench = Bench(TURNS, SLICE_S)
    try:
        with (
            ours(wire.address, cores[1]) as mine,
            toxiproxy(program, wire.address, cores[1]) as theirs,
            pinned(cores[0]),
        ):
            yield SideBySide(wire, [mine, theirs], bench)
    finally:
        wire.close()


def measured(measure: Callable[[], Mapping[str, Figures]]) -> Mapping[str, Figures]:
    try:
        return measure()
    except TooBusyError as trouble:
        pytest.skip(f"others keep the machine busy: {trouble}")


def told(what: str, unit: str, scale: float, seen: Mapping[str, Figures]) -> None:
    """Write one line of the table: medians per way, CPU per unit, ratio with its quartiles."""
    mine, theirs = seen[OURS], seen[THEIRS]
    rates = " | ".join(f"{seen[way].rate / scale:.2f}" for way in (DIRECT, THEIRS, OURS))
    cpu = f"{theirs.cpu_us_per_unit:.1f} | {mine.cpu_us_per_unit:.1f}"
    sys.stdout.write(f"\n| {what}, {unit} | {rates} | {ratio(mine, theirs)} | {cpu} |\n")


@pytest.mark.parametrize("connections", [1, 10, 50, 500])
def test_small_round_trips(both: SideBySide, connections: int) -> None:
    seen = measured(lambda: both.round_trips(connections))
    told(f"64 B round trips over {connections}", "1000/s", 1e3, seen)
    if connections == 1:
        mine, theirs = (added_us(seen[way], seen[DIRECT]) for way in (OURS, THEIRS))
        sys.stdout.write(f"| added to the median round trip, µs | 0 | {theirs} | {mine} |\n")
        assert mine.middle <= theirs.middle
    assert ratio(seen[OURS], seen[THEIRS]).middle >= LEAST


@pytest.mark.parametrize("connections", [1, 10])
def test_bulk(both: SideBySide, connections: int) -> None:
    seen = measured(lambda: both.bulk(connections))
    told(f"bytes over {connections}", "GB/s", 1e9, seen)
    assert ratio(seen[OURS], seen[THEIRS]).middle >= LEAST


def test_connections_set_up_used_and_closed(both: SideBySide) -> None:
    seen = measured(both.set_ups)
    told("connections set up, used once, closed", "1000/s", 1e3, seen)
    assert ratio(seen[OURS], seen[THEIRS]).middle >= LEAST
