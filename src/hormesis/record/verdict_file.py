"""Verdict file: a run's verdict as ``verdict.json``, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hormesis.record.atomic_write import write_atomically
from hormesis.words.check import Finding, RunVerdict, Verdict
from hormesis.words.outcome import Outcome
from hormesis.words.trouble import InputTrouble


def write_verdict(path: Path, verdict: RunVerdict) -> None:
    """Write *verdict* to *path* in one step; raises OSError."""
    text = json.dumps(asdict(verdict), indent=1, default=str)
    write_atomically(path, text.encode() + b"\n")


def read_verdict(path: Path) -> RunVerdict:
    """Return the verdict in *path*.

    Raises:
        InputTrouble: the file is missing, or is no verdict.
    """
    try:
        data = json.loads(path.read_bytes())
        return RunVerdict(
            outcome=Outcome(data["outcome"]),
            reason=str(data["reason"]),
            verdicts=tuple(_verdict_of(one) for one in data["verdicts"]),
            dirty=tuple(data["dirty"]),
            stopped_by=str(data["stopped_by"]),
            skipped=str(data.get("skipped") or ""),
            unsafe=tuple(data.get("unsafe") or ()),
        )
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as trouble:
        raise InputTrouble(
            f"{path} holds no readable verdict: {trouble}", hint="judge the run again"
        ) from trouble


def _verdict_of(data: Mapping[str, Any]) -> Verdict:
    return Verdict(
        check=str(data["check"]),
        kind=str(data["kind"]),
        outcome=Outcome(data["outcome"]),
        summary=str(data["summary"]),
        findings=tuple(
            Finding(str(one["sentence"]), tuple(one["cites"]), dict(one["data"]))
            for one in data["findings"]
        ),
        figures=dict(data["figures"]),
        advice=str(data["advice"]),
        remark=str(data.get("remark") or ""),
    )
