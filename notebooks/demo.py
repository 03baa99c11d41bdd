"""Run a notebook in a real kernel, and show its conversation in the terminal: `make demo`.

Usage: python notebooks/demo.py [NOTEBOOK [FOLDER]]

The executed notebook and an HTML page of it are left in FOLDER (build/demo), beside the Copilot
data of this run, so that nothing of the demo lands among the user's own sessions.
"""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter

HERE = Path(__file__).resolve().parent


def main(notebook: Path, folder: Path) -> int:
    """Execute the notebook into the folder; the exit status is 1 if one of its cells failed."""
    home = folder / "copilot-home"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    os.environ["COPILOT_HOME"] = str(home)
    book = nbformat.read(notebook, as_version=4)
    client = NotebookClient(
        book,
        timeout=None,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        # A picker without its kernel shows nothing, and weighs most of a megabyte.
        store_widget_state=False,
        resources={"metadata": {"path": str(notebook.parent)}},
        on_cell_executed=_show,
    )
    status = 0
    try:
        client.execute()
    except CellExecutionError as error:
        print(f"The notebook stopped: {error.ename}: {error.evalue}", file=sys.stderr)
        status = 1
    _settle(book)
    executed = folder / notebook.name
    page = executed.with_suffix(".html")
    nbformat.write(book, executed)
    page.write_text(HTMLExporter().from_notebook_node(book)[0], encoding="utf-8")
    print(f"The executed notebook: {executed}\nThe same as a page:    {page}")
    return status


def _settle(book: Any) -> None:
    """Leave of a widget what can be seen without its kernel."""
    for cell in book.cells:
        for output in cell.get("outputs", []):
            output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)


def _show(cell: Any, cell_index: int, execute_reply: Any) -> None:
    first, _, rest = cell.source.partition("\n")
    spoken = rest if first.startswith("%%copilot") else cell.source
    print(textwrap.indent(spoken, "> " if first.startswith("%%copilot") else "  "))
    for output in cell.outputs:
        data = output.get("data", {})
        text = output.get("text") or data.get("text/markdown") or data.get("text/plain")
        if text:
            print(f"\n{text.rstrip()}")
    print(flush=True)


if __name__ == "__main__":
    chosen = [Path(argument).resolve() for argument in sys.argv[1:3]]
    defaults = [HERE / "quickstart.ipynb", HERE.parent / "build" / "demo"]
    sys.exit(main(*(chosen + defaults[len(chosen) :])))
