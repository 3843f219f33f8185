"""Translate: decode data into a model, and tell what is wrong in this toolkit's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, ValidationError

from hormesis.spec.did_you_mean import did_you_mean, nearest
from hormesis.spec.document import Steps
from hormesis.spec.node import Node, Problems

Model = TypeVar("Model", bound=BaseModel)

_EXPECTED: Mapping[str, str] = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "set_type": "a list",
    "frozen_set_type": "a list",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "dataclass_type": "a mapping",
    "none_required": "nothing",
}
_BOUNDS: Mapping[str, tuple[str, str]] = {
    "greater_than": ("more than {}", "gt"),
    "greater_than_equal": ("at least {}", "ge"),
    "less_than": ("less than {}", "lt"),
    "less_than_equal": ("at most {}", "le"),
    "multiple_of": ("a multiple of {}", "multiple_of"),
    "string_pattern_mismatch": ("text of the form {}", "pattern"),
}
_LENGTHS: Mapping[str, tuple[str, str, str]] = {
    "string_too_short": ("at least", "min_length", "character"),
    "string_too_long": ("at most", "max_length", "character"),
    "too_short": ("at least", "min_length", "element"),
    "too_long": ("at most", "max_length", "element"),
}


def decode(
    model: type[Model],
    fields: Mapping[str, Node],
    owner: Node,
    problems: Problems,
    *,
    context: Mapping[str, Any] | None = None,
    also_known: Sequence[str] = (),
) -> Model | None:
    """Return *model* made from *fields*, or None after adding every problem.

    *owner* is the mapping that the fields stand in, *also_known* the keys around it that are
    worth suggesting for an unknown one.
    """
    fields = _canonical(model, fields, problems)
    data = {name: deepcopy(node.value) for name, node in fields.items()}
    references = sum(len(node.document.references) for node in fields.values())
    for _ in range(references + 1):
        try:
            return model.model_validate(data, context=dict(context or {}))
        except ValidationError as error:
            errors = [_Error(one, *_split(tuple(one["loc"]), data)) for one in error.errors()]
        swapped = [one for one in errors if _as_text(data, fields, one.way)]
        if not swapped:
            break
    likeliest = _likeliest(errors)
    misspelt = _misspelt(model, likeliest)
    for way, group in _by_way(likeliest).items():
        node = _node(fields, owner, way)
        for one in group:
            if one.type == "missing" and (way, one.tags[-1]) not in misspelt:
                _tell_missing(node, one, problems)
            elif one.type == "extra_forbidden":
                known = [*_keys_at(model, way[:-1]), *(also_known if len(way) == 1 else ())]
                hint = did_you_mean(str(way[-1]), known, noun="known keys") if known else ""
                problems.add(node, f"expected a known key, found {way[-1]}", hint, at_key=True)
        others = [one for one in group if one.type not in ("missing", "extra_forbidden")]
        if others:
            _tell_value(node, others, problems, whole=not way)
    return None


def _misspelt(model: type[BaseModel], errors: Sequence[_Error]) -> set[tuple[Steps, Any]]:
    """Return, each with the way to its mapping, keys that are there under another spelling."""
    unknown = [one.way for one in errors if one.type == "extra_forbidden"]
    return {(way[:-1], nearest(str(way[-1]), _keys_at(model, way[:-1]))) for way in unknown}


def keys_of(model: type[BaseModel]) -> dict[str, str]:
    """Return the keys that *model* takes in a file, each with the name of its field."""
    keys: dict[str, str] = {}
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        if isinstance(alias, AliasChoices):
            alias = str(alias.choices[0])
        keys[alias if isinstance(alias, str) else field.alias or name] = name
    return keys


def synonyms_of(model: type[BaseModel]) -> Mapping[str, str]:
    """Return the other spellings that *model* takes, each with the key that it means."""
    return getattr(model, "also_called", {})


def _canonical(
    model: type[BaseModel], fields: Mapping[str, Node], problems: Problems
) -> Mapping[str, Node]:
    """Return *fields* under the keys of *model*, whatever spelling the file used."""
    synonyms = synonyms_of(model)
    if not synonyms.keys() & fields.keys():
        return fields
    renamed: dict[str, Node] = {}
    for key, node in fields.items():
        name = synonyms.get(key, key)
        if name in renamed:
            problems.add(node, f"expected {name} once, found it again as {key}", at_key=True)
        else:
            renamed[name] = node
    return renamed


@dataclass(frozen=True)
class _Error:
    """An error of pydantic: the way into the data that its location names, and what is left.

    What is left (``tags``) names members of unions, or the key that is missing.
    """

    raw: Any
    way: Steps
    tags: Steps
    fork: int

    @property
    def type(self) -> str:
        return str(self.raw["type"])

    @property
    def context(self) -> Mapping[str, Any]:
        return self.raw.get("ctx") or {}


def _split(loc: Steps, held: Any) -> tuple[Steps, Steps, int]:
    way: Steps = ()
    tags: Steps = ()
    fork = -1
    for step in loc:
        if _holds(held, step):
            held = held[step]
            way = (*way, step)
        else:
            fork = len(way) if fork < 0 else fork
            tags = (*tags, step)
    return way, tags, fork


def _holds(held: Any, step: str | int) -> bool:
    if isinstance(held, list):
        return isinstance(step, int) and step < len(held)
    return isinstance(held, dict) and step in held


def _as_text(data: dict[str, Any], fields: Mapping[str, Node], way: Steps) -> bool:
    """Put the text of a reference back where it was retyped; return whether it was."""
    if not way or way[0] not in fields:
        return False
    field = fields[str(way[0])]
    text = field.document.references.get((*field.steps, *way[1:]))
    holder: Any = data
    for step in way[:-1]:
        holder = holder[step]
    if text is None or isinstance(holder[way[-1]], str):
        return False
    holder[way[-1]] = text
    return True


def _likeliest(errors: Sequence[_Error]) -> list[_Error]:
    """Keep, of the members of a union, the one that the data looks most like."""
    forks: dict[Steps, dict[Any, list[_Error]]] = {}
    kept: list[_Error] = []
    for error in errors:
        tags = error.tags[:-1] if error.type == "missing" else error.tags
        if tags:
            members = forks.setdefault(error.way[: error.fork], {})
            members.setdefault(tags[0], []).append(error)
        else:
            kept.append(error)
    for way, members in forks.items():
        inside = [
            group
            for group in members.values()
            if any(one.type == "missing" or len(one.way) > len(way) for one in group)
        ]
        if inside:
            fewest = min(len(group) for group in inside)
            kept.extend(next(group for group in inside if len(group) == fewest))
        else:
            kept.extend(one for group in members.values() for one in group)
    return kept


def _by_way(errors: Sequence[_Error]) -> dict[Steps, list[_Error]]:
    groups: dict[Steps, list[_Error]] = {}
    for error in errors:
        groups.setdefault(error.way, []).append(error)
    return groups


def _node(fields: Mapping[str, Node], owner: Node, way: Steps) -> Node:
    if not way:
        return owner
    node = fields[str(way[0])]
    for step in way[1:]:
        node = node.under(step)
    return node


def _tell_missing(node: Node, error: _Error, problems: Problems) -> None:
    held = list(node.value) if isinstance(node.value, dict) else []
    beside = "only " + ", ".join(held[:6]) if held else "nothing"
    problems.add(node, f"expected the key {error.tags[-1]}, found {beside}")


def _tell_value(
    node: Node, errors: Sequence[_Error], problems: Problems, *, whole: bool
) -> None:
    """Tell what is wrong with one value; *whole* is the mapping that all fields stand in.

    What a model says about its fields together is not answered by "found a mapping".
    """
    own = [one for one in errors if one.type in ("value_error", "assertion_error")]
    sentences = [str(one.context.get("error", one.raw["msg"])) for one in own]
    plain = [one for one in errors if one not in own]
    phrases = [_phrase(one) for one in plain]
    phrases += [one.removeprefix("expected ") for one in sentences if one.startswith("expected ")]
    for sentence in sentences:
        if not sentence.startswith("expected "):
            problems.add(node, sentence)
    if not phrases:
        return
    text = " or ".join(dict.fromkeys(phrases))
    hint = ""
    alternatives = [word for one in plain for word in _alternatives(one)]
    if alternatives and isinstance(node.value, str):
        near = did_you_mean(node.value, alternatives)
        hint = near if near.startswith("did you mean") else ""
    elif text == "text" and isinstance(node.value, int | float):
        hint = "put it in quotes"
    if ", found " in text or "; found " in text or (whole and not plain):
        problems.add(node, f"expected {text}", hint)
    else:
        problems.expected(node, text, hint)


def _phrase(error: _Error) -> str:
    """Tell what a type of pydantic's expects, in words that follow "expected"."""
    if error.type in _EXPECTED:
        return _EXPECTED[error.type]
    if error.type in _BOUNDS:
        form, key = _BOUNDS[error.type]
        return form.format(error.context.get(key))
    if error.type in _LENGTHS:
        form, key, noun = _LENGTHS[error.type]
        count = error.context.get(key)
        return f"{form} {count} {noun}{'' if count == 1 else 's'}"
    if alternatives := _alternatives(error):
        return ("one of " if len(alternatives) > 1 else "") + ", ".join(alternatives)
    message = str(error.raw["msg"])
    return (message[:1].lower() + message[1:]).removeprefix("input should be ")


def _alternatives(error: _Error) -> list[str]:
    if error.type not in ("enum", "literal_error", "union_tag_invalid"):
        return []
    text = str(error.context.get("expected") or error.context.get("expected_tags") or "")
    return [part.strip().strip("'") for part in text.replace(" or ", ", ").split(",")]


def _keys_at(model: type[BaseModel], way: Steps) -> list[str]:
    """Return the keys known at *way*, as far as the types tell."""
    here: list[Any] = [model]
    for step in way:
        here = [deeper for one in here for deeper in _under(one, step)]
    return [key for one in here if _is_model(one) for key in keys_of(one)]


def _under(annotation: Any, step: str | int) -> Iterator[Any]:
    if _is_model(annotation):
        name = keys_of(annotation).get(str(step))
        if name is not None:
            yield from _members(annotation.model_fields[name].annotation)
    elif arguments := get_args(annotation):
        yield from _members(arguments[0] if isinstance(step, int) else arguments[-1])


def _members(annotation: Any) -> Iterator[Any]:
    """Yield the types that *annotation* allows, with unions and ``Annotated`` opened."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for one in get_args(annotation):
            yield from _members(one)
    else:
        yield annotation


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
