"""Sessions that change on the disk, and what a dataset has of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

MARCH, APRIL = "2026-03-01T10:00:00.000Z", "2026-04-01T10:00:00.000Z"


def append(home: Path, session: str, *lines: bytes) -> None:
    with (home / "session-state" / session / "events.jsonl").open("ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))


def rewrite(home: Path, session: str, *lines: bytes) -> None:
    path = home / "session-state" / session / "events.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines))


def delete(home: Path, session: str) -> None:
    shutil.rmtree(home / "session-state" / session)


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other)
    assert one.attrs == other.attrs


def changes(done: pd.DataFrame) -> dict[str, tuple[str, int]]:
    return {row.session: (row.change, row.rows) for row in done.itertuples()}


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Return what tells that a file was written anew, by name."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.glob("*/*")}
