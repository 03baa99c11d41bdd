"""The notebook on the agent, run as its readers run it: questions are answered with a click."""

from __future__ import annotations

import re
import runpy
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from kernels import Notebook
from nbclient import NotebookClient
from scripted import ScriptedServer

Start = Callable[..., Notebook]

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "agent.ipynb"
AGENT = runpy.run_path(str(NOTEBOOK.with_suffix(".py")))
SAME = ("tool", "value", "mended", "meanwhile", "wait")
"""Cells whose outputs depend on nothing but the data."""


def read() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def shown(book: Any) -> dict[str, str]:
    """Return what the cells show as text, by their IDs."""
    texts = {}
    for cell in book.cells:
        if cell.cell_type == "code":
            bundles = [output.get("data", {}) for output in cell.outputs]
            texts[cell.id] = "\n".join(
                output.get("text")
                or output.get("evalue")
                or data.get("text/markdown")
                or data.get("text/plain", "")
                for output, data in zip(cell.outputs, bundles, strict=True)
            )
    return texts


def check(said: dict[str, str]) -> None:
    """Check what the cells of one run say, whoever watches."""
    assert said["load"].startswith("Created tour-stocks · scripted")
    assert "Sent along: stocks (DataFrame, about " in said["mention"]
    assert "524 rows × 10 columns" in said["mention"]
    assert "stocks: DataFrame of 524 rows" in said["context"]
    assert said["plot"].startswith("<Figure size 600x300")
    assert "1 picture)" in said["last"]
    assert "| 1 | AAPL | Apple | 1976 |" in said["as"]
    assert said["error"] == "'Timestamp' object is not subscriptable"
    assert "----> 3     by_year.setdefault(day[:4], [])" in said["error-asks"]
    assert "\n+    by_year.setdefault(day.year, []).append(price)\n" in said["fix"]
    assert "2021: 177.08" in said["mended"]
    assert "fiel am tiefsten" in said["german"]
    assert "is back at turn 10; turn 11 is kept in the fork" in said["rewind"]
    assert "Apple." in said["word"]
    assert "worst month" in said["history"]
    assert "German" not in said["history"]
    assert said["end"].startswith("Disconnected tour-stocks")


def check_watched(said: dict[str, str]) -> None:
    """Check what only comes where a person says yes."""
    check(said)
    assert "> The code is in a new cell below" in said["code"]
    assert "> Allowed once (run Python in this kernel): since = stocks" in said["run"]
    assert "AAPL     23.4" in said["run"]
    assert said["tool-asks"].count("> Allowed once (use a tool): ") == 2
    assert '{"fall": -0.931, "peak": "1999-03", "low": "2001-09"}' in said["tool-asks"]
    assert "> Allowed once (run Python in this kernel): falls = " in said["background"]
    assert "AAPL   2000-09 -0.58" in said["background"]


def test_it_runs_from_top_to_bottom_and_leaves_nothing(
    notebook: Start, provider: ScriptedServer, home: Path, tmp_path: Path
) -> None:
    provider.answers = AGENT["answers"]()
    book = read()
    AGENT["run"](book, notebook(tmp_path / "work", NOTEBOOK.name))
    said = shown(book)
    check_watched(said)
    kept = shown(read())
    for name in SAME:
        assert said[name] == kept[name], "keep the outputs of a new run"
    assert list((home / "session-state").glob("[!.]*")) == []
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.slow
def test_where_nobody_watches_it_runs_too_and_does_nothing_unasked(
    runtime_path: Path, provider: ScriptedServer, tmp_path: Path
) -> None:
    provider.answers = AGENT["answers"]()
    book = read()
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(book, timeout=None, kernel_name="python3", resources=resources).execute()
    said = shown(book)
    check(said)
    for name in ("run", "background"):
        assert "`--allow 'tool(notebook_run)'` would allow it." in said[name]
    assert said["tool-asks"].count("> Refused (use a tool)") == 2
    assert "23.4" not in said["run"]


def test_it_is_kept_with_the_outputs_of_a_real_run() -> None:
    book = read()
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert "widgets" not in book.metadata
    check_watched(shown(book))


def test_it_tells_nothing_of_the_machine_it_ran_on() -> None:
    book = read()
    text = "\n".join([*(cell.source for cell in book.cells), *shown(book).values()])
    for name in (str(ROOT), str(Path.home()), "127.0.0.1", "api_key"):
        assert name not in text
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b|/(home|root|tmp|Users)/", text)
