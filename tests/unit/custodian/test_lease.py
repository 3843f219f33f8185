"""The lease ends for a silent engine, and is not ended by the custodian's own sleep."""

from __future__ import annotations

from hormesis.custodian.lease import Lease


def test_silence_ends_it_and_a_word_renews_it() -> None:
    lease = Lease(2.0, 12.0)
    assert not lease.over(11.9)
    lease.renew(11.9)
    assert not lease.over(13.8)
    assert lease.over(13.9)


def test_a_custodian_that_was_held_up_grants_one_more() -> None:
    lease = Lease(2.0, 12.0)
    lease.excuse(now=20.0, meant=12.0)
    assert not lease.over(20.0)
    lease.excuse(now=22.0, meant=22.0)
    assert lease.over(22.0), "only one more: it looked in time since"


def test_looking_a_little_late_is_no_excuse() -> None:
    lease = Lease(2.0, 12.0)
    lease.excuse(now=12.1, meant=12.0)
    assert lease.over(12.1)
