"""Export: a run's records as files that other programs read, Parquet or CSV.

One file per table: ``ops``, ``drops``, ``metrics``, ``probes`` and ``faults``. Columns bear their
units; tags, values, fields and rows are JSON.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from hormesis.record.export_tables import Cells, Coded, ColumnSort, ExportTable, tables_of
from hormesis.record.history_reader import read_history
from hormesis.words.trouble import CapabilityTrouble, UsageTrouble


def export_run(directory: Path, to: Path, form: Literal["parquet", "csv"]) -> list[Path]:
    """Write the run in *directory* to files in *to*, which is made if it is not there.

    A file that is there already is replaced, once its successor is whole.

    Raises:
        InputTrouble: *directory* holds no run.
        CapabilityTrouble: Parquet is asked for and pyarrow is not installed.
        UsageTrouble: *to* cannot be written to.
    """
    write = _parquet_writer() if form == "parquet" else _write_csv
    tables = tables_of(read_history(directory))
    written = []
    try:
        to.mkdir(parents=True, exist_ok=True)
        for table in tables:
            path = to / f"{table.name}.{form}"
            draft = path.with_name(f".{path.name}.draft")
            try:
                write(draft, table)
                os.replace(draft, path)
            finally:
                draft.unlink(missing_ok=True)
            written.append(path)
    except OSError as trouble:
        raise UsageTrouble(f"cannot write the tables to {to}: {trouble}") from trouble
    return written


def _write_csv(path: Path, table: ExportTable) -> None:
    # Texts come from systems under test: half a character must not lose the rest.
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table.columns)
        for batch in table.batches():
            writer.writerows(zip(*(_listed(cells) for cells in batch), strict=True))


def _listed(cells: Cells) -> Sequence[Any]:
    if isinstance(cells, Coded):
        return [cells.texts[code] for code in cells.codes.tolist()]
    return cells.tolist() if isinstance(cells, np.ndarray) else cells


def _parquet_writer() -> Callable[[Path, ExportTable], None]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise CapabilityTrouble(
            "Parquet needs the package pyarrow",
            hint="pip install 'hormesis[parquet]', or export CSV",
        ) from None
    sorts = {
        ColumnSort.WHOLE: pyarrow.int64(),
        ColumnSort.NUMBER: pyarrow.float64(),
        ColumnSort.TRUTH: pyarrow.bool_(),
        ColumnSort.TEXT: pyarrow.string(),
        ColumnSort.CODE: pyarrow.dictionary(pyarrow.int32(), pyarrow.string()),
    }

    def column(cells: Cells, sort: Any) -> Any:
        if isinstance(cells, Coded):
            codes = pyarrow.array(cells.codes.astype(np.int32))
            texts = pyarrow.array([_clean(text) for text in cells.texts], pyarrow.string())
            return pyarrow.DictionaryArray.from_arrays(codes, texts)
        if isinstance(cells, np.ndarray):
            return pyarrow.array(cells).cast(sort)
        return pyarrow.array([_clean(cell) for cell in cells], sort)

    def write(path: Path, table: ExportTable) -> None:
        schema = pyarrow.schema([(name, sorts[sort]) for name, sort in table.columns.items()])
        with pyarrow.parquet.ParquetWriter(path, schema, compression="zstd") as writer:
            for batch in table.batches():
                arrays = [
                    column(cells, field.type) for cells, field in zip(batch, schema, strict=True)
                ]
                writer.write_batch(pyarrow.RecordBatch.from_arrays(arrays, schema=schema))

    return write


def _clean(cell: Any) -> Any:
    """Return a text without halves of characters, anything else as it is."""
    return cell.encode(errors="backslashreplace").decode() if isinstance(cell, str) else cell
