"""Notebooks that nbclient and papermill run, where no one watches."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from papermill.exceptions import PapermillExecutionError
from scripted import ScriptedServer

pytestmark = pytest.mark.usefixtures("runtime_path")

LOAD = "%load_ext copilot_magics"
TOUCH = '%%copilot\ntool bash {"command": "touch made", "description": "make"}'


def written(path: Path, cells: Sequence[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {
        "name": "python3",
        "display_name": "Python",
        "language": "python",
    }
    nbformat.write(made, path)
    return path


def texts(cell: Any) -> str:
    """Return what a saved cell shows."""
    shown = []
    for output in cell.outputs:
        data = output.get("data", {})
        shown += [output.get("text"), output.get("evalue"), data.get("text/markdown")]
    return "\n".join(filter(None, shown))


def test_nbclient_runs_a_conversation(provider: ScriptedServer, tmp_path: Path) -> None:
    path = written(
        tmp_path / "work" / "conversation.ipynb",
        [
            LOAD,
            "%copilot_session by-nbclient",
            "%%copilot\nsay: One.",
            "print(_.text)",
            TOUCH,
            "print('after')",
            "for n in range(2):\n    get_ipython().run_line_magic('copilot', f'say: {n}')",
            "%%copilot\nhttp 400",
            "print('never')",
        ],
    )
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, resources={"metadata": {"path": str(path.parent)}})
    with pytest.raises(CellExecutionError) as stopped:
        client.execute()
    assert stopped.value.ename == "TurnFailed"

    _, session, one, value, refused, after, loop, failed, never = notebook.cells
    assert "Created by-nbclient" in texts(session)
    # Nobody saw it come: one output, the static one.
    (answer,) = one.outputs
    assert answer["output_type"] == "display_data"
    assert texts(one).startswith("One.\n\n<sub>by-nbclient · ")
    assert texts(value) == "One.\n"
    assert "Refused" in texts(refused)
    assert "`--allow 'shell(touch made)'` would allow it." in texts(refused)
    assert not (path.parent / "made").exists()
    assert texts(after) == "after\n"
    assert [output["data"]["text/markdown"][0] for output in loop.outputs] == ["0", "1"]
    assert "Invalid value" in texts(failed)
    assert never.outputs == []
    assert provider.prompts()[0] == "say: One."


@pytest.mark.slow
def test_papermill_runs_share_no_session_unless_they_name_it(
    provider: ScriptedServer, tmp_path: Path
) -> None:
    path = written(
        tmp_path / "work" / "report.ipynb", [LOAD, "%%copilot\nrecall", "print(_.session)"]
    )
    sessions = []
    for run in range(2):
        done = papermill.execute_notebook(
            path, tmp_path / f"{run}.ipynb", cwd=str(path.parent), progress_bar=False
        )
        assert "Nothing was said before." in texts(done.cells[1])
        sessions.append(texts(done.cells[2]).strip())
    assert sessions[0] != sessions[1]

    named = written(
        tmp_path / "work" / "named.ipynb",
        [LOAD, "%copilot_session nightly", "%%copilot\nrecall", "%%copilot\nhttp 400", "1"],
    )
    for run in range(2):
        out = tmp_path / f"named-{run}.ipynb"
        with pytest.raises(PapermillExecutionError) as stopped:
            papermill.execute_notebook(named, out, cwd=str(named.parent), progress_bar=False)
        assert stopped.value.ename == "TurnFailed"
        saved = nbformat.read(out, as_version=4)
        recalled = [texts(cell) for cell in saved.cells if "recall" in cell.source]
        assert ("- recall" in recalled[0]) is (run == 1)
        assert saved.cells[-1].execution_count is None
