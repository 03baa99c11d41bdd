"""Payloads: as dicts, or with their fields as columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from journals import event, prompt, start, write_session

from copilot_magics.errors import BadInput
from copilot_magics.transcripts import get_messages


def frame(home: Path) -> pd.DataFrame:
    write_session(
        home,
        "s",
        start(),
        prompt("x"),
        event("tool.execution_start", {"toolName": "view", "arguments": {"path": "a"}, "n": 1}),
        event("tool.execution_complete", {"success": True, "result": {"content": "text"}, "n": 2}),
        event("session.brand_new", {"list": [{"name": "first"}, 2], "n": 12345678901234567890123}),
        event("session.brand_new", [1]),
    )
    return get_messages("s")


def test_each_payload_beside_its_row(home: Path) -> None:
    payloads = frame(home).iloc[2:].copilot.payload()
    assert payloads.index.tolist() == [2, 3, 4, 5]
    assert payloads[2] == {"toolName": "view", "arguments": {"path": "a"}, "n": 1}
    assert payloads[4]["n"] == 12345678901234567890123
    assert payloads[5] == [1]


def test_chosen_fields_as_columns(home: Path) -> None:
    part = frame(home).iloc[2:5]
    table = part.copilot.payload(expand=["toolName", "result.content", "success", "list.0.name"])
    assert list(table) == ["toolName", "result.content", "success", "list.0.name"]
    assert table.index.tolist() == [2, 3, 4]
    assert [str(dtype) for dtype in table.dtypes] == ["string", "string", "boolean", "string"]
    assert table["toolName"].fillna("-").tolist() == ["view", "-", "-"]
    assert table["result.content"].fillna("-").tolist() == ["-", "text", "-"]
    assert table["list.0.name"].fillna("-").tolist() == ["-", "-", "first"]


def test_one_field_and_none(home: Path) -> None:
    part = frame(home).iloc[2:4]
    table = part.copilot.payload(expand="n")
    assert table["n"].tolist() == [1, 2]
    assert str(table["n"].dtype) == "Int64"
    assert part.copilot.payload(expand=["nowhere", "list.x", "list.9"]).isna().all(axis=None)
    assert part.copilot.payload(expand=[]).shape == (2, 0)


def test_all_fields_as_columns(home: Path) -> None:
    table = frame(home).iloc[2:].copilot.payload(expand=True)
    assert list(table) == ["toolName", "arguments", "n", "success", "result", "list"]
    assert table["arguments"][2] == {"path": "a"}
    assert table["n"].dropna().tolist() == [1, 2, 12345678901234567890123]


def test_empty_frames(home: Path) -> None:
    empty = frame(home).head(0)
    assert empty.copilot.payload().empty
    assert list(empty.copilot.payload(expand=["toolName"])) == ["toolName"]
    assert empty.copilot.payload(expand=True).shape == (0, 0)


def test_no_number_is_rounded(home: Path) -> None:
    numbers = [2**53 + 1, 0.5, None]
    write_session(home, "a", *(event("session.info", {"n": number}) for number in numbers))
    assert get_messages("a").copilot.payload(expand="n")["n"].tolist() == numbers


@pytest.mark.parametrize("wrong", [1, [5], [None]])
def test_what_is_no_field_is_refused(home: Path, wrong: Any) -> None:
    with pytest.raises(BadInput, match="is no field's name"):
        frame(home).copilot.payload(expand=wrong)


def test_a_very_long_place_is_none(home: Path) -> None:
    path = f"list.{'9' * 5000}"
    assert frame(home).copilot.payload(expand=path)[path].isna().all()
