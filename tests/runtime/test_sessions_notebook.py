"""The notebook on finding, forking and clearing away sessions, run as its readers run it."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "notebooks" / "sessions.ipynb"
VIEW = "application/vnd.jupyter.widget-view+json"


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


def check(said: dict[str, str]) -> None:
    """Check what the cells of one whole run say."""
    assert said["churn"].startswith("Created demo-churn · local")
    assert "2 sessions" in said["picker"]
    assert "Name one reason why customers leave." in said["value"]
    assert re.match(r"Forked demo-churn\. Resumed \S+ · “another way” · 1 turn ", said["fork"])
    for title, turns in (("another way", 2), ("What is a bar chart?", 1)):
        assert re.search(rf"{re.escape(title)} +{turns}", said["turns"])
    assert said["at"] == "('before the question', 0)"
    assert said["delete"].startswith("Deleted demo-churn, demo-plots, ")
    assert said["gone"] == "False"


def test_it_runs_from_top_to_bottom_and_leaves_nothing(
    runtime_path: Path, local_model: None, home: Path, tmp_path: Path
) -> None:
    book = read()
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(book, timeout=None, kernel_name="python3", resources=resources).execute()
    said = shown(book)
    check(said)
    assert said["churn-asks"].strip()
    assert list((home / "session-state").glob("[!.]*")) == []


def test_it_is_kept_with_the_outputs_of_a_real_run_and_a_picture_of_the_picker() -> None:
    book = read()
    cells = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    check(shown(book))
    assert "widgets" not in book.metadata
    (picker,) = (cell for cell in cells if cell.id == "picker")
    # What a reader without a kernel sees in its place.
    assert VIEW not in picker.outputs[0]["data"]
    assert "demo-churn" in picker.outputs[0]["data"]["text/html"]
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", NOTEBOOK.read_text(encoding="utf-8"))
    assert [(NOTEBOOK.parent / path).resolve() for path in pictures] == [ROOT / "docs/picker.png"]
    assert (ROOT / "docs" / "picker.png").stat().st_size < 150_000


def test_it_tells_nothing_of_the_machine_it_ran_on() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    for name in (socket.gethostname(), str(ROOT), str(Path.home())):
        assert name not in text
    assert not re.search(r"/(home|root|tmp|Users)/|127\.0\.0\.1|api_key", text)
