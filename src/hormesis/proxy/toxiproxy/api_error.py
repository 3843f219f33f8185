"""API errors: a status and a text, as Toxiproxy's clients know them."""

from __future__ import annotations


class ApiError(Exception):
    """What a request is answered with when it cannot be done."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


def bad_body(why: object) -> ApiError:
    """Return the answer to a body that is not what the operation takes."""
    return ApiError(f"bad request body: {why}", 400)


def missing_field(name: str) -> ApiError:
    """Return the answer to a body without the field *name*."""
    return ApiError(f"missing required field: {name}", 400)


def proxy_not_found() -> ApiError:
    """Return the answer to the name of a proxy that is not there."""
    return ApiError("proxy not found", 404)


def proxy_exists() -> ApiError:
    """Return the answer to a second proxy of one name."""
    return ApiError("proxy already exists", 409)


def toxic_not_found() -> ApiError:
    """Return the answer to the name of a toxic that is not there."""
    return ApiError("toxic not found", 404)


def toxic_exists() -> ApiError:
    """Return the answer to a second toxic of one name on one proxy."""
    return ApiError("toxic already exists", 409)


def invalid_stream() -> ApiError:
    """Return the answer to a direction that is none."""
    return ApiError("stream was invalid, can be either upstream or downstream", 400)


def invalid_type() -> ApiError:
    """Return the answer to a type of toxic that is not there."""
    return ApiError("invalid toxic type", 400)
