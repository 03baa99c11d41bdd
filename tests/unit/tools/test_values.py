"""What is told of what a tool returned, in few enough bytes."""

from __future__ import annotations

import datetime
import enum
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

from copilot_magics.tools.results import MOST, PNG, Told, bounded
from copilot_magics.tools.values import told


class Kind(enum.Enum):
    ONE = "one"


@dataclass
class Point:
    x: int
    when: datetime.date


class Model(BaseModel):
    points: list[Point]


POINT = Point(1, datetime.date(2026, 11, 24))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is\n", "as it is\n"),
        (None, "It returned nothing."),
        (3, "3"),
        (True, "true"),
        (float("nan"), "NaN"),
        (Kind.ONE, '"one"'),
        ([1, {"a": ("b", None)}], '[1, {"a": ["b", null]}]'),
        (POINT, '{"x": 1, "when": "2026-11-24"}'),
        (Model(points=[POINT]), '{"points": [{"x": 1, "when": "2026-11-24"}]}'),
        (np.float64(0.5), "0.5"),
        ({"n": np.int64(3)}, '{"n": 3}'),
        (pd.Timestamp("2026-11-24"), '"2026-11-24T00:00:00"'),
        ("größe", "größe"),
    ],
)
def test_texts_as_they_are_and_values_as_json(value: object, text: str) -> None:
    assert told(value, "name").text == text


def test_other_values_are_summarised() -> None:
    assert told(pd.DataFrame({"col": [1]}), "t").text.startswith("DataFrame: 1 row")
    assert told(np.zeros((2, 3)), "a").text.startswith("numpy.ndarray: shape (2, 3)")
    assert "object" in told([object()], "o").text
    assert "generator" in told((n for n in iter(int, 1)), "g").text
    itself: list[object] = []
    itself.append(itself)
    assert told(itself, "i").text


def test_a_long_text_is_cut_in_the_middle_and_says_so() -> None:
    for char in ("a", "é", "日", "\ud800"):
        cut = bounded(f"begin{char * 100_000}end")
        assert len(cut.encode()) <= MOST
        assert cut.startswith("begin")
        assert cut.endswith("end")
        assert "of 100,008 characters left out" in cut
    assert json.loads(told([1], "x").text) == [1]
    assert len(told("x" * 10**6, "x").for_agent().text_result_for_llm) <= MOST


def test_pictures_go_along_and_are_named() -> None:
    picture = PNG + b"\0\0\0\rIHDR" + (640).to_bytes(4, "big") + (480).to_bytes(4, "big")
    result = Told("Done.", pictures=(picture,) * 5 + (PNG + bytes(4 * 2**20),)).for_agent()
    sent = result.binary_results_for_llm
    assert sent is not None
    assert len(sent) == 4
    assert sent[0].mime_type == "image/png"
    text = result.text_result_for_llm
    assert text.startswith("Done.\n\n[Picture 1: PNG, 640 × 480 pixels]\n")
    assert text.endswith("[2 more, which are too large or too many to send along]")
    long = Told("x" * 10**6, pictures=(picture,)).for_agent().text_result_for_llm
    assert len(long.encode()) <= MOST
    assert " of 1,000,000 characters left out …\n" in long
    assert long.endswith("x\n\n[Picture 1: PNG, 640 × 480 pixels]")
    failed = Told("Why.", failed=True).for_agent()
    assert (failed.result_type, failed.error) == ("failure", "Why.")
