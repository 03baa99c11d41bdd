"""What holds for any journal, and for any damage to a real one."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from journals import SAMPLE, event

from copilot_magics.transcripts import get_messages
from copilot_magics.transcripts.journal import decode, stretches
from copilot_magics.transcripts.reading import (
    ROLES,
    call_of,
    content_of,
    is_prompt,
    payload_of,
    tool_of,
)
from copilot_magics.transcripts.schema import COLUMNS, DTYPES
from copilot_magics.transcripts.telling import facts_of

REAL = (SAMPLE / "events.jsonl").read_bytes().splitlines(keepends=True)

quick = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
values = st.recursive(
    texts | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(
    [
        *("content", "message", "toolCallId", "toolName", "model", "newModel", "selectedModel"),
        *("arguments", "result", "error", "source", "isAutopilotContinuation", "usage"),
        *("permissionRequest", "summary", "context", "command"),
    ]
)
inner = st.dictionaries(
    st.sampled_from(["content", "message", "model", "toolCallId", "command", "kind"]), values
)
payloads = st.dictionaries(names, values | inner, max_size=5) | values
kinds = st.sampled_from(
    [
        *("user.message", "assistant.message", "assistant.turn_start", "tool.execution_start"),
        *("tool.execution_complete", "permission.requested", "session.start", "session.error"),
        *("session.usage_record", "session.handoff", "subagent.failed", "brand.new", "abort"),
    ]
)
agents = st.sampled_from([None, None, "agent"])


@st.composite
def journals(draw: st.DrawFn) -> list[bytes]:
    """Draw the lines of a journal; its events have IDs that tell them apart."""
    said = draw(st.lists(st.tuples(kinds, payloads, agents), min_size=1, max_size=8))
    return [
        event(kind, data, id=f"e{n}", timestamp=f"2026-03-01T10:00:{n:02}.000Z", agentId=agent)
        + b"\n"
        for n, (kind, data, agent) in enumerate(said)
    ]


def read(home: Path, blob: bytes, **wanted: Any) -> pd.DataFrame:
    folder = home / "session-state" / "s"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "events.jsonl").write_bytes(blob)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return get_messages("s", **wanted)


def assert_whole(frame: pd.DataFrame) -> None:
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == DTYPES
    assert tuple(frame["role"].cat.categories) == ROLES
    assert json.loads(json.dumps(frame.attrs)) == frame.attrs
    assert list(frame.index) == list(range(len(frame)))


def assert_none_lost(frame: pd.DataFrame, intact: list[bytes]) -> None:
    expected = Counter(str(json.loads(line)["id"]) for line in intact)
    assert not expected - Counter(frame["event_id"].dropna())
    found = dict(zip(frame["event_id"], frame["data"], strict=True))
    for line in intact:
        whole = json.loads(line)
        assert json.loads(found[whole["id"]]) == whole["data"]


@quick
@given(journals())
def test_every_event_is_a_row(home: Path, lines: list[bytes]) -> None:
    frame = read(home, b"".join(lines))
    assert_whole(frame)
    assert_none_lost(frame, lines)
    assert len(frame) == len(lines)


@pytest.mark.parametrize("real", [True, False], ids=["a real one", "any"])
@quick
@given(data=st.data())
def test_a_journal_cut_anywhere(home: Path, data: st.DataObject, real: bool) -> None:
    lines = REAL if real else data.draw(journals())
    blob = b"".join(lines)
    cut = data.draw(st.integers(0, len(blob)))
    frame = read(home, blob[:cut])
    assert_whole(frame)
    ends = [len(b"".join(lines[: number + 1])) for number in range(len(lines))]
    assert_none_lost(frame, [line for line, end in zip(lines, ends, strict=True) if end - 1 <= cut])


@pytest.mark.parametrize("real", [True, False], ids=["a real one", "any"])
@quick
@given(data=st.data())
def test_any_byte_flipped(home: Path, data: st.DataObject, real: bool) -> None:
    lines = REAL if real else data.draw(journals())
    blob = bytearray(b"".join(lines))
    place = data.draw(st.integers(0, len(blob) - 1))
    blob[place] ^= data.draw(st.integers(1, 255))
    frame = read(home, bytes(blob))
    assert_whole(frame)
    intact, start = [], 0
    for line in lines:
        # The line break belongs to the line before, which may be whole without it.
        if not start <= place < start + len(line) - 1:
            intact.append(line)
        start += len(line)
    assert_none_lost(frame, intact)


@quick
@given(st.lists(st.sampled_from(REAL) | st.binary(max_size=60), max_size=8))
def test_garbage_anywhere(home: Path, pieces: list[bytes]) -> None:
    frame = read(home, b"\n".join(pieces))
    assert_whole(frame)
    expected = Counter(json.loads(piece)["id"] for piece in pieces if piece in REAL)
    assert Counter(frame["event_id"]) == expected


@quick
@given(journals(), st.data())
def test_what_is_restricted_is_what_one_would_choose(
    home: Path, lines: list[bytes], data: st.DataObject
) -> None:
    blob = b"".join(lines)
    whole = read(home, blob)
    types = data.draw(st.none() | st.lists(kinds, max_size=4))
    roles = data.draw(st.none() | st.lists(st.sampled_from(ROLES), max_size=3))
    columns = data.draw(st.none() | st.lists(st.sampled_from(COLUMNS), min_size=1, unique=True))
    since = data.draw(st.none() | st.just("2026-03-01T10:00:02Z"))
    until = data.draw(st.none() | st.just("2026-03-01T10:00:04.000500Z"))
    chosen = whole
    if types is not None:
        chosen = chosen[chosen["type"].isin(types)]
    if roles is not None:
        chosen = chosen[chosen["role"].isin(roles)]
    if since is not None:
        chosen = chosen[chosen["timestamp"] >= pd.Timestamp(since)]
    if until is not None:
        chosen = chosen[chosen["timestamp"] <= pd.Timestamp(until)]
    chosen = chosen.reset_index(drop=True)[columns or list(COLUMNS)]
    found = read(home, blob, types=types, roles=roles, since=since, until=until, columns=columns)
    pd.testing.assert_frame_equal(found, chosen)


@quick
@given(journals())
def test_facts_are_those_of_each_payload(lines: list[bytes]) -> None:
    events = decode(b"".join(lines)).events
    one_by_one = []
    for one in events:
        payload = payload_of(one)
        content, call = content_of(one.type, payload), call_of(one.type, payload)
        one_by_one.append((content, call, tool_of(payload), is_prompt(one, payload)))
    found = facts_of(events)
    together = zip(found.contents, found.calls, found.tools, found.prompts, strict=True)
    assert [(*texts, bool(is_one)) for *texts, is_one in together] == one_by_one
    alone = [facts_of([one]).models[0] for one in events]
    assert list(found.models) == alone


@quick
@given(journals(), st.integers(0, 5))
def test_a_journal_is_read_on_from_any_line(lines: list[bytes], before: int) -> None:
    before = min(before, len(lines))
    file = BytesIO(b"".join(lines[:before]) + b"rubbish\n" + b"".join(lines[before:]))
    whole = list(stretches(file))
    file.seek(start := len(b"".join(lines[:before])))
    rest = list(stretches(file, start, before))
    assert [place for one in rest for place in one.damage] == [
        place for one in whole for place in one.damage
    ]
    assert sum(len(one.events) for one in rest) == len(lines[before:])
