"""What could not be read is said once, with where it stands, and its bytes can be had."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pandas as pd
import pytest
from journals import answer, event, prompt, start, write_session

from copilot_magics.errors import BadInput, SessionNotFound
from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.damage import damage

DTYPES = ["string", "Int64", "Int64", "Int64", "string", "object"]
COLUMNS = ["session", "line", "start", "end", "what", "raw"]
LINES = [start(), prompt("one"), answer("1"), prompt("two")]


def read(*sessions: str) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return get_messages(list(sessions))


def on_disk(folder: Path) -> dict[Path, tuple[int, int, bytes]]:
    """Return what would tell that a file was changed; reading it changes when it was read."""
    return {
        path: (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.iterdir()
    }


@pytest.mark.parametrize(
    ("raw", "events", "what"),
    [
        (b"\n".join(LINES)[:-9], 3, ["the last line was cut short"]),
        (LINES[0] + LINES[1] + b"\n" + LINES[2], 3, ["no line break before this event"]),
        (LINES[0][:-30] + LINES[1] + b"\n", 1, ["no event can be read here"] * 1),
        (LINES[0] + b"\n" + b"\0" * 100 + LINES[1] + b"\n", 2, ["NUL bytes"]),
        (LINES[0] + b"\nHello\n" + LINES[1] + b"\n", 2, ["no event can be read here"]),
        (b"\xef\xbb\xbf" + LINES[0] + b"\n", 1, []),
        (event("x", {"t": "a\u2028b"}) + b"\n" + LINES[0] + b"\n", 2, []),
        (b"\r\n".join(LINES) + b"\r\n", 4, []),
        (LINES[0] + b"\n" + LINES[1].replace(b"one", b"o\xffe") + b"\n", 2, ["not Unicode"]),
        (b"", 0, []),
        (None, 0, []),
        (b"\n".join([*LINES, *LINES]) + b"\n", 8, []),
        (b"\n".join([*LINES, start(), *LINES]), 9, []),
    ],
    ids=[
        "torn last line",
        "two records run together",
        "a record run into a torn one",
        "NUL bytes",
        "garbage between",
        "byte-order mark",
        "U+2028",
        "CRLF",
        "invalid UTF-8",
        "an empty file",
        "a folder without a file",
        "duplicated events",
        "a second session.start",
    ],
)
def test_damage_loses_only_what_is_damaged(
    home: Path, raw: bytes | None, events: int, what: list[str]
) -> None:
    folder = write_session(home, "s", raw=raw)
    before = on_disk(folder)
    frame = read("s")
    assert len(frame) == events
    assert frame["type"].notna().all()
    found = frame.copilot.damage()
    said = zip(found["what"], what, strict=True)
    assert all(expected in given for given, expected in said)
    assert [str(dtype) for dtype in found.dtypes] == DTYPES
    assert on_disk(folder) == before


def test_the_bytes_are_those_of_the_journal(home: Path) -> None:
    torn = LINES[1][:-20]
    write_session(home, "s", raw=LINES[0] + b"\nrubbish\xff\n" + torn + LINES[2] + b"\n" + torn)
    found = damage(read("s"))
    assert list(found.columns) == COLUMNS
    assert found["raw"].tolist() == [b"rubbish\xff", torn, torn]
    assert found["line"].tolist() == [2, 3, 4]
    assert (found["end"] - found["start"]).tolist() == list(map(len, found["raw"]))


def test_one_warning_says_what_and_where(home: Path) -> None:
    write_session(home, "s", raw=LINES[0] + b"\nrubbish\n" + LINES[1] + b"\n")
    with pytest.warns(UserWarning, match="damaged in 1 place") as caught:
        get_messages("s")
    assert len(caught) == 1
    end = len(LINES[0]) + 8
    where = f"'s' line 2, bytes {len(LINES[0]) + 1} to {end}: no event can be read here"
    assert where in str(caught[0].message)
    assert caught[0].filename == __file__


def test_many_places_are_counted_and_not_all_named(home: Path) -> None:
    write_session(home, "s", raw=b"x\n" * 2000 + LINES[0])
    with pytest.warns(UserWarning, match=r"in 2,000 places.*; and 1,997 more") as caught:
        get_messages("s")
    assert len(str(caught[0].message)) < 500


def test_a_sound_journal_has_no_damage_and_the_same_columns(home: Path) -> None:
    write_session(home, "s", *LINES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = get_messages("s").copilot.damage()
    assert found.empty
    assert list(found.columns) == COLUMNS
    assert [str(dtype) for dtype in found.dtypes] == DTYPES


def test_what_is_said_of_it_is_plain_json(home: Path, tmp_path: Path) -> None:
    write_session(home, "s", raw=b"\xff\n" + LINES[0])
    frame = read("s")
    assert json.loads(json.dumps(frame.attrs)) == frame.attrs
    frame.to_parquet(tmp_path / "s.parquet")
    again = pd.read_parquet(tmp_path / "s.parquet")
    assert again.attrs == frame.attrs
    assert again.copilot.damage()["raw"].tolist() == [b"\xff"]


def test_frames_put_together_say_it_too(home: Path) -> None:
    write_session(home, "s", raw=b"one\n" + LINES[0])
    write_session(home, "t", raw=b"two\n" + LINES[0])
    both = pd.concat([read("s"), read("t")])
    assert damage(both)["raw"].tolist() == [b"one", b"two"]
    with pytest.raises(BadInput, match="does not say what was damaged"):
        damage(both[["content"]])


def test_a_journal_that_is_gone_has_no_bytes(home: Path) -> None:
    journal = write_session(home, "s", raw=b"one\n" + LINES[0]) / "events.jsonl"
    frame = read("s")
    journal.unlink()
    assert damage(frame)["raw"].tolist() == [None]


def test_a_record_of_over_100_mb(home: Path) -> None:
    huge = event("tool.execution_complete", {"result": {"content": "x" * 105_000_000}})
    write_session(home, "s", raw=LINES[0] + b"\n" + huge + b"\n" + LINES[1] + b"\n")
    frame = read("s")
    assert frame["content"].str.len().tolist()[1:] == [105_000_000, 3]
    assert frame.copilot.damage().empty


def test_an_unknown_id_is_an_error_and_no_damage(home: Path) -> None:
    write_session(home, "s", *LINES)
    with pytest.raises(SessionNotFound, match="'s'"):
        get_messages(["s", "ss"])
