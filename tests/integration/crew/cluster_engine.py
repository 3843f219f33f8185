"""An engine that plays a load from a cluster; started in the network of the test."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from hormesis.clients.http import Http
from hormesis.loads.constant_vus import ConstantVus
from hormesis.words.experiment import LoadTrack
from tests.integration.crew.crew_run import played

SECONDS = 5.0


async def main(folder: Path, cluster: str, base: str) -> None:
    load = ConstantVus.model_validate({"vus": 30, "for": f"{SECONDS:g}s", "pace": "30ms"})
    client = Http.model_validate({"base": base, "steps": [{"name": "work", "get": "/work"}]})
    await played(folder, [LoadTrack("x", load, client, graceful_stop_s=2.0)], cluster=cluster)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
