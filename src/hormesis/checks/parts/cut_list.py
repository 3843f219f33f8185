"""Cut list: an observation that kept only a part of the rows there were."""

from __future__ import annotations

from hormesis.words.history import ProbeRecord


def is_cut(record: ProbeRecord) -> bool:
    """Return whether absence from an observation's rows means nothing."""
    count = record.fields.get("count")
    return bool(record.rows) and isinstance(count, int) and count > len(record.rows)


def cut_told(record: ProbeRecord | None) -> str:
    """Return that the list of an observation was cut, and what to do; empty when it was not."""
    if record is None or not is_cut(record):
        return ""
    return (
        f": the list of {record.probe!r} had {record.fields['count']} rows, of which "
        f"{len(record.rows)} were kept (raise its rows_max)"
    )
