"""A value is shown as a cell shows it, whatever its class and what it holds are like."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from IPython.utils.capture import capture_output

from copilot_magics.tools import showing
from copilot_magics.tools.showing import show


def shown(shell: Any, value: object) -> tuple[str, dict[str, Any]]:
    """Return what a value's showing returns, and the MIME bundle that it publishes."""
    with capture_output() as captured:
        told = show(shell, value)
    return told, captured.outputs[0].data if captured.outputs else {}


class Harmless:
    """What may be anything, for all that is known."""

    def __repr__(self) -> str:
        return "it"


class Deadly:
    """Ends whatever process asks what it is."""

    def __repr__(self) -> str:
        os._exit(1)


class Leaves:
    """Raises what no library expects."""

    def __repr__(self) -> str:
        raise SystemExit


class Widgety:
    """Begins what it says of itself as a failure would be told."""

    def __repr__(self) -> str:
        return f"<{Widgety.__module__}.Widgety: nice>"

    def _repr_html_(self) -> str:
        return "<b>nice</b>"


class Frame(pd.DataFrame):
    """A table that says something else."""

    def __repr__(self) -> str:
        os._exit(1)


HOLDERS: list[Callable[[Any], Any]] = [
    lambda one: [one],
    lambda one: {"a": (one,)},
    lambda one: np.array([one], dtype=object),
    lambda one: np.array([(one,)], dtype=[("a", object)]),
    lambda one: pd.Series([one]),
    lambda one: pd.Series([1], name=one),
    lambda one: pd.Index([one]),
    lambda one: pd.DataFrame({"a": [one]}),
    lambda one: pd.DataFrame({one: [1]}),
    lambda one: pd.DataFrame({"a": [1]}, index=[one]),
    lambda one: pd.DataFrame({"a": [1]}, index=pd.Index([1], name=one)),
    lambda one: pd.DataFrame({"a": [1]}, index=pd.MultiIndex.from_tuples([("a", one)])),
    lambda one: pd.DataFrame({"a": pd.Categorical([one])}),
    lambda one: pl.DataFrame({"a": pl.Series([one], dtype=pl.Object)}),
]


PLAIN: list[Any] = [
    pd.DataFrame({"a": [1], "b": ["x"], "c": pd.Categorical(["y"]), "d": pd.Timestamp(0)}),
    pd.DataFrame({"a": pd.Series(["x", 1, None, pd.NA, 0.5], dtype=object)}),
    pd.DataFrame({("a", 1): [1]}).rename_axis("name"),
    pd.DataFrame(),
    pd.Series([1]),
    pd.date_range("2026-11-24", periods=2),
    np.zeros((2, 3)),
    np.array(["x", 1], dtype=object),
    pl.DataFrame({"a": [1], "b": ["x"]}),
    pl.Series([1]),
]


@pytest.mark.parametrize("holds", HOLDERS)
def test_what_a_value_holds_is_asked_in_a_child_first(holds: Callable[[Any], Any]) -> None:
    assert not showing._is_harmless(holds(Harmless()))


def test_what_ends_its_process_ends_a_child(shell: Any) -> None:
    values = [holds(Deadly()) for holds in (HOLDERS[0], HOLDERS[2], HOLDERS[7])]
    for value in (*values, [Leaves()], Frame({"a": [1]})):
        told, bundle = shown(shell, value)
        assert told.startswith(("<", "[<"))
        assert bundle == {"text/plain": told}


def test_a_table_of_plain_values_needs_no_child(
    shell: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "fork", raising=False)
    for value in PLAIN:
        assert showing._is_harmless(value)
        told, bundle = shown(shell, value)
        assert told == bundle["text/plain"] == repr(value)


def test_an_objects_own_words_are_no_failure(shell: Any) -> None:
    told, bundle = shown(shell, Widgety())
    assert told.endswith("Widgety: nice>")
    assert bundle == {"text/plain": told, "text/html": "<b>nice</b>"}
