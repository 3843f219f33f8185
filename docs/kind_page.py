"""The reference page of one kind, made from its class: what it is, its fields, an example."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from textwrap import dedent
from typing import Any, get_args

from pydantic import AliasChoices, BaseModel

from hormesis.words.fault import Fault, Mechanism
from hormesis.words.kind import OR_TEXT, Kind

NOTE = "<!-- Written by `make docs` from the code; edit the code. -->"
SHELF_TEXTS: Mapping[str, tuple[str, str]] = {
    "faults": ("Fault", "tracks:\n  - fault: {kind}\n    target: my-target\n    at: 10s\n"),
    "toxics": ("Toxic", ""),
    "loads": ("Load", "tracks:\n  - load: {kind}\n    client: my_client.py:Client\n"),
    "clients": ("Client", "client:\n"),
    "probes": ("Probe", "tracks:\n  - probe: {kind}\n    every: 1s\n"),
    "checks": ("Check", "checks:\n"),
    "reports": ("Report", ""),
}
"""For each shelf: what one kind of it is called, and how its example begins."""


def kind_page(shelf: str, kind: type[Kind]) -> str:
    """Return the Markdown page of *kind*, which stands on *shelf*."""
    lines = [NOTE, "", f"# {SHELF_TEXTS[shelf][0]} `{kind.kind}`", ""]
    lines += [markdown_of(inspect.getdoc(kind) or ""), ""]
    if issubclass(kind, Fault):
        lines += [_way(way) for way in kind.every_way()]
        lines += ["- `for` may be left out: it is over as soon as it has happened"] * kind.momentary
        lines += [""]
    schema = kind.model_json_schema(by_alias=True)
    lines += _table("Parameters", kind, schema)
    if kind.shorthand:
        lines += [f"A bare value fills `{_file_name(kind, kind.shorthand)}`.", ""]
    for name, model in _parts_of(kind).items():
        part = model.model_json_schema(by_alias=True)
        lines += _table(f"In `{name}`", model, part)
    if example := _example(shelf, kind, schema):
        lines += ["## In a file", "", "```yaml", example, "```", ""]
    return "\n".join(lines)


def _way(way: Mechanism) -> str:
    """Return one line on a mechanism: what it needs of the target and of the machine."""
    needs = " and ".join(sorted(facet.value for facet in way.needs)) or "nothing of it"
    means = ", ".join(f"`{name}`" for name in sorted(way.means))
    takes = f"; it takes {means} (`hormesis doctor`)" if means else ""
    return f"- By **{way.name}**: the target needs {needs}{takes}"


def _table(title: str, model: type[BaseModel], schema: Mapping[str, Any]) -> list[str]:
    rows = list(_parameters(model, schema))
    head = [f"## {title}", "", "| name | value | default | |", "|---|---|---|---|"]
    return [*head, *rows, ""] if rows else []


def _parts_of(model: type[BaseModel]) -> dict[str, type[BaseModel]]:
    """Return the models inside *model*'s fields, by field, inner ones after outer ones."""
    parts: dict[str, type[BaseModel]] = {}
    for name, field in model.model_fields.items():
        for part in _models_in(field.annotation):
            if part not in parts.values():
                parts[_file_name(model, name)] = part
                for inner, its in _parts_of(part).items():
                    if its not in parts.values():
                        parts[inner] = its
    return parts


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _parameters(kind: type[BaseModel], schema: Mapping[str, Any]) -> Iterator[str]:
    told = _field_texts(kind)
    own = inspect.get_annotations(kind)
    fields = kind.model_fields
    for name in sorted(fields, key=lambda one: (not fields[one].is_required(), one not in own)):
        field = fields[name]
        shown = _file_name(kind, name)
        value = _value_in_words(schema["properties"][shown], schema)
        default = "required" if field.is_required() else _default(kind, name)
        text = cell_of(markdown_of(told.get(name, field.description or "")))
        yield f"| `{shown}` | {cell_of(value)} | {cell_of(default)} | {text} |"


def _file_name(kind: type[BaseModel], name: str) -> str:
    field = kind.model_fields[name]
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        alias = next((one for one in alias.choices if isinstance(one, str)), None)
    return alias if isinstance(alias, str) else field.alias or name


def _default(kind: type[BaseModel], name: str) -> str:
    default = kind.model_fields[name].get_default(call_default_factory=True)
    if default is None or default in ("", (), {}, []):
        return "-"
    made = kind.model_construct(**{name: default})
    shown = made.model_dump(include={name}, mode="json", warnings=False)[name]
    return f"`{str(shown).lower() if isinstance(shown, bool) else shown}`"


def _field_texts(kind: type[BaseModel]) -> dict[str, str]:
    """Return the docstring that stands beneath each field, inherited ones too."""
    texts: dict[str, str] = {}
    for cls in reversed(kind.__mro__):
        if not cls.__module__.startswith("hormesis."):
            continue
        body = ast.parse(dedent(inspect.getsource(cls))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, text in zip(body.body, body.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            ):
                texts[field.target.id] = inspect.cleandoc(str(text.value.value))
    return texts


PLURALS = {"text": "texts", "mapping": "mappings", "whole number": "whole numbers",
           "duration": "durations", "any value": "values"}  # fmt: skip
FORMS = ("duration", "size", "rate", "share")


def _value_in_words(part: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if "$ref" in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]]
    if OR_TEXT in part:
        return f"mapping, or text such as `{part[OR_TEXT]}`"
    if part.get("title") in FORMS:
        return str(part["title"])
    if examples := part.get("examples"):
        return f"{part.get('type', 'value')} such as `{examples[0]}`"
    if "enum" in part:
        return ", ".join(f"`{one}`" for one in part["enum"])
    if "const" in part:
        return f"`{part['const']}`"
    if choices := part.get("anyOf") or part.get("oneOf"):
        words = [_value_in_words(one, schema) for one in choices if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(words))
    if part.get("type") == "array":
        items = part.get("items")
        word = _value_in_words(items, schema) if items else ""
        return f"list of {PLURALS.get(word, word)}" if word else "list"
    names = {"string": "text", "integer": "whole number", "boolean": "true or false",
             "object": "mapping", None: "any value"}  # fmt: skip
    kind = part.get("type")
    return names.get(kind, str(kind))


def _example(shelf: str, kind: type[Kind], schema: Mapping[str, Any]) -> str:
    head = SHELF_TEXTS[shelf][1].format(kind=kind.kind)
    if not head:
        return ""
    wanted = {_file_name(kind, name) for name, f in kind.model_fields.items() if f.is_required()}
    lines = []
    if shelf in ("clients", "checks"):
        first, lead = _head_of_item(shelf, kind)
        lines.append(lead)
        wanted.discard(first)
    if issubclass(kind, Fault) and not kind.momentary:
        lines.append("    for: 20s")
    indent = "  " if shelf == "clients" else "    "
    for name in (n for n in schema["properties"] if n in wanted):
        lines.append(f"{indent}{name}: {_sample(schema['properties'][name], schema)}")
    return head + "\n".join(lines) if lines else head.rstrip("\n")


def _head_of_item(shelf: str, kind: type[Kind]) -> tuple[str, str]:
    """Return the field that the item's first line fills, and that line."""
    mark = "  " if shelf == "clients" else "  - "
    first, _, rest = kind.kind.partition("-")
    if shelf == "checks" and rest and first in ("never", "always"):
        return "", f"{mark}{first}: {rest}"
    filled = _file_name(kind, kind.shorthand) if kind.shorthand else ""
    return filled, f"{mark}{kind.kind}: <{filled or 'value'}>"


def _sample(part: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    if "$ref" in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]]
    if part.get("examples"):
        return str(part["examples"][0])
    defaults = {"duration": "30s", "size": "64MB", "rate": "50/s"}
    if part.get("title") in defaults:
        return defaults[part["title"]]
    if choices := part.get("anyOf"):
        return _sample(choices[0], schema)
    if "enum" in part:
        return str(part["enum"][0])
    samples = {"integer": "10", "number": "1.5", "boolean": "true", "array": "[<value>]",
               "string": "<text>", "object": "{<name>: <value>}"}  # fmt: skip
    return samples.get(str(part.get("type")), "<value>")


def markdown_of(text: str) -> str:
    """Turn the docstrings' reStructuredText marks into Markdown."""
    text = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text)
    return text.replace("``", "`").strip()


def cell_of(text: str) -> str:
    """Return *text* fit for one cell of a Markdown table."""
    return text.replace("\n", " ").replace("|", "\\|").strip()
