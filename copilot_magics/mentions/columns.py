"""One column of a table in a line: its kind, what is missing, and what its values are like.

A table of any library is told in the same words, so here it is only values: numbers as an array,
all else as a list of Python's own objects. What a large column is like is told from some of its
rows, always the same ones, and it is said so.
"""

from __future__ import annotations

import datetime
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from copilot_magics.mentions.guarded import brief
from copilot_magics.mentions.naming import class_name, module_of, plain_kind
from copilot_magics.mentions.rendering import own

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SAMPLED = 2_000_000
"""Values of all columns together that are looked at one by one."""
PIECE = 2**16
"""Numbers that are looked at at once."""
_LABEL = 40
_COUNTED = {str, int, bool, float, datetime.date}
"""Kinds whose values are counted: comparing others could run anybody's code."""

STATISTICS = ("mean", "std", "min", "25%", "50%", "75%", "max")


@dataclass
class Column:
    """What is told of a column.

    Attributes
    ----------
    label : str
        Its name.
    dtype : str
        Its type, as the library names it.
    missing : str
        How many values are missing; with a ``~`` where that is an estimate.
    numbers : dict of str to float
        Some of `STATISTICS`, where it holds numbers.
    is_estimate : bool
        Whether the least, the largest and the mean of them are of some rows only.
    told : str
        What its values are like, where it holds something else.
    head : list of object
        Its first values.
    """

    label: str
    dtype: str
    missing: str = "?"
    numbers: dict[str, Any] = field(default_factory=dict)
    is_estimate: bool = False
    told: str = ""
    head: list[Any] = field(default_factory=list)


class Tally:
    """What was found in numbers so far: how many are missing, the least, the largest, the mean.

    Parameters
    ----------
    missing : int, optional
        The number that stands for one that is missing. Where there is one they are moments, of
        which no mean is told.
    """

    def __init__(self, missing: int | None = None) -> None:
        self.missing = 0
        self.total = 0.0
        self.least: Any = None
        self.largest: Any = None
        self._standing_for_none = missing

    def take(self, piece: Array, are_missing: Array | None = None) -> None:
        """Take further numbers, few enough to stay in the processor's cache."""
        import numpy as np

        if are_missing is not None and are_missing.any():
            piece = self._present(piece, are_missing)
        if not len(piece):
            return
        least = piece.min()
        if least != least or least == self._standing_for_none:
            piece = self._present(piece, np.isnan(piece) if least != least else piece == least)
            if not len(piece):
                return
            least = piece.min()
        largest = piece.max()
        if self._standing_for_none is None:
            self.total += float(piece.sum(dtype=np.float64))
        self.least = least if self.least is None else min(self.least, least)
        self.largest = largest if self.largest is None else max(self.largest, largest)

    def _present(self, piece: Array, are_missing: Array) -> Array:
        present: Array = piece[~are_missing]
        self.missing += len(piece) - len(present)
        return present

    def told(self, rows: int) -> dict[str, Any]:
        """Return ``missing``, and of `STATISTICS` what is known of all of so many numbers."""
        present = rows - self.missing
        if not present:
            return {"missing": self.missing}
        return {
            "missing": self.missing,
            "mean": self.total / present,
            "min": self.least.item(),
            "max": self.largest.item(),
        }


def sample_rows(rows: int, columns: int) -> Array | None:
    """Return the numbers of the rows to look at, ascending, or None for all.

    Parameters
    ----------
    rows, columns : int
        How large the table is.
    """
    import numpy as np

    size = max(1_000, SAMPLED // max(1, columns))
    if rows <= size:
        return None
    # Drawn, since rows evenly apart would always be of the same hour or the same group.
    drawn: Array = np.sort(np.random.default_rng(0).integers(0, rows, size))
    # As `unique` does, which takes ten times as long.
    once: Array = drawn[np.concatenate([[True], drawn[1:] != drawn[:-1]])]
    return once


def number_statistics(values: Array) -> dict[str, Any]:
    """Return `STATISTICS` of numbers; those that are missing are left out."""
    import numpy as np

    if values.dtype.kind == "b":
        values = values.astype(np.int8)
    if values.dtype.kind == "f":
        values = values[~np.isnan(values)]
    if not len(values):
        return {}
    with np.errstate(all="ignore"):
        wide = values.astype(np.float64)
        quartiles = np.quantile(wide, [0.25, 0.5, 0.75])
        return {
            "mean": float(wide.mean()),
            "std": float(wide.std(ddof=1)) if len(wide) > 1 else math.nan,
            "min": values.min().item(),
            "25%": float(quartiles[0]),
            "50%": float(quartiles[1]),
            "75%": float(quartiles[2]),
            "max": values.max().item(),
        }


def frequencies(values: Sequence[Any], *, sampled: bool) -> str:
    """Return how many different values there are, and which are the most frequent.

    Parameters
    ----------
    values : sequence of object
        The values, those that are missing left out.
    sampled : bool
        Whether there are more.
    """
    if not values:
        return no_values(sampled=sampled)
    kinds = Counter(map(plain_kind, values))
    types = ""
    if len(kinds) > 1 or not kinds.keys() <= _COUNTED:
        names = Counter(class_name(type(value)) for value in values)
        types = "types: " + ", ".join(f"{name} {n}" for name, n in names.most_common(3))
    if not kinds.keys() <= _COUNTED:
        return types
    counted = Counter(values)
    most = "" if sampled and len(counted) == len(values) else _most_frequent(counted, len(values))
    more = "at least " if sampled else ""
    told = f"{more}{len(counted):,} different{most}"
    return f"{types}; {told}" if types else told


def no_values(*, sampled: bool) -> str:
    """Say that none of the values looked at is there."""
    return "no values in the rows drawn" if sampled else "no values"


def value_text(value: Any, digits: int = 6, most: int = 30) -> str:
    """Return a value as it stands in a table: short, in one line, without a comma to be misread.

    Parameters
    ----------
    value : object
        The value.
    digits : int
        Significant digits of a number that is no integer.
    most : int
        Characters of a text.
    """
    value = _without_numpy(value)
    kind = type(value)
    if kind is float:
        whole = value.is_integer() and abs(value) < 1e6
        return f"{value:.0f}" if whole else f"{value:.{digits}g}"
    if kind is str:
        return plain_or_quoted(value, most)
    if own(value) and (hasattr(value, "isoformat") or module_of(kind) == "numpy"):
        return str(value).removesuffix(" 00:00:00")
    return plain_or_quoted(brief(value, most), most + 40) if kind is not int else str(value)


def plain_or_quoted(text: str, most: int = _LABEL) -> str:
    """Return a text as it is where it reads as one cell of a table, else in quotes, bounded."""
    shown = text if len(text) <= most else f"{text[:most]}…"
    readable = shown.isprintable() and "," not in shown and shown == shown.strip() and shown
    return shown if readable else repr(shown)


def label_text(label: Any) -> str:
    """Return a column's label, which may be anything."""
    label = _without_numpy(label)
    return plain_or_quoted(label if type(label) is str else brief(label, _LABEL))


def _without_numpy(value: Any) -> Any:
    """Return Python's own number for one of NumPy, whose `repr` says more than the number."""
    if type(value) is tuple:
        return tuple(map(_without_numpy, value))
    numpys = module_of(type(value)) == "numpy" and own(value)
    # In Python, a time of NumPy would be a number.
    return value.item() if numpys and value.dtype.kind in "biufc" else value


def _most_frequent(counted: Counter[Any], total: int) -> str:
    if len(counted) == total and total > 1:
        return ""
    told = [f"{value_text(v)} {count / total:.0%}" for v, count in counted.most_common(3)]
    return f"; most frequent {', '.join(told)}"
