"""A run on a system that has counted for long: what is judged is what was counted since."""

from __future__ import annotations

from typing import Any

from tests.integration.runs.shop import URL, experiment
from tests.integration.runs.world import World

COUNTING = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Shop(BaseHTTPRequestHandler):
    sold = 40

    def do_GET(self):
        Shop.sold += self.path == "/sell"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"shop_sold_total %d\\n" % Shop.sold)

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Shop).serve_forever()
"""


def sold(name: str, expect: str, **given: Any) -> dict[str, Any]:
    return {
        "name": name, "probe": "prometheus", "url": URL + "metrics", "metric": "shop_sold_total",
        "expect": expect, **given,
    }  # fmt: skip


def test_what_was_counted_before_the_run_does_not_matter(world: World) -> None:
    made = experiment(
        tracks=[
            {
                "name": "sales", "load": "per-vu-iterations", "vus": 1, "iterations": 3,
                "client": {"http": URL, "steps": [{"name": "sell", "get": "/sell"}]},
            },
            sold("sold-so-far", "<= 3", since="start", every="100ms"),
        ],
        final=[
            sold("sold-in-all", "", since="start") | {"expect": {"value": 3, "reading": 43}},
            sold("reading", "43"),
        ],
        checks=[{"always": "sold-so-far"}, {"always": "sold-in-all"}, {"always": "reading"}],
    )  # fmt: skip
    made["system"]["processes"]["shop"]["run"] = ["${python}", "-c", COUNTING, "${port.shop}"]
    world.write("shop.json", made)
    assert world.hormesis("run", "shop.json", "--json").code == 0
    run = world.run()
    run.clean()
    # The record is judged again as it stands, without the system.
    assert world.hormesis("check", str(run.directory)).code == 0
