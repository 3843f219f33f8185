"""JSON Schema of the experiment file, for editors: every key, every kind, every parameter.

Made from the same models that decode the file. What only the whole file can tell (names that
refer to each other, facets, overlaps) is left to ``hormesis plan``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from hormesis.spec.field_docs import field_docs
from hormesis.spec.frames import (
    CheckFrame,
    CommandFrame,
    ConditionFrame,
    EndConditionFrame,
    FaultFrame,
    FinalFrame,
    Frame,
    GiveUpFrame,
    HeadFrame,
    LimitsFrame,
    LinkFrame,
    LoadFrame,
    OnFailFrame,
    ProbeFrame,
    ProcessFrame,
    SkipFrame,
    StopConditionFrame,
    SystemUseFrame,
    TargetFrame,
    VariantsFrame,
    VolumeFrame,
)
from hormesis.spec.translate import keys_of, synonyms_of
from hormesis.words.catalogue import Catalogue
from hormesis.words.kind import OR_TEXT, Kind

Schema = dict[str, Any]
_REFERENCE: Schema = {"type": "string", "pattern": r"\$\{"}
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema_of(catalogue: Catalogue) -> Schema:
    """Return the JSON Schema (draft 2020-12) of experiment files that use *catalogue*'s kinds."""
    maker = _Maker()
    head = maker.object(HeadFrame)
    system = _system(maker)
    any_client: Schema = {"$ref": "#/$defs/client"}
    properties: Schema = {
        "include": {
            "description": "Files whose lists and mappings are merged under this file's.",
            "anyOf": [{"type": "string"}, _list_of({"type": "string"})],
        },
        **head["properties"],
        "vars": _mapping_of({}, "Variables, for `${name}`; `--set name=value` overrides them."),
        "variants": maker.object(VariantsFrame),
        "skip": _list_of(maker.object(SkipFrame), "When, and why, it cannot be run at all."),
        "system": {
            "description": "What runs: an installed system, a file, or the description itself.",
            "anyOf": [maker.object(SystemUseFrame), system],
        },
        "targets": system["properties"]["targets"],
        "prepare": _list_of(any_client, "Clients that do one iteration before the tracks."),
        "finish": _list_of(any_client, "Clients that do one iteration after the tracks."),
        "on_fail": _list_of(
            {"$ref": "#/$defs/on_fail"}, "What is done once after a run that fails."
        ),
        "steady_state": _list_of({"$ref": "#/$defs/condition"}, "What must hold before and after."),
        "tracks": _list_of({"$ref": "#/$defs/track"}, "Faults, loads and probes along the time."),
        "stop_when": _list_of({"$ref": "#/$defs/stop"}, "What ends the run at once."),
        "end_when": _list_of({"$ref": "#/$defs/end"}, "What ends the tracks before their time."),
        "final": _list_of({"$ref": "#/$defs/final"}, "Probes that are read once at the end."),
        "checks": _list_of({"$ref": "#/$defs/check"}, "What is claimed about the run."),
        "thresholds": _thresholds(catalogue, maker),
        "limits": maker.object(LimitsFrame),
    }
    definitions = {
        "track": {"anyOf": _tracks(catalogue, maker, any_client)},
        "condition": {"anyOf": _probes(catalogue, maker, ConditionFrame)},
        "final": {"anyOf": _probes(catalogue, maker, FinalFrame)},
        "stop": {"anyOf": _stops(catalogue, maker)},
        "end": {"anyOf": _ends(catalogue, maker)},
        "client": {"anyOf": _clients(catalogue, maker)},
        "on_fail": {"anyOf": _on_fail(catalogue, maker)},
        "check": {"anyOf": _checks(catalogue, maker)},
    }
    return {
        "$schema": _DIALECT,
        "title": "Hormesis experiment",
        "type": "object",
        "required": ["title"],
        "additionalProperties": False,
        "properties": properties,
        "$defs": {**{name: _never_empty(one) for name, one in definitions.items()}, **maker.defs},
    }


def _never_empty(schema: Schema) -> Schema:
    return schema if schema["anyOf"] else {"not": {}}


def _system(maker: _Maker) -> Schema:
    names: Schema = {"type": "string", "minLength": 1}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "title": {"type": "string"},
            "description": {"type": "string"},
            "vars": _mapping_of({}, "Variables, for `${name}`."),
            "ports": _list_of(names, "Names of free ports, for `${port.NAME}`."),
            "processes": _mapping_of(maker.object(ProcessFrame), "Started in this order."),
            "links": _mapping_of(maker.object(LinkFrame), "Connections through the fault proxy."),
            "volumes": _mapping_of(maker.object(VolumeFrame), "Folders that the run mounts."),
            "targets": _mapping_of(maker.object(TargetFrame), "What faults can hit."),
        },
    }


def _tracks(catalogue: Catalogue, maker: _Maker, client: Schema) -> list[Schema]:
    tracks = []
    for kind in catalogue.faults.values():
        track = maker.object(kind, "fault", FaultFrame)
        track["required"] += [] if kind.momentary else ["for"]
        tracks.append(track)
    for load in catalogue.loads.values():
        track = maker.object(load, "load", LoadFrame)
        track["properties"]["client"] = client
        track["required"].append("client")
        tracks.append(track)
    return tracks + _probes(catalogue, maker, ProbeFrame)


def _probes(catalogue: Catalogue, maker: _Maker, frame: type[Frame]) -> list[Schema]:
    return [maker.object(kind, "probe", frame) for kind in catalogue.probes.values()]


def _ends(catalogue: Catalogue, maker: _Maker) -> list[Schema]:
    forms = _probes(catalogue, maker, EndConditionFrame)
    for form in forms:
        form["required"] = [*form["required"], "expect"]
    return [*forms, maker.object(GiveUpFrame)]


def _stops(catalogue: Catalogue, maker: _Maker) -> list[Schema]:
    live = {name: kind for name, kind in catalogue.checks.items() if kind.judges_live}
    forms = _checks(replace(catalogue, checks=live), maker)
    every = maker.object(StopConditionFrame)["properties"]["every"]
    for form in forms:
        form["properties"]["every"] = every
    return [*_probes(catalogue, maker, StopConditionFrame), *forms]


def _clients(catalogue: Catalogue, maker: _Maker) -> list[Schema]:
    bare: list[Schema] = [{"type": "string", "description": "path.py:Class"}]
    return bare + [
        form for kind in catalogue.clients.values() for form in maker.keyed(kind, kind.kind)
    ]


def _on_fail(catalogue: Catalogue, maker: _Maker) -> list[Schema]:
    forms = _clients(catalogue, maker)
    for form in forms[1:]:
        form["properties"] |= maker.object(OnFailFrame)["properties"]
    return [*forms, maker.object(CommandFrame)]


def _checks(catalogue: Catalogue, maker: _Maker) -> list[Schema]:
    forms: list[Schema] = []
    for kind in catalogue.checks.values():
        first, dash, rest = kind.kind.partition("-")
        if dash:
            form = maker.object(kind)
            form["properties"][first] = {"const": rest}
            form["required"].append(first)
            forms.append(form)
        forms += maker.keyed(kind, kind.kind)
    for form in forms:
        form["properties"] |= maker.object(CheckFrame)["properties"]
    return forms


def _thresholds(catalogue: Catalogue, maker: _Maker) -> Schema:
    """Return the schema of thresholds as k6 writes them: metrics, each with its expressions."""
    kind = catalogue.checks.get("threshold")
    if kind is None:
        return {"not": {}}
    long = maker.keyed(kind, "threshold")[0]
    long["properties"] |= maker.object(CheckFrame)["properties"]
    for other, key in getattr(kind, "also_called", {}).items():
        long["properties"].setdefault(other, long["properties"][key])
    one: Schema = {"anyOf": [{"type": "string", "examples": ["p(95)<500"]}, long]}
    return _mapping_of({"anyOf": [*one["anyOf"], _list_of(one)]}, "Limits, by metric, as in k6.")


class _Maker:
    """Makes schemas of models, collecting what they refer to under names of their own."""

    def __init__(self) -> None:
        self.defs: Schema = {}

    def object(
        self,
        model: type[BaseModel],
        sort: str = "",
        frame: type[BaseModel] | None = None,
    ) -> Schema:
        """Return the schema of *model*; of a track, with the keys of its *frame* beside."""
        parts = [one for one in (frame, model) if one is not None]
        properties: Schema = {}
        required: list[str] = []
        if sort:
            properties[sort] = {"const": getattr(model, "kind", "")}
            required.append(sort)
        for part in parts:
            own = self._model(part)
            properties |= own.get("properties", {})
            required += own.get("required", [])
        return {
            "type": "object",
            "description": " ".join((model.__doc__ or "").split()),
            "additionalProperties": False,
            "properties": properties,
            "required": required,
        }

    def keyed(self, kind: type[Kind], key: str) -> list[Schema]:
        """Return the forms in which one key names *kind*: with its shorthand, with a mapping."""
        inner = self.object(kind)
        alone: Schema = {
            "type": "object",
            "description": inner["description"],
            "additionalProperties": False,
            "properties": {key: inner},
            "required": [key],
        }
        beside = self.object(kind)
        by_field = {field: name for name, field in keys_of(kind).items()}
        short = by_field.get(kind.shorthand, "")
        beside["properties"][key] = beside["properties"].pop(short, {"type": "null"})
        beside["required"] = [name for name in beside["required"] if name != short] + [key]
        return [beside, alone]

    def _model(self, model: type[BaseModel]) -> Schema:
        prefix = f"{model.__module__.rpartition('.')[2]}.{model.__qualname__}."
        made = model.model_json_schema(
            by_alias=True, ref_template=f"#/$defs/{prefix}{{model}}", mode="validation"
        )
        for name, schema in made.pop("$defs", {}).items():
            self.defs[prefix + name] = _opened(schema)
        docs = field_docs(model)
        for key, field in keys_of(model).items():
            if field in docs and key in made.get("properties", {}):
                made["properties"][key]["description"] = docs[field]
        for other, key in synonyms_of(model).items():
            made["properties"][other] = {**made["properties"][key], "description": f"As {key}."}
            # One of the spellings must be there; which one cannot be required.
            made["required"] = [one for one in made.get("required", ()) if one != key]
        opened: Schema = _opened(made)
        return opened


def _opened(schema: Any) -> Any:
    """Allow ``${…}`` wherever a typed value is expected; titles made from names are dropped."""
    if not isinstance(schema, Mapping):
        return schema
    if OR_TEXT in schema:
        whole = {key: value for key, value in schema.items() if key != OR_TEXT}
        return {"anyOf": [{"type": "string", "examples": [schema[OR_TEXT]]}, _opened(whole)]}
    opened = {key: value for key, value in schema.items() if key != "title"}
    if "properties" in schema:
        opened["properties"] = {
            key: _or_reference(_opened(value)) for key, value in schema["properties"].items()
        }
    if isinstance(schema.get("additionalProperties"), Mapping):
        opened["additionalProperties"] = _or_reference(_opened(schema["additionalProperties"]))
    if isinstance(schema.get("items"), Mapping):
        opened["items"] = _or_reference(_opened(schema["items"]))
    for key in ("anyOf", "oneOf", "prefixItems"):
        if isinstance(schema.get(key), Sequence):
            opened[key] = [_opened(one) for one in schema[key]]
    return opened


def _or_reference(schema: Any) -> Any:
    if not schema or not isinstance(schema, Mapping) or set(schema) <= {"description", "default"}:
        return schema
    if schema.get("type") == "string" and not {"pattern", "enum", "const"} & set(schema):
        return schema
    outer = {key: schema[key] for key in ("description", "default") if key in schema}
    inner = {key: value for key, value in schema.items() if key not in outer}
    return {**outer, "anyOf": [inner, _REFERENCE]}


def _list_of(schema: Schema, description: str = "") -> Schema:
    made: Schema = {"type": "array", "items": schema}
    return {**made, "description": description} if description else made


def _mapping_of(schema: Schema, description: str) -> Schema:
    return {"type": "object", "additionalProperties": schema, "description": description}
