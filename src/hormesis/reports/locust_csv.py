"""Report ``locust-csv``: the four CSV files that Locust writes with ``--csv``, under its headers.

What reads Locust's files reads these: ``locust_stats.csv``, ``locust_stats_history.csv`` (one row a
second, ``Aggregated``), ``locust_failures.csv`` and ``locust_exceptions.csv``. Times are
milliseconds. Better on purpose: response times count from when an operation was due, percentiles
are true ones (exact, or within 1 %) and not rounded to two digits, and the last second is in every
file.

An operation counts in the second in which it ended. Current rates and percentiles are those of the
last ten seconds. The type is the HTTP method, or the load's name where there is none.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from hormesis.reports.parts.locust_failures import exception_rows, failure_rows
from hormesis.reports.parts.locust_history import history_rows
from hormesis.reports.parts.locust_stats import PERCENT_HEADS, stats_rows
from hormesis.words.report import Judged, Report

STATS_HEADS = (
    "Type", "Name", "Request Count", "Failure Count", "Median Response Time",
    "Average Response Time", "Min Response Time", "Max Response Time", "Average Content Size",
    "Requests/s", "Failures/s", *PERCENT_HEADS,
)  # fmt: skip
HISTORY_HEADS = (
    "Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s", *PERCENT_HEADS,
    "Total Request Count", "Total Failure Count", "Total Median Response Time",
    "Total Average Response Time", "Total Min Response Time", "Total Max Response Time",
    "Total Average Content Size",
)  # fmt: skip
FAILURE_HEADS = ("Method", "Name", "Error", "Occurrences", "First Seen", "Last Seen")
EXCEPTION_HEADS = ("Count", "Message", "Traceback", "Nodes")


class LocustCsv(Report):
    """Locust's CSV files: figures by name and second, failures, exceptions."""

    unasked: ClassVar[bool] = False

    file_name: str = "locust_stats.csv"

    def render(self, title: str, runs: Sequence[Judged]) -> bytes:
        """Return the file of figures by name as UTF-8; its last row is ``Aggregated``."""
        return _csv(STATS_HEADS, stats_rows([run.history for run in runs]))

    def files(self, title: str, runs: Sequence[Judged]) -> Mapping[str, bytes]:
        """Return all four files."""
        histories = [run.history for run in runs]
        return {
            self.file_name: self.render(title, runs),
            "locust_stats_history.csv": _csv(HISTORY_HEADS, history_rows(histories)),
            "locust_failures.csv": _csv(FAILURE_HEADS, failure_rows(histories)),
            "locust_exceptions.csv": _csv(EXCEPTION_HEADS, exception_rows(histories)),
        }


def _csv(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    told = io.StringIO(newline="")
    writer = csv.writer(told)
    writer.writerow(heads)
    writer.writerows(rows)
    return told.getvalue().encode("utf-8", errors="replace")
