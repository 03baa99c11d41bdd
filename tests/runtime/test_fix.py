"""``--fix``: the cell that failed last, explained, and mended as a diff and as a new cell."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

from cells import Cell
from kernels import Notebook
from scripted import ScriptedServer

Start = Callable[..., Notebook]

BROKEN = 'def half(x):\n    return x / 0 if x < 3 else "&lt;"\n\nprint("begun")\nhalf(1)'
MENDED = BROKEN.replace("/ 0", "/ 2")
DIFF = textwrap.dedent(
    """\
    ```diff
    --- cell [{}]
    +++ mended
    @@ -1,5 +1,5 @@
     def half(x):
    -    return x / 0 if x < 3 else "&lt;"
    +    return x / 2 if x < 3 else "&lt;"
    """
)


def said(mended: str) -> str:
    """Return the directive for an answer that explains, installs and mends."""
    answer = f"You <b>divide</b>.\n```bash\npip list\n```\n```py\n{mended}\n```\nRun it."
    return f"say: {answer}".replace("\n", "\\n")


def new_cell(cell: Cell) -> str:
    """Return the code of the cell that it is told to make below, or an empty string."""
    assert cell.reply is not None
    return "".join(payload["text"] for payload in cell.reply.get("payload", []))


def test_the_last_error_is_explained_and_mended(
    notebook: Start, provider: ScriptedServer, tmp_path: Path
) -> None:
    nb = notebook(tmp_path / "work")
    nb.run("%load_ext copilot_magics\n%copilot_session fix")
    early = nb.run("%%copilot --fix\nWhy?")
    assert early.ename == "BadInput"
    assert "No cell has failed in this kernel" in early.evalue
    assert provider.requests == []

    assert nb.run(BROKEN).ename == "ZeroDivisionError"
    number = nb.run("print(len(In) - 2)").stdout.strip()
    cell = nb.run(f"%%copilot --fix\n{said(MENDED)}", cell_id="fixes")
    assert cell.status == "ok", cell.text
    assert new_cell(cell) == MENDED
    (output,) = cell.displays
    text = output["text/markdown"]
    assert f"<summary>Sent along: error (cell {number}, about " in text
    assert DIFF.format(number) in text
    assert "You &lt;b>divide" in text
    assert "```bash\npip list\n```" in text
    assert text.index("pip list") < text.index("```diff") < text.index("Run it.")
    assert "> The code is in a new cell below" in text
    assert f"--- cell [{number}]\n+++ mended" in output["text/plain"]
    # The model has the cell as it is, and its traceback; the journal what the user said.
    asked = provider.last.prompt
    assert BROKEN in asked
    assert "ZeroDivisionError: division by zero" in asked
    assert 'name="error"' in asked

    # What fails to be asked is no error to fix; nor does a later success hide one.
    assert nb.run("%%copilot\nhttp 401").ename == "TurnFailed"
    for alone in ("%%copilot --fix", "%copilot --fix", "%%copilot --fix --model scripted-mini\n"):
        cell = nb.run(alone)
        assert cell.status == "ok", cell.text
        assert new_cell(cell) == ""
        # The scripted model says the prompt again, and the cell with it.
        assert f"leaves cell {number} as it is: no cell was made." in cell.text
        assert "What went wrong in this cell, " in provider.last.prompt
        assert BROKEN in provider.last.prompt
    kept = nb.run("print(get_messages(types='user.message')['content'].iloc[-1])")
    assert kept.stdout == "What went wrong in this cell, and how is it mended?\n"

    none = nb.run("%copilot --fix say: It cannot be mended.")
    assert new_cell(none) == ""
    assert "The answer holds no mended cell: none was made." in none.text
    unseen = nb.run(f"%%copilot --fix\n{said(MENDED)}", allow_stdin=False)
    assert new_cell(unseen) == ""
    assert "the code stays in the answer" in unseen.text
    assert DIFF.format(number) in unseen.text

    # What a function of another cell did wrong is mended there.
    cell_of_function = BROKEN.replace("half(1)", "x = [half(3)]")
    assert nb.run(cell_of_function).status == "ok"
    function = int(nb.run("print(len(In) - 2)").stdout)
    assert nb.run("half(1)").ename == "ZeroDivisionError"
    mended = cell_of_function.replace("/ 0", "/ 2")
    cell = nb.run(f"%%copilot --fix\n{said(mended)}")
    assert new_cell(cell) == mended
    assert DIFF.format(function) in cell.displays[0]["text/markdown"]
    asked = provider.last.prompt
    assert cell_of_function in asked
    assert f"It had called code of what stands above it here, which is [{function}]." in asked
    assert "half(1)\n```" in asked
    assert nb.run("%%copilot\nsay: seen @error").status == "ok"
    assert f"It had called this code of cell [{function}]:\ndef half(x):\n" in provider.last.prompt

    # What a script did wrong is mended there, by a cell that writes it.
    (tmp_path / "work" / "half.py").write_text(BROKEN)
    assert nb.run("%run half.py").status == "ok"
    cell = nb.run(f"%%copilot --fix\n{said(MENDED)}")
    assert new_cell(cell) == f'%%writefile "half.py"\n{MENDED}'
    assert "--- half.py\n+++ mended" in cell.displays[0]["text/markdown"]
    assert "%run half.py\n```\n\n(This cell of the Jupyter" in provider.last.prompt
    assert "ZeroDivisionError" in provider.last.prompt

    # A cell of another language keeps the magic that says so; one too long is not sent in half.
    assert nb.run("%%bash\nexit 3").status == "error"
    assert new_cell(nb.run("%copilot --fix say: ```sh\\nexit 0\\n```")) == "%%bash\nexit 0"
    nb.run("x = '" + "x" * 30_000 + "'; 1 / 0")
    before = len(provider.requests)
    long = nb.run("%copilot --fix")
    assert long.ename == "BadInput"
    assert "is too long to be mended as a whole (30,0" in long.evalue
    for option in ("--as int", "--now", "--background"):
        assert nb.run(f"%copilot --fix {option}").ename == "BadInput"
    assert len(provider.requests) == before

    # Restart and Run All: what failed is mended by then, and the saved answer is shown as it is.
    nb.restart()
    assert nb.run("%load_ext copilot_magics\n%copilot_session fix --rerun replay").status == "ok"
    saved = nb.run(f"%%copilot --fix\n{said(MENDED)}", cell_id="fixes")
    assert saved.status == "ok", saved.text
    assert "Replayed from the journal of fix; nothing was sent." in saved.text
    assert "no mended cell" not in saved.text
    assert new_cell(saved) == ""
    new = nb.run("%%copilot --fix\nWhy, then?", cell_id="new")
    assert "No cell has failed in this kernel" in new.evalue
    assert len(provider.requests) == before
