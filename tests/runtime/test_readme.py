"""What the README says, tried: its cells, its commands, its tables.

A block runs as it stands, in one notebook from the first to the last. A ``text`` block right below
one is what it shows, ``…`` for anything. ``<!-- not run: … -->`` above a block says why it cannot
run here; then its words are checked.
"""

from __future__ import annotations

import os
import re
import runpy
import subprocess
import sys
import textwrap
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cells import Cell
from IPython.core.inputtransformer2 import TransformerManager
from kernels import Notebook
from scripted import ScriptedServer

from copilot_magics import Session, get_messages, list_sessions
from copilot_magics.__main__ import main
from copilot_magics.config import PROVIDERS
from copilot_magics.magics import magic_named
from copilot_magics.options import parse
from copilot_magics.runtime.locate import cached_model
from copilot_magics.runtime.loop import submit
from copilot_magics.runtime.process import runtime

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MODEL = cached_model()
"""The fetched model, found before a test has a cache of its own."""
MAGICS = {
    name: magic_named(name)
    for name in (
        "copilot_session",
        "copilot",
        "copilot_sessions",
        "copilot_history",
        "copilot_models",
    )
}
FIRST = "Which columns of churn.csv have missing values?"

_BLOCK = re.compile(
    r"(?:^ *<!-- (?P<note>[^\n]*) -->\n)?^(?P<indent> *)```(?P<language>\w+)\n"
    r"(?P<text>.*?)^(?P=indent)```\n(?:\n```text\n(?P<shown>.*?)^```\n)?",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block, the comment above it, and what is said to be shown for it."""

    language: str
    text: str
    note: str
    shown: str

    @property
    def runs(self) -> bool:
        return not self.note.startswith("not run: ")


BLOCKS = [
    Block(
        found["language"],
        textwrap.dedent(found["text"]).rstrip("\n"),
        found["note"] or "",
        (found["shown"] or "").rstrip("\n"),
    )
    for found in _BLOCK.finditer(README)
]


def blocks(language: str, *, runs: bool) -> list[Block]:
    found = [block for block in BLOCKS if block.language == language and block.runs == runs]
    assert found
    return found


def section(title: str) -> str:
    return re.split(r"^#+ ", README.partition(f"# {title}\n")[2], flags=re.MULTILINE)[0]


def rows(table: str) -> list[list[str]]:
    """Return the cells of a Markdown table's rows, without the heading."""
    lines = [line for line in table.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def shown(cell: Cell) -> str:
    return f"{cell.ename}: {cell.evalue}" if cell.error else cell.text.rstrip("\n")


def test_every_cell_runs(
    provider: ScriptedServer, notebook: Callable[..., Notebook], tmp_path: Path
) -> None:
    reader = notebook(tmp_path / "work", "churn.ipynb")
    for block in blocks("python", runs=True):
        if block.note == "restart":
            reader.restart()
        cell = reader.run(block.text)
        if block.shown:
            wanted = ".*".join(map(re.escape, block.shown.split("…")))
            assert re.fullmatch(wanted, shown(cell), re.DOTALL), shown(cell)
        else:
            assert cell.status == "ok", f"{block.text}\n{cell.text}"
    asked = provider.prompts()
    assert "How would you fill in the column months?" in asked
    after_restart = provider.requests[asked.index("What were we discussing?")]
    assert any(FIRST in prompt for prompt in after_restart.prompts)


def test_every_command_runs(
    provider: ScriptedServer, runtime_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cached_model().parent.mkdir(parents=True)
    cached_model().symlink_to(MODEL)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    for block in blocks("sh", runs=True):
        done = subprocess.run(["bash", "-ec", block.text], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "line", [line for block in blocks("sh", runs=False) for line in block.text.splitlines()]
)
def test_a_command_that_cannot_run_here_exists(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    match line.split():
        case ["make", target]:
            subprocess.run(["make", "--dry-run", target], cwd=ROOT, check=True, capture_output=True)
        case ["python", "-m", "copilot_magics", command]:
            with pytest.raises(SystemExit, match="0"):
                main([command, "--help"])
            assert command in capsys.readouterr().out
        case ["pip", "install", what]:
            project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
            extra = what.strip("'").removeprefix(".").strip("[]")
            assert extra in ("", *project["project"]["optional-dependencies"])
        case _:
            pytest.fail(f"nobody checks {line!r}")


@pytest.mark.parametrize("block", blocks("python", runs=False))
def test_a_cell_that_cannot_run_here_can_be_understood(block: Block) -> None:
    compile(TransformerManager().transform_cell(block.text), "README.md", "exec")
    for line in block.text.splitlines():
        if found := re.match(r"%(copilot\w*) (.*)", line):
            args = parse(MAGICS[found[1]], found[2])
            assert args is not None
            assert args.provider in ("", *PROVIDERS)


def test_the_tables_are_those_of_the_code() -> None:
    written = runpy.run_path(str(ROOT / "docs" / "tables.py"))["written"]
    assert written(README) == README, "run `python docs/tables.py`"
    for name in MAGICS:
        assert f"<!-- table: {name} -->" in README


def test_every_option_it_mentions_exists() -> None:
    actions = [action for magic in MAGICS.values() for action in magic.parser._actions]
    known = {option for action in actions for option in action.option_strings}
    known |= {"--local", "--no-auto-update", "--permision", "--port", "--runtime-url"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", README)) <= known


def test_the_columns_have_these_dtypes(home: Path) -> None:
    frames = {"get_messages": get_messages([]), "list_sessions": list_sessions()}
    for name, frame in frames.items():
        table = README.partition(f"<!-- columns: {name} -->\n")[2].partition("\n\n")[0]
        told = {row[0].strip("`"): row[1].strip("`") for row in rows(table)}
        assert told == {column: str(dtype) for column, dtype in frame.dtypes.items()}
        assert list(told) == list(frame)


def test_every_variable_of_the_runtime_is_in_the_table(runtime_path: Path) -> None:
    def helped(topic: str) -> str:
        command = [runtime_path, "help", topic]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    known: list[str] = re.findall(r"^  (COPILOT_\w+) ", helped("providers"), re.MULTILINE)
    for line in re.findall(r"^  (`[A-Z_]+`[^:]*):", helped("environment"), re.MULTILINE):
        known += re.findall(r"`([A-Z_]+)`", line)
    table = rows(section("Environment variables"))
    told = [name for row in table for name in re.findall(r"`([A-Z_]+)`", row[0])]
    assert sorted(told) == sorted(set(known))
    assert {row[1] for row in table} == {"yes", "passed on", "no"}


def test_what_the_table_says_of_them(
    provider: ScriptedServer, runtime_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = os.environ["COPILOT_PROVIDER_API_KEY"]
    for name in ("COPILOT_MODEL", "COPILOT_PROVIDER_API_KEY"):
        monkeypatch.delenv(name)
    (tmp_path / "told.instructions.md").write_text("Speak of canaries.")
    for name, value in {
        "API_KEY_COMMAND": f"printf {key}",
        "HEADERS": "X-Team: churn",
        "MODEL_ID": "gpt-4",
        "WIRE_MODEL": "scripted-mini",
        "MAX_OUTPUT_TOKENS": "77",
    }.items():
        monkeypatch.setenv(f"COPILOT_PROVIDER_{name}", value)
    monkeypatch.setenv("COPILOT_OFFLINE", "true")
    monkeypatch.setenv("COPILOT_ALLOW_ALL", "true")
    monkeypatch.setenv("COPILOT_CUSTOM_INSTRUCTIONS_DIRS", str(tmp_path))
    monkeypatch.setenv("COPILOT_OTEL_FILE_EXPORTER_PATH", str(tmp_path / "otel.jsonl"))
    work = tmp_path / "work"
    work.mkdir()
    try:
        with Session("variables", cwd=work) as session:
            session.ask('tool bash {"command": "touch made", "description": "make a file"}')
    finally:
        submit(runtime().kill()).result()
    first, last = provider.requests[0], provider.last
    assert first.headers["x-team"] == "churn"
    assert first.headers["authorization"] == f"Bearer {key}"
    assert first.body["model"] == "scripted-mini"
    assert first.body["max_tokens"] == 77
    assert "Speak of canaries." in str(first.messages)
    assert (tmp_path / "otel.jsonl").stat().st_size
    # COPILOT_ALLOW_ALL allows nothing: nobody is there to be asked.
    assert "Nobody is there to be asked" in str(last.since_prompt)
    assert not (work / "made").exists()


def test_what_it_links_to_is_there() -> None:
    headings = re.findall(r"^#+ (.*)$", README, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in headings}
    for target in re.findall(r"(?<!!)\[[^\]]*\]\(([^)]*)\)", README):
        path, _, anchor = target.partition("#")
        assert not path or (ROOT / path).exists(), target
        assert not anchor or anchor in anchors, target
