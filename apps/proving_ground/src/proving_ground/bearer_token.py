"""The token that a request bears."""

from __future__ import annotations

import hmac

from starlette.requests import Request


def token_of(request: Request) -> str:
    """Return the token of ``X-Admin-Token`` or ``Authorization: Bearer``, empty without one."""
    token = request.headers.get("x-admin-token", "")
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    return credentials.strip() if not token and scheme.lower() == "bearer" else token


def same_token(token: str, expected: str) -> bool:
    """Compare in a time that does not tell how much of *token* is right."""
    return hmac.compare_digest(token.encode(), expected.encode())
