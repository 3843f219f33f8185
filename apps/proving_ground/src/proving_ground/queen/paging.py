"""What stands behind the question mark: filters and pages."""

from __future__ import annotations

from starlette.requests import Request

from proving_ground.request_body import BadRequest, checked_text

_LIMIT_MAX = 1000
LIMIT = {"type": "integer", "minimum": 1, "maximum": _LIMIT_MAX, "default": 50}
OFFSET = {"type": "integer", "minimum": 0, "default": 0}


def page_of(request: Request) -> tuple[int, int]:
    """Return limit and offset; raises ``BadRequest``."""
    limit, offset = _number(request, "limit", 50), _number(request, "offset", 0)
    if not 0 < limit <= _LIMIT_MAX:
        raise BadRequest(f"limit: a number from 1 to {_LIMIT_MAX} was expected")
    return limit, offset


def text_of(request: Request, name: str) -> str | None:
    """Return a filter, None when it is not given; raises ``BadRequest``."""
    value = request.query_params.get(name)
    return None if value is None else checked_text(name, value)


def _number(request: Request, name: str, otherwise: int) -> int:
    value = request.query_params.get(name)
    if value is None:
        return otherwise
    if not (value.isascii() and value.isdigit()) or len(value) > 9:
        raise BadRequest(f"{name}: a number was expected, found {value!r:.60}")
    return int(value)
