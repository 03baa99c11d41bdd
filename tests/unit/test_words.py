"""Numbers and moments in the words a person reads."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from copilot_magics.words import counted, local_time, size


def test_things() -> None:
    assert [counted(n, "turn") for n in (0, 1, 2, 12345)] == [
        "0 turns",
        "1 turn",
        "2 turns",
        "12,345 turns",
    ]


def test_bytes() -> None:
    told = {0: "0 B", 999: "999 B", 1000: "1 kB", 1_500_000: "2 MB", 12_340_000_000: "12.3 GB"}
    assert {count: size(count) for count in told} == told


def test_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC-2")
    time.tzset()
    assert local_time(datetime(2026, 3, 1, 23, 30, 59, tzinfo=UTC)) == "2026-03-02 01:30"
    monkeypatch.undo()
    time.tzset()
