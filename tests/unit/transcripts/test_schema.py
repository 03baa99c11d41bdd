"""Columns and dtypes, whatever is in them, and with or without pyarrow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from journals import sample

from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.reading import ROLES
from copilot_magics.transcripts.schema import COLUMNS, DTYPES, empty, pack, unpack

LISTS: dict[str, list[Any]] = {name: ["a", None] for name in COLUMNS} | {
    "turn": [None, 1],
    "timestamp": ["2026-03-01T10:00:00.123Z", None],
    "role": [0, 4],
    "data": [b"{}", '{"ä": 1}'.encode()],
}


def assert_dtypes(frame: pd.DataFrame, columns: tuple[str, ...] = COLUMNS) -> None:
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        name: DTYPES[name] for name in columns
    }
    if "role" in columns:
        assert tuple(frame["role"].cat.categories) == ROLES


def test_an_empty_frame() -> None:
    assert_dtypes(empty())
    assert_dtypes(empty(("type", "turn")), ("type", "turn"))
    assert hasattr(empty(), "copilot")


@pytest.mark.parametrize("piece", [pack(LISTS), LISTS], ids=["packed", "as lists"])
def test_a_piece_becomes_rows(piece: Any) -> None:
    frame = unpack([piece, piece])
    assert_dtypes(frame)
    assert frame["turn"].fillna(0).tolist() == [0, 1, 0, 1]
    assert frame["role"].tolist() == ["user", "session"] * 2
    assert frame["data"].tolist() == ["{}", '{"ä": 1}'] * 2
    assert frame["content"].isna().tolist() == [False, True] * 2
    assert frame["timestamp"][0] == pd.Timestamp("2026-03-01T10:00:00.123Z")
    assert frame["timestamp"].isna().tolist() == [False, True] * 2


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01T10:00:00.123456Z", "2026-03-01T10:00:00.123456Z"),
        ("2026-03-01T11:00:00+01:00", "2026-03-01T10:00:00Z"),
        ("2026-03-01 10:00", "2026-03-01T10:00:00Z"),
        ("2026-03-01T10:00:00.123456789Z", "2026-03-01T10:00:00.123456Z"),
        ("nonsense", None),
        ("", None),
        ("2026-02-30T10:00:00Z", None),
        ("now", None),
        ("today", None),
        ("1772359200000", None),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00+01:00", None),
        ("0000-06-01T00:00:00Z", None),
        ("-001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-01:00", None),
    ],
)
def test_timestamps_in_any_form(text: str, moment: str | None) -> None:
    said = [text, "2026-03-01T10:00:00.000Z"]
    # Where a form is not Arrow's, Python reads all of them.
    forms = ({"timestamp": said}, {"timestamp": [*said, "nonsense"]})
    for piece in (*map(pack, forms), *forms):
        found = unpack([piece], ["timestamp"])["timestamp"]
        assert str(found.dtype) == "datetime64[us, UTC]"
        assert found[0] == pd.Timestamp(moment) if moment else pd.isna(found[0])
        assert found[1] == pd.Timestamp("2026-03-01T10:00:00Z")


def test_frames_of_different_sessions_are_joined_with_their_dtypes(home: Path) -> None:
    sample(home)
    frame = get_messages("rich")
    for parts in ([frame, frame], [empty(), frame], [frame, empty()], [frame[:1], frame[9:]]):
        assert_dtypes(pd.concat(parts, ignore_index=True))


WITHOUT_PYARROW = """
import sys
sys.modules["pyarrow"] = None
from copilot_magics.transcripts import get_messages
for sessions in ("rich", "*"):
    frame = get_messages(sessions)
    print(*map(str, frame.dtypes), frame["role"].cat.categories.tolist())
    print(frame.to_json(orient="records", date_format="iso"))
"""


def test_it_is_the_same_without_pyarrow(home: Path) -> None:
    sample(home)
    command = [sys.executable, "-W", "error", "-c", WITHOUT_PYARROW]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    dtypes, rows, dtypes_of_all, rows_of_all = done.stdout.splitlines()
    frame = get_messages("rich")
    assert dtypes == " ".join([*map(str, frame.dtypes), str(list(ROLES))])
    assert rows == frame.to_json(orient="records", date_format="iso")
    assert (dtypes, rows) == (dtypes_of_all, rows_of_all)
