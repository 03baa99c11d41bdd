"""What an answer becomes in JupyterLab and Notebook 7: a new cell below, a table, a diff."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from scripted import ScriptedServer

from browser.front_end import FrontEnd, Kind
from browser.saved import assert_same_when_reopened

Open = Callable[..., FrontEnd]

LOAD = "%load_ext copilot_magics\n%copilot_session made"
CODE = "say: Like so:\\n```python\\nmade = 6 * 7\\nprint(made)\\n```"
MENDED = "say: No zero.\\n```python\\n1 / 2\\n```"
ROWS = 'say: {"rows": [{"name": "<b>Ada</b>", "age": 36}]}'


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lab", "notebook"])
def test_code_goes_into_a_new_cell_below(
    front_end: Open, provider: ScriptedServer, kind: Kind
) -> None:
    notebook = front_end(LOAD, f"%%copilot --code\n{CODE}", "print('the last')", kind=kind)
    notebook.page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
    expect(notebook.cell(-1).output).to_contain_text("the last")
    expect(notebook.cells).to_have_count(4)
    expect(notebook.cell(1).output).to_contain_text("The code is in a new cell below")
    made = notebook.cell(2)
    expect(made.editor).to_have_text("made = 6 * 7print(made)")
    # It is there to be read: not even where all cells are run is it one of them.
    expect(made.prompt).to_have_text("[ ]:")
    expect(made.outputs).to_have_count(0)
    made.run()
    expect(made.output).to_contain_text("42")

    table = notebook.run(f"%%copilot --as DataFrame[name: str, age: int]\n{ROWS}")
    expect(table.output.get_by_role("cell", name="<b>Ada</b>", exact=True)).to_be_visible()
    expect(table.output).to_contain_text("1 row × 2 columns")

    notebook.run("1 / 0")
    count = notebook.cells.count()
    fixes = notebook.run(f"%%copilot --fix\n{MENDED}")
    expect(fixes.output).to_contain_text("-1 / 0")
    expect(fixes.output).to_contain_text("+1 / 2")
    expect(fixes.output.locator("summary")).to_contain_text("Sent along: error (cell ")
    expect(notebook.cells).to_have_count(count + 2)
    mended = notebook.cell(count)
    expect(mended.editor).to_have_text("1 / 2")
    expect(mended.outputs).to_have_count(0)
    mended.run()
    expect(mended.output).to_contain_text("0.5")
    assert_same_when_reopened(notebook)
