"""What the picker proposes to clear away."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from copilot_magics.display.picker.cleaning import proposals
from copilot_magics.display.picker.rows import Row

BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
NEW, OLD = 1_800_000_000_000, 1_700_000_000_000
ROW = Row(
    id="s",
    title="t",
    named=False,
    turns=3,
    modified=NEW,
    created=OLD,
    model="m",
    folder="/",
    bytes=7,
    user="",
    here=False,
    notebook="",
    in_folder=False,
    damaged=False,
    answered=True,
    star=False,
)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, None),
        ({"turns": 0, "answered": False}, "empty"),
        ({"turns": 0, "answered": False, "modified": OLD}, "empty"),
        ({"answered": False}, "abandoned"),
        ({"modified": OLD}, "old"),
        ({"turns": None, "answered": None, "modified": OLD}, None),
    ],
)
def test_why(change: dict[str, Any], why: str | None) -> None:
    found = proposals([replace(ROW, **change)], BEFORE)
    assert [one["why"] for one in found] == ([why] if why else [])


@pytest.mark.parametrize(
    "kept", [{"user": "x"}, {"notebook": "/n.ipynb"}, {"here": True}, {"star": True}]
)
def test_what_somebody_needs_is_kept(kept: dict[str, Any]) -> None:
    for change in ({"turns": 0}, {"answered": False}, {"modified": OLD}):
        row = replace(ROW, **change)
        assert len(proposals([row], BEFORE)) == 1
        assert proposals([replace(row, **kept)], BEFORE) == []


def test_what_is_told_of_each() -> None:
    assert proposals([replace(ROW, turns=0)], BEFORE) == [
        {"id": "s", "title": "t", "turns": 0, "bytes": 7, "modified": NEW, "why": "empty"}
    ]
