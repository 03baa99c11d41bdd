"""The quickstart notebook, run as its readers run it: with the local model, and more than once."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from cells import Cell
from kernels import Notebook
from nbclient import NotebookClient

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"
SESSION = "user-123-conversation"
SAME_EVERYWHERE = ("leave", "list", "types", "names", "check", "refused", "prune")
"""Cells whose outputs depend on neither the machine nor the model."""


def read() -> Any:
    return nbformat.read(QUICKSTART, as_version=4)


def sources() -> dict[str, str]:
    return {cell.id: cell.source for cell in read().cells if cell.cell_type == "code"}


def shown(cell: Any) -> str:
    """Return what a cell of an executed notebook shows, Markdown and streams alike."""
    texts = []
    for output in cell.outputs:
        data = output.get("data", {})
        texts.append(output.get("text") or data.get("text/markdown") or data.get("text/plain", ""))
    return "".join(texts)


def check(said: dict[str, str]) -> None:
    """Check what the cells of one whole run say, by their IDs."""
    assert "TypeScript" in said["first"]
    assert said["leave"].startswith(f"Disconnected {SESSION}")
    assert said["resume"].startswith(f"Resumed {SESSION}")
    assert re.search("TypeScript|generics", said["second"])
    assert "discussed" in said["second"]
    assert said["reply"].strip("' \n") in said["second"]
    assert SESSION in said["list"]
    for kind in ("session.start", "user.message", "assistant.message", "session.resume"):
        assert kind in said["history"]
        assert kind in said["types"]
    assert "[user] Let's discuss TypeScript generics" in said["loop"]
    assert "[user] What were we discussing?" in said["loop"]
    assert "[assistant] " in said["loop"]
    assert "[session.start]" in said["loop"]
    assert said["delete"].startswith(f"Deleted {SESSION}")
    assert f"Try '{SESSION}'" in said["names"]
    assert said["check"] == "False"
    assert said["refused"].startswith(f"There is no session '{SESSION}'")
    assert "No session is older than 30d" in said["prune"]


def test_it_runs_from_top_to_bottom(
    runtime_path: Path, local_model: None, home: Path, tmp_path: Path
) -> None:
    book = read()
    resources = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(book, timeout=None, kernel_name="python3", resources=resources).execute()
    said = {cell.id: shown(cell) for cell in book.cells if cell.cell_type == "code"}
    assert said["create"].startswith(f"Created {SESSION} · local")
    check(said)
    for kept in read().cells:
        if kept.id in SAME_EVERYWHERE:
            assert said[kept.id] == shown(kept), "keep the outputs of a new run"
    assert not (home / "session-state" / SESSION).exists()


@pytest.mark.slow
def test_it_goes_on_where_a_run_broke_off(
    runtime_path: Path, local_model: None, plain_notebook: Callable[..., Notebook]
) -> None:
    broken_off = plain_notebook()
    for name, source in sources().items():
        run(broken_off, name, source)
        if name == "first":
            break
    broken_off.kill()
    again = plain_notebook()
    said = {name: run(again, name, source).text for name, source in sources().items()}
    assert said["create"].startswith(f"Resumed {SESSION} · 1 turn")
    check(said)
    # Nothing is left of it: a further run begins anew.
    assert run(again, "create", sources()["create"]).text.startswith(f"Created {SESSION}")


def run(notebook: Notebook, name: str, source: str) -> Cell:
    cell = notebook.run(source, cell_id=name)
    assert cell.status == "ok", cell.text
    return cell


def test_one_line_sends_it_to_github(
    runtime_path: Path, plain_notebook: Callable[..., Notebook]
) -> None:
    """Nobody is logged in here, which is what it must say, and nothing else."""
    cells = sources()
    notebook = plain_notebook()
    run(notebook, "who", cells["who"].replace('"local"', '"github"'))
    run(notebook, "load", cells["load"])
    run(notebook, "create", cells["create"])
    asked = notebook.run(cells["first"])
    assert asked.ename == "ProviderUnavailable"
    assert "You are not logged in to GitHub Copilot" in asked.evalue


def test_it_is_kept_with_the_outputs_of_a_real_run() -> None:
    cells = [cell for cell in read().cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    check({cell.id: shown(cell) for cell in cells})


def test_it_tells_nothing_of_the_machine_it_ran_on() -> None:
    text = QUICKSTART.read_text(encoding="utf-8")
    for name in (socket.gethostname(), str(QUICKSTART.parents[1]), str(Path.home())):
        assert name not in text
    assert not re.search(r"/(home|root|tmp|Users)/|127\.0\.0\.1|api_key", text)
