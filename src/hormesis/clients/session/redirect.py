"""Redirects, by the rules of browsers and k6. Pure."""

from __future__ import annotations

from urllib.parse import urldefrag, urljoin

REDIRECTS_MAX = 10
STATUSES = frozenset({301, 302, 303, 307, 308})


def next_hop(method: str, status: int, location: str | None, url: str) -> tuple[str, str] | None:
    """Return the method and absolute URL that an answer sends us to; None when it does not.

    301 and 302 turn a POST into a GET, 303 turns everything but HEAD into one, 307 and 308 keep
    the method and the body (RFC 9110, 15.4, and what browsers do).
    """
    if status not in STATUSES or not location:
        return None
    there = urldefrag(urljoin(url, location)).url
    if (status in (301, 302) and method == "POST") or (status == 303 and method != "HEAD"):
        method = "GET"
    return method, there
