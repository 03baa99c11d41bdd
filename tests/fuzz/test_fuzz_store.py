"""Whatever is in the files that we wrote, and whatever they are to hold: it is kept, or ignored."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import strategies as st

from copilot_magics import binding, locking, records

if TYPE_CHECKING:
    from conftest import Fuzz

NAMES = ["/a/churn.ipynb", "/ä/ü.ipynb", "/a\ud800.ipynb", "/x\udcff.ipynb", "", "\0", "/" * 300]
SCRAPS = [
    *(b"", b"{", b"null", b"[]", b'{"session": 1}', b'{"notebook": "a", "session": "\\ud800"}'),
    *(b"\xff", b'{"notebook": "\xff", "session": "s"}', b'{"x": ' * 1200, b"[" * 1200, b"\0" * 50),
    *(b'{"kind": "openai"}', b'{"key": "k", "outcome": "answered"}', b'{"key": "k", "outcome": 3}'),
    *(b'{"key": "k", "at": "9999-99-99T99:99:99Z"}', b'{"pid": 99999999999999999999999}', b"\n"),
]

names = st.one_of(st.sampled_from(NAMES), st.text(max_size=20))
sessions = st.sampled_from(["first", "alice-churn", "a", "A", "-", "x" * 100, "with.dots"])
scraps = st.lists(st.one_of(st.sampled_from(SCRAPS), st.binary(max_size=20)), max_size=4)
contents = st.builds(lambda parts, glue: glue.join(parts), scraps, st.sampled_from([b"", b"\n"]))


def test_whatever_is_in_the_files(
    fuzz: Fuzz, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COPILOT_HOME", str(tmp_path))
    # What a write costs on a disk is not what is tried here.
    monkeypatch.setattr(os, "fsync", lambda _file: None)
    records.remember("s", records.Settings())
    lock = locking.SessionLock("s", "")
    holder = tmp_path / "copilot_magics" / "locks" / "s.json"

    def keep_and_read(case: tuple[str, str, bytes, bool]) -> None:
        notebook, session, content, damaged = case
        for path in (records._turns("s"), *binding._folder().glob("*")):
            path.unlink(missing_ok=True)
        binding.bind("/first.ipynb", "first")
        binding.bind(notebook, session)
        kept = binding.bound_session(notebook)
        assert kept == (session if notebook else "")
        assert not notebook or session in binding.bound_notebooks()
        if damaged:
            path = binding._file(notebook)
            path.write_bytes(content)
            assert isinstance(binding.bound_session(notebook), str)
            for about in (records._settings("s"), records._turns("s"), holder):
                about.write_bytes(content)
            assert isinstance(records.settings("s"), records.Settings | None)
            assert all(isinstance(line, records.Asked) for line in records.asked("s"))
            assert isinstance(locking.holder("s"), locking.Holder | None)
            binding.bound_notebooks()
        asked = records.source("s", "", 1, notebook)
        key = records.began("s", asked)
        records.ended("s", key, "answered")
        assert records.asked("s")[-1].outcome == "answered"
        records._asked_here.clear()
        binding.forget(session)
        assert not binding.bound_session(notebook)
        assert binding.bound_session("/first.ipynb") == "first" or session == "first"

    try:
        fuzz(
            "the binding store", st.tuples(names, sessions, contents, st.booleans()), keep_and_read
        )
    finally:
        lock.release()
