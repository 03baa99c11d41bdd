"""Messages as a Dask DataFrame: what pandas has, on threads and on a cluster of processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dask.dataframe as dd
import pandas as pd
import pytest
from dask.distributed import Client, LocalCluster
from journals import answer, event, prompt, sample, start, write_session

from copilot_magics.errors import BadInput, SessionNotFound
from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.analysis.calls import tools
from copilot_magics.transcripts.analysis.turns import turns
from copilot_magics.transcripts.analysis.usage import usage
from copilot_magics.transcripts.dataset import export_transcripts, read_transcripts

TABLES = {"turns": turns, "tools": tools, "usage": usage}


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """Start two worker processes, which know nothing of the homes that the tests make later."""
    with LocalCluster(
        n_workers=2, processes=True, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        yield cluster


@pytest.fixture
def sessions(home: Path) -> pd.DataFrame:
    """Write sessions that began in three months, and return what is in them."""
    sample(home, "rich")
    sample(home, "again")
    write_session(home, "brief", start(), prompt("x"), prompt("y"))
    write_session(home, "later", event("session.start", timestamp="2026-04-01T10:00:00Z"))
    write_session(home, "empty", raw=b"")
    return get_messages("*")


@pytest.fixture
def dataset(sessions: pd.DataFrame, tmp_path: Path) -> Path:
    """Export them: a file a month."""
    export_transcripts(tmp_path / "transcripts")
    return tmp_path / "transcripts"


def assert_same_rows(lazy: Any, expected: pd.DataFrame) -> None:
    """Compare with rows in the order of sessions, which in a Dask DataFrame may be any."""
    assert list(lazy.dtypes) == list(expected.dtypes)
    computed = lazy.compute().sort_values("session", kind="stable").reset_index(drop=True)
    pd.testing.assert_frame_equal(computed, expected)


def test_it_has_what_pandas_has(home: Path, sessions: pd.DataFrame) -> None:
    write_session(home, "large", start(), answer("z" * 51_000_000))
    lazy, sessions = get_messages("*", engine="dask"), get_messages("*")
    assert lazy.npartitions == 3
    assert_same_rows(lazy, sessions)
    assert_same_rows(lazy[["session", "content"]], sessions[["session", "content"]])
    assert len(lazy) == len(sessions)
    counted = lazy.groupby("session").size().compute().to_dict()
    assert counted == sessions.groupby("session").size().to_dict()


@pytest.mark.parametrize(
    "asked",
    [
        {"types": "user.message"},
        {"roles": ["tool", "user"]},
        {"columns": ["role", "session"]},
        {"since": "2026-04-01T00:00:00Z", "columns": ["session", "type"]},
        {"types": "no.such"},
    ],
    ids=str,
)
def test_it_is_restricted_as_pandas_is(sessions: pd.DataFrame, asked: dict[str, Any]) -> None:
    assert_same_rows(get_messages("*", engine="dask", **asked), get_messages("*", **asked))


def test_nothing_is_read_before_it_is_computed(home: Path) -> None:
    folder = write_session(home, "s", start())
    lazy = get_messages("s", engine="dask")
    with (folder / "events.jsonl").open("ab") as file:
        file.write(prompt("x") + b"\n")
    assert len(lazy) == 2


def test_nobody_and_nothing(home: Path) -> None:
    assert_same_rows(get_messages("*", engine="dask"), get_messages("*"))
    with pytest.raises(SessionNotFound):
        get_messages("nobody", engine="dask")


def test_a_dataset_is_read_a_file_a_partition(sessions: pd.DataFrame, dataset: Path) -> None:
    lazy = read_transcripts(dataset, engine="dask")
    assert lazy.npartitions == 3
    assert_same_rows(lazy, sessions)
    assert_same_rows(lazy[["session", "content"]], sessions[["session", "content"]])
    assert len(lazy) == len(sessions)
    assert_same_rows(read_transcripts(dataset, "brief", engine="dask"), get_messages("brief"))
    asked: dict[str, Any] = {"types": "user.message", "columns": ["session", "content"]}
    some = read_transcripts(dataset, engine="dask", filters=[("turn", ">", 1)], **asked)
    expected = sessions.query("type == 'user.message' and turn > 1")
    assert_same_rows(some, expected[["session", "content"]].reset_index(drop=True))


def test_an_empty_dataset(home: Path, tmp_path: Path) -> None:
    export_transcripts(tmp_path / "transcripts")
    assert_same_rows(read_transcripts(tmp_path / "transcripts", engine="dask"), get_messages("*"))


MOVED: dict[str, Callable[[Any], Any]] = {
    "as-read": lambda lazy: lazy,
    "some-sessions": lambda lazy: lazy[lazy["session"].isin(["brief", "rich"])],
    "some-rows": lambda lazy: lazy[lazy["type"] != "session.start"],
    "cut-anywhere": lambda lazy: lazy.repartition(npartitions=5),
    "sorted": lambda lazy: lazy.sort_values("event_id"),
    "scattered": lambda lazy: lazy.shuffle("event_id"),
    "computed": lambda lazy: lazy.persist(),
    "two-joined": lambda lazy: dd.concat([lazy.partitions[1], lazy.partitions[0]]),
}


@pytest.mark.parametrize("moved", MOVED)
@pytest.mark.parametrize("table", TABLES)
def test_the_accessor_tells_what_it_tells_of_pandas(dataset: Path, table: str, moved: str) -> None:
    lazy = MOVED[moved](read_transcripts(dataset, engine="dask"))
    computed = lazy.compute().sort_values("session", kind="stable")
    assert_same_rows(getattr(lazy.copilot, table)(), TABLES[table](computed))


@pytest.mark.parametrize("table", TABLES)
def test_the_accessor_says_at_once_which_column_it_lacks(home: Path, table: str) -> None:
    write_session(home, "s", start())
    lazy = get_messages("s", engine="dask", columns=["session", "event_id"])
    with pytest.raises(BadInput, match="This DataFrame has no column "):
        getattr(lazy.copilot, table)()


def test_the_accessor_says_where_its_other_methods_are(home: Path) -> None:
    write_session(home, "s", start())
    accessor = get_messages("s", engine="dask").copilot
    with pytest.raises(AttributeError, match=r"and not 'plot': .* such as df\.compute\(\) makes"):
        _ = accessor.plot


def test_on_two_worker_processes(
    sessions: pd.DataFrame, dataset: Path, cluster: LocalCluster
) -> None:
    with Client(cluster) as client:
        assert len(client.scheduler_info()["workers"]) == 2
        assert_same_rows(get_messages("*", engine="dask"), sessions)
        lazy = read_transcripts(dataset, engine="dask")
        assert_same_rows(lazy, sessions)
        prompts = read_transcripts(dataset, engine="dask", filters=[("role", "==", "user")])
        assert_same_rows(prompts, get_messages("*", roles="user"))
        for frame in (lazy, lazy.repartition(npartitions=5)):
            for table, make in TABLES.items():
                assert_same_rows(getattr(frame.copilot, table)(), make(sessions))


@pytest.mark.parametrize("module", ["dask", "pyarrow", "fsspec"])
@pytest.mark.parametrize(
    "call", ["get_messages('*', engine='dask')", "read_transcripts(sys.argv[1], engine='dask')"]
)
def test_without_dask_the_extra_is_named(dataset: Path, call: str, module: str) -> None:
    code = (
        f"import sys; sys.modules[{module!r}] = None\n"
        "from copilot_magics.transcripts.dataset import read_transcripts\n"
        f"from copilot_magics.transcripts import get_messages\n{call}"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(dataset)],
        capture_output=True,
        text=True,
        check=False,
    )
    said = f"needs {module}. Install it with `%pip install copilot-magics[dask]`."
    assert f"BadInput: {call.partition('(')[0]}(" in done.stderr
    assert said in done.stderr
