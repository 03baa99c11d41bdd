"""Where a dataset may lie, and what others see of it."""

from __future__ import annotations

import os
import stat
import uuid
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest
from journals import answer, event, prompt, sample, start, write_session
from unit.transcripts.dataset.changing import APRIL, append, assert_same, changes, delete

from copilot_magics.errors import StateUnusable
from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.dataset import export_transcripts, read_transcripts


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


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
@pytest.mark.parametrize("theirs", [".", "../.transcripts.export", "month=2026-03"])
def test_nothing_is_written_into_somebody_elses_folder(
    home: Path, dataset: Path, theirs: str
) -> None:
    write_session(home, "s", start())
    folder = Path(os.path.normpath(dataset / theirs))
    folder.mkdir(parents=True, mode=0o777)
    os.chown(folder, 1000, 1000)
    with pytest.raises(StateUnusable, match="belongs to somebody else"):
        export_transcripts(dataset)
    assert list(folder.iterdir()) == []
