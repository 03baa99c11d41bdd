"""The files of a dataset: those of others are left alone, those that are damaged are named."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from journals import answer, event, prompt, start, write_session
from unit.transcripts.dataset.changing import APRIL, MARCH, append, assert_same

from copilot_magics.errors import BadInput
from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.dataset import export_transcripts, read_transcripts


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
