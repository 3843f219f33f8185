"""Connection URLs are taken apart and put together without loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from hormesis.testing.postgres_url import (
    application_of,
    parts_of,
    url_of,
    with_settings,
)
from hormesis.words.trouble import InputTrouble

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12)


@given(
    user=TEXTS,
    password=TEXTS,
    database=TEXTS,
    host=st.sampled_from(["db.example", "127.0.0.1", "::1", "/var/run/postgresql"]),
    extra=st.dictionaries(st.sampled_from(["sslmode", "application_name"]), TEXTS),
)
def test_what_is_put_together_is_read_back(
    user: str, password: str, database: str, host: str, extra: dict[str, str]
) -> None:
    parts = {"user": user, "password": password, "dbname": database, "host": host, **extra}
    assert parts_of(url_of(parts)) == parts


def test_a_driver_in_the_scheme_and_key_value_pairs_are_understood() -> None:
    assert parts_of("postgresql+asyncpg://u@h:1/d")["host"] == "h"
    assert parts_of("host=h port=5433 dbname=d") == {"host": "h", "port": "5433", "dbname": "d"}


def test_what_is_no_url_is_told_without_its_password() -> None:
    with pytest.raises(InputTrouble) as told:
        parts_of("postgresql://me:secret@h:x:y/d?nonsense=1")
    assert "--chaos-database" in str(told.value)
    assert "secret" not in str(told.value)


def test_nothing_that_libpq_quotes_is_told() -> None:
    for text in ("host=h password=ab s3cret", "s3cret", "postgresql://u:s3%zzcret@h"):
        with pytest.raises(InputTrouble) as told:
            parts_of(text)
        assert "s3" not in str(told.value) and "cret" not in str(told.value)
        assert "--chaos-database" in str(told.value)


def test_settings_join_those_that_are_there_and_survive_spaces() -> None:
    given_ = {"host": "h", "options": "-c jit=off"}
    settings = {"default_transaction_isolation": "repeatable read", "search_path": "a,public"}
    parts = with_settings(given_, settings)
    assert parts["options"] == (
        "-c jit=off -c default_transaction_isolation=repeatable\\ read -c search_path=a,public"
    )
    assert conninfo_to_dict(url_of(parts))["options"] == parts["options"]
    assert with_settings({"host": "h"}, {}) == {"host": "h"}


@pytest.mark.parametrize("name", ["test_x", "test_é[ß]", "test_" + "x" * 100, "a\nb"])
def test_the_name_of_a_session_fits_what_the_server_keeps(name: str) -> None:
    application = application_of(name)
    assert application.startswith("hormesis:")
    assert application.isascii()
    assert len(application) <= 63
