from __future__ import annotations

from typing import Any

import pytest

from hormesis.clients.steps.answer import meaning_of


@pytest.mark.parametrize(
    ("method", "status", "expected", "definite", "ended", "error"),
    [
        ("POST", 200, {}, (), "ok", ""),
        ("POST", 204, {}, (), "ok", ""),
        ("POST", 204, {"status": [200, 204]}, (), "ok", ""),
        ("POST", 409, {}, (), "fail", "http-409"),
        ("POST", 409, {"status": [200, 409]}, (), "ok", ""),
        ("GET", 503, {}, (), "fail", "http-503"),
        ("POST", 503, {}, (), "info", "http-503"),
        ("POST", 503, {}, (503,), "fail", "http-503"),
        ("POST", 500, {}, (503,), "info", "http-500"),
        ("POST", 302, {}, (), "info", "http-302"),
        ("GET", 302, {}, (), "fail", "http-302"),
        ("POST", 201, {"status": 200}, (), "info", "http-201"),
        ("POST", 204, {"status": "< 300"}, (), "ok", ""),
    ],
)
def test_status(
    method: str, status: int, expected: dict[str, Any], definite: tuple[int, ...],
    ended: str, error: str,
) -> None:  # fmt: skip
    meaning = meaning_of(method, status, b"", expected=expected, definite=definite)
    assert (meaning.ended.value, meaning.error) == (ended, error)


def test_json_is_expected_by_path() -> None:
    body = b'{"completed": true, "job": {"state": "done"}}'
    expected = {"completed": True, "job.state": ["done", "late"]}
    meaning = meaning_of("POST", 200, body, expected=expected, reads_json=True)
    assert meaning.ended.value == "ok"
    assert meaning.data["completed"] is True


@pytest.mark.parametrize(("method", "ended"), [("POST", "info"), ("GET", "fail")])
def test_another_value_than_expected_is_unexpected(method: str, ended: str) -> None:
    meaning = meaning_of(
        method, 200, b'{"completed": false}', expected={"completed": True}, reads_json=True
    )
    assert (meaning.ended.value, meaning.error) == (ended, "unexpected")
    assert meaning.detail == "completed is False, expected True"


def test_what_is_no_json_is_told() -> None:
    meaning = meaning_of("POST", 200, b"<html>", expected={}, reads_json=True)
    assert (meaning.ended.value, meaning.error, meaning.detail) == ("info", "bad-json", "<html>")


def test_an_empty_answer_is_no_bad_json() -> None:
    assert meaning_of("POST", 204, b"", expected={}, reads_json=True).ended.value == "ok"


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"error": "database-slow", "detail": "x"}', "database-slow"),
        (b'{"error": {"code": 1}}', '{"error": {"code": 1}}'),
        (b"{broken", "{broken"),
        (b"Bad Gateway\n", "Bad Gateway"),
        (b"\xff" * 500, "�" * 120),
    ],
)
def test_the_reason_of_a_refusal_is_kept(body: bytes, detail: str) -> None:
    assert meaning_of("POST", 503, body, expected={}).detail == detail
