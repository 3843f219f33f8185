"""What each strategy promises, as Hypothesis tests against one real server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from hormesis.strategies import (
    Identifier,
    Migration,
    Schema,
    Value,
    column_types,
    data_of,
    identifiers,
    messages,
    migrations,
    overlong_identifiers,
    schemas,
    values_of,
)
from hormesis.strategies.builtin_types import BUILTIN_TYPES
from hormesis.strategies.identifiers import Position
from hormesis.strategies.keywords import VERSIONS, keywords, quoted_words
from hormesis.strategies.schema import COLUMNS_QUERY, CONSTRAINTS_QUERY, INDEXES_QUERY


class Proofs:
    """The promises on one server; *ran* counts the statements that it accepted."""

    def __init__(self, dsn: str, examples: int, *, derandomize: bool) -> None:
        # A plan that was cached for a table of the same name would not fit the next example.
        self.connection = psycopg.connect(
            dsn, prepare_threshold=None, options="-c timezone=UTC -c search_path=proof"
        )
        self.version = self.connection.info.server_version // 10000
        self.ran: Counter[str] = Counter()
        self._settings = settings(
            max_examples=examples,
            derandomize=derandomize,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        )

    def close(self) -> None:
        self.connection.close()

    def prove(self, strategy: st.SearchStrategy[Any], body: Callable[[Any], None]) -> None:
        """Run *body* on examples, each in an empty schema that is rolled back."""

        def fresh(drawn: Any) -> None:
            note(str(drawn))
            self.connection.rollback()
            self.connection.execute("CREATE SCHEMA proof")
            body(drawn)

        self._settings(given(strategy)(fresh))()
        self.connection.rollback()

    def run(self, kind: str, sql: str, parameters: tuple[Any, ...] | None = None) -> Any:
        cursor = self.connection.execute(sql, parameters)
        self.ran[kind] += 1
        return cursor

    def keywords(self) -> None:
        """The pinned words are the server's, and what it quotes is quoted."""
        if self.version in VERSIONS:
            said = self.run("keywords", "SELECT word, catcode::text FROM pg_get_keywords()")
            pinned = {
                word: by[self.version] for word, by in keywords().items() if self.version in by
            }
            assert dict(said) == pinned
        for word, by in keywords().items():
            if self.version in by:
                (spelled,) = self.run("keywords", "SELECT quote_ident(%s)", (word,)).fetchone()
                assert spelled == word or word in quoted_words()
        own = self.run(
            "types",
            "SELECT typname FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace "
            "AND typname !~ '^(_|pg_)'",
        )
        assert {name for (name,) in own} <= BUILTIN_TYPES
        self.connection.rollback()

    def names(self) -> None:
        """A name is taken at its place, and stored as it is told."""
        places: tuple[tuple[Position, str], ...] = (
            ("column", "CREATE TABLE t ({} int)"),
            ("table", "CREATE TABLE {} ()"),
            ("type", "CREATE TYPE {0} AS ENUM (); CREATE TABLE holds_it (a {0})"),
            ("schema", "CREATE SCHEMA {}"),
            ("role", "CREATE ROLE {}"),
        )
        stored = {
            "column": "SELECT attname FROM pg_attribute "
            "WHERE attrelid = 't'::regclass AND attnum = 1",
            "table": "SELECT relname FROM pg_class WHERE relnamespace = 'proof'::regnamespace",
            "type": "SELECT typname FROM pg_type t JOIN pg_attribute ON atttypid = t.oid "
            "WHERE attrelid = 'holds_it'::regclass AND attnum = 1",
            "schema": "SELECT nspname FROM pg_namespace ORDER BY oid DESC LIMIT 1",
            "role": "SELECT rolname FROM pg_roles ORDER BY oid DESC LIMIT 1",
        }

        def at(place: Position, make: str) -> Callable[[Identifier], None]:
            def taken(name: Identifier) -> None:
                self.run("names", make.format(name.sql))
                assert self.connection.execute(stored[place]).fetchone() == (name.name,)

            return taken

        for place, make in places:
            self.prove(identifiers(place, avoid=[Identifier("holds_it")]), at(place, make))
        self.prove(overlong_identifiers(), at("table", "CREATE TABLE {} ()"))
        self.prove(identifiers(), at("column", "CREATE TABLE t ({} int)"))

    def values(self) -> None:
        """A value is read back the same, whether it was bound or written out."""
        version = self.version

        def comes_back(value: Value) -> None:
            type_ = value.type.sql
            self.run("values", f"CREATE TABLE t (a {type_})")
            (named,) = self.run(
                "values", "SELECT format_type(atttypid, atttypmod) FROM pg_attribute "
                "WHERE attrelid = 't'::regclass AND attnum = 1"
            ).fetchone()  # fmt: skip
            assert named == value.type.formatted
            self.run("values", f"INSERT INTO t VALUES (%s::{type_})", (value.param,))
            self.run("values", f"INSERT INTO t VALUES ({value.sql})")
            read = self.run("values", f"SELECT a{'::text' if value.as_text else ''} FROM t")
            for (one,) in read.fetchall():
                assert value.same(one), f"stored {value.stored!r}, read {one!r}"

        self.prove(
            column_types(version=version).flatmap(
                lambda type_: values_of(type_, nulls=True, beyond_python=True, version=version)
            ),
            comes_back,
        )

    def messages(self) -> None:
        """A message is read back letter for letter."""

        def exact(text: str) -> None:
            assert self.run("messages", "SELECT %s::text", (text,)).fetchone() == (text,)

        self.prove(messages(), exact)

    def schemas(self) -> None:
        """Tables are made, the catalogue tells what was foretold, rows keep all constraints."""

        def made(drawn: tuple[Schema, Any]) -> None:
            schema, rows = drawn
            for statement in schema.statements:
                self.run("schemas", statement)
            self._is(schema)
            for number, row in enumerate(rows):
                self.run("rows", *(row.insert if number % 2 else (row.sql,)))
            # What the server holds back until the end of the transaction is looked at too.
            self.run("schemas", "SET CONSTRAINTS ALL IMMEDIATE")

        version = self.version
        self.prove(
            schemas(version=version).flatmap(
                lambda schema: st.tuples(st.just(schema), data_of(schema, version=version))
            ),
            made,
        )

    def migrations(self) -> None:
        """Each step is accepted, with rows where that is promised, and the model is right."""
        version = self.version

        def cases(drawn: tuple[Schema, bool]) -> st.SearchStrategy[Any]:
            schema, filled = drawn
            rows = data_of(schema, version=version) if filled else st.just(())
            return st.tuples(migrations(schema, filled=filled, version=version), rows)

        def valid(drawn: tuple[Migration, Any]) -> None:
            migration, rows = drawn
            for statement in migration.start.statements:
                self.run("schemas", statement)
            for row in rows:
                self.run("rows", row.sql)
            for step in migration.steps:
                self.run("migrations", step.sql)
                self.ran[step.kind] += 1
                self._is(step.after)

        begin = st.just(Schema()) | schemas(max_tables=2, version=version)
        self.prove(st.tuples(begin, st.booleans()).flatmap(cases), valid)

    def _is(self, schema: Schema) -> None:
        execute = self.connection.execute
        assert execute(COLUMNS_QUERY).fetchall() == schema.information_columns
        assert sorted(execute(CONSTRAINTS_QUERY).fetchall()) == schema.constraint_columns
        assert sorted(execute(INDEXES_QUERY).fetchall()) == schema.index_names
