"""Field docs: the docstring line beneath each field of a model, read from its source."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from textwrap import dedent

from pydantic import BaseModel


def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """Return what the source of *model* and its bases says about each field, by field name.

    A field without a docstring, or of a class without source, is left out.
    """
    docs: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if issubclass(owner, BaseModel) and owner is not BaseModel:
            docs.update(_own_docs(owner))
    return {name: docs[name] for name in model.model_fields if name in docs}


@cache
def _own_docs(model: type[BaseModel]) -> Mapping[str, str]:
    try:
        tree = ast.parse(dedent(inspect.getsource(model)))
    except (OSError, TypeError, SyntaxError):
        return {}
    body = tree.body[0].body if tree.body and isinstance(tree.body[0], ast.ClassDef) else []
    docs: dict[str, str] = {}
    for field, doc in pairwise(body):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        value = doc.value if isinstance(doc, ast.Expr) else None
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            docs[field.target.id] = " ".join(value.value.split())
    return docs
