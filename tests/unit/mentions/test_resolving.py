"""What a mention means among variables and files, and which of them is meant."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from copilot_magics.errors import BadInput
from copilot_magics.mentions.completing import mention_candidates, typed_mention
from copilot_magics.mentions.resolving import resolve

FILES = ("data(1).csv", "x(1).txt", "cafe\u0301.csv", "file.csv")


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A shell with variables, in a folder with files."""
    monkeypatch.chdir(tmp_path)
    for name in FILES:
        (tmp_path / name).write_text("a")
    made: Any = InteractiveShell()
    made.history_manager.enabled = False
    made.run_cell("data = C = file = x = f = my = cafe = 'other'\ncafé = मूल्य = ﬁ = 'it'")
    made.run_cell("df = {'head': len}")
    yield made
    made.history_manager.end_session()


@pytest.mark.parametrize(
    ("prompt", "told", "paths"),
    [
        ("@cafe\u0301 @मूल्य @ﬁ", ["cafe\u0301", "मूल्य", "ﬁ"], []),
        ("@cafe\u0301.csv", [], ["cafe\u0301.csv"]),
        ("@café.csv", [], ["cafe\u0301.csv"]),
        ("@data(1).csv and @file.csv", [], ["data(1).csv", "file.csv"]),
        ("@./x(1).txt", [], ["./x(1).txt"]),
        ("@f(1) and @f(x), @my-1", ["f", "my"], []),
        ("@df.head(1).sum() @df.head().a", ["df"], []),
        (r"\@data\x.csv", [], []),
    ],
)
def test_what_is_meant_is_sent_and_nothing_else(
    shell: Any, prompt: str, told: list[str], paths: list[str]
) -> None:
    along = resolve(shell, prompt)
    assert [one.name for one in along.summaries] == told
    assert not any("other" in one.text for one in along.summaries if not one.name.isascii())
    assert along.paths == paths


@pytest.mark.parametrize(
    ("prompt", "refused"),
    [
        (r"@data\x.csv", r"There is no file or folder 'data\\\\x.csv' to mention"),
        (r"@C:\data\x.csv", "There is no file or folder 'C:"),
        (r"@C:\ is", "There is no file or folder 'C:"),
        ("@file(1).csv", r"There is no file 'file\(1\).csv' to mention"),
        ("@my-data(2).csv", "There is no file 'my-data"),
        ("@data-मूल्य.csv", "There is no variable or file 'data-मूल्य.csv'"),
        ("@data(मूल्य).csv", r"There is no file 'data\(मूल्य\).csv'"),
        ("@./x(2).txt", "There is no file './x"),
        ("@df['b'][007]", "has no key 'b'"),
    ],
)
def test_what_looks_like_a_file_is_no_variable(shell: Any, prompt: str, refused: str) -> None:
    with pytest.raises(BadInput, match=refused):
        resolve(shell, prompt)


def test_tab_knows_the_same_names(shell: Any) -> None:
    for typed in ("मूल्", "cafe\u0301", "मूल्य.मू"):
        assert typed_mention(f"%%copilot\nsee @{typed}", f"see @{typed}") == typed
    assert list(mention_candidates(shell, "मूल")) == ["मूल्य"]
    assert list(mention_candidates(shell, "cafe\u0301")) == ["cafe\u0301.csv"]
    assert list(mention_candidates(shell, '"data')) == ['"data(1).csv"']
