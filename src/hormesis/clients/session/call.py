"""Call: one request as a script asked for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from hormesis.clients.session.body import File
from hormesis.clients.session.outcome import Expected

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
"""Methods whose request may be sent again when the server closed an idle connection."""


class Options(TypedDict, total=False):
    """What a request may be given beyond its URL and name."""

    headers: Mapping[str, str]
    """Headers of this request, besides the session's."""
    params: Mapping[str, Any] | Iterable[tuple[str, Any]]
    """Added to the query."""
    json: Any
    """The body, as JSON."""
    data: Any
    """The body: form fields, or bytes or text as they are."""
    files: Mapping[str, File]
    """With ``data``: a multipart form."""
    body: bytes | str
    """The body as it is."""
    timeout: float
    """Seconds for the whole, connecting and redirects included."""
    allow_redirects: bool
    """Whether redirects are followed; they are."""
    expect: Expected
    """The status that is ok, or several; any below 400 without it."""
    definite: Iterable[int]
    """Statuses of 500 and above that mean that nothing happened."""
    tags: Mapping[str, str]
    """Tags of this operation."""
    note: Mapping[str, Any]
    """What to record with it."""


@dataclass(slots=True)
class Call:
    """One request, its options checked."""

    method: str
    url: str
    name: str = ""
    headers: Mapping[str, str] | None = None
    body: bytes | None = None
    content_type: str = ""
    timeout_s: float = 0.0
    follow: bool = True
    expect: Expected = None
    definite: frozenset[int] = frozenset()
    tags: Mapping[str, str] | None = None
    note: dict[str, Any] = field(default_factory=dict)
