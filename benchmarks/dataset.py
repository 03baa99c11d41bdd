"""A Parquet dataset of 5,000 sessions, 1 million events, 450 MB, against their journals.

One column is read from both, in turns, in one process that has read each before.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import journals
from common import verdict

from copilot_magics import export_transcripts, get_messages, read_transcripts

SESSIONS = 5_000
ROUNDS = 5
COLUMNS = ("type", "timestamp", "turn", "content")


def seconds(call: Callable[[], Any]) -> float:
    """Return how long a call takes."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def column(name: str, dataset: Path) -> float:
    """Return the seconds to read a column of the dataset, in those that the journals take."""
    decoded, read = [], []
    for _ in range(ROUNDS):
        decoded.append(seconds(lambda: get_messages("*", columns=name)))
        read.append(seconds(lambda: read_transcripts(dataset, columns=name)))
    journal, parquet = statistics.median(decoded), statistics.median(read)
    print(f"{name}: journals {journal:.2f} s, dataset {parquet:.3f} s (medians of {ROUNDS})")
    return parquet / journal


def main() -> bool:
    """Measure, print, and say whether the limits are kept."""
    with tempfile.TemporaryDirectory() as folder:
        home, dataset = Path(folder) / "home", Path(folder) / "transcripts"
        journals.write_many(home / "session-state", SESSIONS)
        os.environ["COPILOT_HOME"] = str(home)
        first = seconds(lambda: export_transcripts(dataset))
        again = seconds(lambda: export_transcripts(dataset))
        files = list(dataset.rglob("*.parquet"))
        size = sum(file.stat().st_size for file in files) / 1e6
        print(f"{SESSIONS:,} sessions: {len(files)} files, {size:.0f} MB")
        print(f"exported in {first:.1f} s; again, with nothing new, in {again:.2f} s")
        read_transcripts(dataset, columns="type")
        ratios = {name: column(name, dataset) for name in COLUMNS}
    what = "of the dataset / of the journals"
    kept = [verdict(f"{name} {what}", ratio, 1 / 20) for name, ratio in ratios.items()]
    return all(kept)


if __name__ == "__main__":
    sys.exit(not main())
