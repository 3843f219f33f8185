"""The description of the API, made from the very table that serves it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from proving_ground.queen.endpoint import ANYONE, Endpoint

_ERROR = {"$ref": "#/components/schemas/Error"}


def openapi(endpoints: Sequence[Endpoint]) -> dict[str, Any]:
    """Return an OpenAPI 3.1 document of *endpoints*."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in endpoints:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    new_task = next(one for one in endpoints if one.path.endswith("/tasks") and one.body)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tasks and inference", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error", "detail"],
                    "properties": {"error": {"type": "string"}, "detail": {"type": "string"}},
                },
                "NewTask": _schema(new_task.body or {}),
            },
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    said: dict[str, Any] = {
        "summary": endpoint.summary,
        "operationId": _name(endpoint),
        "responses": {
            str(status): _answer(status, text) for status, text in _answers(endpoint).items()
        },
    }
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", endpoint.path)
    ]
    in_query = [
        {"name": name, "in": "query", "schema": schema} for name, schema in endpoint.query.items()
    ]
    if in_path or in_query:
        said["parameters"] = [*in_path, *in_query]
    if endpoint.body is not None:
        content = {"application/json": {"schema": _schema(endpoint.body)}}
        said["requestBody"] = {"required": True, "content": content}
    if endpoint.role != ANYONE:
        said["security"] = [{"token": []}]
        said["x-role"] = endpoint.role
    return said


def _answers(endpoint: Endpoint) -> Mapping[int, str]:
    """Return what the operation may answer; whatever needs the database may say 503."""
    if not endpoint.needs_schema or 503 in endpoint.answers:
        return dict(sorted(endpoint.answers.items()))
    unavailable = {503: "the database is out of reach"}
    return dict(sorted({**endpoint.answers, **unavailable}.items()))


def _answer(status: int, text: str) -> dict[str, Any]:
    if status < 400:
        return {"description": text}
    return {"description": text, "content": {"application/json": {"schema": _ERROR}}}


def _schema(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    required = [name.removesuffix("*") for name in fields if name.endswith("*")]
    properties = {name.removesuffix("*"): dict(schema) for name, schema in fields.items()}
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _name(endpoint: Endpoint) -> str:
    words = re.findall(r"[a-z0-9]+", endpoint.path.lower())
    return "-".join([endpoint.method.lower(), *words])
