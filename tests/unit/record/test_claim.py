"""Claims: what a threshold's text means, in k6's grammar and beyond it."""

from __future__ import annotations

import pytest

from hormesis.record.claim import Bound, claim_of
from hormesis.record.claim_window import without_window


@pytest.mark.parametrize(
    ("expression", "limit", "unit"),
    [
        ("http_req_duration p(95)<500", 0.5, "s"),
        ("http_req_duration p(95) < 500ms", 0.5, "s"),
        ("http_req_duration avg<1.5", 0.0015, "s"),
        ("http_req_duration count > 5", 5.0, ""),
        ("http_req_failed rate<0.01", 0.01, "%"),
        ("http_req_failed rate < 1%", 0.01, "%"),
        ("http_req_failed count < 3", 3.0, ""),
        ("http_reqs rate>50", 50.0, "/s"),
        ("http_reqs rate > 3000/m", 50.0, "/s"),
        ("http_reqs count>=1e3", 1000.0, ""),
        ("data_sent count < 10MB", 1e7, "B"),
        ("data_received rate > 1MB/s", 1e6, "B/s"),
        ("data_received rate > 1000", 1000.0, "B/s"),
        ("vus value <= 50", 50.0, ""),
        ("checks rate == 1", 1.0, "%"),
        ("my_trend p(99.9) < 250", 250.0, ""),
        ("my_trend p(99.9) < 250ms", 0.25, "s"),
        ("my_rate rate < 5%", 0.05, "%"),
        ("my_counter rate > 5/s", 5.0, "/s"),
        ("my_gauge value > -3", -3.0, ""),
    ],
)
def test_a_bare_number_means_what_it_means_in_k6(
    expression: str, limit: float, unit: str
) -> None:
    claim = claim_of(expression)
    assert [one.limit for one in claim.bounds] == [pytest.approx(limit)]
    assert claim.unit == unit


@pytest.mark.parametrize("sign", [">", ">=", "<", "<=", "==", "!="])
def test_every_operator(sign: str) -> None:
    assert claim_of(f"http_reqs count{sign}5").bounds == (Bound(sign, 5.0),)


def test_three_equals_signs_are_two() -> None:
    assert claim_of("http_reqs count===5").bounds == (Bound("==", 5.0),)


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("{ status : 200 }", {"status": "200"}),
        ('{status:"200"}', {"status": "200"}),
        ("{status:'200'}", {"status": "200"}),
        ("{name:http://a.b:8/c?d=e}", {"name": "http://a.b:8/c?d=e"}),
        ("{name:/item/{id}}", {"name": "/item/{id}"}),
        ("{group:::outer::inner}", {"group": "::outer::inner"}),
        ('{name:"a, b",load:x}', {"name": "a, b", "load": "x"}),
        ("{tenant:big}", {"tenant": "big"}),
        ("{}", {}),
    ],
)
def test_tags(tags: str, expected: dict[str, str]) -> None:
    assert claim_of(f"http_reqs{tags} count>1").tags == expected


def test_a_range_has_two_bounds() -> None:
    claim = claim_of("200ms < http_req_duration{name:x} p(95) <= 2s")
    assert claim.bounds == (Bound(">", 0.2), Bound("<=", 2.0))
    assert [claim.holds(value) for value in (0.2, 0.3, 2.0, 2.1)] == [False, True, True, False]
    assert claim.sentence(0.1) == "p(95) is 100ms, allowed > 200ms and <= 2s"
    assert claim_of("2s > http_req_duration avg > 200ms").holds(1.0)


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("http_req_sending avg<1", "expected a metric that is measured"),
        ("http_req_receiving avg<1", "http_req_service is send to last byte"),
        ("http_req_duratoin avg<1", "did you mean http_req_duration?"),
        ("iteration count>1", "did you mean iterations?"),
        ("grpc_req_duration avg<1", "expected a metric; did you mean"),
        ("g count>1", "expected METRIC"),
        ("my_metric middle>1", "aggregation that a metric has; aggregations: count, rate, value"),
        ("vus p(95)<5", "an aggregation that vus has; aggregations: value, min, max"),
        ("http_req_failed p(95)<5", "http_req_failed has; aggregations: rate, count, value"),
        ("http_reqs avg<5", "http_reqs has; aggregations: count, rate, value"),
        ("http_reqs{statuss:200} count>1", "did you mean status?"),
        ("http_reqs{error_code:1050} count>1", "an operation's `error` tells it"),
        ("http_reqs{check:x} count>1", "expected a tag that this metric has"),
        ("dropped_iterations{name:x} count>1", "tags: load, scenario"),
        ("http_reqs{status:200 count>1", "expected }"),
        ("http_reqs{status} count>1", "a tag such as name:claim"),
        ("2s < http_req_duration avg < 1s", "a lower limit below the upper one"),
        ("1s < http_req_duration avg > 2s", "a lower and an upper limit"),
        ("http_req_duration p(95) < 200 mss", "a time such as 500ms"),
        ("http_req_failed rate < 3", "share from 0 to 1"),
    ],
)
def test_what_cannot_be_judged_is_refused(expression: str, told: str) -> None:
    with pytest.raises(ValueError) as caught:
        claim_of(expression)
    assert told in str(caught.value)
    assert "expected" in str(caught.value)


@pytest.mark.parametrize("name", ["waiting_time", "logins", "errors", "check_failure_rate"])
def test_a_metric_of_the_users_own_is_taken_by_its_name(name: str) -> None:
    assert claim_of(f"{name} count > 1").known is None


@pytest.mark.parametrize(
    ("expression", "rest", "words"),
    [
        ("x avg < 5 during(slow)", "x avg < 5", {"during": "slow"}),
        ("x avg < 5 during slow", "x avg < 5", {"during": "slow"}),
        ("x avg < 5 outside(*)", "x avg < 5", {"outside": "*"}),
        ('x avg < 5 after("slow disk")', "x avg < 5", {"after": "slow disk"}),
        ("x avg < 5 last 10s", "x avg < 5", {"last": "10s"}),
        ("x avg < 5 worst(1.5s)  ", "x avg < 5", {"worst": "1.5s"}),
        ("x avg < 5 worst 10s during(slow)", "x avg < 5", {"worst": "10s", "during": "slow"}),
        ("x{name:last 10s} avg < 5", "x{name:last 10s} avg < 5", {}),
    ],
)
def test_the_words_behind_a_claim(expression: str, rest: str, words: dict[str, str]) -> None:
    assert without_window(expression) == (rest, words)


def test_a_word_that_is_there_twice() -> None:
    with pytest.raises(ValueError, match="expected last once"):
        without_window("x avg < 5 last 10s last 20s")


@pytest.mark.parametrize(
    ("expression", "value", "told"),
    [
        ("data_sent count < 10MB", 165_600.0, "count is 165.6KB, allowed < 10MB"),
        ("data_sent rate < 10MB/s", 2e9, "rate is 2GB/s, allowed < 10MB/s"),
        ("http_reqs rate > 5", 4.5, "rate is 4.5/s, allowed > 5/s"),
        ("http_reqs count > 5000", 1234567.0, "count is 1,234,567, allowed > 5,000"),
        ("http_req_failed rate < 1%", 0.25, "rate is 25%, allowed < 1%"),
        ("lag p(99.9) < 5", 0.0123, "p(99.9) is 12.3ms, allowed < 5ms"),
    ],
)
def test_a_figure_is_told_with_its_unit(expression: str, value: float, told: str) -> None:
    assert claim_of(expression).sentence(value) == told
