"""Claims: what must hold after a race, or in any history, in one line each.

    result.must(unique("id", of="commit"), monotonic("version", of="commit", per="branch"))

Each is a check of ``checks/``. Where one compares with what is there afterwards, ``found`` hands
that in: a number, rows, or values; or ``found_in`` names an operation or a probe of the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

from hormesis.checks.bank_total import BankTotal
from hormesis.checks.counter import Counter
from hormesis.checks.exactly_once import ExactlyOnce
from hormesis.checks.monotonic import Monotonic
from hormesis.checks.never_duplicate import NeverDuplicate
from hormesis.checks.never_lost import NeverLost
from hormesis.checks.queue import Queue
from hormesis.checks.set import Set
from hormesis.testing.racing.claim import FOUND, Claim
from hormesis.words.check import Check

Names = str | Sequence[str]
_UNIQUE = (
    "Let the database give it out (a sequence, or a row lock around looking and writing), and add "
    "a unique constraint, so that a race cannot be won twice."
)


def unique(*key: str, of: str, by: str = "") -> Check:
    """Return that no two operations *of* that ended ok have the same *key*.

    >>> result.must(unique("version", of="commit"))
    >>> result.must(unique("branch", "version", of="commit", by="client"))
    """
    return NeverDuplicate(of=of, key=key, by=by, did="was given", advice=_UNIQUE)


def never_lost(
    key: str, *, of: str, found: Iterable[Any] | None = None, found_in: str = "", column: str = ""
) -> Check | Claim:
    """Return that every *key* of an ok operation *of* is among what is *found* afterwards.

    >>> kept = {row[0] for row in conn.execute("SELECT stamp FROM commits")}
    >>> result.must(never_lost("stamp", of="commit", found=kept))
    """
    name = _source(found, found_in)
    check = NeverLost(of=of, key=key, found_in=name, column=column)
    return check if found is None else Claim(check, _rows(found, column or key))


def exactly_once(
    key: str, *, of: str, found: Iterable[Any] | None = None, found_in: str = "", column: str = "",
    refused: bool = False,
) -> Check | Claim:  # fmt: skip
    """Return that each *key* of an ok operation *of* has one effect among what is *found*.

    >>> rows = conn.execute("SELECT request FROM payments").fetchall()
    >>> result.must(exactly_once("request", of="pay", found=[request for (request,) in rows]))
    """
    name = _source(found, found_in)
    check = ExactlyOnce(of=of, key=key, found_in=name, column=column, refused=refused)
    return check if found is None else Claim(check, _rows(found, column or key))


def monotonic(
    value: str = "value", *, of: Names, per: Names = (), strict: bool = False,
    as_: Literal["auto", "number", "version", "text"] = "auto",
) -> Check:  # fmt: skip
    """Return that *value* never goes back, of two operations one of which follows the other.

    Texts such as ``1.10`` are versions unless *as_* says otherwise.

    >>> result.must(monotonic("version", of=["commit", "read"], per="branch"))
    """
    return Monotonic.model_validate(
        {"of": of, "value": value, "strict": strict, "as": as_, **_per(per)}
    )


def bank_total(
    total: float | Decimal | None = None,
    *,
    of: str,
    balances: str = "balances",
    negative: bool = False,
) -> Check:
    """Return that the balances in every read *of* add up to *total*, and none is below zero.

    >>> result.must(bank_total(1000, of="read"))  # where read returns {"balances": [...]}
    """
    return BankTotal.model_validate(
        {"of": of, "total": total, "balances": balances, "negative": negative}
    )


def counter(
    *, added_by: Names, of: str = "", found: float | Decimal | Iterable[Any] | None = None,
    value: str = "value", amount: str = "", per: Names = (), start: float | Decimal = 0,
) -> Check | Claim:  # fmt: skip
    """Return that what is read is no less than was surely added, and no more than may have been.

    With *per*, *found* is rows as mappings, of all the counters.

    >>> result.must(counter(added_by="add", found=conn.execute("SELECT n FROM c").fetchone()))
    """
    check = Counter.model_validate(
        {"of": _source(found, of), "value": value, "added_by": added_by, "amount": amount,
         "start": start, **_per(per)}
    )  # fmt: skip
    return check if found is None else Claim(check, _counts(found, value, per))


def set_of(
    key: str, *, added_by: Names, of: str = "", found: Iterable[Any] | None = None,
    column: str = "", stale: Literal["allowed", "never"] = "allowed",
    others: Literal["allowed", "never"] = "never",
) -> Check | Claim:  # fmt: skip
    """Return that every *key* that was added is read afterwards, once, and nothing else.

    >>> result.must(set_of("branch", added_by="create", found=["main", *names(conn)]))
    """
    check = Set.model_validate(
        {"of": _source(found, of), "added_by": added_by, "key": key, "column": column,
         "stale": stale, "others": others}
    )  # fmt: skip
    return check if found is None else Claim(check, _rows(found, column or key))


def queue(
    key: str, *, of: Names, added_by: Names, order: Literal["any", "fifo"] = "any",
    left: Iterable[Any] | None = None, left_in: str = "", column: str = "",
) -> Check | Claim:  # fmt: skip
    """Return that every *key* put in comes out once, and nothing that was not put in.

    What is *left* in the queue shows that the rest was lost; so does an operation *of* that found
    nothing at the end.

    >>> result.must(queue("job", of="take", added_by="put", left=remaining))
    """
    name = left_in if left is None else _source(left, left_in)
    check = Queue.model_validate(
        {"of": of, "added_by": added_by, "key": key, "order": order, "left_in": name,
         "column": column}
    )  # fmt: skip
    return check if left is None else Claim(check, _rows(left, column or key))


def _counts(found: Any, value: str, per: Names) -> tuple[Mapping[str, Any], ...]:
    """Return what counters were found to hold, as rows."""
    if per:
        rows = tuple(found) if isinstance(found, Iterable) and not isinstance(found, str) else ()
        if not all(isinstance(row, Mapping) for row in rows) or not isinstance(found, Iterable):
            raise TypeError(f"with per, expected rows as mappings, found {found!r}")
        return rows
    rows = (found,) if not isinstance(found, tuple | list) else tuple(found)
    [one] = rows if len(rows) == 1 else (None,)
    one = one[0] if isinstance(one, tuple) and len(one) == 1 else one
    if not isinstance(one, int | float | Decimal) or isinstance(one, bool):
        raise TypeError(f"expected the number that was found, found {found!r}")
    return ({value: one},)


def _per(per: Names) -> dict[str, Names]:
    return {"per": per} if per else {}


def _source(found: object, named: str) -> str:
    if (found is None) == (not named):
        raise ValueError("expected either what was found, or the name of what found it")
    return named or FOUND


def _rows(found: Iterable[Any], column: str) -> tuple[Mapping[str, Any], ...]:
    """Return *found* as rows: mappings as they are, other values under *column*.

    Raises:
        TypeError: it is one text or one row, or its rows have several columns without names.
    """
    if isinstance(found, str | bytes | Mapping):
        raise TypeError(f"expected rows or values that were found, found one: {found!r}")
    return tuple(_row(one, column) for one in found)


def _row(one: Any, column: str) -> Mapping[str, Any]:
    if isinstance(one, Mapping):
        return one
    if isinstance(one, tuple):
        if hasattr(one, "_asdict"):
            row: Mapping[str, Any] = one._asdict()
            return row if column in row or len(one) != 1 else {column: one[0]}
        if len(one) != 1:
            raise TypeError(
                f"expected values, rows of one column or mappings, found {one!r}; say which: "
                f"found=[row[0] for row in rows], or rows as mappings with {column!r}"
            )
        [one] = one
    return {column: one}
