"""One operation of the API: what it answers, who may ask, and how it is described."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.routing import Route

from proving_ground.answering import Handler

Schema = Mapping[str, Any]
ANYONE, USER, MODERATOR, ADMIN = "anyone", "user", "moderator", "admin"
ROLES = (USER, MODERATOR, ADMIN)
"""The roles that a user can have, each may what the ones before it may."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one path.

    ``body`` and ``query`` map fields to their JSON Schema, a field that ends in ``*`` is
    required; ``answers`` maps a status to what it means. ``needs_schema`` is False for what is
    asked even before the tables exist.
    """

    method: str
    path: str
    handler: Handler
    summary: str
    answers: Mapping[int, str]
    role: str = ANYONE
    body: Mapping[str, Schema] | None = None
    query: Mapping[str, Schema] = field(default_factory=dict)
    needs_schema: bool = True


class Refused(Exception):
    """The request is understood and not granted; becomes ``status`` with ``code``."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


def described(route: Route) -> Endpoint:
    """Return what is known of a route that another part brings: its handler's first line."""
    (method,) = (route.methods or set()) - {"HEAD"}
    summary = (route.endpoint.__doc__ or route.name).strip().splitlines()[0].rstrip(".")
    return Endpoint(method, route.path, route.endpoint, summary, {200: "the answer"})
