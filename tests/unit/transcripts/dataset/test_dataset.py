"""Sessions as a Parquet dataset: what is in it, what an export changes, what a crash leaves."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import time
import uuid
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journals import answer, event, prompt, sample, start, write_session

from copilot_magics.errors import BadInput, SessionNotFound
from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.dataset import export_transcripts, read_transcripts

MARCH, APRIL = "2026-03-01T10:00:00.000Z", "2026-04-01T10:00:00.000Z"


def append(home: Path, session: str, *lines: bytes) -> None:
    with (home / "session-state" / session / "events.jsonl").open("ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))


def rewrite(home: Path, session: str, *lines: bytes) -> None:
    path = home / "session-state" / session / "events.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines))


def delete(home: Path, session: str) -> None:
    shutil.rmtree(home / "session-state" / session)


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other)
    assert one.attrs == other.attrs


def changes(done: pd.DataFrame) -> dict[str, tuple[str, int]]:
    return {row.session: (row.change, row.rows) for row in done.itertuples()}


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Return what tells that a file was written anew, by name."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in folder.glob("*/*")}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return tmp_path / "transcripts"


# What is in it


def test_what_is_read_is_what_was_exported(home: Path, dataset: Path) -> None:
    sample(home)
    write_session(home, "b", start(), prompt("x"), answer("y"))
    write_session(home, "a", event("session.start", timestamp=APRIL), prompt("z"))
    done = export_transcripts(dataset)
    assert changes(done) == {"a": ("added", 2), "b": ("added", 3), "rich": ("added", 74)}
    assert list(done.dtypes.astype(str)) == ["string", "category", "int64", "string"]
    assert set(done["file"]) == {
        "month=2026-03/part-0001.parquet",
        "month=2026-04/part-0001.parquet",
        "month=2026-11/part-0001.parquet",
    }
    assert_same(read_transcripts(dataset), get_messages("*"))
    assert read_transcripts(str(dataset), "rich").copilot.payload().map(type).eq(dict).all()


@pytest.mark.parametrize(
    "asked",
    [
        {"sessions": "a"},
        {"sessions": ["rich", "a"]},
        {"types": "user.message"},
        {"roles": ["tool", "user"]},
        {"columns": "role"},
        {"columns": ["content", "turn", "timestamp"]},
        {"columns": ["content"], "roles": "assistant", "sessions": "rich"},
        {"since": APRIL},
        {"until": APRIL},
        {"types": "no.such"},
        {"types": []},
    ],
    ids=str,
)
def test_a_part_is_read_as_get_messages_reads_it(
    home: Path, dataset: Path, asked: dict[str, Any]
) -> None:
    sample(home)
    write_session(home, "a", event("session.start", timestamp=APRIL), prompt("z"))
    write_session(home, "b", event("session.start", timestamp="nonsense"), answer("z"))
    export_transcripts(dataset)
    expected = get_messages(**{"sessions": "*", **asked})
    in_order = expected if "columns" in asked else expected.sort_values("session", kind="stable")
    assert_same(read_transcripts(dataset, **asked), in_order.reset_index(drop=True))


def test_filters_are_those_of_pandas(home: Path, dataset: Path) -> None:
    sample(home)
    write_session(home, "a", event("session.start", timestamp=APRIL), prompt("z"))
    export_transcripts(dataset)
    whole = get_messages("*")
    for filters, expected in (
        ([("tool", "==", "bash"), ("turn", ">", 1)], whole.query("tool == 'bash' and turn > 1")),
        ([[("role", "==", "user")], [("turn", "==", 2)]], whole.query("role=='user' or turn==2")),
        (pc.field("content").is_valid(), whole[whole["content"].notna()]),
        ([("month", "==", "2026-04")], whole[whole["session"] == "a"]),
    ):
        read = read_transcripts(dataset, filters=filters)
        pd.testing.assert_frame_equal(read, expected.reset_index(drop=True))


def test_filters_may_ask_for_more_than_equality(home: Path, dataset: Path) -> None:
    for session in ("ab", "bc", "bd"):
        write_session(home, session, start(), prompt("x"))
    export_transcripts(dataset)
    session = pc.field("session")
    for filters, expected in (
        (pc.starts_with(session, "b"), {"bc", "bd"}),
        (pc.match_substring(session, "b") & (pc.field("turn") == 1), {"ab", "bc", "bd"}),
        (pc.utf8_length(session) < 2, set()),
        ([("session", "in", ["ab", "bd"])], {"ab", "bd"}),
    ):
        read = read_transcripts(dataset, filters=filters)
        assert set(read["session"]) == expected
        assert list(read.dtypes) == list(get_messages("*").dtypes)
    assert list(read_transcripts(dataset, columns="turn", filters=session == "bc")["turn"]) == [
        pd.NA,
        1,
    ]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_moments_in_filters_are_local_where_they_have_no_time_zone(
    home: Path, dataset: Path, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in (1, 2, 3):
        when = f"2026-03-0{day}T10:00:00.000Z"
        write_session(home, f"s{day}", event("session.start", timestamp=when))
    export_transcripts(dataset)
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        moment = datetime(2026, 3, 2, 10 + 9 * (zone != "UTC"))
        for filters, expected in (
            ([("timestamp", "==", moment)], {"s2"}),
            ([("timestamp", "in", [moment, moment + timedelta(days=1)])], {"s2", "s3"}),
            ([[("timestamp", "<", pd.Timestamp(moment))], [("turn", ">", 0)]], {"s1"}),
            ([("timestamp", ">=", moment.date())], {"s2", "s3"}),
        ):
            assert set(read_transcripts(dataset, filters=filters)["session"]) == expected
    finally:
        monkeypatch.undo()
        time.tzset()


def test_dtypes_hold_where_there_is_nothing(home: Path, dataset: Path) -> None:
    assert export_transcripts(dataset).empty
    assert_same(read_transcripts(dataset), get_messages("*"))
    write_session(home, "s", start())
    export_transcripts(dataset)
    nothing = read_transcripts(dataset, types="no.such")
    assert list(nothing.dtypes) == list(get_messages("s").dtypes)


def test_what_is_damaged_is_told_and_the_rest_exported(home: Path, dataset: Path) -> None:
    write_session(home, "s", start(), b"garbage", prompt("x"))
    write_session(home, "t", start())
    with pytest.warns(UserWarning, match="damaged in 1 place"):
        done = export_transcripts(dataset)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read = read_transcripts(dataset)
        assert export_transcripts(dataset).empty
        assert read_transcripts(dataset, "t").attrs["copilot"]["damage"] == []
    with pytest.warns(UserWarning, match="damaged in 1 place, .*'s'"):
        assert_same(read, get_messages("*"))
    assert done.attrs == read.attrs


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


# What an export changes


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


# What others see


def test_other_programs_read_the_folder(home: Path, dataset: Path) -> None:
    import dask.dataframe as dd

    sample(home)
    write_session(home, "a", event("session.start", timestamp=APRIL), prompt("z"))
    write_session(home, "b", event("session.start", timestamp="nonsense"))
    export_transcripts(dataset)
    expected = get_messages("*")
    columns = [*expected.columns, "month"]
    glob = str(dataset / "*" / "*.parquet")
    by_polars = pl.read_parquet(dataset)
    assert by_polars.columns == columns
    assert by_polars.drop("month").equals(pl.read_parquet(glob))
    assert by_polars.schema["timestamp"] == pl.Datetime("us", "UTC")
    by_duckdb = duckdb.sql(f"select * from '{glob}'").pl()
    assert by_duckdb.columns == columns
    counted = f"select month, count(*) from '{dataset}/**/*.parquet' group by month order by month"
    assert duckdb.sql(counted).fetchall() == [("2026-04", 2), ("2026-11", 74), ("unknown", 1)]
    for frame in (
        pd.read_parquet(dataset),
        dd.read_parquet(str(dataset)).compute(),
        dd.read_parquet(glob).compute(),
    ):
        assert list(frame.columns) == columns
        assert str(frame["turn"].dtype) == "Int64"
    for seen in (
        by_polars["event_id"].to_list(),
        by_duckdb["event_id"].to_list(),
        list(frame["event_id"]),
    ):
        assert sorted(seen) == sorted(expected["event_id"])


def test_only_its_user_can_read_it_and_nothing_else_is_in_it(home: Path, dataset: Path) -> None:
    write_session(home, "s", start())
    export_transcripts(dataset)
    assert [path.relative_to(dataset).as_posix() for path in sorted(dataset.rglob("*"))] == [
        "month=2026-03",
        "month=2026-03/part-0001.parquet",
    ]
    beside = dataset.with_name(".transcripts.export")
    for path in (dataset, *dataset.rglob("*"), beside, *beside.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_folder_may_be_named_in_any_way(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_session(home, "s", start())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for path in ("relative", "~/tilde", f"file://{tmp_path}/url", tmp_path / "a b" / "path"):
        export_transcripts(path)
        assert_same(read_transcripts(path), get_messages("*"))
    assert {"a b", "relative", "tilde", "url"} <= {folder.name for folder in tmp_path.iterdir()}


def test_a_folder_may_be_a_link(home: Path, tmp_path: Path) -> None:
    write_session(home, "s", start())
    (tmp_path / "real" / "folder").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "folder")
    export_transcripts(tmp_path / "link")
    assert_same(read_transcripts(tmp_path / "real" / "folder"), get_messages("*"))
    assert (tmp_path / "real" / ".folder.export").is_dir()
    assert (tmp_path / "link").is_symlink()


def test_any_file_system_of_fsspec_will_do(home: Path) -> None:
    import fsspec

    url = f"memory://bucket-{uuid.uuid4().hex}/transcripts"
    sample(home)
    write_session(home, "s", start(), prompt("x"))
    write_session(home, "alone", event("session.start", timestamp=APRIL))
    export_transcripts(url)
    assert_same(read_transcripts(url), get_messages("*"))
    append(home, "s", answer("y"))
    delete(home, "alone")
    done = export_transcripts(url, prune=True)
    assert changes(done) == {"alone": ("removed", 0), "s": ("updated", 3)}
    assert_same(read_transcripts(url), get_messages("*"))
    files = fsspec.filesystem("memory").find(url.removeprefix("memory:/"))
    assert [file.partition("/transcripts/")[2] for file in files] == [
        "month=2026-03/part-0001.parquet",
        "month=2026-11/part-0001.parquet",
    ]


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


# What goes wrong


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda path: read_transcripts(path), r"There is no dataset at '.*transcripts'\. `export"),
        (lambda path: read_transcripts("memory://nowhere"), "There is no dataset"),
        (lambda path: export_transcripts("nosuch://x"), "'nosuch://x' is on a file system that"),
        (lambda path: export_transcripts(__file__), r"test_dataset.py' is a file\. Give a folder"),
        (lambda path: export_transcripts(f"{__file__}/x"), "Nothing can be written at"),
        (lambda path: export_transcripts("/proc"), r"'/proc' is a disk of its own.* Give a folder"),
        (lambda path: export_transcripts(path, since="soon"), "since='soon' is no moment"),
        (lambda path: read_transcripts(path, engine="spark"), "There is no engine 'spark'"),
        (lambda path: read_transcripts(path, columns="x"), "There is no column 'x'"),
    ],
)
def test_what_cannot_be_used_is_refused(
    home: Path, dataset: Path, call: Callable[[Path], Any], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        call(dataset)
    assert not dataset.exists()


def test_what_the_dataset_does_not_have_is_refused(home: Path, dataset: Path) -> None:
    write_session(home, "plots", start())
    export_transcripts(dataset)
    with pytest.raises(SessionNotFound, match=r"no session 'plot'\. Did you mean 'plots'\?"):
        read_transcripts(dataset, "plot")
    for filters in (
        *([("x", "==", 1)], "abc", [("turn", ">", "x")], 3, [("turn", "~", 1)]),
        # What has no list around it is taken as it is, and these do not fit.
        pc.field("timestamp") >= datetime(2026, 1, 1),
        pc.match_substring_regex(pc.field("content"), "("),
        pc.field("type").cast(pa.int64()) > 1,
    ):
        with pytest.raises(BadInput, match=r"filters= cannot be used: .*It is a list like"):
            read_transcripts(dataset, filters=filters)


@pytest.mark.parametrize("path", [None, b"transcripts", 5], ids=str)
def test_what_is_no_path_is_refused(home: Path, path: Any) -> None:
    for call in (export_transcripts, read_transcripts):
        with pytest.raises(
            BadInput, match=r"is no path of a folder\. Give a text, a Path or a URL"
        ):
            call(path)


def test_what_is_no_session_is_refused(home: Path, dataset: Path) -> None:
    export_transcripts(dataset)
    sessions: Any = [5]
    for call in (export_transcripts, read_transcripts):
        with pytest.raises(BadInput, match=r"\b5\b"):
            call(dataset, sessions)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("mine.parquet", "is no file of a dataset in this folder"),
        ("month=2026-03/mine.parquet", "is no file of a dataset in this folder"),
        ("month=2026-03/mine/part-0001.parquet", "is no file of a dataset in this folder"),
        ("month=2026-03/part-0001.parquet", r"was not written by export_transcripts\(\)"),
    ],
)
def test_the_files_of_others_are_left_alone(
    home: Path, dataset: Path, name: str, said: str
) -> None:
    write_session(home, "s", start())
    (dataset / name).parent.mkdir(parents=True)
    pq.write_table(pa.table({"x": [1]}), dataset / name)
    for call in (export_transcripts, read_transcripts):
        with pytest.raises(BadInput, match=rf"'{name}' in .* {said}\. Give a folder"):
            call(dataset)
    left = [path.relative_to(dataset) for path in dataset.rglob("*") if path.is_file()]
    assert left == [Path(name)]


def test_datasets_in_a_folder_are_not_taken_for_its_own(
    home: Path, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_session(home, "s", start(), prompt("x"))
    export_transcripts(dataset / "alice")
    export_transcripts(dataset / "bob")
    monkeypatch.chdir(dataset)
    before = sorted(dataset.parent.rglob("*"))
    for path in (dataset, "."):
        for call in (export_transcripts, read_transcripts):
            with pytest.raises(BadInput, match=r"'alice/month=.* is no file of a dataset in this"):
                call(path)
    assert sorted(dataset.parent.rglob("*")) == before
    for name in ("alice", "bob"):
        assert_same(read_transcripts(name), get_messages("*"))


def test_a_damaged_file_is_named_and_written_anew_once_it_is_deleted(
    home: Path, dataset: Path
) -> None:
    write_session(home, "s", start())
    export_transcripts(dataset)
    (part,) = dataset.glob("*/*")
    part.write_bytes(part.read_bytes()[:-20])
    for call in (export_transcripts, read_transcripts):
        with pytest.raises(BadInput, match=r"part-0001.parquet' in .* is no intact Parquet file"):
            call(dataset)
    part.unlink()
    export_transcripts(dataset)
    assert_same(read_transcripts(dataset), get_messages("*"))


def test_a_file_whose_pages_are_damaged_is_named(home: Path, dataset: Path) -> None:
    write_session(home, "march", event("session.start", timestamp=MARCH), prompt("x"))
    write_session(home, "april", event("session.start", timestamp=APRIL), prompt("y"))
    export_transcripts(dataset)
    part = dataset / "month=2026-04" / "part-0001.parquet"
    part.write_bytes(b"PAR1" + b"\xff" * 200 + part.read_bytes()[204:])
    append(home, "april", answer("z"))
    write_session(home, "april-too", event("session.start", timestamp=APRIL))
    said = r"'month=2026-04/part-0001.parquet' in .* is no intact Parquet file\. Delete it, and exp"
    for read in (
        lambda: read_transcripts(dataset),
        lambda: read_transcripts(dataset, filters=[("turn", "==", 1)]),
        lambda: read_transcripts(dataset, engine="dask").compute(),
        lambda: export_transcripts(dataset, "april-too"),
    ):
        with pytest.raises(BadInput, match=said):
            read()
    assert len(read_transcripts(dataset, "march")) == 2
    part.unlink()
    export_transcripts(dataset)
    assert_same(read_transcripts(dataset), get_messages("*"))


@pytest.mark.parametrize("column", ["session", "turn", "content"])
def test_no_damaged_page_goes_into_a_new_file(home: Path, dataset: Path, column: str) -> None:
    write_session(home, "s", start(), prompt("x"), answer("y"))
    export_transcripts(dataset)
    (part,) = dataset.glob("*/*")
    group = pq.read_metadata(part).row_group(0)
    chunks = (group.column(number) for number in range(group.num_columns))
    chunk = next(chunk for chunk in chunks if chunk.path_in_schema == column)
    damaged = bytearray(part.read_bytes())
    begin = chunk.dictionary_page_offset or chunk.data_page_offset
    damaged[begin + chunk.total_compressed_size - 1] ^= 1
    part.write_bytes(damaged)
    write_session(home, "t", start())
    with pytest.raises(BadInput, match=r"part-0001.parquet' in .* is no intact Parquet file"):
        export_transcripts(dataset)
    assert part.read_bytes() == damaged


@pytest.mark.parametrize("footer", [b"no JSON", b"\xff", b"{}"], ids=str)
def test_a_file_whose_footer_is_damaged_is_named(home: Path, dataset: Path, footer: bytes) -> None:
    write_session(home, "s", start())
    export_transcripts(dataset)
    (part,) = dataset.glob("*/*")
    table = pq.read_table(part).replace_schema_metadata({b"copilot_magics": footer})
    pq.write_table(table, part)
    for call in (export_transcripts, read_transcripts):
        with pytest.raises(BadInput, match=r"part-0001.parquet' in .* is no intact Parquet file"):
            call(dataset)


def test_a_dataset_of_another_version_is_refused(home: Path, dataset: Path) -> None:
    write_session(home, "s", start())
    export_transcripts(dataset)
    (part,) = dataset.glob("*/*")
    metadata = {b"copilot_magics": b'{"format": 99, "sessions": {}}'}
    pq.write_table(pq.read_table(part).replace_schema_metadata(metadata), part)
    for call in (export_transcripts, read_transcripts):
        with pytest.raises(BadInput, match="another version of copilot_magics"):
            call(dataset)


# Crashes, and two at once

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


# Without the extras


def run_without(module: str, code: str) -> str:
    hidden = f"import sys; sys.modules[{module!r}] = None\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", hidden], capture_output=True, text=True, check=False
    )
    return done.stderr + done.stdout


@pytest.mark.parametrize("module", ["pyarrow", "fsspec"])
@pytest.mark.parametrize("call", ["export", "read"])
def test_without_parquet_the_extra_is_named(home: Path, module: str, call: str) -> None:
    code = f"from copilot_magics.transcripts.dataset import *; {call}_transcripts('x')"
    said = run_without(module, code)
    assert f"{call}_transcripts() needs {module}. Install it with `%pip install copilot-" in said
    assert "copilot-magics[parquet]`" in said


def test_importing_it_loads_no_more_than_it_needs() -> None:
    heavy = ["copilot", "ipywidgets", "pyarrow", "fsspec", "dask", "pandas", "matplotlib", "tqdm"]
    code = (
        "import sys, copilot_magics.transcripts, copilot_magics.transcripts.dataset\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
