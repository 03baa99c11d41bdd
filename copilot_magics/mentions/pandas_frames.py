"""A pandas table, told without a copy of it and in bounded time, however long it is.

Of numbers the missing ones, the least, the largest and the mean are counted over all rows, in
pieces that stay in the processor's cache; what would need sorting is told from some rows.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from copilot_magics.mentions.columns import (
    Column,
    frequencies,
    label_text,
    number_statistics,
    sample_rows,
    value_text,
)
from copilot_magics.mentions.frames import COLUMNS, ROWS, Table
from copilot_magics.words import counted, size

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    Array = np.ndarray[Any, Any]

_EXACT = 1_000_000_000
"""Numbers up to which all are counted: about a second and a half."""
_EXACT_OBJECTS = 1_000_000
"""Python objects up to which all are looked at for missing ones."""
_PIECE = 2**15
"""Numbers looked at at once."""


def pandas_table(frame: pd.DataFrame) -> Table:
    """Return what is told of a DataFrame."""
    import pandas as pd

    # A subclass may have methods of its own.
    frame = pd.DataFrame(frame)
    rows, width = frame.shape
    shown = min(width, COLUMNS)
    sampled = sample_rows(rows, shown)
    series = [frame.iloc[:, number] for number in range(shown)]
    columns = [_column(one, sampled) for one in series]
    for column, exact in zip(columns, _exact([_numbers(one) for one in series], rows), strict=True):
        if exact is not None:
            column.missing = exact.pop("missing")
            column.numbers.update(exact)
    memory = size(int(frame.memory_usage(index=False).sum()))
    return Table(
        f"DataFrame: {counted(rows, 'row')} × {counted(width, 'column')}, {memory}",
        columns,
        [label_text(label) for label in frame.columns[shown:][:300]],
        [value_text(label) for label in frame.index[:ROWS]],
        [_index_text(frame.index), *_notes(rows, shown, sampled)],
    )


def series_table(series: pd.Series[Any]) -> Table:
    """Return what is told of a Series."""
    table = pandas_table(series.to_frame("value"))
    named = f", named {label_text(series.name)}" if series.name is not None else ""
    table.heading = f"Series: {counted(len(series), 'value')}, {series.dtype}{named}"
    return table


def _notes(rows: int, columns: int, sampled: Array | None) -> list[str]:
    if sampled is None:
        return []
    told = f"std, quartiles and frequencies are from {len(sampled):,} rows drawn at random"
    if rows * columns > _EXACT:
        told = f"All figures are from {len(sampled):,} rows drawn at random"
    return [f"{told}; ~ is an estimate."]


def _column(series: pd.Series[Any], sampled: Array | None) -> Column:
    column = Column(label_text(series.name), str(series.dtype))
    # A library may have made a type of its own, and may not have finished it.
    with contextlib.suppress(Exception):
        column.head = series.iloc[:ROWS].tolist()
    with contextlib.suppress(Exception):
        some = series if sampled is None else series.iloc[sampled]
        present = some[some.notna()]
        column.missing = _missing(series, len(some), len(present))
        _describe(column, present, sampled=sampled is not None)
    column.head = column.head or [""] * min(ROWS, len(series))
    return column


def _missing(series: pd.Series[Any], looked_at: int, present: int) -> str:
    import pandas as pd

    if looked_at == len(series):
        return f"{looked_at - present:,}".replace(",", "")
    cheap = not pd.api.types.is_object_dtype(series.dtype) or len(series) <= _EXACT_OBJECTS
    if cheap and str(series.dtype) not in ("str", "string"):
        return str(int(series.isna().sum()))
    array = getattr(series.array, "_pa_array", None)
    if array is not None:
        return str(array.null_count)
    return f"~{round((looked_at - present) / looked_at * len(series))}"


def _describe(column: Column, present: pd.Series[Any], *, sampled: bool) -> None:
    import numpy as np
    import pandas as pd

    kind = present.dtype
    types = pd.api.types
    if types.is_bool_dtype(kind):
        told = present.to_numpy(bool)
        column.told = f"True {told.mean():.0%}" if len(told) else "no values"
    elif types.is_numeric_dtype(kind) and not types.is_complex_dtype(kind):
        values = present.to_numpy()
        if values.dtype.kind not in "iuf":
            values = values.astype(np.float64)
        column.numbers = number_statistics(values)
        column.told = "" if column.numbers else "no values"
    elif types.is_datetime64_any_dtype(kind) or types.is_timedelta64_dtype(kind):
        column.told = _range_text(present)
    elif isinstance(kind, pd.CategoricalDtype):
        ordered = " ordered" if kind.ordered else ""
        column.dtype = f"category of {len(kind.categories):,}{ordered}"
        column.told = frequencies(present.tolist(), sampled=sampled)
    else:
        column.told = frequencies(present.tolist(), sampled=sampled)


def _range_text(present: pd.Series[Any]) -> str:
    if not len(present):
        return "no values"
    return f"{value_text(present.min())} to {value_text(present.max())}"


def _numbers(series: pd.Series[Any]) -> Array | None:
    """Return a column's numbers as they lie in memory, or None where they do not lie as numbers."""
    import numpy as np

    kind = series.dtype
    return series.to_numpy() if isinstance(kind, np.dtype) and kind.kind in "iuf" else None


def _exact(columns: list[Array | None], rows: int) -> list[dict[str, Any] | None]:
    """Count missing numbers, find the least and the largest, and the mean, over all rows."""
    import numpy as np

    numeric = [column for column in columns if column is not None]
    if not rows or rows * len(numeric) > _EXACT:
        return [None] * len(columns)
    tallies = [_Tally() if column is not None else None for column in columns]
    # Where a row lies together, its columns are looked at together.
    together = any(len(column.strides) and column.strides[0] > 8 for column in numeric)
    step = max(1024, _PIECE // (8 if together else 1))
    with np.errstate(all="ignore"):
        for start in range(0, rows, step):
            for column, tally in zip(columns, tallies, strict=True):
                if column is not None and tally is not None:
                    tally.take(column[start : start + step])
    return [None if tally is None else tally.told(rows) for tally in tallies]


class _Tally:
    """What was found in a column so far."""

    def __init__(self) -> None:
        self.missing = 0
        self.total = 0.0
        self.least: Any = None
        self.largest: Any = None

    def take(self, piece: Array) -> None:
        import numpy as np

        least, largest = piece.min(), piece.max()
        if least != least:
            present = piece[~np.isnan(piece)]
            self.missing += len(piece) - len(present)
            piece = present
            if not len(piece):
                return
            least, largest = piece.min(), piece.max()
        self.total += float(piece.sum(dtype=np.float64))
        self.least = least if self.least is None else min(self.least, least)
        self.largest = largest if self.largest is None else max(self.largest, largest)

    def told(self, rows: int) -> dict[str, Any]:
        present = rows - self.missing
        if not present:
            return {"missing": str(self.missing)}
        return {
            "missing": str(self.missing),
            "mean": self.total / present,
            "min": self.least.item(),
            "max": self.largest.item(),
        }


def _index_text(index: pd.Index[Any]) -> str:
    import pandas as pd

    names = [label_text(name) for name in index.names if name is not None]
    named = f" {', '.join(names)}" if names else ""
    if isinstance(index, pd.MultiIndex):
        return f"index: {index.nlevels} levels{named}"
    if not len(index):
        return f"index{named}: {index.dtype}, empty"
    return f"index{named}: {index.dtype}, {value_text(index[0])} to {value_text(index[-1])}"
