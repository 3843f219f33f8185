"""Hypothesis strategies for applications on PostgreSQL.

Everything drawn is accepted by PostgreSQL 15 to 18; what is newer than 15 comes only where a
strategy is given the ``version`` of the server.
"""

from __future__ import annotations

try:
    import hypothesis as hypothesis
except ModuleNotFoundError as missing:
    if missing.name != "hypothesis":
        raise
    told = "hormesis.strategies needs hypothesis: pip install 'hormesis[pytest]'"
    raise ImportError(told) from None

from hormesis.strategies.column import Column, Generated
from hormesis.strategies.column_type import ColumnType, UserType
from hormesis.strategies.column_types import column_types, domain_types, enum_types
from hormesis.strategies.constraint import (
    Check,
    Constraint,
    ForeignKey,
    Index,
    PrimaryKey,
    Unique,
)
from hormesis.strategies.fault_schedules import fault_schedules, nemesis_script
from hormesis.strategies.identifier import Identifier
from hormesis.strategies.identifiers import identifiers, overlong_identifiers
from hormesis.strategies.keywords import keywords, reserved_words
from hormesis.strategies.messages import messages
from hormesis.strategies.migration import Migration, Step
from hormesis.strategies.migrations import migrations
from hormesis.strategies.programs import Operation, Program, programs
from hormesis.strategies.row import Row
from hormesis.strategies.rows import data_of, rows_of
from hormesis.strategies.schema import Schema
from hormesis.strategies.schemas import schemas
from hormesis.strategies.table import Table
from hormesis.strategies.tables import constraints_of, tables
from hormesis.strategies.value import Value
from hormesis.strategies.values import values_of
from hormesis.strategies.version import SemanticVersion
from hormesis.strategies.versions import version_histories, version_numbers, versions

__all__ = [
    "Check",
    "Column",
    "ColumnType",
    "Constraint",
    "ForeignKey",
    "Generated",
    "Identifier",
    "Index",
    "Migration",
    "Operation",
    "PrimaryKey",
    "Program",
    "Row",
    "Schema",
    "SemanticVersion",
    "Step",
    "Table",
    "Unique",
    "UserType",
    "Value",
    "column_types",
    "constraints_of",
    "data_of",
    "domain_types",
    "enum_types",
    "fault_schedules",
    "identifiers",
    "keywords",
    "messages",
    "migrations",
    "nemesis_script",
    "overlong_identifiers",
    "programs",
    "reserved_words",
    "rows_of",
    "schemas",
    "tables",
    "values_of",
    "version_histories",
    "version_numbers",
    "versions",
]
