"""``%copilot_history`` and `Session.to_notebook`: a conversation in a notebook, and as one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
from kernels import Notebook
from scripted import ScriptedServer

Start = Callable[..., Notebook]

CODE = "say: So:\\n\\n```python\\nx = 1\\nprint(x + 1)\\n```\\n\\n```sql\\nselect 1\\n```"
CODE += "\\n\\n```python\\n# So I am asked:\\n%%copilot\\nsay: no\\n```"
TOOL = 'tool bash {"command": "echo from the shell", "description": "say it"}'


def said(nb: Notebook, code: str) -> str:
    cell = nb.run(code)
    assert cell.status == "ok", cell.text
    assert cell.stderr == ""
    return cell.text


def refused(nb: Notebook, line: str) -> str:
    cell = nb.run(line)
    assert cell.status == "error", cell.outputs
    return f"{cell.ename}: {cell.evalue}"


def test_a_conversation_is_shown_and_written_as_a_notebook(
    notebook: Start, provider: ScriptedServer, tmp_path: Path
) -> None:
    nb = notebook()
    work = tmp_path / "work"
    (work / "my data.csv").write_text("a,b\n1,2\n")
    said(nb, "%load_ext copilot_magics\nfrom copilot_magics import Session")
    assert refused(nb, "%copilot_history").startswith(
        "BadInput: This notebook is not bound to a session. Name one"
    )
    said(nb, "%copilot_session talk --permissions allow-all")
    assert "Nothing was said in talk yet." in said(nb, "%copilot_history")
    asked = ["say: **one** <script>alert(1)</script>", CODE, TOOL]
    for prompt in asked:
        said(nb, f"%%copilot\n{prompt}")
    said(nb, "%%copilot --attach 'my data.csv'\nsay: with a file")
    assert nb.run("%%copilot\nhttp 400").status == "error"

    cell = nb.run("%copilot_history")
    (bundle,) = cell.displays
    shown = bundle["text/markdown"]
    assert [shown.count(f"**You** · turn {turn} · ") for turn in range(1, 7)] == [1] * 5 + [0]
    assert "**one** &lt;script>" in shown
    assert "<script>" not in shown
    assert "<details><summary>✓ bash <code>echo from the shell</code>" in shown
    assert "```python\nx = 1\nprint(x + 1)\n```" in shown
    assert "With " in shown
    assert "my data.csv" in shown
    assert "> ⚠ 400 Invalid value" in shown
    assert "· bash echo from the shell" in bundle["text/plain"]
    short = said(nb, "%copilot_history talk --last 2")
    assert "Shown from turn 4 on; 3 turns before it left out" in short
    assert "**one**" not in short
    for line, told in {
        "taIk": "SessionNotFound: There is no session 'taIk'. Did you mean 'talk'?",
        "--last 0": "BadInput: --last cannot be '0'.",
        "--last -1": "BadInput: --last cannot be '-1'.",
        "--last two": "BadInput: --last cannot be 'two'.",
    }.items():
        assert refused(nb, f"%copilot_history {line}").startswith(told)

    assert said(nb, "print(Session('talk').to_notebook('talk.ipynb'))") == "talk.ipynb\n"
    file = work / "talk.ipynb"
    before = file.read_bytes()
    for line, told in {
        "'talk'": "BadInput: talk.ipynb exists; nothing was written. Give another name",
        "'talk.txt'": "BadInput: 'talk.txt' cannot be a notebook",
        "'none/talk.ipynb'": "BadInput: There is no folder 'none'",
    }.items():
        assert refused(nb, f"Session('talk').to_notebook({line})").startswith(told)
    assert "no session 'no-one'" in refused(nb, "Session('no-one').to_notebook('x.ipynb')")
    assert sorted(path.name for path in work.iterdir()) == ["my data.csv", "talk.ipynb"]
    assert file.read_bytes() == before

    written = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(written)
    sources = [cell.source for cell in written.cells]
    assert sources == [
        "%load_ext copilot_magics\n%copilot_session talk --rerun replay",
        f"%%copilot\n{asked[0]}",
        f"%%copilot\n{CODE}",
        "x = 1\nprint(x + 1)",
        "select 1",
        "%%copilot\nsay: no",
        f"%%copilot\n{TOOL}",
        f"%%copilot --attach '{work / 'my data.csv'}'\nsay: with a file",
        "%%copilot\nhttp 400",
    ]
    assert [cell.cell_type for cell in written.cells] == ["code"] * 4 + ["raw"] * 2 + ["code"] * 3
    outputs = [
        cell.outputs[0].data["text/markdown"] for cell in written.cells if cell.get("outputs")
    ]
    assert len(outputs) == 5
    assert "<script>" not in outputs[0]
    assert outputs[2].startswith("<details><summary>✓ bash")
    assert outputs[3].startswith("> Sent along: ")
    assert outputs[4].startswith("> 400 Invalid value")

    # Opened and run, it shows what was answered, and asks nothing; also where a program runs it,
    # which sends no IDs of cells, and where nothing but the journal is known of the session.
    said(nb, "%copilot_session --disconnect")
    other = notebook(work, "talk.ipynb")
    sent = len(provider.requests)
    (records,) = (tmp_path / "copilot-home").rglob("talk.turns.jsonl")
    for by_program, forgotten in ((False, False), (True, False), (True, True)):
        other.restart()
        if forgotten:
            records.unlink()
        for cell in written.cells[:-1]:
            if cell.cell_type == "code":
                ids = {"allow_stdin": False} if by_program else {"cell_id": cell.id}
                ran = other.run(cell.source, **ids)
                assert ran.status == "ok", ran.text
                if cell.outputs:
                    assert "Replayed from the journal of talk; nothing was sent." in ran.text
    assert len(provider.requests) == sent
    # And run again with rewind, it takes the session back to there.
    said(other, "%copilot_session --rerun rewind")
    again = other.run(f"%%copilot\n{asked[1]}", cell_id=written.cells[2].id)
    assert "This cell had asked turn 2: the conversation went back to before it" in again.text
    assert provider.last.prompts == [asked[0], asked[1]]
