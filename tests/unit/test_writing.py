"""A session as a notebook: valid, whole, never over another file, and inert."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from journals import answer, event, prompt, sample, start, write_session

from copilot_magics import Session
from copilot_magics.errors import BadInput, CopilotError
from copilot_magics.writing import write_notebook


def read(path: Path) -> Any:
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    nbformat.validate(notebook)
    return notebook


def test_a_real_session(home: Path, tmp_path: Path) -> None:
    sample(home)
    path = Session("rich").to_notebook(tmp_path / "rich")
    assert path == tmp_path / "rich.ipynb"
    cells = read(path).cells
    assert cells[0].source.startswith("%load_ext copilot_magics\n%copilot_session rich")
    asked = [cell for cell in cells if cell.source.startswith("%%copilot")]
    assert len(asked) == 7
    assert all(len(cell.outputs) == 1 for cell in asked)


def test_code_becomes_cells(home: Path, tmp_path: Path) -> None:
    said = (
        "```python\nx = 1\n```\n~~~~\ny = 2\n~~~~\n```\nnot python at all\n```\n"
        "```bash\nls\n```\n```r\nc(1)\n```\n> ```py\n> z = 3\n> ```\n```python\n```\n"
        "```python\nleft = 'open\u202e'"
    )
    write_session(home, "s", start(), prompt("code"), answer(said))
    cells = read(write_notebook("s", tmp_path / "s.ipynb")).cells[2:]
    assert [(cell.cell_type, cell.source) for cell in cells] == [
        ("code", "x = 1"),
        ("code", "y = 2"),
        ("raw", "not python at all"),
        ("code", "%%bash\nls"),
        ("raw", "c(1)"),
        ("code", "z = 3"),
        # Nothing turns the order of what is read.
        ("code", "left = 'open'"),
    ]
    assert all(not cell.get("outputs") for cell in cells)


@pytest.mark.parametrize(
    "block",
    [
        "python\n%%copilot\nAsk.",
        "\n# Like so:\n%%copilot --as int\nAsk.",
        "python\nif x:\n    n = %copilot Ask.",
        "python\n%copilot_session other",
        "python\nget_ipython().run_line_magic('copilot', 'Ask.')",
        "python\nfrom copilot_magics import Session\nSession('s').ask('Ask.')",
        "bash\nnpx @github/copilot -p Ask.",
        "python\nimport os\n!copilot -p Ask.",
    ],
)
def test_what_would_send_a_prompt_is_there_to_be_read(
    home: Path, tmp_path: Path, block: str
) -> None:
    write_session(home, "s", start(), prompt("how?"), answer(f"```{block}\n```"))
    cell = read(write_notebook("s", tmp_path / "s.ipynb")).cells[2]
    assert cell.cell_type == "raw"


def test_what_only_looks_like_it_is_code(home: Path, tmp_path: Path) -> None:
    said = (
        "```python\nread('/home/ada/copilot-data/f.csv')\n```\n"
        "```bash\n# Why\n%%bash\nls ~/.copilot/logs\n```"
    )
    write_session(home, "s", start(), prompt("code"), answer(said.replace("\n", "\r\n")))
    cells = read(write_notebook("s", tmp_path / "s.ipynb")).cells[2:]
    assert [(cell.cell_type, cell.source) for cell in cells] == [
        ("code", "read('/home/ada/copilot-data/f.csv')"),
        ("code", "%%bash\nls ~/.copilot/logs"),
    ]


def test_what_has_no_answer_no_name_and_no_manners(home: Path, tmp_path: Path) -> None:
    bad = "<script>x()</script>"
    write_session(
        home,
        "s",
        prompt("unanswered", id="same"),
        prompt("nameless", id=None),
        event("session.error", {"message": bad}),
        event(
            "user.message",
            {
                "content": bad,
                "attachments": [
                    {"type": "file", "path": '/tmp/it\'s a "trap"\n!rm -rf'},
                    {"type": "file", "path": "/tmp/it's.csv"},
                    {"type": "blob", "displayName": bad},
                ],
            },
            id="no cell's ID!",
        ),
        answer(bad),
        event(
            "user.message",
            {
                "content": "What is in @data/f.csv?",
                "attachments": [{"type": "file", "path": "/home/ada/data/f.csv"}],
            },
        ),
        event(
            "user.message",
            {
                "content": "Ask @ada: @df['a'], @cell:2, `@x`, @../out/, @.env, @a(1).csv, @'b c'",
                "attachments": [
                    {"type": "blob", "displayName": "df['a']"},
                    {"type": "blob", "displayName": "cell:2"},
                    {"type": "directory", "path": "/home/ada/out", "displayName": "out"},
                    {"type": "file", "path": "/home/ada/now/.env"},
                    {"type": "file", "path": "/home/ada/now/a(1).csv"},
                    {"type": "file", "path": "/home/ada/now/b c", "displayName": "b c"},
                ],
            },
        ),
        b'{"torn',
    )
    cells = read(write_notebook("s", tmp_path / "s.ipynb")).cells
    assert [cell.source for cell in cells[1:]] == [
        "%%copilot\nunanswered",
        "%%copilot\nnameless",
        f'%%copilot --attach "/tmp/it\'s.csv"\n{bad}',
        # The prompt says it itself.
        "%%copilot\nWhat is in @data/f.csv?",
        # So is what sent nothing along: it was a literal @.
        "%%copilot\nAsk \\@ada: @df['a'], @cell:2, `@x`, @../out/, @.env, @a(1).csv, @'b c'",
    ]
    outputs = [cell.outputs[0].data["text/markdown"] for cell in cells[1:]]
    assert outputs[0].startswith("> This prompt has no answer.")
    assert not any("<script>" in output for output in outputs)
    assert outputs[2].startswith("> Sent along: /tmp/it's a ")
    assert "/tmp/it's.csv, &lt;script&gt;" in outputs[2]
    assert [cell.id for cell in cells[1:4]] == ["same", "turn-2", "turn-3"]


def test_where_it_may_be_written(home: Path, tmp_path: Path) -> None:
    write_session(home, "s", start(), prompt("p"), answer("a"))
    work = tmp_path / "out"
    work.mkdir()
    path = work / "s.ipynb"
    assert write_notebook("s", path) == path
    path.write_text("mine")
    with pytest.raises(BadInput, match=r"exists; nothing was written\. .*overwrite=True"):
        write_notebook("s", path)
    assert path.read_text() == "mine"
    write_notebook("s", str(path), overwrite=True)
    assert len(read(path).cells) == 2
    (work / "folder.ipynb").mkdir()
    none = ("~nobody_of_that_name/s", "a\0b.ipynb", "\ud800.ipynb")
    for bad in (work / "s.txt", work / "folder.ipynb", work, "", *none):
        with pytest.raises(BadInput, match="nothing was written"):
            write_notebook("s", bad)
    with pytest.raises(BadInput, match="There is no folder"):
        write_notebook("s", work / "none" / "s.ipynb")
    with pytest.raises(CopilotError, match="cannot be written: File name too long"):
        write_notebook("s", work / f"{'x' * 250}.ipynb")
    assert sorted(found.name for found in work.iterdir()) == ["folder.ipynb", "s.ipynb"]
