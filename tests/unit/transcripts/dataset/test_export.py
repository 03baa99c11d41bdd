"""What an export changes: what has changed, and nothing else."""

from __future__ import annotations

import os
import shutil
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journals import answer, event, prompt, sample, start, write_session
from unit.transcripts.dataset.changing import (
    APRIL,
    MARCH,
    append,
    assert_same,
    changes,
    delete,
    rewrite,
    state,
)

from copilot_magics.errors import BadInput, SessionNotFound
from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.dataset import export_transcripts, read_transcripts


def test_many_sessions_are_few_files(home: Path, dataset: Path) -> None:
    for number in range(60):
        write_session(home, f"s{number:02}", start(), prompt("x"))
    long = answer("z" * 30_000_000)
    for number in range(3):
        write_session(home, f"t{number}", start(), long)
    export_transcripts(dataset)
    assert len(list(dataset.glob("*/*"))) == 2
    assert list(read_transcripts(dataset, columns="session")["session"].unique()) == [
        *(f"s{number:02}" for number in range(60)),
        *(f"t{number}" for number in range(3)),
    ]


def test_nothing_is_written_where_nothing_changed(home: Path, dataset: Path) -> None:
    sample(home)
    write_session(home, "empty", raw=b"")
    export_transcripts(dataset)
    before = state(dataset)
    assert export_transcripts(dataset).empty
    assert state(dataset) == before


def test_only_the_file_of_what_changed_is_written(home: Path, dataset: Path) -> None:
    write_session(home, "march", event("session.start", timestamp=MARCH))
    write_session(home, "april", event("session.start", timestamp=APRIL))
    write_session(home, "april-too", event("session.start", timestamp=APRIL))
    export_transcripts(dataset)
    before = {path: path.stat().st_mtime_ns for path in dataset.glob("*/*")}
    append(home, "april", prompt("more"), answer("indeed"))
    write_session(home, "new", event("session.start", timestamp=APRIL))
    done = export_transcripts(dataset)
    assert changes(done) == {"april": ("updated", 3), "new": ("added", 1)}
    after = {path: path.stat().st_mtime_ns for path in dataset.glob("*/*")}
    assert {path.parent.name for path in after if after[path] != before[path]} == {"month=2026-04"}
    assert_same(read_transcripts(dataset), get_messages("*"))


def test_a_session_that_is_another_one_now_is_replaced(home: Path, dataset: Path) -> None:
    for session in ("rewound", "compacted", "emptied", "again"):
        write_session(home, session, start(), prompt("x"), answer("y"))
    export_transcripts(dataset)
    lines = (home / "session-state" / "rewound" / "events.jsonl").read_bytes().splitlines()
    rewrite(home, "rewound", *lines[:2])
    rewrite(home, "compacted", start(), event("session.compaction_complete"))
    rewrite(home, "emptied")
    delete(home, "again")
    write_session(home, "again", event("session.start", timestamp=APRIL))
    done = export_transcripts(dataset)
    assert changes(done) == {
        "again": ("updated", 1),
        "compacted": ("updated", 2),
        "emptied": ("updated", 0),
        "rewound": ("updated", 2),
    }
    assert_same(read_transcripts(dataset), get_messages("*"))
    assert export_transcripts(dataset).empty


def test_a_deleted_session_stays_until_it_is_pruned(home: Path, dataset: Path) -> None:
    write_session(home, "kept", start())
    write_session(home, "gone", start(), prompt("x"))
    write_session(home, "alone", event("session.start", timestamp=APRIL))
    export_transcripts(dataset)
    whole = get_messages("*")
    delete(home, "gone")
    delete(home, "alone")
    assert export_transcripts(dataset).empty
    assert_same(read_transcripts(dataset), whole)
    assert changes(export_transcripts(dataset, "kept", prune=True)) == {
        "alone": ("removed", 0),
        "gone": ("removed", 0),
    }
    assert_same(read_transcripts(dataset), get_messages("*"))
    assert [path.name for path in dataset.iterdir()] == ["month=2026-03"]


def test_nothing_is_pruned_where_the_sessions_are_not_found(home: Path, dataset: Path) -> None:
    write_session(home, "s", start())
    export_transcripts(dataset)
    (home / "session-state").rename(home / "elsewhere")
    with pytest.raises(BadInput, match="Set COPILOT_HOME"):
        export_transcripts(dataset, prune=True)
    assert len(read_transcripts(dataset)) == 1


def test_what_cannot_be_read_any_more_stays(home: Path, dataset: Path) -> None:
    folder = write_session(home, "s", start(), prompt("x"))
    export_transcripts(dataset)
    before = read_transcripts(dataset)
    (folder / "events.jsonl").unlink()
    (folder / "events.jsonl").mkdir()
    with pytest.warns(UserWarning, match="damaged"):
        assert export_transcripts(dataset, "s").empty
    assert_same(read_transcripts(dataset), before)


def test_what_cannot_be_looked_at_is_told_and_stays_and_the_rest_is_exported(
    home: Path, dataset: Path
) -> None:
    for session in ("file", "folder", "new", "pipe"):
        write_session(home, session, start(), prompt("x"))
    export_transcripts(dataset, ["file", "folder", "pipe"])
    (home / "session-state" / "pipe" / "events.jsonl").unlink()
    os.mkfifo(home / "session-state" / "pipe" / "events.jsonl")
    # Links that lead to themselves, which not even an administrator can look through.
    for path in (Path("file", "events.jsonl"), Path("folder")):
        whole = home / "session-state" / path
        whole.rename(home / path.name)
        whole.symlink_to(whole)
    with pytest.warns(UserWarning, match="damaged in 3 places, .*the file cannot be read"):
        done = export_transcripts(dataset, ["file", "new"], prune=True)
    assert changes(done) == {"new": ("added", 2)}
    told = [place["session"] for place in done.attrs["copilot"]["damage"]]
    assert told == ["file", "folder", "pipe"]
    assert set(read_transcripts(dataset)["session"]) == {"file", "folder", "new", "pipe"}


def test_some_sessions_only(home: Path, dataset: Path) -> None:
    for session in ("a", "b", "c"):
        write_session(home, session, start(), prompt("x"))
    write_session(home, "d", start(), workspace="name: A title\nuser_named: true\n")
    assert set(export_transcripts(dataset, "a")["session"]) == {"a"}
    assert set(export_transcripts(dataset, ["a", "b", "A title"])["session"]) == {"b", "d"}
    assert set(read_transcripts(dataset)["session"]) == {"a", "b", "d"}
    with pytest.raises(SessionNotFound, match="There is no session 'nobody'"):
        export_transcripts(dataset, "nobody")


def at(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


def test_since_leaves_out_what_is_older_and_takes_nothing_out(home: Path, dataset: Path) -> None:
    write_session(home, "s", *(event("x", timestamp=at(days)) for days in (30, 20, 10)))
    old = write_session(home, "old", event("x", timestamp=at(40))) / "events.jsonl"
    os.utime(old, (old.stat().st_mtime - 40 * 86400,) * 2)
    assert changes(export_transcripts(dataset, since="25d")) == {"s": ("added", 2)}
    assert_same(read_transcripts(dataset), get_messages("s", since="25d"))
    append(home, "s", event("x", timestamp=at(0)))
    assert changes(export_transcripts(dataset, since="2d")) == {"s": ("updated", 3)}
    assert export_transcripts(dataset, since="1d").empty
    assert changes(export_transcripts(dataset)) == {"s": ("updated", 4), "old": ("added", 1)}
    assert export_transcripts(dataset, since="1d").empty
    assert_same(read_transcripts(dataset), get_messages("*"))


LINES = st.lists(st.sampled_from([MARCH, APRIL, None, "nonsense"]), max_size=3)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["append", "rewrite", "again"]), st.sampled_from("abc"), LINES),
        st.tuples(st.just("delete"), st.sampled_from("abc")),
        st.tuples(st.just("export"), st.sampled_from(["*", "a"])),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_whatever_happens_to_sessions_the_dataset_has_what_they_have(
    home: Path, tmp_path: Path, steps: list[Any]
) -> None:
    shutil.rmtree(home / "session-state", ignore_errors=True)
    (home / "session-state").mkdir(parents=True)
    dataset = tmp_path / uuid.uuid4().hex
    for step, session, *more in steps:
        folder = home / "session-state" / session
        lines = [event("x", timestamp=when) for when in more[0]] if more else []
        if step == "export":
            present = session == "*" or folder.exists()
            export_transcripts(dataset, session if present else [])
        elif step == "append" and folder.exists():
            append(home, session, *lines)
        elif step == "rewrite" and folder.exists():
            rewrite(home, session, *lines)
        else:
            shutil.rmtree(folder, ignore_errors=True)
            if step != "delete":
                write_session(home, session, *lines, raw=None if lines else b"")
    export_transcripts(dataset, prune=True)
    assert_same(read_transcripts(dataset), get_messages("*"))
    assert export_transcripts(dataset, prune=True).empty


def test_a_session_that_two_exports_wrote_is_in_one_file_after_the_next(home: Path) -> None:
    import fsspec

    url = f"memory://bucket-{uuid.uuid4().hex}/transcripts"
    write_session(home, "s", start(), prompt("x"))
    write_session(home, "t", start(), prompt("y"))
    export_transcripts(url)
    part = f"{url}/month=2026-03/part-000".removeprefix("memory:/")
    fsspec.filesystem("memory").cp_file(f"{part}1.parquet", f"{part}2.parquet")
    append(home, "t", answer("z"))
    export_transcripts(url)
    assert_same(read_transcripts(url), get_messages("*"))
