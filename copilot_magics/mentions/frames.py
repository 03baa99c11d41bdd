"""A table as a text: its size, a line for each column, a few rows; as much as there is room for.

What does not fit is given up in a fixed order: rows, digits, quartiles, at last columns, whose
number and names are still told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from copilot_magics.mentions.columns import STATISTICS, Column, value_text
from copilot_magics.mentions.summary import MOST_TOKENS, fitted, tokens

COLUMNS = 120
"""Columns that are looked into at most."""
ROWS = 5
"""Rows that are shown at most."""

_FEWER = ("mean", "std", "min", "50%", "max")
_FEWEST = ("mean", "min", "max")
_ROOMY = 12
"""Columns up to which rows are shown as rows."""
# (rows, significant digits, statistics): the first that fits is taken.
_DETAILS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (5, 5, STATISTICS),
    (3, 4, STATISTICS),
    (3, 3, STATISTICS),
    (2, 3, STATISTICS),
    (2, 3, _FEWER),
    (1, 3, _FEWER),
    (1, 3, _FEWEST),
)


@dataclass
class Table:
    """What is told of a table of any library.

    Attributes
    ----------
    heading : str
        What it is, and how large.
    columns : list of Column
        The first columns.
    others : list of str
        The labels of the columns that were not looked into.
    index : list of str
        What names the rows that are shown.
    notes : list of str
        What is to be known of the figures.
    """

    heading: str
    columns: list[Column]
    others: Sequence[str] = ()
    index: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def table_text(table: Table, most: int = MOST_TOKENS) -> str:
    """Return a table as a text of at most so many tokens.

    Parameters
    ----------
    table : Table
        The table.
    most : int
        Tokens.
    """
    shown = len(table.columns)
    for rows, digits, statistics in _DETAILS:
        text = _written(table, shown, rows, digits, statistics)
        if tokens(text) <= most:
            return text
    while shown > 1:
        shown = shown * 3 // 4
        text = _written(table, shown, 1, 3, _FEWEST)
        if tokens(text) <= most:
            return text
    return fitted(text, most)


def _written(table: Table, shown: int, rows: int, digits: int, statistics: tuple[str, ...]) -> str:
    columns = table.columns[:shown]
    rows = min(rows, len(columns[0].head)) if columns else 0
    # A row of many values would need all their names again; their own lines have room.
    within = 0 if len(columns) <= _ROOMY else rows
    parts = ["\n".join([table.heading, *table.notes])]
    numeric = [column for column in columns if column.numbers]
    others = [column for column in columns if not column.numbers]
    for group, names in ((numeric, statistics), (others, ())):
        if group:
            parts.append(_lines(group, names, digits, within))
    left = [*(column.label for column in table.columns[shown:]), *table.others]
    if left:
        parts.append(fitted(f"{len(left):,} more columns: {', '.join(left[:200])}", 150))
    if rows and not within:
        parts.append(_rows(table, columns, rows, digits + 1))
    return "\n\n".join(parts)


def _lines(columns: list[Column], statistics: tuple[str, ...], digits: int, values: int) -> str:
    """Write a line for each column; what all have in common is said once."""
    told = [
        {
            "column": column.label,
            "dtype": column.dtype,
            "missing": column.missing,
            **{n: _number(column, n, digits) for n in statistics},
            **({} if statistics else {"values": column.told}),
            **{f"row {n}": value_text(column.head[n], digits) for n in range(values)},
        }
        for column in columns
    ]
    common = {
        name: told[0][name]
        for name in ("dtype", "missing")
        if len(told) > _ROOMY and len({line[name] for line in told}) == 1
    }
    heading = [name for name in told[0] if name not in common]
    said = [f"All of these: {', '.join(f'{n} {v}' for n, v in common.items())}."] if common else []
    return "\n".join(
        [*said, ",".join(heading), *(",".join(line[name] for name in heading) for line in told)]
    )


def _number(column: Column, name: str, digits: int) -> str:
    # Of all others it is said in the table's notes.
    mark = "~" if column.is_estimate and name in _FEWEST else ""
    return f"{mark}{value_text(column.numbers[name], digits)}" if name in column.numbers else "''"


def _rows(table: Table, columns: list[Column], rows: int, digits: int) -> str:
    heading = ["row"] if table.index else []
    lines = [",".join([*heading, *(column.label for column in columns)])]
    for number in range(rows):
        values = [value_text(column.head[number], digits) for column in columns]
        lines.append(",".join([*table.index[number : number + 1], *values]))
    return "\n".join(["The first rows:", *lines])
