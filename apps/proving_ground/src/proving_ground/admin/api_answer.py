"""Whether the API answers: what administrators' commands must not depend on."""

from __future__ import annotations

from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from proving_ground.usage import MissingPart

_TIMEOUT_S = 5.0


def need_the_api(url: str) -> None:
    """Ask the API's health; raises ``MissingPart`` when nobody answers."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", "/health")
        connection.getresponse()
    except (OSError, HTTPException) as trouble:
        raise MissingPart(f"the API does not answer: {trouble}") from None
    finally:
        connection.close()
