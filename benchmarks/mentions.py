"""What it takes to tell of a large table that is mentioned, against ``df.describe()`` of it.

A table of 10 million rows and 50 columns, 4 GB: once with each column in one piece, as files are
read, once row by row, as an array makes it, and once of many types, with missing values.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from common import verdict

from copilot_magics.mentions.summary import Summary
from copilot_magics.mentions.variables import summarise

ROWS, COLUMNS = 10_000_000, 50
ROUNDS = 3
ALWAYS_ALLOWED = 0.3
"""Seconds that a summary may take, however fast ``describe`` is."""
SHARE = 0.1
TOKENS = 2_000


def tables() -> Iterator[tuple[str, pd.DataFrame]]:
    """Make the tables, one after the other: two would not fit into memory everywhere."""
    random = np.random.default_rng(0)
    yield "by column", pd.DataFrame({f"c{n}": random.random(ROWS) for n in range(COLUMNS)})
    yield "by row", pd.DataFrame(random.random((ROWS, COLUMNS)))
    yield "of many types", pd.DataFrame(dict(_of_many_types(random)))


def _of_many_types(random: np.random.Generator) -> Iterator[tuple[str, object]]:
    for n in range(20):
        values = random.normal(size=ROWS)
        values[n :: 1000 + n] = np.nan
        yield f"float{n}", values
    for n in range(15):
        yield f"int{n}", random.integers(0, 1000, ROWS)
    for n in range(5):
        yield f"time{n}", pd.date_range("2020", periods=ROWS, freq="s")
        codes = random.integers(0, 5, ROWS).astype("int8")
        yield f"kind{n}", pd.Categorical.from_codes(codes, list("abcde"))
        yield f"flag{n}", random.random(ROWS) > 0.5


def seconds(work: Callable[[], object]) -> float:
    """Return how long something takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def told(frame: pd.DataFrame) -> tuple[float, Summary]:
    """Return how long a table takes to be told, and what is told."""
    summary = summarise(frame, "df")
    return statistics.median(
        seconds(lambda: summarise(frame, "df")) for _ in range(ROUNDS)
    ), summary


def main() -> bool:
    """Measure, print, and say whether the limits are kept."""
    kept = []
    for name, frame in tables():
        ours, summary = told(frame)
        theirs = seconds(frame.describe)
        # Before the next one is made.
        del frame
        print(f"{name}: a summary {ours:.2f} s (median of {ROUNDS}), describe() {theirs:.1f} s")
        limit = max(ALWAYS_ALLOWED, SHARE * theirs)
        kept.append(verdict(f"a summary, {name} / its limit of {limit:.2f} s", ours / limit, 1))
        kept.append(verdict(f"tokens, {name}", summary.tokens, TOKENS))
    return all(kept)


if __name__ == "__main__":
    sys.exit(not main())
