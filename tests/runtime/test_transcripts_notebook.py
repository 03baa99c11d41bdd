"""The notebook on transcripts as data, run as its readers run it: no runtime, no model."""

from __future__ import annotations

import base64
import re
import shutil
import socket
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "transcripts.ipynb"
SESSIONS = ROOT / "notebooks" / "sessions"
PLOTS = ("timeline", "tokens-plot", "tools-plot")


def read() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def shown(book: Any) -> dict[str, str]:
    """Return what the cells show as text, by their IDs."""
    return {
        cell.id: "".join(
            output.get("text") or output.get("data", {}).get("text/plain", "")
            for output in cell.outputs
        )
        for cell in book.cells
        if cell.cell_type == "code"
    }


def pictures(book: Any) -> dict[str, bytes]:
    """Return what the cells show as pictures, by their IDs."""
    return {
        cell.id: base64.b64decode(output.data["image/png"])
        for cell in book.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    }


def check(book: Any) -> None:
    """Check what the cells of one whole run say and show."""
    said = shown(book)
    assert "How many customers left?" in said["one"]
    assert "144 of 500, which is 29 %." in said["conversation"]
    assert said["turns"].count("answered") == 4
    assert re.search(r"churn +63 +4", said["all"])
    assert re.search(r"scripted +14 +\d+ +\d+", said["tokens"])
    assert said["dask"] == said["tokens"]
    assert re.search(r"churn +4 +bash +1\.\d+", said["slowest"])
    assert "authentication" in said["errors"]
    assert "And on a dark background?" in said["find"]
    assert said["export"].count("added") == 4
    assert said["again"] == "0"
    assert said["read"].count("2026-") == 11
    assert re.search(r"2026-09 │ +63", said["duckdb"])
    assert re.search(r"bash ┆ 28", said["polars"])
    plots = pictures(book)
    assert tuple(plots) == PLOTS
    assert all(2_000 < len(picture) < 40_000 for picture in plots.values())


def test_it_runs_from_top_to_bottom_and_leaves_nothing(home: Path, tmp_path: Path) -> None:
    book = read()
    work = tmp_path / "work"
    shutil.copytree(SESSIONS, work / "sessions")
    before = sorted(work.rglob("*"))
    resources = {"metadata": {"path": str(work)}}
    NotebookClient(book, timeout=None, kernel_name="python3", resources=resources).execute()
    check(book)
    assert sorted(work.rglob("*")) == before


def test_it_is_kept_with_the_outputs_and_the_plots_of_a_real_run() -> None:
    book = read()
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert "widgets" not in book.metadata
    check(book)


def test_it_tells_nothing_of_the_machine_it_ran_on() -> None:
    book = read()
    text = "\n".join([*(cell.source for cell in book.cells), *shown(book).values()])
    text += "".join(path.read_text(encoding="utf-8") for path in SESSIONS.rglob("*.jsonl"))
    for name in (str(ROOT), str(Path.home())):
        assert name not in text
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", text)
    assert not re.search(r"/(root|tmp|Users)/|127\.0\.0\.1|api_key", text)
