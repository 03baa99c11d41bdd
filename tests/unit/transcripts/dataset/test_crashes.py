"""What is left of an export that is killed or interrupted, and two at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest
from journals import answer, event, prompt, start, write_session
from unit.transcripts.dataset.changing import (
    APRIL,
    MARCH,
    append,
    assert_same,
    delete,
    rewrite,
    state,
)

from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.dataset import export_transcripts, read_transcripts

# Ends an export just before its n-th change on the disk, for each n, in a copy of the dataset.
KILLED = """
import os, shutil, sys
from pathlib import Path
import fsspec.implementations.local, filelock, pandas, pyarrow.dataset, pyarrow.parquet
from copilot_magics.transcripts.dataset import export_transcripts

before, work = Path(sys.argv[1]), Path(sys.argv[2])
CHANGES = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"}

def export_and_die(target, changes):
    def hook(event, arguments):
        nonlocal changes
        if event in CHANGES and str(arguments[0]).startswith(str(target)):
            changes -= 1
            if changes < 0:
                os._exit(9)
    sys.addaudithook(hook)
    export_transcripts(target / "transcripts", prune=True)

number, code = 0, 9
while code == 9:
    target = work / f"killed-{number:03}"
    target.mkdir(parents=True)
    if before.exists():
        shutil.copytree(before, target / "transcripts")
    child = os.fork()
    if not child:
        export_and_die(target, number)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    number += 1
assert code == 0, code
"""


def killed(dataset: Path, tmp_path: Path) -> list[Path]:
    """Return what exports leave of a dataset: those killed at each step, and the finished one."""
    work = tmp_path / "killed"
    subprocess.run([sys.executable, "-c", KILLED, str(dataset), str(work)], check=True)
    return sorted(path / "transcripts" for path in work.iterdir())


def events(frame: pd.DataFrame) -> dict[str, list[str]]:
    return {name: list(rows["event_id"]) for name, rows in frame.groupby("session")}


def test_a_first_export_that_is_killed_leaves_whole_sessions(
    home: Path, dataset: Path, tmp_path: Path
) -> None:
    for session in ("a", "b"):
        write_session(home, session, event("session.start", timestamp=MARCH), prompt("x"))
    write_session(home, "c", event("session.start", timestamp=APRIL), prompt("x"))
    whole = get_messages("*")
    seen = set()
    for path in killed(dataset, tmp_path):
        if path.exists():
            read = events(read_transcripts(path))
            assert read.items() <= events(whole).items()
            seen.add(frozenset(read))
        export_transcripts(path)
        assert_same(read_transcripts(path), whole)
    assert seen == {frozenset(), frozenset({"a", "b"}), frozenset({"a", "b", "c"})}


def test_a_killed_export_leaves_a_dataset_that_reads_right(
    home: Path, dataset: Path, tmp_path: Path
) -> None:
    for session in ("gone", "grown", "moved", "rewritten", "same"):
        write_session(home, session, event("session.start", timestamp=MARCH), prompt("x"))
    write_session(home, "april", event("session.start", timestamp=APRIL))
    export_transcripts(dataset)
    old = get_messages("*")
    append(home, "grown", answer("y"))
    append(home, "april", answer("y"))
    rewrite(home, "rewritten", event("session.start", timestamp=MARCH))
    rewrite(home, "moved", event("session.start", timestamp=APRIL), prompt("z"))
    delete(home, "gone")
    write_session(home, "new", event("session.start", timestamp=APRIL), prompt("x"))
    new = get_messages("*")

    *left, finished = killed(dataset, tmp_path)
    assert len(left) > 10
    assert_same(read_transcripts(finished), new)
    versions = events(old), events(new)
    for path in left:
        read = events(read_transcripts(path))
        for session, ids in read.items():
            assert ids in [version.get(session) for version in versions], (path, session)
        # Only what has to leave its file before it comes into another may be missing.
        assert versions[0].keys() - read.keys() <= {"gone", "moved"}
        seen = sorted(name for ids in read.values() for name in ids)
        assert sorted(pl.read_parquet(path)["event_id"]) == seen
        by_duckdb = duckdb.sql(f"select event_id from '{path}/*/*.parquet'").fetchall()
        assert sorted(name for (name,) in by_duckdb) == seen
        export_transcripts(path, prune=True)
        assert_same(read_transcripts(path), new)
        beside = path.with_name(".transcripts.export")
        assert [file.name for file in beside.iterdir()] == ["lock"]


def test_nothing_unfinished_is_taken_for_a_file_by_whoever_looks_from_above(
    home: Path, dataset: Path
) -> None:
    write_session(home, "s", start())
    export_transcripts(dataset)
    (dataset.with_name(".transcripts.export") / "unfinished").write_bytes(b"PAR1 and no more")
    assert pl.read_parquet(dataset.parent / "**" / "*.parquet").height == 1
    found = duckdb.sql(f"select count(*) from '{dataset.parent}/**/*.parquet'").fetchall()
    assert found == [(1,)]
    export_transcripts(dataset)
    assert [path.name for path in dataset.with_name(".transcripts.export").iterdir()] == ["lock"]


def test_an_interrupted_export_leaves_what_was_there(home: Path, dataset: Path) -> None:
    write_session(home, "s", start())
    export_transcripts(dataset)
    before = state(dataset)
    append(home, "s", prompt("x"))
    raised = False

    def interrupt(name: str, _arguments: tuple[Any, ...]) -> None:
        nonlocal raised
        if name == "os.rename" and not raised:
            raised = True
            raise KeyboardInterrupt

    sys.addaudithook(interrupt)
    with pytest.raises(KeyboardInterrupt):
        export_transcripts(dataset)
    assert state(dataset) == before
    assert [path.name for path in dataset.with_name(".transcripts.export").iterdir()] == ["lock"]
    export_transcripts(dataset)
    assert len(read_transcripts(dataset)) == 2


EXPORT = """
import sys
from copilot_magics.transcripts.dataset import export_transcripts
for session in ("*", "s00", "s01", "*"):
    export_transcripts(sys.argv[1], session)
"""


def test_two_exports_at_once_wait_for_each_other(home: Path, dataset: Path) -> None:
    for number in range(20):
        write_session(home, f"s{number:02}", start(), prompt("x"))
    command = [sys.executable, "-c", EXPORT, str(dataset)]
    running = [subprocess.Popen(command) for _ in range(2)]
    for number in range(10):
        append(home, f"s{number:02}", answer("y"))
    assert [process.wait() for process in running] == [0, 0]
    export_transcripts(dataset)
    assert_same(read_transcripts(dataset), get_messages("*"))
    assert pl.read_parquet(dataset).height == 50
