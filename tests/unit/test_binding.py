"""A notebook is its path: one of the same name elsewhere is another one."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from copilot_magics import binding, folders
from copilot_magics.ids import is_session_id


def shell(*, watched: bool = True, **names: str) -> Any:
    return SimpleNamespace(kernel=SimpleNamespace(_allow_stdin=watched), user_ns=names)


def test_a_binding_is_found_again_and_replaced(home: Path) -> None:
    assert binding.bound_session("/a/churn.ipynb") == ""
    binding.bind("/a/churn.ipynb", "one")
    binding.bind("/b/churn.ipynb", "two")
    assert binding.bound_session("/a/churn.ipynb") == "one"
    assert binding.bound_session("/b/churn.ipynb") == "two"
    binding.bind("/a/churn.ipynb", "three")
    assert binding.bound_notebooks() == {"three": "/a/churn.ipynb", "two": "/b/churn.ipynb"}
    binding.forget("three")
    assert binding.bound_session("/a/churn.ipynb") == ""
    assert binding.bound_session("/b/churn.ipynb") == "two"


def test_no_notebook_is_never_bound(home: Path) -> None:
    binding.bind("", "one")
    assert binding.bound_session("") == ""
    assert binding.bound_notebooks() == {}


def test_a_binding_is_private_and_holds_two_names(home: Path) -> None:
    binding.bind("/a/churn.ipynb", "one")
    (file,) = (folders.own_state() / "bindings").iterdir()
    assert json.loads(file.read_bytes()) == {"notebook": "/a/churn.ipynb", "session": "one"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    for folder in (file.parent, folders.own_state(), home):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"notebook": 1}', b"\xff\xfe"])
def test_a_damaged_binding_is_none(home: Path, damage: bytes) -> None:
    binding.bind("/a/churn.ipynb", "one")
    (file,) = (folders.own_state() / "bindings").iterdir()
    file.write_bytes(damage)
    assert binding.bound_session("/a/churn.ipynb") == ""
    assert binding.bound_notebooks() == {}
    binding.bind("/a/churn.ipynb", "two")
    assert binding.bound_session("/a/churn.ipynb") == "two"


def test_the_server_names_the_notebook(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert binding.this_notebook(shell()) == ""
    monkeypatch.setenv("JPY_SESSION_NAME", "/a/churn.ipynb")
    assert binding.this_notebook(shell()) == "/a/churn.ipynb"
    assert binding.this_notebook(shell(__vsc_ipynb_file__="/b/code.ipynb")) == "/b/code.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", "sub/churn.ipynb")
    assert binding.this_notebook(shell()) == os.path.join(binding._START, "churn.ipynb")


def test_an_unwatched_kernel_has_no_notebook(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "/a/inherited.ipynb")
    assert binding.this_notebook(shell(watched=False)) == ""
    assert binding.this_notebook(None) == ""
    assert binding.this_notebook(SimpleNamespace(user_ns={})) == ""


@pytest.mark.parametrize(
    ("user", "notebook", "name"),
    [
        ("alice", "/a/churn.ipynb", "alice-churn"),
        ("alice", "/a/Umsatz März 2026.ipynb", "alice-Umsatz-Marz-2026"),
        ("alice", "/a/a..b.ipynb", "alice-a-b"),
        ("alice", "", "alice-session"),
        ("Zoë", "/a/日本.ipynb", "Zoe"),
    ],
)
def test_a_notebooks_own_session_is_named_after_user_and_notebook(
    monkeypatch: pytest.MonkeyPatch, user: str, notebook: str, name: str
) -> None:
    monkeypatch.setenv("LOGNAME", user)
    assert binding.own_name(notebook) == name
    assert is_session_id(name)
