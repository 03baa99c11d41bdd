"""Journals are read whatever happened to the process that wrote them."""

from __future__ import annotations

import json
import os
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journals import SAMPLE, answer, event, prompt, start, write_session

from copilot_magics.errors import InvalidSessionID
from copilot_magics.transcripts import get_messages, read_journal, session_folder
from copilot_magics.transcripts.journal import (
    Journal,
    decode,
    events_of,
    is_sound,
    read_stretches,
    stretches,
)

LINES = [start(), prompt("Größe?"), answer("5 m\u2028or so"), event("session.brand_new", {"x": 1})]
IDS = [json.loads(line)["id"] for line in LINES]
WHOLE = b"".join(line + b"\n" for line in LINES)


def ids(journal: Journal) -> list[str | None]:
    return [event.id for event in journal.events]


def faults(journal: Journal) -> list[tuple[int, str]]:
    return [(place.line, place.what) for place in journal.damage]


@pytest.mark.parametrize(
    "blob",
    [
        WHOLE,
        WHOLE.removesuffix(b"\n"),
        WHOLE.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + WHOLE,
        WHOLE.replace(b"\n", b"\n\n"),
    ],
    ids=["as written", "no final newline", "CRLF", "byte-order mark", "blank lines"],
)
def test_what_loses_nothing_is_no_damage(blob: bytes) -> None:
    journal = decode(blob)
    assert ids(journal) == IDS
    assert journal.damage == []


def test_a_separator_inside_a_string_is_no_line_break() -> None:
    assert json.loads(bytes(decode(WHOLE).events[2].data))["content"] == "5 m\u2028or so"


def test_an_unknown_type_is_an_event() -> None:
    assert decode(WHOLE).events[-1].type == "session.brand_new"


def test_a_second_start_is_an_event() -> None:
    assert ids(decode(WHOLE + WHOLE)) == IDS + IDS


def test_an_empty_journal() -> None:
    assert decode(b"") == Journal([], [])


def test_a_torn_last_line() -> None:
    torn = prompt("never finished")[:-9]
    journal = decode(WHOLE + torn)
    assert ids(journal) == IDS
    assert faults(journal) == [(5, "the last line was cut short")]
    assert (journal.damage[0].start, journal.damage[0].end) == (len(WHOLE), len(WHOLE + torn))


@pytest.mark.parametrize("cut", range(1, len(LINES[1])))
def test_an_event_appended_to_a_torn_one(cut: int) -> None:
    journal = decode(LINES[0] + b"\n" + LINES[1][:cut] + LINES[2] + b"\n" + LINES[3])
    assert ids(journal) == [IDS[0], IDS[2], IDS[3]]
    assert {place.line for place in journal.damage} == {2}


@pytest.mark.parametrize("blank", [b"", b"\n", b" \r\n"], ids=["", "an empty line", "a blank one"])
def test_two_events_on_one_line(blank: bytes) -> None:
    # With a line that has no event there are as many lines as events.
    journal = decode(WHOLE.replace(b"\n", b"", 1) + blank)
    assert ids(journal) == IDS
    assert faults(journal) == [(1, "no line break before this event")]
    assert (journal.damage[0].start, journal.damage[0].end) == (
        len(LINES[0]),
        len(LINES[0] + LINES[1]),
    )


@pytest.mark.parametrize("at", range(len(LINES)))
def test_nul_bytes_before_an_event(at: int) -> None:
    lines = [*LINES[:at], b"\0" * 40 + LINES[at], *LINES[at + 1 :]]
    journal = decode(b"\n".join(lines) + b"\n")
    assert ids(journal) == IDS
    assert faults(journal) == [(at + 1, "NUL bytes")]


def test_nul_bytes_at_the_end() -> None:
    journal = decode(WHOLE + b"\0" * 4096)
    assert ids(journal) == IDS
    assert faults(journal) == [(5, "NUL bytes")]


@pytest.mark.parametrize(
    "garbage",
    [
        b"garbage",
        b"{}",
        b"[1, 2]",
        b"null",
        b'{"type": 7}',
        b"{" * 5000,
        b'{"a":' * 5000,
        b"\xff\xfe",
    ],
)
def test_a_line_that_is_no_event(garbage: bytes) -> None:
    journal = decode(LINES[0] + b"\n" + garbage + b"\n" + LINES[1] + b"\n")
    assert ids(journal) == IDS[:2]
    assert faults(journal) == [(2, "no event can be read here")]


def test_a_payload_with_a_type_is_not_taken_for_an_event() -> None:
    result = {"result": {"type": "text", "data": "x"}, "id": "not an event"}
    torn = event("tool.execution_complete", result)[:-60]
    assert decode(torn + b"\n" + LINES[0]).events == decode(LINES[0]).events


@pytest.mark.parametrize("bad", [b"\xff", b"\xc3", b"\\ud83d", b"\x01"])
def test_text_that_is_not_unicode_is_replaced(bad: bytes) -> None:
    line = prompt("MARK").replace(b"MARK", b"a" + bad + b"b", 1)
    journal = decode(LINES[0] + b"\n" + line + b"\n" + LINES[2])
    assert len(journal.events) == 3
    assert [place.line for place in journal.damage] == [2]
    content = json.loads(bytes(journal.events[1].data))["content"]
    assert content.startswith("a")
    assert content.endswith("b")
    content.encode()


@pytest.mark.parametrize("bad", [b"\xff", b"\\udc00", b"\t"], ids=["bytes", "a surrogate", "a tab"])
@pytest.mark.parametrize("number", [b"1e999", b"7" * 5000], ids=["too large", "too long"])
@pytest.mark.parametrize("before", [b"", prompt("before")], ids=["alone", "after another"])
def test_text_that_is_not_unicode_beside_a_number(bad: bytes, number: bytes, before: bytes) -> None:
    line = prompt("MARK", id="odd").replace(
        b'"MARK"', b'"a\\\\ud800' + bad + b'b","n":' + number, 1
    )
    journal = decode(before + line + b"\n" + LINES[0])
    assert ids(journal)[-2:] == ["odd", IDS[0]]
    told = bytes(journal.events[-2].data)
    assert b'"n":' + number in told
    assert rb"a\\ud800" in told


def test_an_odd_envelope_keeps_its_event() -> None:
    journal = decode(event("user.message", {"content": "hi"}, id=7, timestamp=None, parentId=[]))
    assert (journal.events[0].id, journal.events[0].timestamp) == (None, None)
    assert journal.events[0].type == "user.message"


def test_a_long_broken_line_is_not_searched_over_and_over() -> None:
    assert decode(b'{"type":"' * 200_000 + b"\n" + WHOLE).events == decode(WHOLE).events


@pytest.mark.parametrize(
    "broken",
    [
        b'{"type":' * 3000,
        b'{"type":"a","data":{"b":1},"id":"c", ' * 20_000,
        b'{"type":"a","data":[' + b'{"type":"b"},' * 50_000,
        event("x", {"t": "a \\n" * 1_000_000})[:-90],
        event("x", {"list": [{"type": "text", "data": "a" * 10}] * 50_000})[:-200],
    ],
    ids=["nested", "flat", "a list", "a long text", "many objects"],
)
def test_an_event_after_a_long_broken_one(broken: bytes) -> None:
    # The test's own time limit tells whether this is done in a few passes.
    assert decode(broken + WHOLE).events == decode(WHOLE).events


def test_reading_changes_nothing(home: Path) -> None:
    folder = write_session(home, "s", raw=WHOLE + b"torn")
    before = {path: path.stat() for path in folder.iterdir()}
    assert ids(read_journal("s")) == IDS
    assert {path: path.stat() for path in folder.iterdir()} == before


LONG = answer("x" * 200_000) + b"\n"


def test_a_journal_that_grows_while_it_is_read(home: Path) -> None:
    path = write_session(home, "s", raw=LONG * 4) / "events.jsonl"
    with path.open("rb") as file, path.open("ab") as other:
        found = stretches(file)
        events = next(found).events
        other.write(LONG)
        other.flush()
        rest = list(found)
    assert sum((stretch.events for stretch in rest), events) == decode(LONG * 5).events
    assert not any(stretch.damage for stretch in rest)


def test_a_journal_that_shrinks_while_it_is_read(home: Path) -> None:
    path = write_session(home, "s", raw=LONG * 8) / "events.jsonl"
    with path.open("rb") as file:
        found = stretches(file)
        before = len(next(found).events)
        os.truncate(path, len(LONG) * 5 - 100)
        rest = list(found)
    assert before + sum(len(stretch.events) for stretch in rest) == 4
    assert [place.what for stretch in rest for place in stretch.damage] == [
        "the last line was cut short"
    ]


def test_no_journal_is_an_empty_one(home: Path) -> None:
    write_session(home, "s")
    assert read_journal("s") == Journal([], [])


def test_a_journal_that_cannot_be_read_is_damage(home: Path) -> None:
    (write_session(home, "s") / "events.jsonl").mkdir()
    journal = read_journal("s")
    assert journal.events == []
    assert faults(journal) == [(0, "the file cannot be read: it is no file")]


@pytest.mark.parametrize("by_link", [False, True], ids=["a pipe", "a link to a device"])
def test_what_is_no_file_is_damage_and_not_waited_for(home: Path, by_link: bool) -> None:
    path = write_session(home, "s") / "events.jsonl"
    if by_link:
        path.symlink_to("/dev/zero")
    else:
        os.mkfifo(path)
    assert faults(read_journal("s")) == [(0, "the file cannot be read: it is no file")]
    assert not is_sound("s")
    for _ in range(2):
        with pytest.warns(UserWarning, match="it is no file"):
            frame = get_messages("s")
        assert frame.empty
    assert frame.copilot.damage()["raw"].tolist() == [None]


def test_a_link_to_a_file_is_a_file(home: Path) -> None:
    path = write_session(home, "s", raw=WHOLE) / "events.jsonl"
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")
    assert ids(read_journal("s")) == IDS


def test_a_last_line_that_is_ended_while_it_is_read_is_not_read_in_halves(home: Path) -> None:
    path = write_session(home, "s", raw=LINES[0] + b"\n" + LINES[1][:40]) / "events.jsonl"
    found = []
    for stretch in read_stretches(path):
        found.append(stretch)
        if not stretch.ended:
            with path.open("ab") as other:
                other.write(LINES[1][40:] + b"\n" + LINES[2] + b"\n")
    assert [one.id for stretch in found for one in stretch.events] == IDS[:1]
    assert [place.what for one in found for place in one.damage] == ["the last line was cut short"]
    assert ids(read_journal("s")) == IDS[:3]
    assert is_sound("s")


@pytest.mark.parametrize("wanted", ["..", "../x", "/etc", "a/b", "", ".hidden", "a\n"])
def test_no_path_is_made_of_a_bad_id(wanted: str) -> None:
    with pytest.raises(InvalidSessionID):
        session_folder(wanted)


def test_a_few_types_are_found_without_the_rest() -> None:
    found = events_of(WHOLE + answer('he said "user.message"'), "user.message", "session.start")
    assert [event.type for event in found] == ["session.start", "user.message"]


def test_a_byte_order_mark_is_one_at_the_beginning_alone() -> None:
    marked = b"\xef\xbb\xbf" + prompt("p").replace(b'"timestamp"', b'"when"') + b"\n"
    for blob, count in ((marked, 1), (start() + b"\n" + marked, 0)):
        found = [event for event in decode(blob).events if event.type == "user.message"]
        assert list(events_of(blob, "user.message")) == found
        assert len(found) == count


def test_a_journal_of_the_real_runtime() -> None:
    journal = decode((SAMPLE / "events.jsonl").read_bytes())
    assert journal.damage == []
    assert journal.events[0].type == "session.start"
    assert any(event.agent_id for event in journal.events)


# ── Whatever happens to the bytes ─────────────────────────────────────────────────────────────────

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
payloads = st.dictionaries(text, st.recursive(text | st.integers(), st.lists, max_leaves=5))
kinds = st.sampled_from(["user.message", "hook.end", "new.kind"])


def written_lines(said: list[tuple[str, Any]]) -> list[bytes]:
    # Hypothesis repeats its examples, so they may not hold what the clock or a counter says.
    stamp = "2026-03-01T10:00:00.000Z"
    return [event(*one, id=f"e{n}", timestamp=stamp) for n, one in enumerate(said)]


journals = st.lists(st.tuples(kinds, payloads), min_size=1, max_size=6).map(written_lines)


@settings(max_examples=100, deadline=None)
@given(journals, st.data())
def test_a_journal_cut_anywhere_keeps_what_came_before(
    written: list[bytes], data: st.DataObject
) -> None:
    blob = b"".join(line + b"\n" for line in written)
    cut = data.draw(st.integers(0, len(blob)))
    journal = decode(blob[:cut])
    whole = [line for n, line in enumerate(written) if len(b"\n".join(written[: n + 1])) <= cut]
    assert ids(journal) == [json.loads(line)["id"] for line in whole]


@settings(max_examples=100, deadline=None)
@given(journals, st.data())
def test_a_changed_byte_costs_at_most_the_events_it_touches(
    written: list[bytes], data: st.DataObject
) -> None:
    blob = bytearray(b"".join(line + b"\n" for line in written))
    at = data.draw(st.integers(0, len(blob) - 1))
    blob[at] = data.draw(st.integers(0, 255))
    found = ids(decode(bytes(blob)))
    edge = 0
    for line in written:
        if not edge <= at < edge + len(line):
            assert json.loads(line)["id"] in found
        edge += len(line) + 1


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_raise(blob: bytes) -> None:
    assert decode(blob).events == []


def test_a_library_that_another_thread_is_importing_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    half = ModuleType("pyarrow")
    half.__spec__ = ModuleSpec("pyarrow", None)
    vars(half.__spec__)["_initializing"] = True
    monkeypatch.setitem(sys.modules, "pyarrow", half)
    long = answer("ü" * 100_000) + b"\n"
    assert len(decode(long).events) == 1
    assert faults(decode(long)) == []
