"""The answer that every error has, whichever server gives it."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse


def error(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return the answer: *code* is for programs, *detail* for people."""
    return JSONResponse({"error": code, "detail": detail}, status, headers)
