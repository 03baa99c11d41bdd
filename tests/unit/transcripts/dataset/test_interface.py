"""What is exported and read back: all of it, parts of it, and what cannot be asked for."""

from __future__ import annotations

import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from journals import answer, event, prompt, sample, start, write_session
from unit.transcripts.dataset.changing import APRIL, assert_same, changes

from copilot_magics.errors import BadInput, SessionNotFound
from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.dataset import export_transcripts, read_transcripts


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
    filters = {name: value for name, value in asked.items() if name != "sessions"}
    expected = get_messages(asked.get("sessions", "*"), **filters)
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


# What cannot be asked for


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda path: read_transcripts(path), r"There is no dataset at '.*transcripts'\. `export"),
        (lambda path: read_transcripts("memory://nowhere"), "There is no dataset"),
        (lambda path: export_transcripts("nosuch://x"), "'nosuch://x' is on a file system that"),
        (
            lambda path: export_transcripts(__file__),
            r"test_interface.py' is a file\. Give a folder",
        ),
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
