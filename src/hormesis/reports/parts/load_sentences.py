"""Load sentences: what became of arrivals, and what is not in the percentiles, in words."""

from __future__ import annotations

from hormesis.record.load_table import LoadTable
from hormesis.reports.parts.wording import plural, span


def arrival_sentences(table: LoadTable) -> list[str]:
    """Return what one must know beside the table; nothing when every arrival was begun at once."""
    told = []
    if table.waited:
        waited = plural(table.waited, "arrival")
        told.append(f"{waited} found no free user and had to wait: that is in the response.")
    if table.dropped:
        with_them = table.percentile_with_dropped(95.0)
        told.append(
            f"{plural(table.dropped, 'arrival')} nobody ever began, and no percentile counts them. "
            + (
                "As never answered they would be above the p95, which nobody knows then."
                if with_them is None
                else f"As never answered they would make the response p95 {span(with_them)}."
            )
        )
    return told
