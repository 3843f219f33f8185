"""A ticket office with a defect: it looks whether a seat is free, and sells it later.

``python ticket_office.py PORT`` has the defect; ``python ticket_office.py PORT mended`` has not.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

SOLD: dict[str, list[str]] = {}
COUNTER = asyncio.Lock()
MENDED = "mended" in sys.argv


async def sell(request: Request) -> JSONResponse:
    """Sell a seat to the first who asks."""
    seat, buyer = request.path_params["seat"], request.query_params["buyer"]
    async with COUNTER if MENDED else contextlib.nullcontext():
        if SOLD.get(seat):
            return JSONResponse({"sold_out": True}, status_code=409)
        await asyncio.sleep(0.005)  # the payment: meanwhile others find the seat free, too
        SOLD.setdefault(seat, []).append(buyer)
    return JSONResponse({"seat": seat, "buyer": buyer}, status_code=201)


async def sold(_request: Request) -> JSONResponse:
    """Return who holds which seat."""
    return JSONResponse(SOLD)


app = Starlette(routes=[Route("/seats/{seat}", sell, methods=["POST"]), Route("/seats", sold)])

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
