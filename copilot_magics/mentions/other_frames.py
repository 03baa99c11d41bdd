"""Tables of other libraries: polars, Arrow, dask, DuckDB.

What is computed already is told as a table of pandas is, from some rows where there are many; what
is still to be computed is only named, with its columns.
"""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from copilot_magics.mentions.columns import (
    Column,
    frequencies,
    label_text,
    number_statistics,
    sample_rows,
)
from copilot_magics.mentions.frames import COLUMNS, ROWS, Table
from copilot_magics.words import counted, size

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_SCHEMA = 150
"""Columns of what is not computed that are named."""


def polars_table(frame: Any) -> Table:
    """Return what is told of a polars DataFrame."""
    rows, width = frame.shape

    def taken(number: int, chosen: Array | None) -> Any:
        series = frame.to_series(number)
        return series if chosen is None else series.gather(chosen)

    def column(number: int, chosen: Array | None) -> Column:
        series = frame.to_series(number)
        made = Column(label_text(series.name), str(series.dtype)[:60])
        made.missing = str(series.null_count())
        made.head = series.head(ROWS).to_list()
        present = taken(number, chosen).drop_nulls()
        if series.dtype.is_numeric() and not series.dtype.is_decimal():
            made.numbers = number_statistics(present.to_numpy())
            if made.numbers:
                finite = series.drop_nans() if series.dtype.is_float() else series
                exact = {"mean": finite.mean(), "min": finite.min(), "max": finite.max()}
                made.numbers.update({n: v for n, v in exact.items() if v is not None})
        elif series.dtype.is_temporal():
            made.told = f"{series.min()} to {series.max()}"
        else:
            made.told = frequencies(present.to_list(), sampled=chosen is not None)
        return made

    memory = size(int(frame.estimated_size()))
    heading = f"polars DataFrame: {counted(rows, 'row')} × {counted(width, 'column')}, {memory}"
    return _table(heading, rows, list(frame.columns), column)


def arrow_table(table: Any) -> Table:
    """Return what is told of an Arrow table."""
    rows, width = table.num_rows, table.num_columns

    def column(number: int, chosen: Array | None) -> Column:
        values = table.column(number)
        made = Column(label_text(table.column_names[number]), str(values.type)[:60])
        made.missing = str(values.null_count)
        made.head = values.slice(0, ROWS).to_pylist()
        some = (values if chosen is None else values.take(chosen)).drop_null()
        listed = some.to_pylist()
        kinds = {type(value) for value in listed}
        if kinds and kinds <= {int, float}:
            made.numbers = number_statistics(some.to_numpy())
            exact = _arrow_numbers(values) if chosen is not None else {}
            made.numbers.update(exact)
            made.is_estimate = chosen is not None and not exact
        elif kinds and kinds <= {datetime.date, datetime.datetime}:
            import pyarrow.compute

            ends = pyarrow.compute.min_max(values).as_py()
            made.told = f"{ends['min']} to {ends['max']}"
        else:
            made.told = frequencies(listed, sampled=chosen is not None)
        return made

    heading = (
        f"Arrow table: {counted(rows, 'row')} × {counted(width, 'column')}, {size(table.nbytes)}"
    )
    return _table(heading, rows, list(table.column_names), column)


def _arrow_numbers(values: Any) -> dict[str, Any]:
    """Return the mean, the least and the largest of a column; nothing where Arrow cannot tell."""
    import pyarrow.compute

    with contextlib.suppress(pyarrow.ArrowException):
        if pyarrow.types.is_floating(values.type):
            values = values.filter(pyarrow.compute.invert(pyarrow.compute.is_nan(values)))
        mean = pyarrow.compute.mean(values).as_py()
        if mean is not None:
            return {"mean": mean, **pyarrow.compute.min_max(values).as_py()}
    return {}


def schema_text(heading: str, names: Sequence[Any], types: Sequence[Any]) -> str:
    """Return the columns of a table that is not computed.

    Parameters
    ----------
    heading : str
        What it is.
    names, types : sequence
        Its columns and what they hold.
    """
    lines = [
        f"{label_text(name)}: {str(kind)[:60]}"
        for name, kind in zip(names[:_SCHEMA], types[:_SCHEMA], strict=True)
    ]
    left = len(names) - len(lines)
    more = [f"… {left:,} more columns"] if left else []
    return "\n".join([f"{heading}, not computed: {len(names)} columns", *lines, *more])


def _table(
    heading: str,
    rows: int,
    names: list[Any],
    column: Callable[[int, Array | None], Column],
) -> Table:
    shown = min(len(names), COLUMNS)
    chosen = sample_rows(rows, shown)
    columns = []
    for number in range(shown):
        made = Column(label_text(names[number]), "?", head=[""] * min(ROWS, rows))
        # A type of a newer version may know none of these words.
        with contextlib.suppress(Exception):
            made = column(number, chosen)
        columns.append(made)
    notes = []
    if chosen is not None:
        drawn = f"{len(chosen):,} rows drawn at random"
        notes = [f"std, quartiles and frequencies are from {drawn}; ~ is an estimate."]
    return Table(heading, columns, [label_text(name) for name in names[shown:][:300]], notes=notes)
