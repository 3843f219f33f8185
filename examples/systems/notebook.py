"""A server that keeps notes in memory: PUT /notes/KEY, GET /notes."""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

NOTES: dict[str, int] = {}


async def write(request: Request) -> JSONResponse:
    """Keep a note; writing it again changes nothing."""
    NOTES.setdefault(request.path_params["key"], len(NOTES))
    return JSONResponse({"written": True}, status_code=201)


async def read(_request: Request) -> JSONResponse:
    """Return every note."""
    return JSONResponse({"notes": [{"note": key} for key in NOTES]})


app = Starlette(
    routes=[Route("/notes/{key}", write, methods=["PUT"]), Route("/notes", read)]
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning")
